"""Agno 3.1.10's own `SqliteDb` opens the file that we made, finds in it what Agno would have written, and writes to it.

The same captured runs are once in our file, sent over OTLP, and once in Agno's, written by its own exporter. Both are
asked through Agno's classes; `agno_differences.py` lists every difference there may be.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from agno.db.sqlite import SqliteDb
from agno.tracing.schemas import Span, Trace
from agno_differences import (
    AGNO_WRITTEN,
    ENTRY_RUN,
    STICKY_ERROR,
    intended,
    root_spans,
    same_duration,
    same_time,
)
from tracestead import FIXTURES, Tracestead, query_sqlite, wait_until

CAPTURED_TRACES = 48
# `julianday`, by which Agno on SQLite subtracts times, is a float of days.
JULIANDAY_ERROR_MS = 0.5
CONTEXT = ("run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id")


@dataclass(frozen=True)
class Pair:
    """One set of runs in two databases, both open in Agno."""

    ours: SqliteDb
    agnos: SqliteDb
    trace_ids: list[str]
    roots: dict[str, dict]


@pytest.fixture(scope="module")
def pair(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    directory = tmp_path_factory.mktemp("reads-ours")
    with Tracestead(binary, directory) as server:
        for fixture in sorted((FIXTURES / "agno").glob("*.otlp.pb")):
            server.ingest_fixture(fixture)

    in_ours = {row["trace_id"] for row in query_sqlite(server.database, "SELECT trace_id FROM agno_traces")}
    reference = directory / "agno.db"
    shutil.copy(AGNO_WRITTEN, reference)
    # Not every run that the reference holds was captured on the wire too.
    _keep_only(reference, in_ours)
    roots = root_spans(reference)
    assert set(roots) == in_ours and len(in_ours) == CAPTURED_TRACES
    yield Pair(
        SqliteDb(db_file=str(server.database)), SqliteDb(db_file=str(reference)), sorted(in_ours), roots
    )


def _keep_only(database: Path, trace_ids: set[str]) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("CREATE TEMP TABLE kept (trace_id)")
        connection.executemany("INSERT INTO kept VALUES (?)", [(trace_id,) for trace_id in trace_ids])
        for table in ("agno_spans", "agno_traces"):
            connection.execute(f"DELETE FROM {table} WHERE trace_id NOT IN (SELECT trace_id FROM kept)")
    connection.close()


def check_trace(ours: Trace, agnos: Trace, root_name: str) -> None:
    row = ours.__dict__
    expected = intended(agnos.__dict__, root_name)
    for key in ("trace_id", "name", "status", "total_spans", "error_count", *CONTEXT):
        assert row[key] == expected[key], f"{key} of {ours.trace_id}"
    assert same_time(ours.start_time, agnos.start_time)
    assert same_time(ours.end_time, agnos.end_time)
    assert same_duration(ours.duration_ms, agnos.start_time, agnos.end_time)
    assert ours.created_at.tzinfo is not None


def check_span(ours: Span, agnos: Span) -> None:
    # Not the time of storing: ours is now.
    for key in ("span_id", "trace_id", "parent_span_id", "name", "span_kind", "status_code", "status_message"):
        assert getattr(ours, key) == getattr(agnos, key), f"{key} of {ours.span_id}"
    assert ours.attributes == agnos.attributes
    assert same_time(ours.start_time, agnos.start_time)
    assert same_time(ours.end_time, agnos.end_time)
    assert ours.duration_ms == agnos.duration_ms


def test_get_trace(pair: Pair, agno_errors: list[str]) -> None:
    for trace_id in pair.trace_ids:
        agnos = pair.agnos.get_trace(trace_id=trace_id)
        check_trace(pair.ours.get_trace(trace_id=trace_id), agnos, pair.roots[trace_id]["name"])
        if agnos.run_id:
            assert pair.ours.get_trace(run_id=agnos.run_id).trace_id == pair.agnos.get_trace(run_id=agnos.run_id).trace_id
    assert pair.ours.get_trace(trace_id="0" * 32) is None


def test_get_traces(pair: Pair, agno_errors: list[str]) -> None:
    ours, total = pair.ours.get_traces(limit=None)
    agnos, _ = pair.agnos.get_traces(limit=None)
    assert total == len(pair.trace_ids)
    assert [trace.trace_id for trace in ours] == [trace.trace_id for trace in agnos]
    for our, agno in zip(ours, agnos, strict=True):
        check_trace(our, agno, pair.roots[agno.trace_id]["name"])


@pytest.mark.parametrize(
    "question",
    [
        {"session_id": "sess-multi"},
        {"user_id": "u6"},
        {"team_id": "content-team"},
        {"workflow_id": "article-workflow"},
        {"agent_id": "weather-agent"},
        {"limit": 5, "page": 2},
        {"start_time": datetime(2026, 11, 21, 0, 38, tzinfo=timezone.utc)},
        {"end_time": datetime(2026, 11, 21, 0, 38, tzinfo=timezone.utc)},
    ],
    ids=str,
)
def test_get_traces_filtered(pair: Pair, agno_errors: list[str], question: dict) -> None:
    ours, our_total = pair.ours.get_traces(**question)
    agnos, agno_total = pair.agnos.get_traces(**question)
    assert our_total == agno_total > 0
    assert [trace.trace_id for trace in ours] == [trace.trace_id for trace in agnos]


def test_get_traces_by_status(pair: Pair, agno_errors: list[str]) -> None:
    """Agno's own question for failed traces finds all of them in our file."""
    ours = {trace.trace_id for trace in pair.ours.get_traces(status="ERROR", limit=None)[0]}
    agnos = {trace.trace_id for trace in pair.agnos.get_traces(status="ERROR", limit=None)[0]}
    assert ours == agnos | set(STICKY_ERROR)


