"""Traces a run, reads it as a table of each kind, and tells what it finds. Without the library it tells what it is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from opentelemetry import trace
from tracestead import Records, setup_tracing


def pandas_of(records: Records[Any]) -> dict[str, Any]:
    frame = records.to_pandas()
    return {
        "rows": len(frame),
        "types": {name: str(kind) for name, kind in frame.dtypes.items()},
        "first": json.loads(frame.head(1).to_json(orient="records", date_format="iso", date_unit="ns") or "[]"),
    }


def arrow_of(records: Records[Any]) -> dict[str, Any]:
    table = records.to_arrow()
    return {
        "rows": table.num_rows,
        "types": {field.name: str(field.type) for field in table.schema},
        # Python has no moments to the nanosecond.
        "moments": [moment.value for name in ("start_time", "end_time") for moment in table[name]],
        "first": table.drop_columns(["start_time", "end_time"]).slice(0, 1).to_pylist(),
    }


def tried(make: Callable[[Records[Any]], dict[str, Any]], records: Records[Any]) -> dict[str, Any]:
    try:
        return make(records)
    except ImportError as error:
        return {"error": str(error)}


tracing = setup_tracing(f"sqlite:{sys.argv[1]}")
tracer = trace.get_tracer("records")
call = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-mini", "llm.token_count.prompt": 100}
with tracer.start_as_current_span("run", attributes={"openinference.span.kind": "AGENT", "session.id": "s-1"}):
    with tracer.start_as_current_span("chat", attributes=call) as span:
        span.add_event("heard", {"at": 1})
db = tracing.db
assert db is not None
traces = db.get_traces()
kinds = {"traces": traces, "spans": db.get_spans(traces[0].trace_id), "none": db.get_traces(session_id="nobody")}
answer = {name: {"pandas": tried(pandas_of, found), "arrow": tried(arrow_of, found)} for name, found in kinds.items()}
print(json.dumps({**answer, "dicts": traces.to_dicts(), "spans_dicts": kinds["spans"].to_dicts()}, default=str))
