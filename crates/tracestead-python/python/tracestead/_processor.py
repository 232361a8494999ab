"""What the OpenTelemetry SDK hands ended spans to."""

from __future__ import annotations

import atexit
import logging
import multiprocessing.util
import os
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from . import _native
from ._db import Db, after_fork_in_child, close_before_fork
from ._endpoints import OtlpExporter
from ._targets import is_server

logger = logging.getLogger("tracestead")

Redact = Callable[[str, str], "str | None"]


@dataclass(frozen=True)
class CopyStats:
    """What became of the copies for one endpoint."""

    endpoint: str
    sent: int
    dropped: int
    failed: int
    last_error: str | None


@dataclass(frozen=True)
class Stats:
    """What became of the spans so far: ``recorded = stored + dropped + failed + queued``, once nothing is on its way."""

    recorded: int
    stored: int
    """In the database, or acknowledged by the server."""
    dropped: int
    """Found the queue full, or closed."""
    failed: int
    """Refused by the database, not to be redacted, or left when the time to shut down was up."""
    queued: int
    retries: int
    """How often a batch had to be tried again."""
    last_error: str | None
    """What went wrong last; ``None`` once a batch was stored after it."""
    copies: list[CopyStats]


def target_of(target: object) -> Db | OtlpExporter:
    """Returns where spans go, however the user says it.

    Raises ``TypeError`` or ``ValueError`` if it is nothing that can be written to from here.
    """
    if isinstance(target, (Db, OtlpExporter)):
        return target
    return OtlpExporter(str(target)) if is_server(target) else Db(target)


class TracesteadSpanProcessor(SpanProcessor):
    """Stores the spans of a tracer provider. :func:`tracestead.setup_tracing` makes one and everything around it."""

    def __init__(
        self,
        target: object,
        *,
        batch_processing: bool = True,
        max_queue_size: int = 2048,
        max_queue_bytes: int = 64 << 20,
        max_export_batch_size: int = 512,
        schedule_delay_millis: int = 5000,
        export_timeout_millis: int = 30_000,
        shutdown_timeout_millis: int = 5000,
        redact: Redact | None = None,
        exporters: Sequence[OtlpExporter] = (),
    ) -> None:
        self.target: Db | OtlpExporter = target_of(target)
        self.db: Db | None = self.target if isinstance(self.target, Db) else None
        server = None if isinstance(self.target, Db) else self.target._native()
        self._shutdown_timeout_millis = shutdown_timeout_millis
        self._pipeline = _native.Pipeline(
            database=None if self.db is None else self.db._native,
            server=server,
            copies=[exporter._native() for exporter in exporters],
            simple=not batch_processing,
            max_queue_size=max_queue_size,
            max_queue_bytes=max_queue_bytes,
            max_export_batch_size=max_export_batch_size,
            schedule_delay_millis=schedule_delay_millis,
            export_timeout_millis=export_timeout_millis,
            redact=redact,
            report=_report,
        )
        # What is called for each span is the native function itself.
        self.on_end = self._pipeline.record  # type: ignore[method-assign]
        _processors.add(self)

    def goes_to(self, target: Db | OtlpExporter) -> bool:
        """Says whether that is where spans go."""
        return self.target._is_same_as(target)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Does nothing: what matters is known when a span ends."""

    def on_end(self, span: ReadableSpan) -> None:
        """Puts the span into the queue. Never waits and never raises."""
        self._pipeline.record(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Waits until everything that has ended is stored, or refused; says whether it was in time."""
        return self._pipeline.flush(timeout_millis)

    def shutdown(self) -> None:
        """Stores what waits and ends, within the time that was set for it."""
        self.end(self._shutdown_timeout_millis)

    def end(self, timeout_millis: int) -> bool:
        """Stores what waits and ends; says whether everything was stored in time."""
        _processors.discard(self)
        return self._pipeline.shutdown(timeout_millis)

    def stats(self) -> Stats:
        """Returns what became of the spans so far."""
        told: dict[str, Any] = self._pipeline.stats()
        copies = [CopyStats(**copy) for copy in told.pop("copies")]
        return Stats(**told, copies=copies)

    def _after_fork(self) -> None:
        # The thread that stores is in the parent, and so is what waited there. The parent's connections must not be closed
        # from here either, so what belongs to it is kept for good.
        _parents.append(self._pipeline)
        self._pipeline = self._pipeline.for_forked_process(None if self.db is None else self.db._native)
        self.on_end = self._pipeline.record  # type: ignore[method-assign]


# A module that is loaded again has them still, and has registered what is called at a fork and at the end.
_is_loaded_again = "_processors" in globals()
_processors: weakref.WeakSet[TracesteadSpanProcessor] = globals().setdefault("_processors", weakref.WeakSet())
_parents: list[_native.Pipeline] = globals().setdefault("_parents", [])


def _after_fork_in_child() -> None:
    try:
        after_fork_in_child()
        for processor in list(_processors):
            processor._after_fork()
    except Exception:  # a process that was forked goes on, traced or not
        logger.warning("spans of this forked process are not stored", exc_info=True)


def _at_exit() -> None:
    """Stores what waits. Tracer providers do so as well, unless they are told not to."""
    for processor in list(_processors):
        processor.shutdown()


class _Worker:
    """A process of ``multiprocessing`` ends without what is registered with ``atexit``, and has a register of its own."""

    def at_its_end(self) -> None:
        multiprocessing.util.Finalize(None, _at_exit, exitpriority=0)


_FORK_PATIENCE_MILLIS = 2000


def _before_fork() -> None:
    """Stores what waits and closes connections: a thread that is within SQLite when its process is forked leaves locks in the
    child that nobody opens. Whatever is recorded afterwards opens the database again.
    """
    try:
        for processor in list(_processors):
            processor._pipeline.flush_unless_failing(_FORK_PATIENCE_MILLIS)
        close_before_fork()
    except Exception:
        logger.warning("spans are perhaps not stored in a process that is forked now", exc_info=True)


if not _is_loaded_again:
    _worker = _Worker()
    atexit.register(_at_exit)
    multiprocessing.util.register_after_fork(_worker, _Worker.at_its_end)
    if multiprocessing.parent_process() is not None:
        _worker.at_its_end()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)


def _report(is_warning: bool, text: str) -> None:
    logger.log(logging.WARNING if is_warning else logging.INFO, text)
