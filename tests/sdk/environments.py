"""The Python environments in which the SDK is tested, made once: one for each version of Agno, one for other frameworks."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
ENVIRONMENTS = tuple(sorted(path.stem for path in (HERE / "requirements").glob("agno-*.txt")))


@functools.cache
def python(environment: str) -> Path:
    """Returns the interpreter with everything in `requirements/<environment>.txt`."""
    venv = _target() / "sdk-venvs" / environment
    interpreter = venv / "bin" / "python"
    requirements = HERE / "requirements" / f"{environment}.txt"
    # A copy of what was installed last; absent until an installation came to its end.
    installed = venv / "requirements.txt"
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not installed.exists() or installed.read_bytes() != requirements.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        subprocess.run([*pip, "--requirement", str(requirements)], check=True)
        installed.write_bytes(requirements.read_bytes())
    _install_wheel(venv, pip)
    return interpreter


def wheel() -> Path:
    """Returns the wheel under test."""
    named = os.environ.get("TRACESTEAD_WHEEL")
    if not named or not Path(named).is_file():
        raise RuntimeError("TRACESTEAD_WHEEL must name the wheel of tracestead (`cargo xtask test sdk` builds it)")
    return Path(named)


def _install_wheel(venv: Path, pip: list[str]) -> None:
    digest = hashlib.sha256(wheel().read_bytes()).hexdigest()
    installed = venv / "wheel.sha256"
    if installed.exists() and installed.read_text() == digest:
        return
    # What it depends on is pinned in the requirements.
    subprocess.run([*pip, "--force-reinstall", "--no-deps", str(wheel())], check=True)
    installed.write_text(digest)


def _target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
