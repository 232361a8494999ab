"""What the package says about its types is true, and what a type checker of a user's makes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from environments import HERE, python, wheel

USER = "typed_user.py"


def checked(directory: Path, *arguments: str) -> str:
    """Runs a checker with the installed wheel and nothing of the repository around it; it must find nothing."""
    interpreter = python("agno-3")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MYPY", "PYRIGHT"))}
    # A checker looks for a package where `python` is one. The one on PyPI brings pyright along; it needs Node.
    variables |= {
        "PATH": f"{interpreter.parent}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(interpreter.parent.parent),
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
        # What mypy knows of libraries holds for the next test as well.
        "MYPY_CACHE_DIR": str(interpreter.parent.parent / "mypy-cache"),
    }
    command = [str(interpreter), "-m", *arguments]
    done = subprocess.run(command, cwd=directory, env=variables, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A directory with the user's program, set up for strict checks by pyright; mypy's are in the command."""
    shutil.copy(HERE / USER, tmp_path)
    options = {
        "include": [USER],
        "typeCheckingMode": "strict",
        "reportUnnecessaryTypeIgnoreComment": "error",
        "reportUnusedExpression": "none",
        # These are for mypy.
        "enableTypeIgnoreComments": False,
        # Names of Agno's and OpenTelemetry's.
        "reportUnknownMemberType": "none",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(options))
    return tmp_path


def test_the_wheel_says_that_it_has_types() -> None:
    names = zipfile.ZipFile(wheel()).namelist()
    assert {"tracestead/py.typed", "tracestead/_native.pyi"} <= set(names)


def test_mypy_knows_the_types_of_a_users_program(program: Path) -> None:
    assert "no issues found in 1 source file" in checked(program, "mypy", "--strict", USER)


def test_pyright_knows_the_types_of_a_users_program(program: Path) -> None:
    assert "0 errors, 0 warnings" in checked(program, "pyright")


@pytest.mark.parametrize("checker", [("mypy", "--strict", USER), ("pyright",)], ids=["mypy", "pyright"])
def test_a_mistake_that_a_checker_does_not_see_is_an_error(checker: tuple[str, ...], program: Path) -> None:
    # What the two tests above rest on.
    (program / USER).write_text("x: int = 1  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]\n")
    with pytest.raises(AssertionError, match=r"Unused|Unnecessary"):
        checked(program, *checker)


def test_the_typed_program_uses_everything_public() -> None:
    program = (HERE / USER).read_text()
    told = subprocess.run(
        [str(python("agno-3")), "-c", "import tracestead; print(*tracestead.__all__)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    names = told.stdout.split()
    # What stands above the first function is only imported.
    used = program.partition("\ndef ")[2]
    assert "setup_tracing" in names
    assert [name for name in names if name not in used] == []


# What runs on the oldest Python must not be annotated for a newer one.
@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_the_package_itself_is_strict(version: str, tmp_path: Path) -> None:
    said = checked(tmp_path, "mypy", "--strict", "--python-version", version, "--package", "tracestead")
    assert "no issues found" in said


def test_the_stub_of_the_native_part_is_what_is_there(tmp_path: Path) -> None:
    assert "no issues found" in checked(tmp_path, "mypy.stubtest", "tracestead._native")


def test_every_public_type_is_known(tmp_path: Path) -> None:
    said = checked(tmp_path, "pyright", "--verifytypes", "tracestead", "--ignoreexternal")
    assert "Type completeness score: 100%" in said
