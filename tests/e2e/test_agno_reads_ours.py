"""Agno 3.1.10's own classes open the database that we made, find in it what Agno would have written, and write to it.

The same captured runs are once in our database, sent over OTLP, and once in one of the same engine that Agno's class made
and filled from `agno-written.db`. Both are asked through Agno's classes; `agno_differences.py` lists every difference there
may be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from agno.tracing.schemas import Span, Trace
from agno.utils.string import sanitize_postgres_strings
from agno_db import AGNO_CLASSES, AgnoClass, AgnoDb
from agno_differences import (
    AGNO_WRITTEN,
    ENTRY_RUN,
    STICKY_ERROR,
    intended,
    root_spans,
    same_duration,
    same_time,
)
from agno_written import fill_as_agno
from conftest import NewDatabase
from databases import Database
from tracestead import FIXTURES, Tracestead, wait_until

CAPTURED_TRACES = 48
# `julianday`, by which Agno on SQLite subtracts times, is a float of days.
JULIANDAY_ERROR_MS = 0.5
CONTEXT = ("run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id")


@dataclass(frozen=True)
class Databases:
    """One set of runs in two databases of one engine: that of a running server of ours, and Agno's."""

    server: Tracestead
    agnos: Database
    trace_ids: list[str]
    roots: dict[str, dict]


@dataclass(frozen=True)
class Pair:
    """Both, open in one of Agno's classes."""

    ours: AgnoDb
    agnos: AgnoDb
    server: Tracestead
    trace_ids: list[str]
    roots: dict[str, dict]

    @property
    def engine(self) -> str:
        return self.server.database.engine


@pytest.fixture(scope="module")
def filled(
    binary: Path, tmp_path_factory: pytest.TempPathFactory, make_database: NewDatabase
) -> Iterator[Callable[[str], Databases]]:
    """The databases of an engine, made when they are first asked for."""
    made: dict[str, Databases] = {}
    with ExitStack() as running:

        def get(engine: str) -> Databases:
            if engine not in made:
                directory = tmp_path_factory.mktemp(engine)
                (directory / "agno").mkdir()
                ours = running.enter_context(make_database(engine, directory))
                agnos = running.enter_context(make_database(engine, directory / "agno"))
                server = running.enter_context(Tracestead(binary, directory, ours))
                made[engine] = fill(server, agnos)
            return made[engine]

        yield get


def fill(server: Tracestead, agnos: Database) -> Databases:
    for fixture in sorted((FIXTURES / "agno").glob("*.otlp.pb")):
        server.ingest_fixture(fixture)
    in_ours = {row["trace_id"] for row in server.sql("SELECT trace_id FROM agno_traces")}
    # Not every run that the reference holds was captured on the wire too.
    fill_as_agno(agnos, in_ours)
    roots = {trace_id: root for trace_id, root in root_spans(AGNO_WRITTEN).items() if trace_id in in_ours}
    assert set(roots) == in_ours and len(in_ours) == CAPTURED_TRACES
    return Databases(server, agnos, sorted(in_ours), roots)


@pytest.fixture(scope="module", params=AGNO_CLASSES, ids=str)
def pair(request: pytest.FixtureRequest, filled: Callable[[str], Databases]) -> Iterator[Pair]:
    kind: AgnoClass = request.param
    both = filled(kind.engine)
    with kind.open(both.server.database) as ours, kind.open(both.agnos) as agnos:
        yield Pair(ours, agnos, both.server, both.trace_ids, both.roots)


def check_trace(ours: Trace, agnos: Trace, root_name: str) -> None:
    row = ours.__dict__
    expected = intended(agnos.__dict__, root_name)
    for key in ("trace_id", "name", "status", "total_spans", "error_count", *CONTEXT):
        assert row[key] == expected[key], f"{key} of {ours.trace_id}"
    assert same_time(ours.start_time, agnos.start_time)
    assert same_time(ours.end_time, agnos.end_time)
    assert same_duration(ours.duration_ms, agnos.start_time, agnos.end_time)
    assert ours.created_at.tzinfo is not None


def check_span(ours: Span, agnos: Span, engine: str) -> None:
    # Not the time of storing: ours is now.
    for key in ("span_id", "trace_id", "parent_span_id", "name", "span_kind", "status_code", "status_message"):
        assert getattr(ours, key) == getattr(agnos, key), f"{key} of {ours.span_id}"
    # PostgreSQL has no place for NUL, and Agno leaves it out together with what it could keep.
    without = sanitize_postgres_strings if engine == "postgres" else lambda attributes: attributes
    assert without(ours.attributes) == without(agnos.attributes)
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
            check_span(ours[span_id], span, pair.engine)

    some = pair.agnos.get_spans(trace_id=pair.trace_ids[0])[0]
    check_span(pair.ours.get_span(some.span_id), some, pair.engine)
    assert pair.ours.get_span("0" * 16) is None


