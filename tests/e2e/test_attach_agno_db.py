"""`tracestead serve` opens a database that Agno made and filled, answers as Agno did, and both go on writing to it.

Agno's class is asked many questions before our server first opens the database, and again while it has it open: the questions
of `agno-written.queries.json`, which on SQLite also has the answers. `agno_differences.py` lists every difference that there
may be between those and ours.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from agno_db import AgnoDb, agno_of, agno_schema, agno_url
from agno_differences import (
    AGNO_WRITTEN,
    ENTRY_RUN,
    root_spans,
    same_input,
)
from agno_written import fill_as_agno
from conftest import NewDatabase, RunAgno
from databases import RELATIONAL, Database
from test_agno_reads_ours import agno_span, agno_trace
from tracestead import FIXTURES, Tracestead, run_tracestead, wait_until

RECORDED: dict[str, Any] = json.loads((FIXTURES / "agno" / "agno-written.queries.json").read_text())
EVERY_TRACE = 'get_traces {"limit": null}'
ROOTS = root_spans(AGNO_WRITTEN)
CONTEXT = ("run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id")

BACKFILL_SECONDS = 20


@dataclass(frozen=True)
class Attached:
    """A server on a database of Agno's, and what Agno's class answered before it was."""

    server: Tracestead
    recorded: dict[str, Any]

    @property
    def traces(self) -> list[dict]:
        return self.recorded[EVERY_TRACE]["traces"]


@contextmanager
def made_by_agno(make_database: NewDatabase, engine: str, directory: Path) -> Iterator[Database]:
    with make_database(engine, directory) as database:
        fill_as_agno(database)
        yield database


@contextmanager
def attach(binary: Path, make_database: NewDatabase, engine: str, directory: Path) -> Iterator[Attached]:
    with made_by_agno(make_database, engine, directory) as database:
        with agno_of(database) as db:
            recorded = agno_answers(db, engine)
        if engine == "sqlite":
            assert recorded == RECORDED
        with Tracestead(binary, directory, database) as server:
            yield Attached(server, recorded)


def wait_for_backfill(server: Tracestead) -> None:
    def done() -> bool:
        (row,) = server.sql("SELECT count(*) AS n FROM agno_spans WHERE facts_version IS NULL")
        return row["n"] == 0

    wait_until(done, "the facts of the spans that Agno wrote", BACKFILL_SECONDS)


@pytest.fixture(scope="module", params=RELATIONAL)
def attached(
    request: pytest.FixtureRequest,
    binary: Path,
    make_database: NewDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Attached]:
    """A server on a database that nobody else writes to."""
    with attach(binary, make_database, request.param, tmp_path_factory.mktemp("attached")) as opened:
        wait_for_backfill(opened.server)
        yield opened


@pytest.fixture(params=RELATIONAL)
def shared(
    request: pytest.FixtureRequest, binary: Path, make_database: NewDatabase, tmp_path: Path
) -> Iterator[Attached]:
    """A server on a database to which a test writes as Agno does."""
    with attach(binary, make_database, request.param, tmp_path) as opened:
        yield opened


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
def test_traces_as_recorded(attached: Attached, question: str) -> None:
    parameters = json.loads(question.removeprefix("get_traces "))
    # `select` is right, because it reproduces what Agno answered.
    recorded = attached.recorded[question]
    assert select(attached.traces, **parameters) == (recorded["traces"], recorded["total"])

    expected, total = recorded["traces"], recorded["total"]
    if parameters.get("limit", 20) is None:
        parameters["limit"] = 1000
    answer = attached.server.get("/traces", **parameters)
    assert answer["meta"]["total_count"] == total
    assert [trace["trace_id"] for trace in answer["data"]] == [trace["trace_id"] for trace in expected]
    for actual, wanted in zip(answer["data"], expected, strict=True):
        check_summary(actual, wanted)


def test_session_stats_as_recorded(attached: Attached) -> None:
    rows, total = attached.recorded["get_trace_stats group_by=session"]
    assert total == len(rows)
    expected = {row["session_id"]: dict(row) for row in rows}
    answer = attached.server.get("/trace_session_stats", limit=1000)
    assert answer["meta"]["total_count"] == len(expected)
    in_order = sorted(expected.values(), key=lambda row: row["last_trace_at"], reverse=True)
    assert answer["data"] == [as_json(row) for row in in_order]


def as_json(row: dict) -> dict:
    """A row in the manner of Agno's routes: nothing absent, times with a Z."""
    times = {key: row[key].replace("+00:00", "Z") for key in ("first_trace_at", "last_trace_at")}
    return {key: value for key, value in {**row, **times}.items() if value is not None}


