"""Debian's packages, where a program is missing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from servers.process import ServerError


def installed(find: Callable[[], Path | None], package: str) -> Path:
    """The program that `find` finds, if need be after its package was installed."""
    if program := find():
        return program
    _apt_get("update")
    _apt_get("install", "--yes", "--no-install-recommends", package)
    if program := find():
        return program
    raise ServerError(f"the package {package} was installed, but its program is not where it was looked for")


def _apt_get(*arguments: str) -> None:
    # Somebody else may be installing something right now.
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=600", *arguments]
    if os.geteuid() == 0:
        command = ["env", "DEBIAN_FRONTEND=noninteractive", *command]
    else:
        command = ["sudo", "env", "DEBIAN_FRONTEND=noninteractive", *command]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise ServerError(f"`{' '.join(command)}` ended with {done.returncode}\n{done.stdout}{done.stderr}")
