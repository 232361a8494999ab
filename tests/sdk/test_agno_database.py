"""Agno's agents, teams and workflows traced into databases of Agno's own objects, of every kind, and read back.

All scenarios go to SQLite; those of the table of what gets captured also to the other databases, and by
asynchronous objects. What is read is compared with what ended in memory at the same time: the rows as the engine's
own client has them, and what tracestead and Agno's own methods tell of them.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from agno_db import agno_schema, with_scheme
from captured import Span, Spans
from databases import Database, PostgresDatabase, SqliteDatabase, new_database, parsed
from servers.shared import SharedServers
from test_agno_table import CASES, assert_workflow

MODES = ("sync", "stream", "async", "async_stream")
TABLES = ("table_of_agent", "table_of_team", "table_of_workflow")

RunProgram = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A class of Agno's that keeps traces."""

    engine: str
    is_async: bool

    def __str__(self) -> str:
        return f"{'async_' if self.is_async else ''}{self.engine}"


KINDS = [Kind(engine, is_async) for engine in ("sqlite", "postgres", "mysql") for is_async in (False, True)]


def told(database: Database, is_async: bool) -> list[str]:
    """Returns how the program is told of a database."""
    if isinstance(database, SqliteDatabase):
        url = f"sqlite:///{database.path}"
    else:
        driver = "postgresql+psycopg" if isinstance(database, PostgresDatabase) else "mysql+pymysql"
        url = with_scheme(database.url, driver)
    schema = agno_schema(database)
    return ["--db", url, *(["--schema", schema] if schema else []), *(["--async-db"] if is_async else [])]


@pytest.fixture(scope="module")
def servers() -> Iterator[SharedServers]:
    with SharedServers() as shared:
        yield shared


