"""The span of a run: of which model, how it ended, what it goes on from.

Agno runs an agent or a team in one of eight functions each (`_run`, `_run_stream`, `_arun`, `_continue_run`, ...), and the
instrumentor wraps them all with four methods of `_RunWrapper`. Those are wrapped here, to watch what they call from inside
their span:

- the run span says nothing of the model, of a pause, nor of the run that it continues;
- a failed stream ends with an event and without a run output, and the instrumentor takes no output for a success;
- a stream that is not read to its end gets neither status nor output;
- a stream's span is made current once, at its first item, and lost at the next if a workflow resets the context: its model
  calls become its siblings. Here every step runs in the context of the first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import wrapt
from opentelemetry import context as context_api
from opentelemetry.trace import Span, SpanContext, Status, StatusCode

from . import calls, spans
from .patch import Kind, Patch, Target
from .safety import quietly

_RUN = context_api.create_key("tracestead-agno-run")
_REMEMBERED_PAUSES = 1024


class Run(calls.Watch):
    """A run that has a span."""

    def __init__(self, span: Span, owner: Any, run_id: str | None, is_stream: bool) -> None:
        self.span = span
        self.owner = owner
        self.run_id = run_id
        self.error: str | None = None
        self._is_stream = is_stream
        # Nothing more will come: the call is over, or it said so itself.
        self._is_over = False
        self._is_done = False
        self._content: list[str] = []
        self.context = context_api.set_value(_RUN, self)

    def item(self, item: Any) -> None:
        if getattr(item, "run_id", None) != self.run_id:
            return  # A member's.
        if hasattr(item, "messages") and hasattr(item, "status"):
            self._is_done = True
            self._ended(item)
            return
        event = getattr(item, "event", None)
        content = getattr(item, "content", None)
        if event in ("RunContent", "TeamRunContent"):
            if isinstance(content, str):
                self._content.append(content)
        elif event in ("RunError", "TeamRunError"):
            self._is_done = True
            self.error = str(content) if content else "run status: error"
            self.span.set_attribute(spans.RUN_STATUS, "ERROR")
        elif event in ("RunPaused", "TeamRunPaused"):
            self._is_done = True
            self._paused()
        elif event in ("RunCompleted", "TeamRunCompleted"):
            self._is_done = True
            self.span.set_attribute(spans.RUN_STATUS, "COMPLETED")

    def returned(self, result: Any) -> None:
        self._is_over = True
        if result is not None:
            self._ended(result)

    def raised(self, error: BaseException) -> None:
        self._is_over = True
        if not isinstance(error, Exception):
            # A cancelled task: no `except Exception` of the instrumentor's sees it.
            self.error = str(error) or type(error).__name__
            self.span.set_status(Status(StatusCode.ERROR, self.error))

    def finish(self) -> None:
        """Called when the span ends."""
        if self._is_over or not self._is_stream:
            return
        if not self._is_done:
            self.span.set_attribute(spans.STREAM_COMPLETED, False)
        if spans.attribute(self.span, spans.OUTPUT) is None and self._content:
            self.span.set_attribute(spans.OUTPUT, "".join(self._content))
        if self.error is None:
            self.span.set_status(Status(StatusCode.OK))
        else:
            self.span.set_status(Status(StatusCode.ERROR, self.error))

    def ids(self) -> dict[str, Any]:
        """Returns the attributes that say which run this is, for spans beneath it."""
        named = (spans.AGENT_ID, spans.TEAM_ID, spans.SESSION_ID, spans.USER_ID)
        known = {spans.RUN_ID: self.run_id, **{key: spans.attribute(self.span, key) for key in named}}
        return {key: value for key, value in known.items() if value is not None}

    def _ended(self, output: Any) -> None:
        status = spans.name_of(getattr(output, "status", None))
        spans.set_known(self.span, {spans.RUN_STATUS: status})
        if not spans.attribute(self.span, spans.INPUT):
            # A run that goes on is looked up by Agno, after the instrumentor has asked for its input.
            told = getattr(getattr(output, "input", None), "input_content", None)
            self.span.set_attribute(spans.INPUT, spans.text_of(told))
        if status == "PAUSED":
            self._paused()

    def _paused(self) -> None:
        self.span.set_attribute(spans.RUN_STATUS, "PAUSED")
        if self.run_id is not None:
            _pauses.remember(self.run_id, self.span.get_span_context())


class _Pauses:
    """The first span of each of the runs that paused last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: OrderedDict[str, SpanContext] = OrderedDict()

    def remember(self, run_id: str, span: SpanContext) -> None:
        with self._lock:
            self._spans.setdefault(run_id, span)
            self._spans.move_to_end(run_id)
            while len(self._spans) > _REMEMBERED_PAUSES:
                self._spans.popitem(last=False)

    def of(self, run_id: str) -> SpanContext | None:
        with self._lock:
            return self._spans.get(run_id)


