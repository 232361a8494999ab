"""What type checkers say of the package as it is installed, and of a program that uses it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from environments import HERE, python


def run(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(python("agno-3")), "-m", *arguments], cwd=directory, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_package_says_that_it_is_typed() -> None:
    (installed,) = python("agno-3").parent.parent.glob("lib/python3.*/site-packages/tracestead")
    assert (installed / "py.typed").is_file()


def test_mypy_finds_nothing_in_the_package(tmp_path: Path) -> None:
    assert "Success" in run(tmp_path, "mypy", "--strict", "--package", "tracestead")


def test_the_stub_of_the_native_part_is_true(tmp_path: Path) -> None:
    assert "Success" in run(tmp_path, "mypy.stubtest", "tracestead._native")


def test_mypy_understands_a_program(tmp_path: Path) -> None:
    # An error that is expected and not found is one as well.
    assert "Success" in run(tmp_path, "mypy", "--strict", str(HERE / "typed_user.py"))


def test_pyright_understands_a_program(tmp_path: Path) -> None:
    program = tmp_path / "typed_user.py"
    program.write_text((HERE / "typed_user.py").read_text())
    settings = '{"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": "error", "enableTypeIgnoreComments": false}'
    (tmp_path / "pyrightconfig.json").write_text(settings)
    assert "0 errors" in run(tmp_path, "pyright", "--pythonpath", str(python("agno-3")))
