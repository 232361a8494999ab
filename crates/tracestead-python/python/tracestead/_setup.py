"""One line at the start of a program."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import Sampler

from ._agno_db import flush_before_reading, take_over_from_agno
from ._db import Db
from ._endpoints import OtlpExporter
from ._instrumentors import instrument_agno, instrument_installed
from ._processor import Redact, Stats, TracesteadSpanProcessor, target_of

logger = logging.getLogger("tracestead")

_MAX_ATTRIBUTES = 1024
"""Messages are attributes, some six for each: OpenTelemetry's 128 would cut the last ones off."""


class Tracing:
    """Tracing that has been set up. There is no need to keep it: it ends with the process."""

    def __init__(self, processor: TracesteadSpanProcessor, provider: Any) -> None:
        self._processor = processor
        self.provider = provider
        """The tracer provider that is used: the one that was there, or a new one."""

    @property
    def db(self) -> Db | None:
        """The database; ``None`` if spans go to a server."""
        return self._processor.db

    def stats(self) -> Stats:
        """Returns what became of the spans so far."""
        return self._processor.stats()

    def flush(self, timeout: float = 30.0) -> bool:
        """Waits until everything that has ended is stored; says whether it was within ``timeout`` seconds."""
        return self._processor.force_flush(int(timeout * 1000))

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Stores what waits and ends; says whether everything was stored within ``timeout`` seconds.

        At the end of the process this is done by itself.
        """
        _tracings(self.provider).pop(self._processor, None)
        return self._processor.end(int(timeout * 1000))

    def __enter__(self) -> Tracing:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()


def setup_tracing(
    db: Any,
    batch_processing: bool = True,
    max_queue_size: int | None = None,
    max_export_batch_size: int | None = None,
    schedule_delay_millis: int | None = None,
    *,
    auto_instrument: bool = False,
    exporters: Sequence[OtlpExporter] = (),
    redact: Redact | None = None,
    sampler: Sampler | None = None,
    resource: Mapping[str, Any] | None = None,
    service_name: str | None = None,
    max_attributes: int | None = None,
    max_queue_bytes: int = 64 << 20,
    shutdown_timeout: float = 5.0,
    tracer_provider: Any = None,
    use_batch_processor: bool | None = None,
) -> Tracing:
    """Traces everything from here on into ``db``.

    ``db`` is a URL (``sqlite:traces.db``, ``postgresql://...``), a path of a SQLite file, a ``tracestead.Db``, a database
    object of Agno's (its URL, schema and table names are used), or the address of a tracestead server
    (``http://localhost:7777``). It need not be there yet: spans wait for it.

    The arguments that Agno's ``setup_tracing`` has mean the same here, but batches are the default: an agent never waits for
    a database. With ``batch_processing=False`` each span is stored as it ends, for debugging. Spans wait for others for
    ``schedule_delay_millis`` (5,000) at most; when a run ends, they are written at once.

    - ``auto_instrument``: instruments every installed library for which an instrumentor of OpenInference or OpenTelemetry
      GenAI is installed, and Pydantic AI, which needs none. Agno is instrumented in any case.
    - ``exporters``: get a copy of what was stored, after it was stored.
    - ``redact``: a function from the name of a text and the text to what is stored instead, or ``None`` to leave it. It is
      called for every text of every span (not of the resource); if it raises, the span is not stored.
    - ``sampler``, ``resource``, ``service_name``, ``max_attributes`` (1,024): of the tracer provider, if one is made.
    - ``tracer_provider``: one to use instead of the global one.
    - ``use_batch_processor``: the older name of ``batch_processing``.

    In a program with Agno the tables are made now, for which a second is waited at most: Agno must not come in between.

    If there is a tracer provider already, it is joined: whoever gets its spans still does. OpenTelemetry's variables
    (``OTEL_SERVICE_NAME``, ``OTEL_TRACES_SAMPLER``, ``OTEL_BSP_SCHEDULE_DELAY``, ...) are honoured where nothing is said here.

    Doing it again for the same database changes nothing and returns the same. Raises ``TypeError`` or ``ValueError`` for an
    argument that makes no sense, and nothing else.
    """
    if use_batch_processor is not None:
        batch_processing = use_batch_processor
    provider, is_new = _provider(
        tracer_provider, lambda: _new_provider(sampler, resource, service_name, max_attributes)
    )
    known = _known(provider, db)
    if known is not None:
        tracing = known
        if redact is not None or exporters:
            logger.warning(
                "tracing into this database is set up already, and stays as it is: redact and exporters given now do nothing; "
                "shut it down before"
            )
    else:
        processor = TracesteadSpanProcessor(
            db,
            batch_processing=batch_processing,
            max_queue_size=_option(max_queue_size, "OTEL_BSP_MAX_QUEUE_SIZE", 2048),
            max_queue_bytes=max_queue_bytes,
            max_export_batch_size=_option(max_export_batch_size, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
            schedule_delay_millis=_option(schedule_delay_millis, "OTEL_BSP_SCHEDULE_DELAY", 5000),
            export_timeout_millis=_option(None, "OTEL_BSP_EXPORT_TIMEOUT", 30_000),
            shutdown_timeout_millis=int(shutdown_timeout * 1000),
            redact=redact,
            exporters=exporters,
        )
        tracing = Tracing(processor, provider)
        if processor.db is not None and "agno" in sys.modules:
            _make_tables(processor.db)
        take_over_from_agno(provider)
        provider.add_span_processor(processor)
        _tracings(provider)[processor] = tracing
    # Each object that is given, also the second one for the same database.
    flush_before_reading(db)
    if is_new:
        trace.set_tracer_provider(provider)
    instrument_agno(provider)
    if auto_instrument:
        instrument_installed(provider)
    return tracing


_PATIENCE = 1.0


def _make_tables(db: Db) -> None:
    """Opens the database before Agno does, if that does not take long.

    Agno looks whether one of its tables is there and makes it if it is not; if we make it in between, Agno fails.
    """

    def check() -> None:
        with suppress(Exception):  # said when there are spans to store
            db.check()

    opening = threading.Thread(target=check, name="tracestead-open", daemon=True)
    opening.start()
    opening.join(_PATIENCE)


def _provider(given: Any, make: Callable[[], TracerProvider]) -> tuple[Any, bool]:
    """Returns the provider to use, and whether it is to become the global one."""
    provider: Any = given or trace.get_tracer_provider()
    if given is None and isinstance(provider, trace.ProxyTracerProvider):
        return make(), True
    if hasattr(provider, "add_span_processor"):
        return provider, False
    logger.warning(
        "the tracer provider %s takes no span processors; Agno and the libraries instrumented here get one of their own, "
        "other spans are not stored",
        type(provider).__name__,
    )
    return make(), False


def _new_provider(
    sampler: Sampler | None,
    attributes: Mapping[str, Any] | None,
    service_name: str | None,
    max_attributes: int | None,
) -> TracerProvider:
    said = dict(attributes or {})
    if service_name is not None:
        said["service.name"] = service_name
    limit = max_attributes
    if limit is None and not any(map(os.getenv, ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"))):
        limit = _MAX_ATTRIBUTES
    return TracerProvider(
        sampler=sampler, resource=Resource.create(said), span_limits=SpanLimits(max_span_attributes=limit)
    )


def _option(said: int | None, variable: str, default: int) -> int:
    if said is None:
        text = os.getenv(variable, "").strip()
        try:
            said = int(text) if text else default
        except ValueError:
            raise ValueError(f"{variable} is {text!r}; it must be a whole number") from None
    if said < 1 and "DELAY" not in variable:
        raise ValueError(f"{variable.removeprefix('OTEL_BSP_').lower()} is {said}; it must be at least 1")
    return said


def _tracings(provider: Any) -> dict[TracesteadSpanProcessor, Tracing]:
    """What was set up for a provider stands on it: this module may be loaded again."""
    tracings: dict[TracesteadSpanProcessor, Tracing] = provider.__dict__.setdefault("_tracestead", {})
    return tracings


def _known(provider: Any, db: Any) -> Tracing | None:
    """Returns what was set up before for the same database."""
    target = target_of(db)
    for processor, tracing in _tracings(provider).items():
        if processor.goes_to(target):
            return tracing
    return None