_pauses = _Pauses()


def current() -> Run | None:
    """Returns the run that the calling code is part of."""
    run = context_api.get_value(_RUN)
    return run if isinstance(run, Run) else None


def _begin(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Run | None:
    """Starts to watch a run from within the instrumentor's span."""
    span = spans.current(spans.AGENT)
    if span is None:
        return None
    given = calls.arguments(function, args, kwargs)
    owner = given.get("agent") or given.get("team")
    # A run that goes on is looked up by Agno, and has no output yet.
    told = (getattr(given.get(name), "run_id", None) for name in ("run_response", "run_context"))
    run_id = next((run_id for run_id in told if run_id), None) or given.get("run_id")
    run = Run(span, owner, run_id, function.__name__.endswith("_stream"))
    span._self_tracestead_run = run  # type: ignore[attr-defined]  # The instrumentor's spans are proxies.
    spans.before_end(span, run.finish)
    with quietly("saying of which model a run is"):
        spans.set_known(span, _described(owner))
    with quietly("saying whose run it is"):
        spans.set_known(span, _whose(span, given.get("run_context")))
    if "continue" in function.__name__ and run_id is not None:
        first = _pauses.of(run_id)
        if first is not None:
            span.add_link(first)
    return run


def _described(owner: Any) -> dict[str, Any]:
    model = getattr(owner, "model", None)
    return {
        "gen_ai.request.model": getattr(model, "id", None),
        "gen_ai.provider.name": getattr(model, "provider", None),
        spans.TEAM_MODE: spans.name_of(getattr(owner, "mode", None)) if hasattr(owner, "members") else None,
    }


def _whose(span: Span, run_context: Any) -> dict[str, Any]:
    """Returns what the instrumentor did not find among the arguments: Agno 2 does not tell the steps of a workflow its user."""
    return {
        key: getattr(run_context, name, None)
        for key, name in ((spans.SESSION_ID, "session_id"), (spans.USER_ID, "user_id"))
        if spans.attribute(span, key) is None
    }


def _watched(function: Any, kind: Kind) -> Any:
    """Wraps one of Agno's functions so that it is watched; everything about it that can be asked stays."""

    def watch(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        def start() -> calls.Watch | None:
            return _begin(wrapped, args, kwargs)

        if kind is Kind.GENERATOR:
            return calls.stream(start, wrapped, args, kwargs)
        if kind is Kind.ASYNC_GENERATOR:
            return calls.astream(start, wrapped, args, kwargs)
        if kind is Kind.COROUTINE:
            return calls.acall(start, wrapped, args, kwargs)
        return calls.call(start, wrapped, args, kwargs)

    return wrapt.FunctionWrapper(function, watch)


def _run(kind: Kind) -> Any:
    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        function, instance, function_args, function_kwargs = args
        if spans.is_suppressed():
            # The instrumentor does it too, but from within a generator, which loses the whole stream.
            return function(*function_args, **function_kwargs)
        return wrapped(_watched(function, kind), instance, function_args, function_kwargs)

    return wrapper


def _set_run_status(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
    """The instrumentor's last word on a run; an OK of it could not be taken back."""
    with quietly("telling that a stream failed"):
        span = args[0]
        run = getattr(span, "_self_tracestead_run", None)
        if isinstance(run, Run) and run.error is not None:
            span.set_status(Status(StatusCode.ERROR, run.error))
            return None
    return wrapped(*args, **kwargs)


_MODULE = "openinference.instrumentation.agno._runs_wrapper"
_WRAPPER = ("wrapped", "instance", "args", "kwargs")

PATCHES = [
    Patch(
        "what runs say of themselves (model, pauses, streams that end early)",
        tuple(
            Target(_MODULE, f"_RunWrapper.{name}", kind, _WRAPPER, _run(kind))
            for name, kind in (
                ("run", Kind.PLAIN),
                ("run_stream", Kind.GENERATOR),
                ("arun", Kind.COROUTINE),
                ("arun_stream", Kind.ASYNC_GENERATOR),
            )
        ),
    ),
    Patch(
        "the failures of streams",
        (Target(_MODULE, "_set_run_status", Kind.PLAIN, ("span", "run_response"), _set_run_status),),
    ),
]
