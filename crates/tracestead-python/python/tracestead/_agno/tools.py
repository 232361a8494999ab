"""Why a tool failed, on its span; and spans beneath the tool that caused them.

Agno catches what a tool raises, logs it, and returns its text: the instrumentor sees a failure without an exception. Agno's
own `log_exception` is the only place that sees both, so it is listened to while a tool runs.

A tool that is a generator - every delegation to a member of a team is one - runs after `execute` has returned, when the
instrumentor has already put the context back: the member's run becomes a sibling of the delegation. Here each step of the
generator runs in the context of the tool's span. The instrumentor also swallows what a plain generator raises, and with it
what Agno would have told the model, and never ends the span of one that is left early; here errors pass and spans end.
"""

from __future__ import annotations

from typing import Any

import wrapt
from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode

from . import calls, runs, spans, teams
from .patch import Kind, Patch, Target
from .safety import quietly

# What the innermost tool is logged to have raised.
_RAISED = context_api.create_key("tracestead-agno-raised")


class _Tool(calls.Watch):
    """A tool that runs."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._raised: list[BaseException] = []
        self.context = context_api.set_value(_RAISED, self._raised)

    def raised(self, error: BaseException) -> None:
        if not isinstance(error, Exception):
            # A cancelled task, whose span the instrumentor never ends.
            self._span.set_status(Status(StatusCode.ERROR, str(error) or type(error).__name__))
            self._span.end()

    def returned(self, result: Any) -> None:
        if getattr(result, "status", None) != "failure":
            return
        error = getattr(result, "error", None)
        for exception in reversed(self._raised):
            # A hook of the tool may have failed as well.
            if str(exception) == error:
                self._span.record_exception(exception)
                return


def _begin(function_call: Any) -> _Tool | None:
    span = spans.current(spans.TOOL)
    if span is None:
        return None
    call_id = getattr(function_call, "call_id", None)
    spans.set_known(span, {"tool_call.id": call_id, "gen_ai.tool.call.id": call_id})
    with quietly("describing a delegation"):
        run = runs.current()
        if run is not None:
            spans.set_known(span, teams.delegation(run.owner, function_call))
    return _Tool(span)


def _execution(kind: Kind) -> Any:
    """Wraps the wrapper of `FunctionCall.execute` and `aexecute`, to watch what it calls."""

    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        function, instance, function_args, function_kwargs = args
        if spans.is_suppressed():
            return function(*function_args, **function_kwargs)

        def watch(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
            watched = calls.acall if kind is Kind.COROUTINE else calls.call
            return watched(lambda: _begin(instance), wrapped, args, kwargs)

        return wrapped(wrapt.FunctionWrapper(function, watch), instance, function_args, function_kwargs)

    return wrapper


def _log_exception(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    with quietly("listening to the errors of tools"):
        raised = context_api.get_value(_RAISED)
        if isinstance(raised, list) and args and isinstance(args[0], BaseException):
            raised.append(args[0])
    return wrapped(*args, **kwargs)


class _ToolStream(calls.Watch):
    """A tool that is a generator; its span ends with it."""

    def __init__(self, span: Span) -> None:
        self.context = trace.set_span_in_context(span)
        self._span = span
        self._output: list[str] = []

    def item(self, item: Any) -> None:
        if isinstance(item, str):
            self._output.append(item)
        elif getattr(item, "event", None) in ("RunContent", "TeamRunContent"):
            self._output.append(spans.text_of(getattr(item, "content", None)))

    def returned(self, result: Any) -> None:
        self._span.set_status(Status(StatusCode.OK))
        self._end()

    def raised(self, error: BaseException) -> None:
        spans.fail(self._span, error)
        self._end()

    def abandoned(self) -> None:
        self._span.set_attribute(spans.STREAM_COMPLETED, False)
        self._span.set_status(Status(StatusCode.OK))
        self._end()

    def _end(self) -> None:
        self._span.set_attribute(spans.OUTPUT, "".join(self._output))
        self._span.set_attribute("output.mime_type", "text/plain")
        self._span.end()


def _tool_stream(is_async: bool) -> Any:
    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        watch: _ToolStream | None = None
        with quietly("watching a tool that is a generator"):
            result, span = args
            watch = _ToolStream(span)
        if watch is None:
            return wrapped(*args, **kwargs)
        watched: Any = calls.astream if is_async else calls.stream
        return watched(lambda: watch, lambda: result, (), {})

    return wrapper


_MODULE = "openinference.instrumentation.agno._tools_wrapper"
_WRAPPER = ("wrapped", "instance", "args", "kwargs")

PATCHES = [
    Patch(
        "the identity and the exceptions of tool calls",
        (
            Target(_MODULE, "_FunctionCallWrapper.run", Kind.PLAIN, _WRAPPER, _execution(Kind.PLAIN)),
            Target(
                _MODULE, "_FunctionCallWrapper.arun", Kind.COROUTINE, _WRAPPER, _execution(Kind.COROUTINE)
            ),
            Target("agno.tools.function", "log_exception", Kind.PLAIN, (), _log_exception),
        ),
    ),
    Patch(
        "what happens within tools that are generators, such as delegations to members",
        (
            Target(
                _MODULE,
                "_FunctionCallWrapper._handle_success_streaming",
                Kind.GENERATOR,
                ("result", "span"),
                _tool_stream(is_async=False),
            ),
            Target(
                _MODULE,
                "_FunctionCallWrapper._handle_async_success_streaming",
                Kind.ASYNC_GENERATOR,
                ("result", "span"),
                _tool_stream(is_async=True),
            ),
        ),
    ),
]
