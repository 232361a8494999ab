"""Where a framework's app runs: a virtual environment, a folder with `node_modules`, or a cargo target directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENTS = Path(os.environ.get("FRAMEWORK_ENVS") or Path.home() / ".cache" / "tracestead-frameworks")


@dataclass(frozen=True)
class App:
    """How an app is started."""

    command: list[str]
    directory: Path | None = None  # None: it does not matter
    variables: dict[str, str] = field(default_factory=dict)


def prepare(folder: Path) -> App:
    """Installs what the app in this folder needs, unless that was done before."""
    home = ENVIRONMENTS.resolve() / folder.name
    if (folder / "Cargo.toml").exists():
        manifest = str(folder / "Cargo.toml")
        variables = {"CARGO_TARGET_DIR": str(home)}
        _run(["cargo", "build", "--manifest-path", manifest], variables=variables)
        return App(["cargo", "run", "--quiet", "--manifest-path", manifest], variables=variables)
    if (folder / "package.json").exists():
        return App(["node", "app.mjs"], _node_folder(folder, home))
    return App([str(_python(folder, home)), str(folder / "app.py")])


def _python(folder: Path, home: Path) -> Path:
    python = home / "bin" / "python"
    requirements = folder / "requirements.txt"
    stamp = home / "installed.txt"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return python
    if shutil.which("uv"):
        if not python.exists():
            _run(["uv", "venv", "--quiet", "--python", sys.executable, str(home)])
        _run(["uv", "pip", "install", "--quiet", "--python", str(python), "--requirement", str(requirements)])
    else:
        if not (home / "bin" / "pip").exists():
            _run([sys.executable, "-m", "venv", "--clear", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)])
    stamp.write_text(requirements.read_text())
    return python


def _node_folder(folder: Path, home: Path) -> Path:
    """A copy, because node looks for modules beside the file that imports them."""
    home.mkdir(parents=True, exist_ok=True)
    locked = (folder / "package-lock.json").exists()
    declared = folder / ("package-lock.json" if locked else "package.json")
    stamp = home / "installed.txt"
    for file in folder.iterdir():
        if file.is_file():
            shutil.copy2(file, home / file.name)
    if not stamp.exists() or stamp.read_text() != declared.read_text():
        _run(["npm", "ci" if locked else "install", "--no-audit", "--no-fund", "--loglevel=error"], home)
        stamp.write_text(declared.read_text())
    return home


def _run(command: list[str], directory: Path | None = None, variables: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=directory, env={**os.environ, **(variables or {})}, check=True)