def test_get_traces_of_a_run_behind_another_root(pair: Pair, agno_errors: list[str]) -> None:
    for trace_id, context in ENTRY_RUN.items():
        assert trace_id in {t.trace_id for t in pair.ours.get_traces(session_id=context["session_id"])[0]}


def test_get_spans(pair: Pair, agno_errors: list[str]) -> None:
    for trace_id in pair.trace_ids:
        ours = {span.span_id: span for span in pair.ours.get_spans(trace_id=trace_id)}
        agnos = {span.span_id: span for span in pair.agnos.get_spans(trace_id=trace_id)}
        assert set(ours) == set(agnos)
        for span_id, span in agnos.items():
            check_span(ours[span_id], span)

    some = pair.agnos.get_spans(trace_id=pair.trace_ids[0])[0]
    check_span(pair.ours.get_span(some.span_id), some)
    assert pair.ours.get_span("0" * 16) is None


def test_get_spans_below(pair: Pair, agno_errors: list[str]) -> None:
    for trace_id in pair.trace_ids:
        root = next(span for span in pair.agnos.get_spans(trace_id=trace_id) if not span.parent_span_id)
        below = {span.span_id for span in pair.ours.get_spans(parent_span_id=root.span_id)}
        assert below == {span.span_id for span in pair.agnos.get_spans(parent_span_id=root.span_id)}


def test_get_trace_stats_by_session(pair: Pair, agno_errors: list[str]) -> None:
    def by_session(db: SqliteDb) -> dict[str, dict]:
        rows, total = db.get_trace_stats(limit=None)
        assert total == len(rows)
        # These are the times of storing.
        for row in rows:
            assert row.pop("first_trace_at") <= row.pop("last_trace_at")
        return {row["session_id"]: row for row in rows}

    expected = by_session(pair.agnos)
    for context in ENTRY_RUN.values():
        known = {key: context.get(key) for key in CONTEXT if key != "run_id"}
        row = expected.setdefault(context["session_id"], {**known, "total_traces": 0})
        row["total_traces"] += 1
    assert by_session(pair.ours) == expected


@pytest.mark.parametrize("group_by", ["agent", "team", "workflow"])
def test_get_trace_stats_by_component(pair: Pair, agno_errors: list[str], group_by: str) -> None:
    key = f"{group_by}_id"

    def by_component(db: SqliteDb) -> dict[str, dict]:
        return {row[key]: row for row in db.get_trace_stats(group_by=group_by, limit=None)[0]}

    ours, agnos = by_component(pair.ours), by_component(pair.agnos)
    assert set(ours) - set(agnos) == {c[key] for c in ENTRY_RUN.values() if key in c} - set(agnos)
    for component, expected in agnos.items():
        row = ours[component]
        assert (row["total_traces"], row["total_sessions"]) == (expected["total_traces"], expected["total_sessions"])
        assert isinstance(row["max_duration_ms"], int)
        for column in ("avg_duration_ms", "max_duration_ms"):
            assert abs(row[column] - expected[column]) < JULIANDAY_ERROR_MS + 1
    assert sum(row["error_traces"] for row in ours.values()) == query_count(
        pair, f"SELECT count(*) AS n FROM agno_traces WHERE status = 'ERROR' AND {key} IS NOT NULL"
    )


