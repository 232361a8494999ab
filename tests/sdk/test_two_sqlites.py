"""One file, written by Python's SQLite and by ours in one process, as with Agno: neither destroys nor loses what is the other's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from environments import HERE, python

SESSIONS = {
    "at_once": 300,
    "reads_and_closes": 1,
    "agno_closes": 1,
    "while_it_writes": 1,
    "killed_after_the_end": 20,
    "forked": 41,
}


@pytest.mark.parametrize("case", SESSIONS)
def test_one_file_has_what_both_have_written(case: str, environment: str, tmp_path: Path) -> None:
    command = [str(python(environment)), str(HERE / "two_sqlites.py"), case, str(tmp_path / "agno.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == (9 if case == "killed_after_the_end" else 0), done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["check"] == "ok"
    assert (found["spans"], found["sessions"]) == (found["ended"], SESSIONS[case])
