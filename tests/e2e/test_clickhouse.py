"""What the commands do on ClickHouse: copy into it and out of it, delete by age and for one user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import NewDatabase
from databases import Database
from tracestead import FIXTURES, Tracestead, run_tracestead, wait_until

TO_DO = 4


@pytest.fixture
def database(make_database: NewDatabase, tmp_path: Path) -> Iterator[Database]:
    with make_database("clickhouse", tmp_path) as database:
        yield database


def run(binary: Path, directory: Path, *arguments: str, code: int = 0) -> str:
    done = run_tracestead(binary, directory, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def count(database: Database, table: str, condition: str = "1") -> int:
    """What is there, and not what is written over or gone."""
    return int(database.sql(f"SELECT count() AS rows FROM {table} FINAL WHERE {condition}")[0]["rows"])


def test_copy_and_prune(binary: Path, database: Database, tmp_path: Path) -> None:
    with Tracestead(binary, tmp_path) as source:
        for fixture in sorted((FIXTURES / "agno").glob("*.otlp.pb")):
            source.ingest_fixture(fixture)
        stored = source.sql("SELECT trace_id, span_id FROM agno_spans ORDER BY trace_id, span_id")
        users = source.sql("SELECT user_id, count(*) AS traces FROM agno_traces WHERE user_id IS NOT NULL GROUP BY user_id")
    url, first = database.url, source.database.url
    run(binary, tmp_path, "copy", "--from", first, "--to", url)
    assert count(database, "agno_spans") == len(stored)
    # Nothing is left to be done, and what came is the same.
    said = run(binary, tmp_path, "copy", "--from", first, "--to", url)
    assert "0 differences" in said or "the same" in said, said
    back = f"sqlite:{tmp_path / 'back.db'}"
    run(binary, tmp_path, "copy", "--from", url, "--to", back)

    user = max(users, key=lambda row: row["traces"])
    run(binary, tmp_path, "prune", "--user", user["user_id"], "--dry-run", "--db", url, code=TO_DO)
    assert count(database, "agno_traces", f"user_id = '{user['user_id']}'") == user["traces"]
    run(binary, tmp_path, "prune", "--user", user["user_id"], "--yes", "--db", url)
    assert count(database, "agno_traces", f"user_id = '{user['user_id']}'") == 0
    # Not even as something that was written over.
    assert database.sql(f"SELECT count() AS rows FROM agno_spans WHERE user_id = '{user['user_id']}'")[0]["rows"] in (0, "0")

    run(binary, tmp_path, "prune", "--older-than", "1h", "--yes", "--db", url)
    for table in ("agno_traces", "agno_spans", "tracestead_span_events", "tracestead_rollups"):
        assert count(database, table) == 0, table
    # What was deleted may come again: from the copy that was made before.
    run(binary, tmp_path, "copy", "--from", back, "--to", url)
    assert count(database, "agno_spans") == len(stored)
    with Tracestead(binary, tmp_path, database) as server:
        assert server.get("/traces")["meta"]["total_count"] == len({row["trace_id"] for row in stored})


def test_a_server_deletes_by_rules(binary: Path, database: Database, tmp_path: Path) -> None:
    (tmp_path / "tracestead.toml").write_text('[[retention]]\nolder_than = "1h"\n')
    with Tracestead(binary, tmp_path, database) as server:
        server.ingest_fixture(sorted((FIXTURES / "agno").glob("*.otlp.pb"))[0])
        # It looks again every minute.
        server.stop()
        server.start()
        wait_until(lambda: count(database, "agno_traces") == 0, "the old traces to be deleted", 30)
        assert server.get("/traces")["meta"]["total_count"] == 0