def test_get_spans_below(pair: Pair, agno_errors: list[str]) -> None:
    for trace_id in pair.trace_ids:
        root = next(span for span in pair.agnos.get_spans(trace_id=trace_id) if not span.parent_span_id)
        below = {span.span_id for span in pair.ours.get_spans(parent_span_id=root.span_id)}
        assert below == {span.span_id for span in pair.agnos.get_spans(parent_span_id=root.span_id)}


def test_get_trace_stats_by_session(pair: Pair, agno_errors: list[str]) -> None:
    def by_session(db: AgnoDb) -> dict[str, dict]:
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
    if pair.engine == "mysql":
        with pytest.raises(NotImplementedError):
            pair.ours.get_trace_stats(group_by=group_by)
        return

    def by_component(db: AgnoDb) -> dict[str, dict]:
        return {row[key]: row for row in db.get_trace_stats(group_by=group_by, limit=None)[0]}

    ours, agnos = by_component(pair.ours), by_component(pair.agnos)
    assert set(ours) - set(agnos) == {c[key] for c in ENTRY_RUN.values() if key in c} - set(agnos)
    for component, expected in agnos.items():
        row = ours[component]
        assert (row["total_traces"], row["total_sessions"]) == (expected["total_traces"], expected["total_sessions"])
        assert isinstance(row["max_duration_ms"], int)
        for column in ("avg_duration_ms", "max_duration_ms"):
            assert abs(row[column] - expected[column]) < JULIANDAY_ERROR_MS + 1
    (failed,) = pair.server.sql(
        f"SELECT count(*) AS n FROM agno_traces WHERE status = 'ERROR' AND {key} IS NOT NULL"
    )
    assert sum(row["error_traces"] for row in ours.values()) == failed["n"]


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
    if pair.engine == "mysql":
        with pytest.raises(NotImplementedError):
            pair.ours.get_span_stats(**question)
        return
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
    rows = pair.server.sql("SELECT table_name, version FROM agno_schema_versions")
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


@dataclass(frozen=True)
class Shared:
    """A running server, and one of Agno's classes on its database."""

    server: Tracestead
    db: AgnoDb


@pytest.fixture(params=AGNO_CLASSES, ids=str)
def shared(
    request: pytest.FixtureRequest, binary: Path, tmp_path: Path, make_database: NewDatabase
) -> Iterator[Shared]:
    kind: AgnoClass = request.param
    with make_database(kind.engine, tmp_path) as database, Tracestead(binary, tmp_path, database) as server:
        with kind.open(database) as db:
            yield Shared(server, db)


def test_agno_writes_a_new_trace(shared: Shared, agno_errors: list[str]) -> None:
    server, db = shared.server, shared.db
    server.ingest_fixture(FIXTURES / "agno" / "simple_agent.otlp.pb")
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


def test_agno_updates_a_trace_of_ours(shared: Shared, agno_errors: list[str]) -> None:
    server, db = shared.server, shared.db
    server.ingest_fixture(FIXTURES / "agno" / "simple_agent.otlp.pb")
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


def test_database_stays_sound(shared: Shared, agno_errors: list[str]) -> None:
    """After both wrote to it, nothing in it contradicts itself."""
    server, db = shared.server, shared.db
    for fixture in sorted((FIXTURES / "agno").glob("*_agent.otlp.pb")):
        server.ingest_fixture(fixture)
    db.upsert_trace(agno_trace("d" * 32))
    db.create_spans([agno_span("d" * 32, "d" * 16)])
    server.stop()

    assert server.database.complaints() == []
    assert db.get_trace(trace_id="d" * 32).total_spans == 1


def test_a_status_that_agno_sets_back_is_set_right(shared: Shared, agno_errors: list[str]) -> None:
    """Agno's exporter and OTLP side by side: it overwrites the status, and its spans are refused as duplicates."""
    server, db = shared.server, shared.db
    server.ingest_fixture(FIXTURES / "agno" / "agent_tool_exception.otlp.pb")
    (before,), _ = db.get_traces()
    assert before.status == "ERROR"
    db.upsert_trace(agno_trace(before.trace_id, name=before.name, start_time=before.start_time, end_time=before.end_time))

    def shown() -> bool:
        (trace,) = server.get("/traces", status="ERROR")["data"]
        return trace["trace_id"] == before.trace_id

    wait_until(shown, "the failed trace among the failed ones")


def test_exports_without_a_pause_do_not_keep_agnos_rows_waiting(shared: Shared, agno_errors: list[str]) -> None:
    server, db = shared.server, shared.db
    stop = threading.Event()

    def send_again_and_again() -> None:
        while not stop.is_set():
            server.ingest_fixture(FIXTURES / "agno" / "simple_agent.otlp.pb")

    sender = threading.Thread(target=send_again_and_again)
    sender.start()
    try:
        trace_id = "d" * 32
        wait_until(lambda: server.get("/traces")["data"], "the first export")
        db.upsert_trace(agno_trace(trace_id))
        db.create_spans([agno_span(trace_id, "d" * 16)])
        wait_until(lambda: server.get("/traces", session_id="sess-by-agno")["data"], "Agno's trace")
    finally:
        stop.set()
        sender.join()
