"""`tracestead serve` opens a database that Agno wrote, answers as Agno did, and both go on writing to it.

`agno-written.queries.json` holds Agno's own answers to questions about `agno-written.db`; `agno_differences.py` lists every
difference that there may be between those and ours.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from agno.db.sqlite import SqliteDb
from agno_differences import (
    AGNO_WRITTEN,
    ENTRY_RUN,
    root_spans,
    same_input,
)
from conftest import RunAgno
from test_agno_reads_ours import agno_span, agno_trace
from tracestead import FIXTURES, Tracestead, wait_until

RECORDED: dict[str, Any] = json.loads((FIXTURES / "agno" / "agno-written.queries.json").read_text())
ALL_TRACES: list[dict] = RECORDED['get_traces {"limit": null}']["traces"]
ROOTS = root_spans(AGNO_WRITTEN)
CONTEXT = ("run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id")

BACKFILL_SECONDS = 20


def open_copy(binary: Path, directory: Path) -> Tracestead:
    database = directory / "agno.db"
    shutil.copy(AGNO_WRITTEN, database)
    return Tracestead(binary, directory, database)


def wait_for_backfill(server: Tracestead) -> None:
    def done() -> bool:
        (row,) = server.sql("SELECT count(*) AS n FROM agno_spans WHERE facts_version IS NULL")
        return row["n"] == 0

    wait_until(done, "the facts of the spans that Agno wrote", BACKFILL_SECONDS)


@pytest.fixture(scope="module")
def attached(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracestead]:
    """A server on a copy that nobody else writes to."""
    with open_copy(binary, tmp_path_factory.mktemp("attached")) as server:
        wait_for_backfill(server)
        yield server


@pytest.fixture
def shared(binary: Path, tmp_path: Path) -> Iterator[Tracestead]:
    """A server on a copy to which a test writes as Agno does."""
    with open_copy(binary, tmp_path) as server:
        yield server


def recorded_questions(method: str) -> list[str]:
    return [question for question in RECORDED if question.startswith(method + " ")]


# --- what our server answers ------------------------------------------------------------------------------------


def select(traces: list[dict], limit: int | None = 20, page: int = 1, **equal: str) -> tuple[list[dict], int]:
    """Answers `get_traces` over the traces given, newest first: the meaning of the question, in Python."""
    found = [trace for trace in traces if all(trace[key] == value for key, value in equal.items())]
    found.sort(key=lambda trace: trace["start_time"], reverse=True)
    return found[slice((page - 1) * limit, page * limit) if limit else slice(None)], len(found)


def check_summary(actual: dict, expected: dict) -> None:
    trace_id = expected["trace_id"]
    root = ROOTS[trace_id]
    assert actual["trace_id"] == trace_id
    for key in ("name", "status", "total_spans", "error_count"):
        assert actual[key] == expected[key], f"{key} of {trace_id}"
    assert {key: actual[key] for key in CONTEXT if key in actual} == {
        key: expected[key] for key in CONTEXT if expected[key] is not None
    }
    for key in ("start_time", "end_time", "created_at"):
        assert actual[key] == expected[key].replace("+00:00", "Z"), f"{key} of {trace_id}"
    check_duration_text(actual["duration"], expected)
    if trace_id not in ENTRY_RUN:
        assert same_input(actual.get("input"), root["input"])


def check_duration_text(text: str, trace: dict) -> None:
    """What Agno stored, without its fraction."""
    milliseconds = int(trace["duration_ms"])
    assert text == (f"{milliseconds}ms" if milliseconds < 1000 else f"{milliseconds / 1000:.2f}s")


@pytest.mark.parametrize("question", recorded_questions("get_traces"))
def test_traces_as_recorded(attached: Tracestead, question: str) -> None:
    parameters = json.loads(question.removeprefix("get_traces "))
    # `select` is right, because it reproduces what Agno answered.
    recorded = RECORDED[question]
    assert select(ALL_TRACES, **parameters) == (recorded["traces"], recorded["total"])

    expected, total = recorded["traces"], recorded["total"]
    if parameters.get("limit", 20) is None:
        parameters["limit"] = 1000
    answer = attached.get("/traces", **parameters)
    assert answer["meta"]["total_count"] == total
    assert [trace["trace_id"] for trace in answer["data"]] == [trace["trace_id"] for trace in expected]
    for actual, wanted in zip(answer["data"], expected, strict=True):
        check_summary(actual, wanted)


def test_session_stats_as_recorded(attached: Tracestead) -> None:
    rows, total = RECORDED["get_trace_stats group_by=session"]
    assert total == len(rows)
    expected = {row["session_id"]: dict(row) for row in rows}
    answer = attached.get("/trace_session_stats", limit=1000)
    assert answer["meta"]["total_count"] == len(expected)
    in_order = sorted(expected.values(), key=lambda row: row["last_trace_at"], reverse=True)
    assert answer["data"] == [as_json(row) for row in in_order]


def as_json(row: dict) -> dict:
    """A row in the manner of Agno's routes: nothing absent, times with a Z."""
    times = {key: row[key].replace("+00:00", "Z") for key in ("first_trace_at", "last_trace_at")}
    return {key: value for key, value in {**row, **times}.items() if value is not None}


def test_every_tree_is_whole(attached: Tracestead) -> None:
    def size(node: dict) -> int:
        return 1 + sum(size(child) for child in node.get("spans") or [])

    for trace in ALL_TRACES:
        detail = attached.get(f"/traces/{trace['trace_id']}")
        assert sum(size(root) for root in detail["tree"]) == trace["total_spans"]
        ours = attached.get(f"/api/v1/traces/{trace['trace_id']}")
        assert len(ours["spans"]) == trace["total_spans"]


