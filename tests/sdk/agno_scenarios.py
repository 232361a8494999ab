"""Runs real Agno agents against the fake model and tells what they said and what spans came of it.

A process of its own, because a tracer provider can be set once in a process, and so that it can be any version of Agno:

    python agno_scenarios.py --export memory|none|tracestead --openai URL --result FILE [scenario[:mode] ...]

With `tracestead` they are traced as a user traces them, into the database of an object of Agno's: see `agno_stored.py`. With
`none` nothing is instrumented: what Agno says then is what it must say with `memory`. A scenario is run in each of its
modes (sync, stream, async, async_stream), each in its own copy of the context variables.
"""

from __future__ import annotations

import argparse
import contextvars
import json
import logging
import sys
from pathlib import Path
from typing import Any

import scenario_kit
import scenarios_of_hooks
import scenarios_of_knowledge
import scenarios_of_models
import scenarios_of_runs
import scenarios_of_sessions
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scenario_kit import SCENARIOS, described

# Importing them registers their scenarios.
FAMILIES = (
    scenarios_of_runs,
    scenarios_of_hooks,
    scenarios_of_knowledge,
    scenarios_of_sessions,
    scenarios_of_models,
)


class Unfinished(SpanProcessor):
    """Knows the spans that have started and not ended."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.names[span.context.span_id] = span.name

    def on_end(self, span: ReadableSpan) -> None:
        self.names.pop(span.context.span_id, None)


class Memory:
    """Where the spans go: a list, which each scenario starts anew."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._unfinished = Unfinished()
        # The same limit as Agno's own setup_tracing sets: flattened messages pass OpenTelemetry's default of 128.
        provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=1024))
        provider.add_span_processor(self._unfinished)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        trace.set_tracer_provider(provider)
        from tracestead import _agno

        _agno.instrument(provider)

    def take(self) -> dict[str, Any]:
        """Returns the spans since the last time, and the names of those that have not ended."""
        spans = [described(span) for span in self._exporter.get_finished_spans()]
        unfinished = list(self._unfinished.names.values())
        self._exporter.clear()
        self._unfinished.names.clear()
        return {"spans": spans, "unfinished": unfinished}


class Nowhere:
    """Nothing is instrumented."""

    def take(self) -> dict[str, Any]:
        return {}


class Logged(logging.Handler):
    """Keeps what our package warns of, and what OpenTelemetry complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


def play(names: list[str], sink: Any, logged: Logged) -> dict[str, Any]:
    """Runs scenarios; returns what came of each of their modes."""
    played = {}
    for name in names:
        name, _, only = name.partition(":")
        modes, function = SCENARIOS[name]
        for mode in [only] if only else modes:
            logged.messages.clear()
            result = contextvars.copy_context().run(function, mode)
            played[f"{name}:{mode}"] = {"said": result, "warnings": list(logged.messages), **sink.take()}
    return played


def listen() -> Logged:
    logged = Logged()
    for name in ("tracestead", "opentelemetry"):
        logging.getLogger(name).addHandler(logged)
    return logged


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--export", choices=["memory", "none", "tracestead"], required=True)
    arguments.add_argument("--db", help="with tracestead: the URL of a database, as SQLAlchemy has it")
    arguments.add_argument("--schema")
    arguments.add_argument("--async-db", action="store_true", help="by an asynchronous object of Agno's")
    arguments.add_argument("--openai", required=True)
    arguments.add_argument("--result", type=Path, required=True)
    arguments.add_argument("scenarios", nargs="*", default=list(SCENARIOS))
    args = arguments.parse_args()
    scenario_kit.OPENAI_URL = args.openai

    logged = listen()
    sink: Any
    if args.export == "tracestead":
        from agno_stored import Stored

        sink = Stored(args.db, args.schema, args.async_db)
    else:
        sink = Memory() if args.export == "memory" else Nowhere()
    played = play(args.scenarios, sink, logged)
    if args.export == "tracestead":
        played["end"] = sink.end()
    args.result.write_text(json.dumps(played, default=str))


if __name__ == "__main__":
    sys.exit(main())
