"""What our spans have in common: the tracer, the names of attributes, how values become text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from openinference.instrumentation import OITracer
from openinference.semconv.trace import OpenInferenceSpanKindValues, SpanAttributes
from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode

from .safety import quietly

SCOPE = "tracestead.agno"

KIND = SpanAttributes.OPENINFERENCE_SPAN_KIND
INPUT = SpanAttributes.INPUT_VALUE
OUTPUT = SpanAttributes.OUTPUT_VALUE
SESSION_ID = SpanAttributes.SESSION_ID
USER_ID = SpanAttributes.USER_ID
AGENT_ID = "agno.agent.id"
TEAM_ID = "agno.team.id"
RUN_ID = "agno.run.id"
RUN_STATUS = "agno.run.status"
TEAM_MODE = "agno.team.mode"
STREAM_COMPLETED = "agno.stream.completed"

AGENT = OpenInferenceSpanKindValues.AGENT.value
CHAIN = OpenInferenceSpanKindValues.CHAIN.value
GUARDRAIL = OpenInferenceSpanKindValues.GUARDRAIL.value
LLM = OpenInferenceSpanKindValues.LLM.value
RETRIEVER = OpenInferenceSpanKindValues.RETRIEVER.value
TOOL = OpenInferenceSpanKindValues.TOOL.value

# `opentelemetry.context._SUPPRESS_INSTRUMENTATION_KEY`, which OpenInference's `suppress_tracing` sets.
_SUPPRESS = "suppress_instrumentation"

_tracer: OITracer | None = None


def use_tracer(tracer: OITracer | None) -> None:
    """Sets where our spans go; none while Agno is not instrumented."""
    global _tracer
    _tracer = tracer


def is_suppressed() -> bool:
    """Says whether the program asked for no spans here."""
    key = getattr(context_api, "_SUPPRESS_INSTRUMENTATION_KEY", _SUPPRESS)
    return bool(context_api.get_value(key))


def is_wanted() -> bool:
    """Says whether a span that starts here could be seen by anybody."""
    if _tracer is None or is_suppressed():
        return False
    around = trace.get_current_span()
    return around.is_recording() or not around.get_span_context().is_valid


def start(name: str, kind: str, attributes: Mapping[str, Any], context: Context | None = None) -> Span | None:
    """Starts a span that is not current yet; none if nobody would see it."""
    if _tracer is None or is_suppressed():
        return None
    given = {key: value for key, value in attributes.items() if value is not None}
    span = _tracer.start_span(name, context=context, attributes={KIND: kind, **given})
    return span if span.is_recording() else None


def current(kind: str) -> Span | None:
    """Returns the current span if it records and is of that kind of OpenInference's."""
    span = trace.get_current_span()
    if not span.is_recording():
        return None
    return span if attribute(span, KIND) == kind else None


def attribute(span: Span, key: str) -> Any:
    """Reads what has been set on a span, which the API does not allow and the SDK does."""
    # OpenInference keeps the kind for the end of the span.
    kept = getattr(span, "_self_important_attributes", None) or {}
    if key in kept:
        return kept[key]
    attributes = getattr(span, "attributes", None) or {}
    return attributes.get(key)


def set_known(span: Span, attributes: Mapping[str, Any]) -> None:
    """Sets the attributes that have a value."""
    for key, value in attributes.items():
        if value is not None:
            span.set_attribute(key, value)


def fail(span: Span, error: BaseException) -> None:
    """Marks a span as failed, with the exception and its stack."""
    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, str(error) or type(error).__name__))


def before_end(span: Span, finish: Callable[[], None]) -> None:
    """Calls `finish` as the last thing before the span ends, whoever ends it and however.

    A stream that nobody reads to its end is closed from outside, async ones even after the span around it has ended: too late
    for anything but this.
    """
    own: Any = getattr(span, "__wrapped__", span)
    end = own.end

    def finish_and_end(*args: Any, **kwargs: Any) -> None:
        with quietly("finishing a span"):
            finish()
        end(*args, **kwargs)

    own.end = finish_and_end


def text_of(value: Any) -> str:
    """Returns what a span shows of an input or an output of a run; the same text means the same value."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if hasattr(value, "model_dump_json"):
        # A message of Agno's has an id and a time of its own.
        content = getattr(value, "content", None)
        return text_of(content) if hasattr(value, "role") else str(value.model_dump_json())
    if isinstance(value, list):
        return "\n".join(text_of(item) for item in value)
    if isinstance(value, dict):
        return json_of(value)
    return str(value)


def json_of(value: Any) -> str:
    """Returns JSON of a value that may hold anything."""
    return json.dumps(value, default=str, ensure_ascii=False)


def name_of(value: Any) -> str | None:
    """Returns the value of an enum's member, or the text itself."""
    if value is None:
        return None
    return str(getattr(value, "value", value))
