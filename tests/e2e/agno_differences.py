"""Where our answers differ from Agno's on purpose, for the runs captured in `fixtures/agno`. Nothing else may differ.

The first three hold for spans that were sent to us. Rows that Agno wrote itself keep what Agno wrote in Agno's columns.

| difference | why | here |
|---|---|---|
| status ERROR is sticky | Agno overwrites it with the status of the last batch, and the root comes last | `STICKY_ERROR` |
| a run inside another program's span gives the trace its context | Agno looks only at the root | `ENTRY_RUN` |
| a trace has the name of its entry run, else of its root | Agno keeps the name of a child that was exported first | `NAME_OF_A_CHILD` |
| a list shows the beginning of a long input, without NUL | Agno loads all attributes of every trace on the page to show it whole | `same_input` |
| durations are integers | Agno on SQLite stores the float that `julianday` gives | `same_duration` |
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from databases import query_sqlite
from tracestead import FIXTURES

AGNO_WRITTEN = FIXTURES / "agno" / "agno-written.db"

# Traces that Agno says went well although spans of them failed.
STICKY_ERROR = {
    "f9baa339524a51a05147e73147c2cb59": "a tool raised",
    "2468a0537eac26fa070686a1845e8ce1": "the model failed in a stream",
    "c9b0450f39173ee62c847a339a04b1e7": "a step of a workflow failed",
}

_BEHIND_FASTAPI = {"session_id": "sess-bg", "user_id": "u4", "agent_id": "bg-hook-agent"}

# Traces whose root is no run: the context that Agno leaves empty.
ENTRY_RUN = {
    "e0a92a3da151a1ac04876b4c1679bc28": {"run_id": "5a56bcb1-75b6-44c9-a553-b31a57d47e10", **_BEHIND_FASTAPI},
    "3041cc7ac6d0f9d61da674cb1a87502e": {"run_id": "144a6505-55df-4b2a-aff0-e15e6bc95697", **_BEHIND_FASTAPI},
    "b7811120152063ea808eb3c45eba4fd5": {
        "run_id": "02dd9949-0a9d-4c26-be93-5f3ed97515ad",
        "session_id": "sess-app",
        "user_id": "u11",
        "agent_id": "app-agent",
    },
}

ENTRY_RUN_NAME = {
    "e0a92a3da151a1ac04876b4c1679bc28": "Bg_Hook_Agent.arun",
    "3041cc7ac6d0f9d61da674cb1a87502e": "Bg_Hook_Agent.arun",
    "b7811120152063ea808eb3c45eba4fd5": "App_Agent.run",
}

# Inputs shorter than this are shown whole everywhere.
PREVIEW_AT_LEAST = 200

# Names that Agno took from a child, though there is a run or a root with a name of its own.
NAME_OF_A_CHILD = {"fastapi.dependencies", "delete_file", "wire_money", "send_mail", "OpenAIChat.invoke"}


def root_spans(database: Path) -> dict[str, dict]:
    """The root span of every trace in a database of Agno's form: its name and its input."""
    # Not by `json_extract`: it ends a text at a NUL, and one of the inputs has one.
    rows = query_sqlite(database, "SELECT trace_id, name, attributes FROM agno_spans WHERE parent_span_id IS NULL")
    return {
        row["trace_id"]: {"name": row["name"], "input": json.loads(row["attributes"]).get("input.value")}
        for row in rows
    }


def intended(trace: dict, root_name: str) -> dict:
    """Agno's row of a trace with our differences applied (but durations and times, which are compared loosely)."""
    trace_id = trace["trace_id"]
    changed = {**trace, **ENTRY_RUN.get(trace_id, {})}
    if trace_id in STICKY_ERROR:
        assert (trace["status"], trace["error_count"] > 0) == ("OK", True), "no longer a difference"
        changed["status"] = "ERROR"
    name = ENTRY_RUN_NAME.get(trace_id, root_name)
    if trace["name"] != name:
        assert trace["name"] in NAME_OF_A_CHILD, "a difference that nobody intended"
        changed["name"] = name
    return changed


def same_input(ours: str | None, agnos: str | None) -> bool:
    agnos = agnos and agnos.replace("\0", "")
    if agnos is None or len(agnos) < PREVIEW_AT_LEAST or ours is None:
        return ours == agnos
    beginning = ours.removesuffix("…")
    return len(beginning) >= PREVIEW_AT_LEAST - 1 and agnos.startswith(beginning)


def same_time(ours: datetime | str, agnos: datetime | str) -> bool:
    return _moment(ours) == _moment(agnos)


def same_duration(ours_ms: int, start: datetime | str, end: datetime | str) -> bool:
    """Whether a duration is an integer, and that of the interval; a started millisecond may count or not."""
    interval_ms = (_moment(end) - _moment(start)) / timedelta(milliseconds=1)
    return isinstance(ours_ms, int) and abs(ours_ms - interval_ms) <= 1


def _moment(time: datetime | str) -> datetime:
    return time if isinstance(time, datetime) else datetime.fromisoformat(time)
