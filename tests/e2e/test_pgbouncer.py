"""Behind PgBouncer in transaction mode: each transaction goes to whichever connection is free, and nothing outlives it.

Two servers of ours and the commands share three connections. What one of them left in a session would be found by the
others: prepared statements, settings, locks.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import PostgresDatabase, with_path
from servers import PgBouncer, Postgres
from test_database_killed import Exporters
from test_otlp_clients import stored_ids
from tracestead import FIXTURES, Tracestead, run_tracestead

SPANS = 120


class Bounced(PostgresDatabase):
    """Ours reaches it through PgBouncer, and it is looked at directly."""

    def __init__(self, server_url: str, bouncer_url: str) -> None:
        self.is_direct = True
        super().__init__(server_url)
        self.bouncer_url = bouncer_url

    @property
    def url(self) -> str:
        return super().url if self.is_direct else with_path(self.bouncer_url, self.name)


@pytest.fixture
def bounced() -> Iterator[Bounced]:
    with Postgres() as server, PgBouncer(server.url) as bouncer, Bounced(server.url, bouncer.url) as database:
        yield database


@pytest.fixture
def servers(bounced: Bounced, binary: Path, tmp_path: Path) -> Iterator[list[Tracestead]]:
    """Two of ours, started one after the other on a database that has no tables."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    bounced.is_direct = False
    with Tracestead(binary, folders[0], bounced) as first, Tracestead(binary, folders[1], bounced) as second:
        bounced.is_direct = True
        yield [first, second]


def test_two_servers_take_spans_and_answer(servers: list[Tracestead]) -> None:
    first, second = servers
    stop = threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        numbers = random.Random(1)
        try:
            while not stop.is_set():
                server = servers[numbers.randrange(2)]
                server.get("/traces")
                server.get("/api/v1/traces", limit=5)
        except BaseException as failure:
            failures.append(failure)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        with Exporters(first.otlp_http) as one, Exporters(second.otlp_http) as other:
            one.wait_for_more(SPANS)
            other.wait_for_more(SPANS)
    finally:
        stop.set()
        asking.join()
    assert failures == []
    assert one.refusals == other.refusals == 0, first.log() + second.log()
    # Both send the same traces, as their numbers begin with the same seeds.
    assert stored_ids(first) == sorted(one.acknowledged | other.acknowledged)
    assert first.database.complaints() == []
    kept = first.sql("SELECT count(*) AS spans FROM agno_spans WHERE is_counted IS NOT NULL")[0]["spans"]
    assert first.sql("SELECT sum(calls) AS calls FROM tracestead_rollups") == [{"calls": kept}]


def test_commands(bounced: Bounced, binary: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        bounced.is_direct = False
        url = bounced.url
        bounced.is_direct = True
        done = run_tracestead(binary, tmp_path, *(url if word == "URL" else word for word in arguments))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("migrate", "--db", "URL")
    # Nothing is left to be done.
    run("migrate", "--dry-run", "--db", "URL")
    with Tracestead(binary, tmp_path) as source:
        for fixture in sorted((FIXTURES / "agno").glob("*.otlp.pb"))[:4]:
            source.ingest_fixture(fixture)
        ids = stored_ids(source)
        url = source.database.url
    run("copy", "--from", url, "--to", "URL")
    stored = bounced.sql("SELECT trace_id, span_id FROM agno_spans ORDER BY trace_id, span_id")
    assert [(row["trace_id"], row["span_id"]) for row in stored] == ids
    run("rebuild", "--rollups", "--db", "URL")
    run("prune", "--older-than", "1h", "--yes", "--db", "URL")
    assert bounced.sql("SELECT count(*) AS rows FROM agno_spans") == [{"rows": 0}]
