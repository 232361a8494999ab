"""The spans of model calls: custom models, temperatures, streams that are left early.

The instrumentor wraps the classes it finds in `agno.models` when it starts. A `Model` of the user's own has no span, unless it
inherits the methods that are called from one of those. The class of every model that answers is looked at here, once, and its
methods are wrapped by the instrumentor's own wrapper. They may call each other: a call of a model within a call of the same
model is no other call, and has no span. A class that overrides a method of Agno's is left alone, since it calls that.

A stream that is left early has neither status nor output, as the instrumentor sets both behind the loop.
"""

from __future__ import annotations

import inspect
import threading
from typing import Any

import wrapt
from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.trace import Span, Status, StatusCode

from . import calls, spans
from .patch import Kind, Patch, Target
from .safety import quietly

_INSTRUMENTOR = "openinference.instrumentation.agno"
_METHODS = {
    "invoke": "run",
    "ainvoke": "arun",
    "invoke_stream": "run_stream",
    "ainvoke_stream": "arun_stream",
}

_CALLED = context_api.create_key("tracestead-agno-called-model")

_lock = threading.Lock()
_seen: set[type] = set()
_wrapped: list[tuple[type, str, Any]] = []


class _Call(calls.Watch):
    """A call of a model."""

    def __init__(self, span: Span, model: Any, is_stream: bool) -> None:
        self.span = span
        # A request that a stream makes late belongs to the call as well.
        self.context = context_api.set_value(_CALLED, model, trace.set_span_in_context(span))
        self._is_over = not is_stream
        self._chunks: list[Any] = []

    def item(self, item: Any) -> None:
        self._chunks.append(item)

    def returned(self, result: Any) -> None:
        self._is_over = True
        self._chunks.clear()

    def raised(self, error: BaseException) -> None:
        self._is_over = True
        if not isinstance(error, Exception):
            self.span.set_status(Status(StatusCode.ERROR, str(error) or type(error).__name__))

    def finish(self) -> None:
        """Called when the span ends: says of a stream that was left what it had given."""
        if self._is_over:
            return
        from openinference.instrumentation.agno import _model_wrapper

        self.span.set_attribute(spans.STREAM_COMPLETED, False)
        self.span.set_status(Status(StatusCode.OK))
        output = _model_wrapper._parse_model_output_stream(self._chunks)
        self.span.set_attribute(spans.OUTPUT, spans.json_of(output))
        self.span.set_attribute("output.mime_type", "application/json")
        self.span.set_attributes(dict(_model_wrapper._stream_output_messages(output)))


def _begin(model: Any, is_stream: bool) -> _Call | None:
    span = spans.current(spans.LLM)
    if span is None:
        return None
    temperature = getattr(model, "temperature", None)
    if isinstance(temperature, (int, float)) and not isinstance(temperature, bool):
        parameters = spans.attribute(span, "llm.invocation_parameters")
        if not (isinstance(parameters, str) and '"temperature"' in parameters):
            span.set_attribute("gen_ai.request.temperature", float(temperature))
    call = _Call(span, model, is_stream)
    if is_stream:
        spans.before_end(span, call.finish)
    return call


def _model_call(kind: Kind) -> Any:
    is_stream = kind in (Kind.GENERATOR, Kind.ASYNC_GENERATOR)
    watched: Any = {
        Kind.PLAIN: calls.call,
        Kind.COROUTINE: calls.acall,
        Kind.GENERATOR: calls.stream,
        Kind.ASYNC_GENERATOR: calls.astream,
    }[kind]

    def wrapper(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        function, model, function_args, function_kwargs = args
        # The instrumentor asks for suppression too, but hands on a coroutine for a result and nothing for a stream.
        if spans.is_suppressed() or context_api.get_value(_CALLED) is model:
            return function(*function_args, **function_kwargs)

        def watch(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
            return watched(lambda: _begin(model, is_stream), wrapped, args, kwargs)

        with quietly("naming the messages of a model call"):
            if "messages" in function_kwargs and "messages" not in calls.parameters(function):
                function = _named(function)
        return wrapped(wrapt.FunctionWrapper(function, watch), model, function_args, function_kwargs)

    return wrapper


def _answer(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    with quietly("looking for models without spans"):
        _see(type(instance))
    return wrapped(*args, **kwargs)


def _see(model: type) -> None:
    if model in _seen:
        return
    with _lock:
        if model in _seen:
            return
        _seen.add(model)
        from openinference.instrumentation.agno import AgnoInstrumentor, _model_wrapper

        tracer = getattr(AgnoInstrumentor(), "_tracer", None)
        if tracer is None:
            return
        wrapper = _model_wrapper._ModelWrapper(tracer=tracer)
        for name, method in _METHODS.items():
            owner = _own(model, name)
            if owner is None:
                continue
            original = vars(owner)[name]
            setattr(owner, name, wrapt.FunctionWrapper(original, getattr(wrapper, method)))
            _wrapped.append((owner, name, original))


def _own(model: type, name: str) -> type | None:
    """Returns the class whose method is called, unless that is Agno's or built on one of Agno's."""
    defining = [owner for owner in model.__mro__ if name in vars(owner)]
    if not defining or any(isinstance(vars(owner)[name], wrapt.FunctionWrapper) for owner in defining):
        return None
    method = vars(defining[0])[name]
    if not inspect.isfunction(method) or getattr(method, "__isabstractmethod__", False):
        return None
    return defining[0]


def _named(function: Any) -> Any:
    """Gives the messages a name, by which the instrumentor looks for them: Agno passes them by it."""

    def invoke(*, messages: Any, **rest: Any) -> Any:
        return function(messages=messages, **rest)

    return invoke


def forget() -> None:
    """Puts the classes back that have been wrapped here."""
    with _lock:
        for owner, name, original in reversed(_wrapped):
            setattr(owner, name, original)
        _wrapped.clear()
        _seen.clear()


_WRAPPER = ("wrapped", "instance", "args", "kwargs")
_KINDS = {
    "run": Kind.PLAIN,
    "arun": Kind.COROUTINE,
    "run_stream": Kind.GENERATOR,
    "arun_stream": Kind.ASYNC_GENERATOR,
}

PATCHES = [
    Patch(
        "temperatures of models, streams of them that end early, and models that are not Agno's own",
        (
            *(
                Target(
                    f"{_INSTRUMENTOR}._model_wrapper",
                    f"_ModelWrapper.{name}",
                    kind,
                    _WRAPPER,
                    _model_call(kind),
                )
                for name, kind in _KINDS.items()
            ),
            Target("agno.models.base", "Model.response", Kind.PLAIN, ("messages",), _answer),
            Target("agno.models.base", "Model.aresponse", Kind.COROUTINE, ("messages",), _answer),
            Target("agno.models.base", "Model.response_stream", Kind.GENERATOR, ("messages",), _answer),
            Target(
                "agno.models.base", "Model.aresponse_stream", Kind.ASYNC_GENERATOR, ("messages",), _answer
            ),
        ),
    ),
]
