"""What Agno's runs say beyond what `openinference-instrumentation-agno` lets them say.

`instrument` runs that instrumentor and closes its gaps around it: hooks and guardrails, knowledge searches, exceptions of
tools, modes of teams, inputs that hooks redact, streams that fail or are left, pauses. Each gap is a module with a list of
[`patch.Patch`]es; none of them knows another but through the current context. Nothing here may change what the user's program
does: `safety.quietly` stands around every line that could fail, `patch` refuses what it does not know, and `calls` hands on
results and exceptions as they are.
"""

from __future__ import annotations

import threading
from typing import Any

from opentelemetry.trace import Tracer, TracerProvider

from . import hooks, models, patch, retrieval, runs, safety, spans, teams, tools, workflows
from .safety import logger

_lock = threading.Lock()
_is_instrumented = False
# Whether the instrumentor was started here, and has to be stopped here.
_is_ours = False


def instrument(tracer_provider: TracerProvider) -> None:
    """Makes Agno's runs send their spans to a provider, from now on; calling it again changes nothing."""
    global _is_instrumented, _is_ours
    with _lock:
        if _is_instrumented:
            return
        from openinference.instrumentation import OITracer, TraceConfig
        from openinference.instrumentation.agno import AgnoInstrumentor

        instrumentor = AgnoInstrumentor()
        theirs = getattr(instrumentor, "_tracer", None) if _is_active(instrumentor) else None
        if theirs is not None:
            if not _sends_to(theirs, tracer_provider):
                logger.warning(
                    "Agno is instrumented for another tracer provider already: its runs go on being sent there, "
                    "and only the spans of hooks and searches to this one"
                )
            # It holds methods from before they were patched.
            instrumentor.uninstrument()
        # Those of this module as it was before it was loaded again.
        patch.undo()
        config = getattr(theirs, "_self_config", None) or TraceConfig()
        spans.use_tracer(OITracer(tracer_provider.get_tracer(spans.SCOPE), config=config))
        for module in (runs, hooks, retrieval, tools, teams, models, workflows):
            patch.apply(module.PATCHES)
        if theirs is None:
            instrumentor.instrument(tracer_provider=tracer_provider)
        else:
            _resume(instrumentor, theirs)
        _is_ours = theirs is None
        _is_instrumented = True


def uninstrument() -> None:
    """Puts Agno and the instrumentor back as they were before `instrument`."""
    global _is_instrumented
    with _lock:
        if not _is_instrumented:
            return
        from openinference.instrumentation.agno import AgnoInstrumentor

        instrumentor = AgnoInstrumentor()
        theirs = None if _is_ours or not _is_active(instrumentor) else instrumentor._tracer
        models.forget()
        if _is_active(instrumentor):
            instrumentor.uninstrument()
        patch.undo()
        spans.use_tracer(None)
        safety.forget()
        if theirs is not None:
            _resume(instrumentor, theirs)
        _is_instrumented = False


def _is_active(instrumentor: Any) -> bool:
    return bool(getattr(instrumentor, "is_instrumented_by_opentelemetry", False))


def _sends_to(tracer: Any, provider: Any) -> bool:
    """Says whether a tracer is of that provider; those of the SDK share its processor."""
    processor = getattr(provider, "_active_span_processor", None)
    return processor is not None and getattr(tracer, "span_processor", None) is processor


def _resume(instrumentor: Any, tracer: Any) -> None:
    """Starts the instrumentor again as somebody else had started it."""
    instrumentor.instrument(tracer_provider=_TheirProvider(tracer.__wrapped__), config=tracer._self_config)


class _TheirProvider(TracerProvider):
    """Stands for a provider of which only the tracer is known."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def get_tracer(self, *args: Any, **kwargs: Any) -> Tracer:
        return self._tracer