def test_every_tree_is_whole(attached: Attached) -> None:
    def size(node: dict) -> int:
        return 1 + sum(size(child) for child in node.get("spans") or [])

    for trace in attached.traces:
        detail = attached.server.get(f"/traces/{trace['trace_id']}")
        assert sum(size(root) for root in detail["tree"]) == trace["total_spans"]
        ours = attached.server.get(f"/api/v1/traces/{trace['trace_id']}")
        assert len(ours["spans"]) == trace["total_spans"]


# --- what Agno itself still answers -----------------------------------------------------------------------------


def test_agno_still_answers_as_recorded(attached: Attached, agno_errors: list[str]) -> None:
    """Our migration only adds: for Agno's rows, Agno's answers are those it gave before, to the last digit."""
    check_agno_answers(attached)


def check_agno_answers(opened: Attached) -> None:
    with agno_of(opened.server.database) as db:
        answers = agno_answers(db, opened.server.database.engine)
    for question, recorded in opened.recorded.items():
        assert answers[question] == recorded, question


def agno_answers(db: AgnoDb, engine: str) -> dict[str, Any]:
    """What Agno's class says to each question that it can answer on this engine."""
    return {question: agno_answer(db, question) for question in RECORDED if can_answer(engine, question)}


def can_answer(engine: str, question: str) -> bool:
    """`MySQLDb` knows traces, and statistics of sessions."""
    return engine != "mysql" or question.startswith("get_traces ") or question.endswith("group_by=session")


def agno_answer(db: AgnoDb, question: str) -> Any:
    method, _, argument = question.partition(" ")
    if method == "get_traces":
        traces, total = db.get_traces(**json.loads(argument))
        return plain({"total": total, "traces": [trace.__dict__ for trace in traces]})
    key, value = argument.split("=")
    # The recorded answers hold every group.
    rows, total = getattr(db, method)(limit=1000, **{key: value})
    return plain([rows, total])


def plain(answer: Any) -> Any:
    """An answer as the record keeps it: JSON, times in ISO form, and MySQL's sums as the integers that they are."""

    def as_json(value: Any) -> Any:
        return int(value) if isinstance(value, Decimal) else value.isoformat()

    return json.loads(json.dumps(answer, default=as_json))


# --- both write ---------------------------------------------------------------------------------------------------


def test_agno_goes_on_writing_by_its_classes(shared: Attached, agno_errors: list[str]) -> None:
    server = shared.server
    trace_id = "e" * 32
    with agno_of(server.database) as db:
        db.upsert_trace(agno_trace(trace_id))
        db.create_spans([agno_span(trace_id, "e" * 16)])

    def shown() -> dict:
        (trace,) = server.get("/traces", session_id="sess-by-agno")["data"]
        assert trace["total_spans"] == 1
        return trace

    trace = wait_until(shown, "the trace that Agno wrote")
    assert (trace["trace_id"], trace["agent_id"]) == (trace_id, "agno-agent")
    listed = wait_until(lambda: server.get("/api/v1/traces", agent_id="agno-agent")["data"], "it in our own list")
    assert listed[0]["input_preview"] == "who wrote this?"


