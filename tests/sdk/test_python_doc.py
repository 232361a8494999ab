"""Every example of docs/python.md runs as it stands there."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path

import pytest
from environments import REPOSITORY, python
from fake_openai import FakeOpenAI

GUIDE = (REPOSITORY / "docs" / "python.md").read_text()
EXAMPLES = [block.split("```")[0] for block in GUIDE.split("```python\n")[1:]]
SAID = ["Agent.run: ", "answer OK None"]


def test_every_example_is_known() -> None:
    assert len(EXAMPLES) == len(SAID)


@pytest.mark.parametrize("number", range(len(SAID)))
def test_an_example(number: int, openai: FakeOpenAI, environment: str, tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    variables |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": openai.base_url, "AGNO_TELEMETRY": "false"}
    command = [str(python(environment)), "-c", EXAMPLES[number]]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout + done.stderr
    assert SAID[number] in done.stdout, done.stdout + done.stderr


def test_the_example_of_the_wheels_readme(environment: str, tmp_path: Path) -> None:
    readme = (REPOSITORY / "crates" / "tracestead-python" / "README.md").read_text()
    (example,) = [block.split("```")[0] for block in readme.split("```python\n")[1:]]
    traced = example + "from opentelemetry import trace\ntrace.get_tracer('app').start_span('run').end()\n"
    done = subprocess.run([str(python(environment)), "-c", traced], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "traces.db") as connection:
        assert connection.execute("SELECT name FROM agno_spans").fetchall() == [("run",)]