# --- what Agno itself still answers -----------------------------------------------------------------------------


def test_agno_still_answers_as_recorded(attached: Tracestead, agno_errors: list[str]) -> None:
    """Our migration only adds: for Agno's rows, Agno's answers are those it gave before, to the last digit."""
    check_agno_answers(SqliteDb(db_file=str(attached.database)))


def check_agno_answers(db: SqliteDb) -> None:
    for question, recorded in RECORDED.items():
        assert agno_answer(db, question, recorded) == recorded, question


def agno_answer(db: SqliteDb, question: str, recorded: Any) -> Any:
    method, _, argument = question.partition(" ")
    if method == "get_traces":
        traces, total = db.get_traces(**json.loads(argument))
        return plain({"total": total, "traces": [trace.__dict__ for trace in traces]})
    key, value = argument.split("=")
    # The recorded answers hold every group.
    rows, total = getattr(db, method)(limit=1000, **{key: value})
    return plain([rows, total])


def plain(answer: Any) -> Any:
    """An answer as the record keeps it: JSON, times in ISO form."""
    return json.loads(json.dumps(answer, default=lambda value: value.isoformat()))


# --- both write ---------------------------------------------------------------------------------------------------


def test_agno_goes_on_writing_by_its_classes(shared: Tracestead, agno_errors: list[str]) -> None:
    db = SqliteDb(db_file=str(shared.database))
    trace_id = "e" * 32
    db.upsert_trace(agno_trace(trace_id))
    db.create_spans([agno_span(trace_id, "e" * 16)])

    def shown() -> dict:
        (trace,) = shared.get("/traces", session_id="sess-by-agno")["data"]
        assert trace["total_spans"] == 1
        return trace

    trace = wait_until(shown, "the trace that Agno wrote")
    assert (trace["trace_id"], trace["agent_id"]) == (trace_id, "agno-agent")
    listed = wait_until(lambda: shared.get("/api/v1/traces", agent_id="agno-agent")["data"], "it in our own list")
    assert listed[0]["input_preview"] == "who wrote this?"


def test_both_write_at_once(shared: Tracestead, run_agno: RunAgno, agno_errors: list[str]) -> None:
    """Agno's own exporter in a live process and OTLP into our server, into one file at a time, lose nothing."""
    fixtures = sorted((FIXTURES / "other").glob("*.otlp.pb"))
    traces = [fixture for fixture in fixtures if ".logs." not in fixture.name]
    assert traces
    failures: list[BaseException] = []
    stop = threading.Event()

    def send_again_and_again() -> None:
        try:
            while True:
                for fixture in traces:
                    shared.ingest_fixture(fixture)
                if stop.is_set():
                    return
        except BaseException as failure:
            failures.append(failure)

    sender = threading.Thread(target=send_again_and_again)
    sender.start()
    try:
        runs = run_agno("agno-sqlite", shared.database, "agent_tools", "team", "workflow", "agent_failing_tool")
    finally:
        stop.set()
        sender.join()
    assert not failures

    whole = {
        "agent_tools": (4, "OK"),
        "team": (6, "OK"),
        "workflow": (7, "OK"),
        # Agno wrote this row, and says so although a span failed.
        "agent_failing_tool": (4, "OK"),
    }

    def shown() -> bool:
        for scenario, expected in whole.items():
            (trace,) = shared.get("/traces", run_id=runs[scenario]["run_id"])["data"]
            assert (trace["total_spans"], trace["status"]) == expected, scenario
            (own,) = shared.get("/api/v1/traces", run_id=runs[scenario]["run_id"])["data"]
            assert (own["span_count"], own["status"]) == expected, scenario
            assert own["total_tokens"] > 0, scenario
        return True

    wait_until(shown, "the runs that Agno wrote, in our answers")

    # The rows that were there are as they were.
    db = SqliteDb(db_file=str(shared.database))
    known = {trace["trace_id"] for trace in ALL_TRACES}
    traces, _ = db.get_traces(limit=None)
    assert plain([t.__dict__ for t in traces if t.trace_id in known]) == ALL_TRACES

    # Sent many times, stored once.
    (row,) = shared.sql("SELECT count(*) AS n, count(DISTINCT trace_id || span_id) AS distinct_n FROM agno_spans")
    assert row["n"] == row["distinct_n"]
    shared.stop()
    assert shared.sql("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert shared.sql("PRAGMA foreign_key_check") == []


def test_agno_alone_again(shared: Tracestead, agno_errors: list[str]) -> None:
    """After our server has gone, the file is Agno's as before."""
    wait_for_backfill(shared)
    shared.stop()
    db = SqliteDb(db_file=str(shared.database))
    check_agno_answers(db)
    db.upsert_trace(agno_trace("f" * 32))
    db.create_spans([agno_span("f" * 32, "f" * 16)])
    assert db.get_trace(trace_id="f" * 32).total_spans == 1


def test_opening_again_changes_nothing(shared: Tracestead) -> None:
    """The migration is made once: a second start finds nothing to do."""
    wait_for_backfill(shared)

    def everything() -> list[list[dict]]:
        return [
            shared.sql("SELECT * FROM sqlite_schema ORDER BY type, name"),
            shared.sql("SELECT * FROM agno_traces ORDER BY trace_id"),
            shared.sql("SELECT * FROM agno_spans ORDER BY trace_id, span_id"),
            shared.sql("SELECT * FROM agno_schema_versions ORDER BY table_name"),
        ]

    shared.stop()
    before = everything()
    shared.start()
    shared.get("/traces")
    shared.stop()
    assert everything() == before
