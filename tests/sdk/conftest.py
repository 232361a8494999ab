"""What the tests of the SDK share: the fake model, and Agno of each version in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import pytest
from environments import ENVIRONMENTS, HERE, python
from fake_openai import FakeOpenAI

SECONDS = 150

# Runs a program of this directory with Agno of that version; returns what it wrote as its result.
RunProgram = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def openai() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


@pytest.fixture(scope="session")
def run_program(openai: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory) -> RunProgram:
    # Environments are made by whoever comes first.
    made = Lock()

    def run(environment: str, program: str, *arguments: str, variables: dict[str, str] | None = None) -> Any:
        with made:
            interpreter = python(environment)
        result = tmp_path_factory.mktemp("sdk") / "result.json"
        command = [str(interpreter), str(HERE / program), "--openai", openai.base_url]
        # Only what a test sets may change what is recorded.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "OPENINFERENCE_"))}
        own = {
            "AGNO_TELEMETRY": "false",
            # Agno tells the model of documents in the order of a set.
            "PYTHONHASHSEED": "0",
            "TMPDIR": str(result.parent),
        }
        done = subprocess.run(
            [*command, "--result", str(result), *arguments],
            env={**inherited, **own, **(variables or {})},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(result.read_text())

    return run


@pytest.fixture(scope="session")
def played(environment: str, run_program: RunProgram) -> dict[str, dict[str, Any]]:
    """All scenarios in all modes, with our instrumentation and with none, at once."""
    exports = ("memory", "none")
    with ThreadPoolExecutor(len(exports)) as pool:
        running = {
            export: pool.submit(run_program, environment, "agno_scenarios.py", "--export", export)
            for export in exports
        }
    return {export: one.result() for export, one in running.items()}


@pytest.fixture(scope="session")
def instrumented(played: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return played["memory"]


@pytest.fixture(scope="session")
def plain(played: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return played["none"]


def scenarios() -> list[str]:
    """Returns the names of all scenarios with their modes, without importing Agno here."""
    all_modes = ("sync", "stream", "async", "async_stream")
    named = []
    lines = [
        line for path in sorted(HERE.glob("scenarios_of_*.py")) for line in path.read_text().splitlines()
    ]
    for at, line in enumerate(lines):
        if line.startswith("@scenario("):
            given = line.removeprefix("@scenario(").removesuffix(")")
            name = lines[at + 1].removeprefix("def ").partition("(")[0]
            modes = ("stream", "async_stream") if given == "*STREAMS" else _modes(given) or all_modes
            named += [f"{name}:{mode}" for mode in modes]
    return named


def _modes(given: str) -> tuple[str, ...]:
    return tuple(mode.strip(' "') for mode in given.split(",") if mode)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives a test with the parameter `every_scenario` each of them."""
    if "every_scenario" in metafunc.fixturenames:
        metafunc.parametrize("every_scenario", scenarios())
