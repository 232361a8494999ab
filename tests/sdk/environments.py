"""The Python environments in which the SDK is tested: one for each version of Agno, made once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
ENVIRONMENTS = tuple(sorted(path.stem for path in (HERE / "requirements").glob("*.txt")))


def python(environment: str) -> Path:
    """Returns the interpreter with everything in `requirements/<environment>.txt`."""
    venv = _target() / "sdk-venvs" / environment
    interpreter = venv / "bin" / "python"
    requirements = HERE / "requirements" / f"{environment}.txt"
    # A copy of what was installed last; absent until an installation came to its end.
    installed = venv / "requirements.txt"
    if installed.exists() and installed.read_bytes() == requirements.read_bytes():
        return interpreter
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(requirements)], check=True)
    installed.write_bytes(requirements.read_bytes())
    return interpreter


def _target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