@pytest.mark.parametrize("engine", RELATIONAL)
def test_attached_under_a_running_agno(
    binary: Path, make_database: NewDatabase, tmp_path: Path, engine: str, agno_errors: list[str]
) -> None:
    """The columns come while Agno is at work: what it knows of its tables from before still holds."""
    with made_by_agno(make_database, engine, tmp_path) as database, agno_of(database) as db:
        db.upsert_trace(agno_trace("a" * 32))
        db.create_spans([agno_span("a" * 32, "a" * 16)])
        with Tracestead(binary, tmp_path, database) as server:
            db.upsert_trace(agno_trace("b" * 32, session_id="sess-later"))
            db.create_spans([agno_span("b" * 32, "b" * 16)])
            assert db.get_trace(trace_id="b" * 32).total_spans == 1
            for session, trace_id in (("sess-by-agno", "a" * 32), ("sess-later", "b" * 32)):

                def shown() -> bool:
                    (trace,) = server.get("/api/v1/traces", session_id=session)["data"]
                    return (trace["trace_id"], trace["input_preview"]) == (trace_id, "who wrote this?")

                wait_until(shown, f"the trace of {session}", BACKFILL_SECONDS)


def test_both_write_at_once(shared: Attached, run_agno: RunAgno, agno_errors: list[str]) -> None:
    """Agno's own exporter in a live process and OTLP into our server, into one database at a time, lose nothing."""
    server = shared.server
    fixtures = sorted((FIXTURES / "other").glob("*.otlp.pb"))
    traces = [fixture for fixture in fixtures if ".logs." not in fixture.name]
    assert traces
    failures: list[BaseException] = []
    stop = threading.Event()

    def send_again_and_again() -> None:
        try:
            while True:
                for fixture in traces:
                    server.ingest_fixture(fixture)
                if stop.is_set():
                    return
        except BaseException as failure:
            failures.append(failure)

    sender = threading.Thread(target=send_again_and_again)
    sender.start()
    try:
        runs = run_agno(
            "agno",
            agno_url(server.database),
            *("agent_tools", "team", "workflow", "agent_failing_tool"),
            schema=agno_schema(server.database),
        )
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
            (trace,) = server.get("/traces", run_id=runs[scenario]["run_id"])["data"]
            assert (trace["total_spans"], trace["status"]) == expected, scenario
            (own,) = server.get("/api/v1/traces", run_id=runs[scenario]["run_id"])["data"]
            assert (own["span_count"], own["status"]) == expected, scenario
            assert own["total_tokens"] > 0, scenario
        return True

    wait_until(shown, "the runs that Agno wrote, in our answers")

    # The rows that were there are as they were.
    known = {trace["trace_id"] for trace in shared.traces}
    with agno_of(server.database) as db:
        traces, _ = db.get_traces(limit=None)
    assert plain([t.__dict__ for t in traces if t.trace_id in known]) == shared.traces

    # Sent many times, stored once.
    (row,) = server.sql("SELECT count(*) AS n FROM agno_spans")
    (distinct,) = server.sql("SELECT count(*) AS n FROM (SELECT DISTINCT trace_id, span_id FROM agno_spans) AS ids")
    assert row == distinct
    server.stop()
    assert server.database.complaints() == []


def test_agno_alone_again(shared: Attached, agno_errors: list[str]) -> None:
    """After our server has gone, the database is Agno's as before."""
    wait_for_backfill(shared.server)
    shared.server.stop()
    check_agno_answers(shared)
    with agno_of(shared.server.database) as db:
        db.upsert_trace(agno_trace("f" * 32))
        db.create_spans([agno_span("f" * 32, "f" * 16)])
        assert db.get_trace(trace_id="f" * 32).total_spans == 1


# --- what the migration does ------------------------------------------------------------------------------------


def test_opening_again_changes_nothing(shared: Attached) -> None:
    """The migration is made once: a second start finds nothing to do."""
    server = shared.server
    wait_for_backfill(server)
    server.stop()
    before = server.database.dump()
    server.start()
    server.get("/traces")
    server.stop()
    assert server.database.dump() == before