def query_count(pair: Pair, query: str) -> int:
    (row,) = query_sqlite(Path(pair.ours.db_file), query)
    return row["n"]


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"sort_by": "avg_duration_ms"},
        {"sort_by": "max_duration_ms"},
        {"sort_by": "error_count"},
        {"sort_by": "last_called_at", "sort_order": "asc"},
        {"span_type": "TOOL"},
        {"name": "OpenAIChat.invoke"},
        {"agent_id": "weather-agent"},
        {"team_id": "content-team"},
        {"workflow_id": "article-workflow"},
    ],
    ids=str,
)
def test_get_span_stats(pair: Pair, agno_errors: list[str], question: dict) -> None:
    ours, our_total = pair.ours.get_span_stats(limit=None, **question)
    agnos, agno_total = pair.agnos.get_span_stats(limit=None, **question)
    assert our_total == agno_total > 0
    assert len(ours) == len(agnos)
    by_group = {(row["name"], row["span_type"]): row for row in ours}
    for expected in agnos:
        row = by_group[expected["name"], expected["span_type"]]
        assert same_time(row.pop("last_called_at"), expected.pop("last_called_at"))
        assert row == expected


def test_schema_versions(pair: Pair) -> None:
    rows = query_sqlite(Path(pair.ours.db_file), "SELECT table_name, version FROM agno_schema_versions")
    versions = {row["table_name"]: row["version"] for row in rows}
    assert versions["agno_traces"] == versions["agno_spans"] == "3.0.0"


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone.utc)


def agno_trace(trace_id: str, **fields) -> Trace:
    defaults = dict(
        name="Written_By_Agno.run",
        status="OK",
        start_time=NOW,
        end_time=NOW + timedelta(seconds=2),
        duration_ms=2000,
        total_spans=2,
        error_count=0,
        run_id="run-by-agno",
        session_id="sess-by-agno",
        user_id="gus",
        agent_id="agno-agent",
        team_id=None,
        workflow_id=None,
        created_at=NOW,
    )
    return Trace(trace_id=trace_id, **{**defaults, **fields})


def agno_span(trace_id: str, span_id: str, parent: str | None = None, **fields) -> Span:
    defaults = dict(
        name="Written_By_Agno.run",
        span_kind="INTERNAL",
        status_code="OK",
        status_message=None,
        start_time=NOW,
        end_time=NOW + timedelta(seconds=2),
        duration_ms=2000,
        attributes={
            "openinference.span.kind": "AGENT",
            "agno.agent.id": "agno-agent",
            "agno.run.id": "run-by-agno",
            "session.id": "sess-by-agno",
            "user.id": "gus",
            "input.value": "who wrote this?",
        },
        created_at=NOW,
    )
    return Span(trace_id=trace_id, span_id=span_id, parent_span_id=parent, **{**defaults, **fields})


def test_agno_writes_a_new_trace(server: Tracestead, agno_errors: list[str]) -> None:
    server.ingest_fixture(FIXTURES / "agno" / "simple_agent.otlp.pb")
    db = SqliteDb(db_file=str(server.database))
    trace_id = "a" * 32
    db.upsert_trace(agno_trace(trace_id))
    llm = agno_span(
        trace_id,
        "b" * 16,
        parent="a" * 16,
        name="OpenAIChat.invoke",
        attributes={
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4o",
            "llm.token_count.prompt": 11,
            "llm.token_count.completion": 5,
        },
    )
    db.create_spans([agno_span(trace_id, "a" * 16), llm])

    assert db.get_trace(trace_id=trace_id).total_spans == 2

    def shown() -> dict:
        (trace,) = server.get("/traces", run_id="run-by-agno")["data"]
        assert trace["total_spans"] == 2
        return trace

    trace = wait_until(shown, "Agno's trace in the list")
    assert (trace["name"], trace["input"], trace["user_id"]) == ("Written_By_Agno.run", "who wrote this?", "gus")

    def understood() -> dict:
        answer = server.get(f"/api/v1/traces/{trace_id}")
        assert answer["trace"]["total_tokens"] == 16
        return answer

    answer = wait_until(understood, "the facts of Agno's spans")
    assert [span["span_type"] for span in answer["spans"]] == ["AGENT", "LLM"]
    assert answer["trace"]["models"] == ["gpt-4o"]


