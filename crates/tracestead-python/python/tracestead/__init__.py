"""Traces of AI agents, in your own database.

    from tracestead import setup_tracing

    setup_tracing("sqlite:tmp/traces.db")

From then on every run is in ``agno_traces`` and ``agno_spans`` of that database. An agent's thread only puts what ended into
a queue; rows are made and written by Rust on another thread, without Python's lock.

``setup_tracing`` takes what Agno's own takes, so that for Agno one line changes: the import. ``Db`` reads traces.
"""

from __future__ import annotations

from ._db import Db
from ._endpoints import OtlpExporter
from ._native import DatabaseError, __version__
from ._processor import CopyStats, Stats, TracesteadSpanProcessor
from ._records import Event, Link, Records, SessionStats, Span, Trace
from ._setup import Tracing, setup_tracing

__all__ = [
    "CopyStats",
    "DatabaseError",
    "Db",
    "Event",
    "Link",
    "OtlpExporter",
    "Records",
    "SessionStats",
    "Span",
    "Stats",
    "Trace",
    "Tracing",
    "TracesteadSpanProcessor",
    "__version__",
    "setup_tracing",
]
