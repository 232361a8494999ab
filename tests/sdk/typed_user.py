"""A user's program as a type checker sees it; it is never run.

A mistake has to be reported: where a checker does not report it, it reports that nothing was there to ignore.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, assert_type

import pandas
import tracestead
from agno.db.sqlite import SqliteDb
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
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
    setup_tracing,
)


def redact(name: str, text: str) -> str | None:
    return None if name == "llm.model_name" else text.replace("ann@example.com", "***")


def sets_up() -> None:
    assert_type(tracestead.__version__, str)
    assert_type(setup_tracing("sqlite:traces.db"), Tracing)
    setup_tracing(Path("traces.db"), True, 2048, 512, 5000)
    setup_tracing(SqliteDb(db_file="traces.db"), use_batch_processor=False)
    exporter = OtlpExporter("http://localhost:4318", headers={"authorization": "none"}, timeout=2.5)
    assert_type(exporter.timeout, float | None)
    tracing = setup_tracing(
        db=Db("sqlite:traces.db"),
        batch_processing=True,
        auto_instrument=True,
        exporters=[exporter],
        redact=redact,
        sampler=ALWAYS_ON,
        resource={"deployment.environment.name": "test", "replica": 1},
        service_name="my-agent",
        max_attributes=None,
        max_queue_bytes=1 << 20,
        shutdown_timeout=1,
        tracer_provider=TracerProvider(),
    )
    with tracing as entered:
        assert_type(entered, Tracing)
    assert_type(tracing.db, Db | None)
    assert_type(tracing.flush(), bool)
    assert_type(tracing.flush(timeout=0.5), bool)
    assert_type(tracing.shutdown(1), bool)
    tracing.provider.add_span_processor(TracesteadSpanProcessor(exporter, exporters=(exporter,), redact=redact))


def looks_at_stats(tracing: Tracing) -> None:
    stats = tracing.stats()
    assert_type(stats, Stats)
    assert_type(stats.recorded + stats.stored + stats.dropped + stats.failed + stats.queued + stats.retries, int)
    assert_type(stats.last_error, str | None)
    for copy in stats.copies:
        assert_type(copy, CopyStats)
        assert_type(copy.endpoint, str)
        assert_type(copy.sent + copy.dropped + copy.failed, int)


def has_a_provider_of_its_own() -> None:
    processor = TracesteadSpanProcessor("http://localhost:7777", batch_processing=False)
    TracerProvider().add_span_processor(processor)
    assert_type(processor.db, Db | None)
    assert_type(processor.force_flush(), bool)
    assert_type(processor.end(1000), bool)
    assert_type(processor.stats(), Stats)


def reads() -> None:
    db = Db("postgres://me@localhost/traces")
    assert_type(db.url, str)
    try:
        db.check()
    except DatabaseError as error:
        assert_type(error.args, tuple[Any, ...])
    since = datetime(2026, 1, 1, tzinfo=timezone.utc)
    traces = db.get_traces(agent_id="a", session_id="s", start_time=since, end_time=1, filter={"op": "EQ"}, limit=5)
    assert_type(traces, Records[Trace])
    assert_type(traces[0], Trace)
    assert_type(traces[0].session_id, str | None)
    assert_type(traces[0].start_time, datetime)
    assert_type(traces[0].end_time, datetime)
    assert_type(traces[0].models, list[str])
    assert_type(traces[0].total_tokens, int | None)
    assert_type(traces[0].cost_usd, float | None)
    assert_type(db.count_traces(status="ERROR"), int)
    assert_type(db.get_trace("0" * 32), Trace | None)
    assert_type(db.get_span("0" * 32, "0" * 16), Span | None)
    assert_type(db.get_trace_stats(user_id="ann"), Records[SessionStats])
    assert_type(db.get_trace_stats()[0].total_traces, int)
    db.close()


def reads_spans(db: Db) -> None:
    spans = db.get_spans("0" * 32)
    assert_type(spans, Records[Span])
    for span in spans:
        assert_type(span.end_time, datetime | None)
        assert_type(span.end_time_ns, int | None)
        assert_type(span.attributes, dict[str, Any])
        assert_type(span.events, list[Event])
        assert_type(span.links, list[Link])
    assert_type(spans[0].events[0].time_ns, int)
    assert_type(spans[0].links[0].span_id, str)
    assert_type(spans.to_dicts(), list[dict[str, Any]])
    assert_type(spans.to_pandas(), pandas.DataFrame)
    assert_type(spans.to_arrow(), Any)


def errs(db: Db, trace: Trace) -> None:
    setup_tracing()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    setup_tracing("traces.db", exporter=())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    setup_tracing("traces.db", True, 1, 1, 1, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    setup_tracing("traces.db", redact=len)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    setup_tracing("traces.db", exporters=["x"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    OtlpExporter("x", timeout="soon")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    db.get_traces("agent")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    db.get_traces(start_time="today")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    db.get_trace("0" * 32).name  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    db.get_traces()[0].nam  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    db.url = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    trace.name = "x"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    trace.input_tokens + 1  # type: ignore[operator]  # pyright: ignore[reportOptionalOperand]
