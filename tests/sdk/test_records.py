"""Traces and spans as pandas and Arrow have them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from environments import HERE, python


def answer(environment: str, directory: Path) -> dict[str, Any]:
    command = [str(python(environment)), str(HERE / "records.py"), str(directory / "traces.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return answer("agno-3", tmp_path_factory.mktemp("records"))


PANDAS = {
    "trace_id": "string",
    "user_id": "string",
    "output_tokens": "Int64",
    "total_tokens": "Int64",
    "cost_nano_usd": "Int64",
    "span_count": "int64",
    "has_agent_spans": "bool",
    "models": "object",
    "start_time_ns": "int64",
    "start_time": "datetime64[ns, UTC]",
    "end_time": "datetime64[ns, UTC]",
}
ARROW = {
    "trace_id": "string",
    "user_id": "string",
    "output_tokens": "int64",
    "cost_nano_usd": "int64",
    "has_agent_spans": "bool",
    "models": "list<item: string>",
    "start_time": "timestamp[ns, tz=UTC]",
}


@pytest.mark.parametrize(("library", "types"), [("pandas", PANDAS), ("arrow", ARROW)])
def test_columns_have_types_whatever_is_in_them(read: dict[str, Any], library: str, types: dict[str, str]) -> None:
    found = read["traces"][library]["types"]
    assert {name: found[name] for name in types} == types
    # Also if there is nothing.
    assert read["none"][library]["types"] == found
    assert (read["none"][library]["rows"], read["none"][library]["first"]) == (0, [])


@pytest.mark.parametrize("library", ["pandas", "arrow"])
def test_values_are_those_of_the_records(read: dict[str, Any], library: str) -> None:
    for table, records in (("traces", read["dicts"]), ("spans", read["spans_dicts"])):
        assert read[table][library]["rows"] == len(records)
        (first,) = read[table][library]["first"]
        as_json = ("attributes", "events", "links") if library == "arrow" else ()
        for name, value in records[0].items():
            told = json.loads(first[name]) if name in as_json else first[name]
            assert told == value, name


def test_moments_are_exact_to_the_nanosecond(read: dict[str, Any]) -> None:
    (trace,) = read["dicts"]
    assert read["traces"]["arrow"]["moments"] == [trace["start_time_ns"], trace["end_time_ns"]]
    began = read["traces"]["pandas"]["first"][0]["start_time"]
    assert began.endswith("Z") and began.split(".")[1][:6] == str(trace["start_time_ns"])[-9:-3]


def test_without_pandas_it_says_what_to_install(tmp_path: Path) -> None:
    read = answer("agno-2", tmp_path)
    assert read["traces"]["pandas"] == {"error": "to_pandas() needs pandas: pip install 'tracestead[pandas]'"}
    assert len(read["dicts"]) == 1