def test_agno_updates_a_trace_of_ours(server: Tracestead, agno_errors: list[str]) -> None:
    server.ingest_fixture(FIXTURES / "agno" / "simple_agent.otlp.pb")
    db = SqliteDb(db_file=str(server.database))
    (before,), _ = db.get_traces()

    later = before.end_time + timedelta(seconds=30)
    db.upsert_trace(agno_trace(before.trace_id, name="late", start_time=before.start_time, end_time=later))
    (root,) = (span for span in db.get_spans(trace_id=before.trace_id) if not span.parent_span_id)
    db.create_spans(
        [
            agno_span(
                before.trace_id,
                "c" * 16,
                parent=root.span_id,
                name="late_tool",
                status_code="ERROR",
                status_message="too late",
                start_time=before.end_time,
                end_time=later,
                attributes={"openinference.span.kind": "TOOL", "tool.name": "late_tool"},
            )
        ]
    )

    def shown() -> dict:
        answer = server.get(f"/api/v1/traces/{before.trace_id}")
        assert answer["trace"]["span_count"] == before.total_spans + 1
        assert answer["trace"]["status"] == "ERROR"
        assert answer["trace"]["duration_ns"] > 30_000_000_000
        return answer

    answer = wait_until(shown, "Agno's late span in our trace")
    assert answer["trace"]["name"] == before.name
    assert answer["trace"]["agent_id"] == before.agent_id
    assert answer["spans"][-1]["tool_name"] == "late_tool"


def test_file_stays_sound(server: Tracestead, agno_errors: list[str]) -> None:
    """After both wrote to it, nothing in the file contradicts itself."""
    for fixture in sorted((FIXTURES / "agno").glob("*_agent.otlp.pb")):
        server.ingest_fixture(fixture)
    db = SqliteDb(db_file=str(server.database))
    db.upsert_trace(agno_trace("d" * 32))
    db.create_spans([agno_span("d" * 32, "d" * 16)])
    server.stop()

    assert query_sqlite(server.database, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert query_sqlite(server.database, "PRAGMA foreign_key_check") == []
    assert db.get_trace(trace_id="d" * 32).total_spans == 1


def test_a_status_that_agno_sets_back_is_set_right(server: Tracestead, agno_errors: list[str]) -> None:
    """Agno's exporter and OTLP side by side: it overwrites the status, and its spans are refused as duplicates."""
    server.ingest_fixture(FIXTURES / "agno" / "agent_tool_exception.otlp.pb")
    db = SqliteDb(db_file=str(server.database))
    (before,), _ = db.get_traces()
    assert before.status == "ERROR"
    db.upsert_trace(agno_trace(before.trace_id, name=before.name, start_time=before.start_time, end_time=before.end_time))

    def shown() -> bool:
        (trace,) = server.get("/traces", status="ERROR")["data"]
        return trace["trace_id"] == before.trace_id

    wait_until(shown, "the failed trace among the failed ones")


def test_exports_without_a_pause_do_not_keep_agnos_rows_waiting(server: Tracestead, agno_errors: list[str]) -> None:
    stop = threading.Event()

    def send_again_and_again() -> None:
        while not stop.is_set():
            server.ingest_fixture(FIXTURES / "agno" / "simple_agent.otlp.pb")

    sender = threading.Thread(target=send_again_and_again)
    sender.start()
    try:
        db = SqliteDb(db_file=str(server.database))
        trace_id = "d" * 32
        wait_until(lambda: server.get("/traces")["data"], "the first export")
        db.upsert_trace(agno_trace(trace_id))
        db.create_spans([agno_span(trace_id, "d" * 16)])
        wait_until(lambda: server.get("/traces", session_id="sess-by-agno")["data"], "Agno's trace")
    finally:
        stop.set()
        sender.join()
