"""Spans of Agno's scenarios in a database, as a user has them there, and what Agno itself and tracestead read of them."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import sys
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scenario_kit import described
from tracestead import Db, Span, setup_tracing

# What the end-to-end tests know of Agno's database objects. Last, for they have a module named as our package is.
sys.path += [str(Path(__file__).parent.parent), str(Path(__file__).parent.parent / "e2e")]
from agno_db import open_agno  # noqa: E402


class Stored:
    """Where the spans go: a database of an object of Agno's. What ends is noted beside it, to compare."""

    def __init__(self, url: str, schema: str | None, asynchronous: bool) -> None:
        self._agno = open_agno(url, schema, asynchronous)
        self._loop = asyncio.new_event_loop()
        self._tracing = setup_tracing(self._agno)
        self._own = Db(self._agno)
        self._ended = InMemorySpanExporter()
        provider: Any = trace.get_tracer_provider()
        provider.add_span_processor(SimpleSpanProcessor(self._ended))

    def take(self) -> dict[str, Any]:
        """Returns what has ended since the last time, and what is read of it."""
        ended = self._ended.get_finished_spans()
        self._ended.clear()
        trace_ids = sorted({f"{span.context.trace_id:032x}" for span in ended})
        # First of all: what was just done is there for who reads it through Agno.
        agno_traces = [self._ask("get_trace", trace_id=trace_id).to_dict() for trace_id in trace_ids]
        agno_spans = [span.to_dict() for id in trace_ids for span in self._ask("get_spans", trace_id=id)]
        own = [span for trace_id in trace_ids for span in self._own.get_spans(trace_id)]
        return {
            "ended": [described(span) for span in ended],
            "spans": [_shaped(span) for span in own],
            "columns": [_columns(span) for span in own],
            "agno_traces": agno_traces,
            "agno_spans": agno_spans,
        }

    def end(self) -> dict[str, Any]:
        """Returns the list of all traces, as Agno has it, and what became of the spans."""
        listed, count = self._ask("get_traces", limit=10_000)
        stats = dataclasses.asdict(self._tracing.stats())
        return {"listed": [trace.trace_id for trace in listed], "count": count, "stats": stats}

    def _ask(self, method: str, **named: Any) -> Any:
        answer = getattr(self._agno, method)(**named)
        return self._loop.run_until_complete(answer) if inspect.isawaitable(answer) else answer


def _shaped(span: Span) -> dict[str, Any]:
    """Returns a span as those in memory are described, but for what made it."""
    return {
        "id": span.span_id,
        "trace": span.trace_id,
        "parent": span.parent_span_id,
        "name": span.name,
        "start_ns": span.start_time_ns,
        "end_ns": span.end_time_ns,
        "attributes": span.attributes,
        "status": span.status_code,
        "status_message": span.status_message,
        "events": [{"name": event.name, "attributes": event.attributes} for event in span.events],
        "links": [link.span_id for link in span.links],
    }


def _columns(span: Span) -> dict[str, Any]:
    """Returns what has columns of its own."""
    heavy = ("attributes", "events", "links")
    return {field.name: getattr(span, field.name) for field in dataclasses.fields(span) if field.name not in heavy}
