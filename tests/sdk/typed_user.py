"""A user's program as type checkers see it. It is checked, not run; what is marked as wrong must be found."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pandas
from agno.db.sqlite import SqliteDb
from opentelemetry.sdk.trace import TracerProvider
from tracestead import (
    CopyStats,
    DatabaseError,
    Db,
    Event,
    Link,
    OtlpExporter,
    Records,
    SessionStats,
    Span,
    Stats,
    Trace,
    TracesteadSpanProcessor,
    Tracing,
    __version__,
    setup_tracing,
)
from typing_extensions import assert_type


def hidden(key: str, text: str) -> str | None:
    return None if key == "user.id" else text


def trace_everything() -> None:
    phoenix = OtlpExporter("http://localhost:6006", headers={"api-key": "none"}, timeout=5)
    tracing = setup_tracing(SqliteDb(db_file="traces.db"), True, 4096, exporters=[phoenix], redact=hidden)
    assert_type(tracing, Tracing)
    assert_type(tracing.flush(1.5), bool)
    assert_type(tracing.shutdown(), bool)
    assert_type(tracing.db, Db | None)
    stats = tracing.stats()
    assert_type(stats, Stats)
    assert_type((stats.stored, stats.dropped, stats.last_error), tuple[int, int, str | None])
    assert_type(stats.copies, list[CopyStats])
    with setup_tracing("postgresql://localhost/agents", service_name="shop") as inner:
        assert_type(inner, Tracing)
    TracerProvider().add_span_processor(TracesteadSpanProcessor("sqlite:traces.db", max_queue_size=100))
    assert_type(__version__, str)


def ask(db: Db) -> None:
    traces = db.get_traces(agent_id="support", start_time=datetime(2026, 1, 1, tzinfo=timezone.utc), limit=5)
    assert_type(traces, Records[Trace])
    assert_type(traces.to_dicts(), list[dict[str, Any]])
    assert_type(traces.to_pandas(), pandas.DataFrame)
    for trace in traces:
        assert_type(trace, Trace)
        assert_type((trace.start_time, trace.cost_usd), tuple[datetime, float | None])
    assert_type(db.count_traces(status="ERROR"), int)
    assert_type(db.get_trace("0" * 32), Trace | None)
    spans = db.get_spans("0" * 32)
    assert_type(spans, Records[Span])
    assert_type([span.events for span in spans], list[list[Event]])
    assert_type([span.links for span in spans], list[list[Link]])
    assert_type(db.get_span("0" * 32, "0" * 16), Span | None)
    assert_type(db.get_trace_stats(user_id="ann"), Records[SessionStats])
    try:
        db.check()
    except DatabaseError as error:
        print(error)


def mistakes(db: Db) -> None:
    setup_tracing("sqlite:traces.db", max_queue_size="many")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    db.get_traces(agent="support")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    db.get_traces(limit=None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    print(db.get_trace("0").name)  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess]
    trace = db.get_traces()[0]
    print(trace.nobody)  # type: ignore[attr-defined] # pyright: ignore
