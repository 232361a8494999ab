"""What stands around a run: the spans of the workflow and of its steps.

The instrumentor writes the input of a workflow on the span of the workflow, of each step and of each group of parallel steps.
An agent in a step may have a pre-hook that redacts that input: then these spans must not keep what its own span no longer
shows. So the spans that enclose a run are kept in the context, and `redact` is called once the hooks are through.
"""

from __future__ import annotations

import inspect
from typing import Any

import wrapt
from opentelemetry import context as context_api
from opentelemetry.context import Context
from opentelemetry.trace import Span

from . import calls, spans
from .patch import Kind, Patch, Target

_ENCLOSING = context_api.create_key("tracestead-agno-enclosing")
# Shorter texts stand in others by chance.
_SHORTEST_PART = 8


def redact(raw: str, left: str, context: Context) -> None:
    """Replaces a text in the inputs of all workflows and steps around."""
    for span in _enclosing(context):
        if not span.is_recording():
            continue
        shown = spans.attribute(span, spans.INPUT)
        if not isinstance(shown, str):
            continue
        if shown.strip() == raw.strip():
            span.set_attribute(spans.INPUT, left)
        elif len(raw) >= _SHORTEST_PART and raw in shown:
            span.set_attribute(spans.INPUT, shown.replace(raw, left))


def _enclosing(context: Context | None = None) -> tuple[Span, ...]:
    around = context_api.get_value(_ENCLOSING, context)
    return around if isinstance(around, tuple) else ()


class _Enclosure(calls.Watch):
    """A workflow or a step that runs."""

    def __init__(self, span: Span) -> None:
        self.context = context_api.set_value(_ENCLOSING, (*_enclosing(), span))


def _begin() -> calls.Watch | None:
    span = spans.current(spans.CHAIN)
    return None if span is None else _Enclosure(span)


def _enclosing_call(function: Any) -> Any:
    def watch(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        result = calls.call(_begin, wrapped, args, kwargs)
        # The same method of Agno's gives a result or a stream, as it is asked; what matters runs later then.
        if inspect.isgenerator(result):
            return calls.stream(_begin, lambda: result, (), {})
        if inspect.isasyncgen(result):
            return calls.astream(_begin, lambda: result, (), {})
        if inspect.iscoroutine(result):
            return calls.acall(_begin, lambda: result, (), {})
        return result

    return wrapt.FunctionWrapper(function, watch)


def _wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    function, instance, function_args, function_kwargs = args
    if spans.is_suppressed():
        return function(*function_args, **function_kwargs)
    return wrapped(_enclosing_call(function), instance, function_args, function_kwargs)


_PARAMETERS = ("wrapped", "instance", "args", "kwargs")

PATCHES = [
    Patch(
        "the inputs of workflows as hooks left them",
        tuple(
            Target("openinference.instrumentation.agno._workflow_wrapper", path, kind, _PARAMETERS, _wrapper)
            for path, kind in (
                ("_WorkflowWrapper.run", Kind.PLAIN),
                ("_WorkflowWrapper.arun", Kind.PLAIN),
                ("_WorkflowExecuteWrapper.aexecute", Kind.COROUTINE),
                ("_WorkflowExecuteWrapper.aexecute_stream", Kind.ASYNC_GENERATOR),
                ("_StepWrapper.run", Kind.PLAIN),
                ("_StepWrapper.arun", Kind.PLAIN),
                ("_ParallelWrapper.execute", Kind.PLAIN),
                ("_ParallelWrapper.aexecute", Kind.PLAIN),
            )
        ),
    ),
]