@pytest.fixture(scope="module")
def sqlite(environment: str, tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabase:
    return SqliteDatabase(tmp_path_factory.mktemp("stored") / f"{environment}.db")


@pytest.fixture(scope="module")
def in_sqlite(environment: str, run_program: RunProgram, sqlite: SqliteDatabase) -> dict[str, Any]:
    """All scenarios in all modes, in a file."""
    return run_program(environment, "agno_scenarios.py", "--export", "tracestead", *told(sqlite, False))


@pytest.fixture(scope="module")
def sqlite_rows(in_sqlite: dict[str, Any], sqlite: SqliteDatabase) -> list[Span]:
    return rows_of(sqlite)


def test_every_scenario_is_stored_as_it_ended(in_sqlite: dict[str, Any], every_scenario: str) -> None:
    stored = in_sqlite[every_scenario]
    ended = by_id(stored["ended"])
    spans = by_id(stored["spans"])
    assert spans.keys() == ended.keys()
    for span_id, span in ended.items():
        found = spans[span_id]
        assert plain(found) == plain({key: span[key] for key in found})


def test_the_rows_of_every_scenario_are_what_ended(
    in_sqlite: dict[str, Any], sqlite_rows: list[Span], every_scenario: str
) -> None:
    ended = by_id(in_sqlite[every_scenario]["ended"])
    rows = by_id(of_scenario(sqlite_rows, in_sqlite[every_scenario]))
    assert rows.keys() == ended.keys()
    for span_id, row in rows.items():
        assert plain(row) == plain({key: ended[span_id][key] for key in row})


def test_agno_reads_every_scenario(in_sqlite: dict[str, Any], every_scenario: str) -> None:
    stored = in_sqlite[every_scenario]
    assert_agno_reads(stored)
    listed = in_sqlite["end"]["listed"]
    assert {span["trace"] for span in stored["ended"]} <= set(listed)


def test_nothing_is_lost(in_sqlite: dict[str, Any], sqlite_rows: list[Span]) -> None:
    end = in_sqlite["end"]
    spans = [span["id"] for key, stored in in_sqlite.items() if key != "end" for span in stored["ended"]]
    stats = end["stats"]
    assert (stats["recorded"], stats["stored"]) == (len(spans), len(spans))
    assert (stats["dropped"], stats["failed"], stats["queued"]) == (0, 0, 0)
    assert end["count"] == len(set(end["listed"]))
    assert sorted(row["id"] for row in sqlite_rows) == sorted(spans)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_table_is_in_the_database(
    kind: Kind, environment: str, run_program: RunProgram, servers: SharedServers, tmp_path: Path
) -> None:
    with new_database(kind.engine, tmp_path, servers) as database:
        arguments = told(database, kind.is_async)
        stored = run_program(environment, "agno_scenarios.py", "--export", "tracestead", *arguments, *TABLES)
        rows = rows_of(database)
    missing = []
    for scenario, mode in itertools.product(TABLES, MODES):
        played = stored[f"{scenario}:{mode}"]
        read = {"tracestead": played["spans"], "rows": of_scenario(rows, played)}
        for source, spans in read.items():
            missing += [(source, mode, *cell) for cell in missing_cells(Spans({"spans": spans}), scenario)]
            if scenario == "table_of_workflow":
                assert_workflow(Spans({"spans": spans}))
    assert not missing
    for scenario in TABLES:
        for mode in MODES:
            assert_agno_reads(stored[f"{scenario}:{mode}"])
            assert_columns(stored[f"{scenario}:{mode}"], scenario)
            owner = scenario.removeprefix("table_of_")
            (trace,) = stored[f"{scenario}:{mode}"]["agno_traces"]
            assert (trace[f"{owner}_id"], trace["session_id"], trace["user_id"]) == (f"busy-{owner}", "sess", "ann")
            assert trace["run_id"]
    assert stored["end"]["count"] == len(TABLES) * len(MODES)


def missing_cells(spans: Spans, scenario: str) -> list[tuple[str, Any]]:
    """Returns the cells of the table that do not hold what they should."""
    missing = []
    for case in CASES:
        name, owner, cell, expected = case.values
        if name == scenario:
            value = cell(spans, owner)
            if not (expected(value) if callable(expected) else value == expected):
                missing.append((str(case.id), value))
    return missing


def rows_of(database: Database) -> list[Span]:
    """Returns all spans in a database, shaped as those in memory, as the engine's own client reads them."""
    return [
        {
            "id": row["span_id"],
            "trace": row["trace_id"],
            "parent": row["parent_span_id"],
            "name": row["name"],
            "start_ns": row["start_time_ns"],
            "end_ns": row["end_time_ns"],
            "attributes": parsed(row["attributes"]),
            "status": row["status_code"],
            "status_message": row["status_message"],
            "events": [
                {"name": event["name"], "attributes": event["attributes"]} for event in parsed(row["events"]) or []
            ],
        }
        for row in database.sql("SELECT * FROM agno_spans")
    ]


def of_scenario(rows: list[Span], stored: dict[str, Any]) -> list[Span]:
    """Returns the spans of the traces in which something of a scenario ended."""
    traces = {span["trace"] for span in stored["ended"]}
    return [row for row in rows if row["trace"] in traces]


def assert_agno_reads(stored: dict[str, Any]) -> None:
    """Agno's own `get_trace` and `get_spans` tell what ended."""
    ended = by_id(stored["ended"])
    read = {span["span_id"]: span for span in stored["agno_spans"]}
    assert read.keys() == ended.keys()
    for span_id, span in ended.items():
        found = read[span_id]
        told = [found[key] for key in ("trace_id", "parent_span_id", "name", "status_code")]
        assert told == [span[key] for key in ("trace", "parent", "name", "status")]
    assert {trace["trace_id"] for trace in stored["agno_traces"]} == {span["trace"] for span in ended.values()}
    for trace in stored["agno_traces"]:
        spans = [span for span in ended.values() if span["trace"] == trace["trace_id"]]
        (root,) = [span for span in spans if span["parent"] not in ended]
        failed = [span for span in spans if span["status"] == "ERROR"]
        # Within the trace of an application it is called as its first run is.
        runs = [span for span in ordered(spans) if "openinference.span.kind" in span["attributes"]]
        entry = root if root in runs else runs[0]
        assert trace["name"] == entry["name"]
        for owner in ("run", "agent", "team", "workflow"):
            assert trace[f"{owner}_id"] == entry["attributes"].get(f"agno.{owner}.id")
        assert (int(trace["total_spans"]), int(trace["error_count"])) == (len(spans), len(failed))
        assert trace["status"] == ("ERROR" if failed else "OK")
        said = {key: value for span in reversed(ordered(spans)) for key, value in span["attributes"].items()}
        assert (trace["session_id"], trace["user_id"]) == (said.get("session.id"), said.get("user.id"))


def assert_columns(stored: dict[str, Any], scenario: str) -> None:
    """What Agno has no columns for, ours have."""
    columns = stored["columns"]
    calls = [span for span in columns if span["span_type"] == "LLM"]
    assert {span["model"] for span in calls} == {"gpt-4o-mini"}
    assert all(span["total_tokens"] == span["input_tokens"] + span["output_tokens"] > 0 for span in calls)
    assert all(span["cost_nano_usd"] > 0 for span in calls)
    (failed,) = {span["error_type"] for span in columns if span["tool_name"] == "explode"}
    assert failed == "ValueError"
    types = {span["span_type"] for span in columns}
    assert types >= {"AGENT", "LLM", "TOOL", "HOOK", "GUARDRAIL", "RETRIEVER"}
    if scenario == "table_of_workflow":
        assert "WORKFLOW" in types and {span["workflow_id"] for span in columns} >= {"busy-workflow"}


def by_id(spans: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {span["id"]: span for span in spans}
    assert len(found) == len(spans)
    return found


def ordered(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(spans, key=lambda span: int(span["start_ns"]))


def plain(span: dict[str, Any]) -> dict[str, Any]:
    """Returns a span as JSON can tell it: there NaN is not equal to itself, and what is empty is nothing."""
    told = {**span, "status_message": span["status_message"] or None}
    return json.loads(json.dumps(told), parse_constant=lambda constant: f"not a number: {math.nan}")