def agno_columns(dump: dict[str, Any], of: dict[str, Any]) -> dict[str, list[dict]]:
    """The rows of a dump, with no more tables and columns than another dump has."""
    return {
        table: [{column: row[column] for column in rows[0]} for row in dump["rows"][table]] if rows else []
        for table, rows in of["rows"].items()
    }


@pytest.mark.parametrize("engine", RELATIONAL)
def test_attaching_only_adds(binary: Path, make_database: NewDatabase, tmp_path: Path, engine: str) -> None:
    """Every value that Agno wrote is there as it was, in tables and columns of the same names; ours are filled."""
    with made_by_agno(make_database, engine, tmp_path) as database:
        before = database.dump()
        with Tracestead(binary, tmp_path, database) as server:
            wait_for_backfill(server)
        after = database.dump()

    kept = agno_columns(after, before)
    # The versions of tables that we made stand beside those of Agno's.
    kept["agno_schema_versions"] = [row for row in kept["agno_schema_versions"] if row in before["rows"]["agno_schema_versions"]]
    ordered = {table: sorted(map(repr, rows)) for table, rows in kept.items()}
    assert ordered == {table: sorted(map(repr, rows)) for table, rows in before["rows"].items()}
    added = set(after["rows"]["agno_spans"][0]) - set(before["rows"]["agno_spans"][0])
    assert {"start_time_ns", "span_type", "facts_version"} <= added
    for row in after["rows"]["agno_spans"]:
        assert row["start_time_ns"] and row["span_type"] and row["facts_version"]
    for row in after["rows"]["agno_traces"]:
        assert row["start_time_ns"] and row["span_count"]


@pytest.mark.parametrize("engine", RELATIONAL)
def test_read_only_changes_nothing(binary: Path, make_database: NewDatabase, tmp_path: Path, engine: str) -> None:
    """Not a column, not a row, not a table more; and what there is can be asked for, with facts."""
    with made_by_agno(make_database, engine, tmp_path) as database:
        before = database.dump()
        with agno_of(database) as db:
            recorded = agno_answers(db, engine)[EVERY_TRACE]
        with Tracestead(binary, tmp_path, database, flags=["--read-only"]) as server:
            answer = server.get("/traces", limit=1000)
            for actual, expected in zip(answer["data"], recorded["traces"], strict=True):
                check_summary(actual, expected)
            for trace in recorded["traces"]:
                own = server.get(f"/api/v1/traces/{trace['trace_id']}")
                assert own["trace"]["span_count"] == len(own["spans"]) == trace["total_spans"]
                assert all(span["span_type"] for span in own["spans"])
            assert any(
                server.get(f"/api/v1/traces/{trace['trace_id']}")["trace"]["total_tokens"]
                for trace in recorded["traces"]
            )
            refused = server.post_otlp((FIXTURES / "agno" / "simple_agent.otlp.pb").read_bytes())
            # For good, and not for now: an exporter must not try it again and again.
            assert 400 <= refused.status_code < 500 and refused.status_code != 429, refused.text
        assert database.dump() == before


@pytest.mark.parametrize("engine", RELATIONAL)
def test_migrate_says_what_it_will_do(binary: Path, make_database: NewDatabase, tmp_path: Path, engine: str) -> None:
    def migrate(*flags: str, code: int = 0) -> str:
        done = run_tracestead(binary, tmp_path, "migrate", "--db", database.url, *flags)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    with made_by_agno(make_database, engine, tmp_path) as database:
        before = database.dump()
        # 4: there is something to do.
        sql = migrate("--dry-run", code=4)
        assert database.dump() == before
        for words in ("ALTER TABLE", "agno_spans", "agno_traces", "start_time_ns", "CREATE TABLE", "tracestead_"):
            assert words in sql, sql
        # As words: some of our columns count what was dropped.
        for word in ("DROP", "RENAME", "DELETE"):
            assert not re.search(rf"\b{word}\b", sql.upper()), sql

        migrate()
        after = database.dump()
        assert after["definitions"] != before["definitions"]
        # Nothing is left to do.
        assert "ALTER TABLE" not in migrate("--dry-run")
        migrate()
        assert database.dump() == after
