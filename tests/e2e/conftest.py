"""What the end-to-end tests share: the binary under test, the fake model, Agno in processes of its own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from databases import Database, new_database
from fake_openai import FakeOpenAI
from servers.shared import SharedServers
from tracestead import Tracestead

SCENARIOS = Path(__file__).parent / "agno_scenarios.py"
SCENARIO_SECONDS = 120

RunAgno = Callable[..., dict]
NewDatabase = Callable[[str, Path], Database]


@pytest.fixture(scope="session")
def binary() -> Path:
    path = os.environ.get("TRACESTEAD_BIN")
    if not path:
        pytest.fail("TRACESTEAD_BIN must name the tracestead binary (`cargo xtask test` sets it)")
    if not os.access(path, os.X_OK):
        pytest.fail(f"TRACESTEAD_BIN names {path}, which cannot be run")
    return Path(path).resolve()


@pytest.fixture(scope="session")
def servers() -> Iterator[SharedServers]:
    """PostgreSQL, MariaDB and ClickHouse, each started when a test first needs it, unless the environment names one."""
    with SharedServers() as shared:
        yield shared


@pytest.fixture(scope="session")
def make_database(servers: SharedServers) -> NewDatabase:
    """Makes an empty database: an engine and a directory of the test's; use the database as a context manager."""
    return lambda engine, directory: new_database(engine, directory, servers)


@pytest.fixture
def server(binary: Path, tmp_path: Path) -> Iterator[Tracestead]:
    """A server with an empty database."""
    with Tracestead(binary, tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def openai() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


@pytest.fixture(scope="session")
def run_agno(openai: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory) -> RunAgno:
    """Runs scenarios of `agno_scenarios.py` in a new process; returns what Agno said of each."""

    def run(export: str, to: str, *scenarios: str, schema: str | None = None) -> dict:
        result = tmp_path_factory.mktemp("agno") / "runs.json"
        command = [sys.executable, str(SCENARIOS), "--export", export, "--to", to]
        command += ["--schema", schema] if schema else []
        command += ["--openai", openai.base_url, "--result", str(result), *scenarios]
        # The SDK of the agents is set by the scenario alone.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        tests = os.pathsep.join(str(folder) for folder in (SCENARIOS.parent, SCENARIOS.parent.parent))
        done = subprocess.run(
            command,
            env={**environment, "AGNO_TELEMETRY": "false", "PYTHONPATH": tests},
            capture_output=True,
            text=True,
            timeout=SCENARIO_SECONDS,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        # Exporters do not raise: what they could not deliver, or Agno could not write, shows only here.
        for complaint in ("Failed to export", "Error creating", "database is locked"):
            assert complaint not in said, said
        return json.loads(result.read_text())

    return run


@pytest.fixture
def agno_errors() -> Iterator[list[str]]:
    """Collects what Agno logs as errors, because its database classes log and swallow every one; asserts none."""
    errors: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(record.getMessage())

    handler = Collect(logging.ERROR)
    logger = logging.getLogger("agno")
    logger.addHandler(handler)
    yield errors
    logger.removeHandler(handler)
    assert errors == []
