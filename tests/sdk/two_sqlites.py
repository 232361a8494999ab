"""Agno writes its sessions with Python's SQLite, and tracestead its spans with its own, into one file, in this process.

    python two_sqlites.py CASE DATABASE

Prints what another process finds there meanwhile, and whether the file is whole.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from agno.db.sqlite import SqliteDb
from agno.session import AgentSession
from opentelemetry import trace
from tracestead import setup_tracing

CASE, PATH = sys.argv[1:]
SESSIONS = 300
SPANS = 20

db = SqliteDb(db_file=PATH)
tracing = setup_tracing(db, schedule_delay_millis=5)
tracer = trace.get_tracer("app")


def span() -> None:
    tracer.start_span("run").end()


def session(number: int) -> None:
    made: Any = AgentSession(session_id=f"s{number}", agent_id="a", created_at=number, session_data={"x": "y" * 500})
    assert db.upsert_session(made) is not None


def found() -> dict[str, Any]:
    """Returns what another process finds."""
    asking = """
        import json, sqlite3, sys
        one = lambda query: sqlite3.connect(sys.argv[1]).execute(query).fetchone()[0]
        counts = [one("SELECT count(*) FROM " + table) for table in ("agno_spans", "agno_sessions")]
        print(json.dumps({"spans": counts[0], "sessions": counts[1], "check": one("PRAGMA integrity_check")}))
    """
    program = "\n".join(line.strip() for line in asking.splitlines())
    done = subprocess.run([sys.executable, "-c", program, PATH], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def at_once() -> None:
    writing = threading.Thread(target=lambda: [session(number) for number in range(SESSIONS)])
    writing.start()
    ended = 0
    while writing.is_alive():
        span()
        ended += 1
        writing.join(0.002)
    assert tracing.flush(30)
    print(json.dumps({"ended": ended, **found()}))


def after(other: Callable[[], object]) -> None:
    """Spans come after the other SQLite has done something."""
    session(0)
    span()
    assert tracing.flush(30)
    other()
    for _ in range(SPANS - 1):
        span()
    assert tracing.flush(30)
    print(json.dumps({"ended": SPANS, **found()}))


def read_and_close() -> None:
    connection = sqlite3.connect(PATH)
    connection.execute("SELECT count(*) FROM agno_spans").fetchone()
    connection.close()


def while_it_writes() -> None:
    """What is in a transaction of the other's waits, and is stored then."""
    session(0)
    other = sqlite3.connect(PATH, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE agno_sessions SET user_id = 'ann'")
    for _ in range(SPANS):
        span()
    assert not tracing.flush(1)
    other.execute("COMMIT")
    assert tracing.flush(30)
    print(json.dumps({"ended": SPANS, **found()}))


def killed_after_the_end() -> None:
    """Tracing has ended, Agno goes on, and the process is killed: what Agno has written is there."""
    span()
    session(0)
    tracing.shutdown()
    for number in range(1, SPANS):
        session(number)
    print(json.dumps({"ended": 1, **found()}), flush=True)
    os._exit(9)


def forked() -> None:
    """A child and its parent write into the file, each with both."""
    span()
    session(0)
    child = os.fork()
    for number in range(1, 1 + SPANS):
        session(number if child else 1000 + number)
        span()
    assert tracing.flush(30)
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print(json.dumps({"ended": 1 + 2 * SPANS, **found()}))


CASES: dict[str, Callable[[], None]] = {
    "at_once": at_once,
    "reads_and_closes": lambda: after(read_and_close),
    "agno_closes": lambda: after(db.close),
    "while_it_writes": while_it_writes,
    "killed_after_the_end": killed_after_the_end,
    "forked": forked,
}
CASES[CASE]()
