"""Agno's agents, teams and workflows traced into databases of Agno's own objects, of every kind, and read back.

All scenarios go to SQLite; those of the table of what gets captured also to the other databases, and by asynchronous objects.
What is read is compared with what ended in memory at the same time, and asked for in Agno's own words.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from agno_db import agno_schema, with_scheme
from captured import Spans
from databases import Database, PostgresDatabase, SqliteDatabase, new_database
from servers.shared import SharedServers
from test_agno_table import CASES

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
def in_sqlite(environment: str, run_program: RunProgram, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All scenarios in all modes, in a file."""
    database = SqliteDatabase(tmp_path_factory.mktemp("stored") / "agno.db")
    return run_program(environment, "agno_scenarios.py", "--export", "tracestead", *told(database, False))


def test_every_scenario_is_stored_as_it_ended(in_sqlite: dict[str, Any], every_scenario: str) -> None:
    stored = in_sqlite[every_scenario]
    ended = by_id(stored["ended"])
    spans = by_id(stored["spans"])
    assert spans.keys() == ended.keys()
    for span_id, span in ended.items():
        found = spans[span_id]
        assert plain(found) == plain({key: span[key] for key in found})


def test_agno_reads_every_scenario(in_sqlite: dict[str, Any], every_scenario: str) -> None:
    stored = in_sqlite[every_scenario]
    assert_agno_reads(stored)
    listed = in_sqlite["end"]["listed"]
    assert {span["trace"] for span in stored["ended"]} <= set(listed)


def test_nothing_is_lost(in_sqlite: dict[str, Any]) -> None:
    end = in_sqlite["end"]
    spans = [span["id"] for key, stored in in_sqlite.items() if key != "end" for span in stored["ended"]]
    stats = end["stats"]
    assert (stats["recorded"], stats["stored"]) == (len(spans), len(spans))
    assert (stats["dropped"], stats["failed"], stats["queued"]) == (0, 0, 0)
    assert end["count"] == len(set(end["listed"]))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_table_is_in_the_database(
    kind: Kind, environment: str, run_program: RunProgram, servers: SharedServers, tmp_path: Path
) -> None:
    with new_database(kind.engine, tmp_path, servers) as database:
        arguments = told(database, kind.is_async)
        stored = run_program(environment, "agno_scenarios.py", "--export", "tracestead", *arguments, *TABLES)
    missing = []
    for case in CASES:
        scenario, owner, cell, expected = case.values
        for mode in MODES:
            value = cell(Spans(stored[f"{scenario}:{mode}"]), owner)
            if not (expected(value) if callable(expected) else value == expected):
                missing.append((case.id, mode, value))
    assert not missing
    for scenario in TABLES:
        for mode in MODES:
            assert_agno_reads(stored[f"{scenario}:{mode}"])
            assert_columns(stored[f"{scenario}:{mode}"], scenario)
    assert stored["end"]["count"] == len(TABLES) * len(MODES)


def assert_agno_reads(stored: dict[str, Any]) -> None:
    """Agno's own `get_trace` and `get_spans` tell what ended."""
    ended = by_id(stored["ended"])
    read = {span["span_id"]: span for span in stored["agno_spans"]}
    assert read.keys() == ended.keys()
    for span_id, span in ended.items():
        found = read[span_id]
        told = [found[key] for key in ("trace_id", "parent_span_id", "name", "status_code")]
        assert told == [span[key] for key in ("trace", "parent", "name", "status")]
    for trace in stored["agno_traces"]:
        spans = [span for span in ended.values() if span["trace"] == trace["trace_id"]]
        (root,) = [span for span in spans if span["parent"] not in ended]
        failed = [span for span in spans if span["status"] == "ERROR"]
        # Within the trace of an application it is called as its first run is.
        runs = [span for span in ordered(spans) if "openinference.span.kind" in span["attributes"]]
        assert trace["name"] == (root if root in runs else runs[0])["name"]
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
