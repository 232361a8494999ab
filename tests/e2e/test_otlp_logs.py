"""Log records by the OpenTelemetry SDK's own exporters: a conversation joins its span, ordinary logs are taken and dropped."""

from __future__ import annotations

import logging
from collections.abc import Callable

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler, ReadableLogRecord
from opentelemetry.sdk._logs.export import (
    InMemoryLogRecordExporter,
    LogRecordExporter,
    LogRecordExportResult,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tracestead import Tracestead

QUESTION = "How is the weather in Paris?"
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}

# Writes log records while a span is open.
Said = Callable[[LoggerProvider], None]


def conversation(provider: LoggerProvider) -> None:
    """What an instrumentation of a model writes, and an exception as a logger writes it."""
    logger = provider.get_logger("e2e-logs")
    logger.emit(event_name="gen_ai.user.message", body={"content": QUESTION})
    answer = {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "tool_calls": [CALL]}}
    logger.emit(event_name="gen_ai.choice", body=answer, attributes={"gen_ai.system": "openai"})
    logger.emit(body="no weather today", exception=ValueError("no sensor in Paris"))


def ordinary_logs(provider: LoggerProvider) -> None:
    """What an application writes."""
    logger = logging.getLogger("e2e.application")
    handler = LoggingHandler(logger_provider=provider)
    logger.addHandler(handler)
    logger.warning("asked about %s", "Paris", extra={"city": "Paris"})
    logger.removeHandler(handler)
    provider.get_logger("e2e-logs").emit(event_name="http.request", body="GET /")


def record(say: Said) -> tuple[Span, list[ReadableLogRecord]]:
    """One model call, and the log records that were written during it."""
    spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"}
    with tracers.get_tracer("e2e-logs").start_as_current_span("chat gpt-4o-mini", attributes=call):
        say(loggers)
    (span,) = spans.get_finished_spans()
    return span, list(logs.get_finished_logs())


def http_exporters(server: Tracestead, compression: Compression) -> tuple[SpanExporter, LogRecordExporter]:
    return (
        HttpSpanExporter(endpoint=f"{server.otlp_http}/v1/traces", compression=compression),
        HttpLogExporter(endpoint=f"{server.otlp_http}/v1/logs", compression=compression),
    )


def grpc_exporters(server: Tracestead, compression: grpc.Compression) -> tuple[SpanExporter, LogRecordExporter]:
    return (
        GrpcSpanExporter(endpoint=server.otlp_grpc, insecure=True, compression=compression),
        GrpcLogExporter(endpoint=server.otlp_grpc, insecure=True, compression=compression),
    )


EXPORTERS = {
    "http": lambda server: http_exporters(server, Compression.NoCompression),
    "http-gzip": lambda server: http_exporters(server, Compression.Gzip),
    "grpc": lambda server: grpc_exporters(server, grpc.Compression.NoCompression),
    "grpc-gzip": lambda server: grpc_exporters(server, grpc.Compression.Gzip),
}

every_exporter = pytest.mark.parametrize("exporter", EXPORTERS)
logs_before_or_after = pytest.mark.parametrize("logs_first", [True, False], ids=["before", "after"])
# The handler moved to a package of its own; it does the same.
handler_of_the_sdk = pytest.mark.filterwarnings("ignore:.LoggingHandler.:DeprecationWarning")


def send(server: Tracestead, exporter: str, say: Said, *, logs_first: bool) -> str:
    """Exports the span and its log records; returns the path of the span."""
    span, logs = record(say)
    span_exporter, log_exporter = EXPORTERS[exporter](server)
    if logs_first:
        assert log_exporter.export(logs) == LogRecordExportResult.SUCCESS
    assert span_exporter.export([span]) == SpanExportResult.SUCCESS
    if not logs_first:
        assert log_exporter.export(logs) == LogRecordExportResult.SUCCESS
    span_exporter.shutdown()
    log_exporter.shutdown()
    return f"/api/v1/traces/{span.context.trace_id:032x}/spans/{span.context.span_id:016x}"


@every_exporter
@logs_before_or_after
def test_a_conversation_joins_its_span(server: Tracestead, exporter: str, logs_first: bool) -> None:
    span = server.get(send(server, exporter, conversation, logs_first=logs_first))
    assert [event["name"] for event in span["events"]] == ["gen_ai.user.message", "gen_ai.choice", "exception"]

    facts = span["facts"]
    (asked,) = facts["input_messages"]
    assert (asked["role"], asked["parts"]) == ("user", [{"type": "text", "content": QUESTION}])
    (answer,) = facts["output_messages"]
    called = {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": {"city": "Paris"}}
    assert (answer["role"], answer["parts"]) == ("assistant", [called])
    assert (answer["finish_reason"], span["finish_reason"]) == ("tool_calls", "tool_call")
    exception = facts["exception"]
    assert (exception["type"], exception["message"]) == ("ValueError", "no sensor in Paris")

    (trace,) = server.get("/api/v1/traces")["data"]
    assert (trace["input_preview"], trace["span_count"]) == (QUESTION, 1)


@every_exporter
@handler_of_the_sdk
def test_ordinary_logs_are_dropped(server: Tracestead, exporter: str, caplog: pytest.LogCaptureFixture) -> None:
    span = server.get(send(server, exporter, ordinary_logs, logs_first=False))
    assert span["events"] == []
    assert span["facts"]["exception"] is None
    for table in ("tracestead_span_events", "tracestead_quarantine"):
        assert server.sql(f"SELECT * FROM {table}") == []
    # Exporters do not raise: what was refused would show here only.
    assert [line for line in caplog.messages if "export" in line.lower()] == []
