"""What happens to an agent when tracing cannot do its work: nothing.

An agent in Python and its twin in Rust are told what to do line by line; what they answer is compared with what they answer
when all is well. Timings are measured and printed beside those of the same agent untraced (`pytest -s`), not asserted: what is
asserted is that the agent has its results while the fault lasts, and that every span is stored or counted.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from environments import HERE, python
from servers import Postgres

RUNS = 50
RESULT = sum(2 * number for number in range(RUNS))
SPANS = 3 * RUNS
LOCKED_SECONDS = 60
BURST = 1_000_000
LANGUAGES = ("python", "rust")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def program(language: str) -> list[str]:
    if language == "rust":
        examples = os.environ.get("TRACESTEAD_EXAMPLES")
        assert examples, "TRACESTEAD_EXAMPLES must name the examples of the Rust SDK (`cargo xtask test sdk` sets it)"
        return [str(Path(examples) / "agent_under_test")]
    # It is no agent of Agno's: any environment with the wheel does.
    return [str(python("agno-3")), str(HERE / "agent.py")]


class Agent:
    """The program, and a way to tell it something."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def do(self, *order: object) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(" ".join(map(str, order)) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        print(order, answer)
        return answer


@contextmanager
def agent(language: str, target: str, *options: str) -> Iterator[Agent]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    process = subprocess.Popen(
        [*program(language), target, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # As Python has it: a write that finds no room fails, as on a disk that is full, and does not end the process.
        restore_signals=False,
    )
    running = Agent(process)
    try:
        assert process.stdout is not None and json.loads(process.stdout.readline()) == {"ready": True}
        yield running
    finally:
        said = ""
        if process.poll() is None:
            _, said = process.communicate("end\n", timeout=60)
        elif process.stderr is not None:
            said = process.stderr.read()
        print(said)
        assert "Traceback" not in said and "panicked" not in said


def span_count(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        (count,) = connection.execute("SELECT count(*) FROM agno_spans").fetchone()
    return int(count)


def test_untraced_it_does_the_same(language: str) -> None:
    with agent(language, "none") as told:
        assert told.do("run", RUNS)["result"] == RESULT
        assert told.do("fail", RUNS)["result"] == -RUNS


def test_all_is_well(language: str, tmp_path: Path) -> None:
    database = tmp_path / "traces.db"
    with agent(language, f"sqlite:{database}") as told:
        assert told.do("run", RUNS)["result"] == RESULT
        assert told.do("flush", 30)["stored"]
        assert told.do("stats")["stats"]["stored"] == SPANS
    assert span_count(database) == SPANS


def test_the_end_of_the_process_stores_what_waits(language: str, tmp_path: Path) -> None:
    database = tmp_path / "traces.db"
    with agent(language, f"sqlite:{database}") as told:
        told.do("run", RUNS)
    assert span_count(database) == SPANS


def test_a_tool_that_raises_fails_its_run_and_nothing_else(language: str, tmp_path: Path) -> None:
    database = tmp_path / "traces.db"
    with agent(language, f"sqlite:{database}") as told:
        assert told.do("fail", RUNS)["result"] == -RUNS
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT span_type, error_type, count(*) FROM agno_spans WHERE status_code = 'ERROR' GROUP BY 1, 2"
        ).fetchall()
    assert rows == [("TOOL", {"python": "__main__.Refused", "rust": "panic"}[language], RUNS)]


@pytest.mark.parametrize("where", ["a directory", "nobody listens"])
def test_a_database_that_is_not_there(language: str, where: str, tmp_path: Path) -> None:
    if where == "a directory":
        target = f"sqlite:{tmp_path}"
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            target = f"postgresql://nobody@127.0.0.1:{free.getsockname()[1]}/traces"
    with agent(language, target, "max_queue_size=100", "shutdown_timeout=1") as told:
        assert told.do("run", RUNS)["result"] == RESULT
        assert not told.do("flush", 0.5)["stored"]
        stats = told.do("stats")["stats"]
    assert (stats["recorded"], stats["stored"], stats["failed"]) == (SPANS, 0, 0)
    # What does not fit is dropped and counted.
    assert (stats["queued"], stats["dropped"]) == (100, SPANS - 100)
    assert stats["last_error"]


def test_a_database_that_is_locked_for_a_minute(tmp_path: Path) -> None:
    with ExitStack() as ends:
        agents: list[tuple[Path, Agent]] = []
        for language in LANGUAGES:
            database = tmp_path / f"{language}.db"
            told = ends.enter_context(agent(language, f"sqlite:{database}"))
            told.do("run", 1)
            assert told.do("flush", 30)["stored"]
            agents.append((database, told))
        others = [sqlite3.connect(database, isolation_level=None) for database, _ in agents]
        for other in others:
            other.execute("BEGIN IMMEDIATE")
        until = time.monotonic() + LOCKED_SECONDS
        rounds = 0
        while time.monotonic() < until:
            for _, told in agents:
                assert told.do("run", RUNS)["result"] == RESULT
            rounds += 1
            time.sleep(LOCKED_SECONDS / 12)
        for _, told in agents:
            assert not told.do("flush", 1)["stored"]
        for other in others:
            other.execute("ROLLBACK")
            other.close()
        for database, told in agents:
            assert told.do("flush", 60)["stored"]
            stats = told.do("stats")["stats"]
            assert (stats["stored"], stats["dropped"], stats["failed"]) == (rounds * SPANS + 3, 0, 0)
            assert span_count(database) == rounds * SPANS + 3


def test_a_server_that_is_killed_under_a_run(language: str) -> None:
    with Postgres(durable=True) as server, agent(language, server.url) as told:
        told.do("run", RUNS)
        assert told.do("flush", 60)["stored"]
        # What was told before is on its way to the database when it dies.
        assert told.do("run", RUNS)["result"] == RESULT
        server.kill()
        assert told.do("run", RUNS)["result"] == RESULT
        assert not told.do("flush", 1)["stored"]
        server.restart()
        assert told.do("flush", 60)["stored"]
        stats = told.do("stats")["stats"]
        assert (stats["stored"], stats["dropped"], stats["failed"]) == (3 * SPANS, 0, 0)
        assert stats["retries"] > 0
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SELECT count(*), count(DISTINCT span_id) FROM ai.agno_spans").fetchone()
        assert row == (3 * SPANS, 3 * SPANS)


def test_a_disk_that_is_full(language: str, tmp_path: Path) -> None:
    database = tmp_path / "traces.db"
    with agent(language, f"sqlite:{database}") as told:
        told.do("run", 1)
        assert told.do("flush", 30)["stored"]
        largest = max(file.stat().st_size for file in tmp_path.iterdir())
        # No file of the program may grow any more, as on a disk that is full.
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(told.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        assert told.do("run", RUNS)["result"] == RESULT
        assert not told.do("flush", 2)["stored"]
        assert told.do("stats")["stats"]["last_error"]
        resource.prlimit(told.process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert told.do("flush", 60)["stored"]
        stats = told.do("stats")["stats"]
    assert (stats["dropped"], stats["failed"]) == (0, 0)
    assert span_count(database) == SPANS + 3


def test_a_burst_is_stored_or_counted(language: str, tmp_path: Path) -> None:
    database = tmp_path / "traces.db"
    with agent(language, f"sqlite:{database}") as told:
        told.do("burst", BURST)
        assert told.do("flush", 60)["stored"]
        stats = told.do("stats")["stats"]
    assert stats["recorded"] == BURST == stats["stored"] + stats["dropped"]
    assert (stats["queued"], stats["failed"]) == (0, 0)
    assert span_count(database) == stats["stored"] > 0


def test_a_process_that_forks(language: str, tmp_path: Path) -> None:
    """In Python both store. In Rust the child has no thread that does: it loses its spans, as documented, and waits for nobody."""
    database = tmp_path / "traces.db"
    # Whoever waits for a thread that is not there waits for so long.
    patience = 60
    with agent(language, f"sqlite:{database}", f"shutdown_timeout={patience}") as told:
        told.do("run", RUNS)
        assert told.do("flush", 30)["stored"]
        answer = told.do("fork")
        assert (answer["result"], answer["child"]) == (4000, 0)
        assert answer["seconds"] < patience
    # Those of the parent before and after, and the child's in Python: none is lost, none is there twice.
    assert span_count(database) == SPANS + (6 if language == "python" else 3)


def test_a_process_that_vanishes_loses_only_what_waited(language: str, tmp_path: Path) -> None:
    database = tmp_path / "traces.db"
    with agent(language, f"sqlite:{database}") as told:
        told.do("run", RUNS)
        assert told.do("flush", 30)["stored"]
        assert told.process.stdin is not None
        told.process.stdin.write("vanish\n")
        told.process.stdin.flush()
        assert told.process.wait(30) == 7
    assert span_count(database) == SPANS
