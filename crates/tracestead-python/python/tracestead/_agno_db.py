"""Agno's database objects: who reads them sees what was just traced, and their own exporter does not write it twice."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

from ._db import Db

logger = logging.getLogger("tracestead")

_READS = ("get_trace", "get_traces", "get_trace_stats", "get_span", "get_spans", "get_span_stats")


def is_agno(db: object) -> bool:
    """Says whether that is a database object of Agno's."""
    return any(kind.__module__.startswith("agno.db.") for kind in type(db).__mro__)


def flush_before_reading(db: Any) -> None:
    """Makes ``db.get_traces()`` and its like store first what waits: a program that reads what it has just done finds it."""
    if not is_agno(db):
        return
    flush = Db(db).flush_before_reading
    for name in _READS:
        read = getattr(db, name, None)
        if not callable(read) or hasattr(read, "_tracestead"):
            continue
        wrapped = _flushing_async(read, flush) if inspect.iscoroutinefunction(read) else _flushing(read, flush)
        wrapped._tracestead = True  # type: ignore[attr-defined]
        try:
            setattr(db, name, wrapped)
        except AttributeError:  # it has slots; then it reads what has been stored
            return


def _flushing(read: Callable[..., Any], flush: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(read)
    def flushing(*arguments: Any, **named: Any) -> Any:
        flush()
        return read(*arguments, **named)

    return flushing


def _flushing_async(read: Callable[..., Any], flush: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(read)
    async def flushing(*arguments: Any, **named: Any) -> Any:
        await asyncio.get_running_loop().run_in_executor(None, flush)
        return await read(*arguments, **named)

    return flushing


def take_over_from_agno(provider: Any) -> None:
    """Removes Agno's own exporter from a provider: it would write the same spans into the same tables, and wait for it."""
    composite: Any = getattr(provider, "_active_span_processor", None)
    processors: Any = getattr(composite, "_span_processors", None)
    if not isinstance(processors, tuple):
        return
    agnos = [processor for processor in processors if _is_agnos(processor)]
    if not agnos:
        return
    try:
        composite._span_processors = tuple(processor for processor in processors if processor not in agnos)
        for processor in agnos:
            processor.shutdown()
    except Exception:
        logger.warning("Agno's own tracing goes on beside tracestead's", exc_info=True)
    else:
        logger.info("tracestead takes over from Agno's own tracing")


def _is_agnos(processor: Any) -> bool:
    exporter = getattr(processor, "span_exporter", None) or getattr(
        getattr(processor, "_batch_processor", None), "_exporter", None
    )
    return type(exporter).__module__.startswith("agno.tracing")
