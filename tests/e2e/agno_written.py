"""The runs of `agno-written.db`, in a database that Agno's own class makes: its tables, its rows, nothing of ours."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from functools import cache

from agno.db.sqlite import SqliteDb
from agno.tracing.schemas import Span, Trace
from agno_db import agno_of
from agno_differences import AGNO_WRITTEN
from databases import Database, SqliteDatabase


def fill_as_agno(database: Database, only: Collection[str] | None = None) -> None:
    """Has Agno make its tables in an empty database and write the traces, or only some."""
    if isinstance(database, SqliteDatabase) and only is None:
        # The file itself, with everything else that Agno keeps.
        shutil.copy(AGNO_WRITTEN, database.path)
        return
    with agno_of(database) as db:
        for trace, spans in written():
            if only is None or trace.trace_id in only:
                db.upsert_trace(trace)
                db.create_spans(spans)


@cache
def written() -> list[tuple[Trace, list[Span]]]:
    db = SqliteDb(db_url=f"sqlite:///file:{AGNO_WRITTEN}?mode=ro&immutable=1&uri=true")
    traces, _ = db.get_traces(limit=None)
    return [(trace, db.get_spans(trace_id=trace.trace_id)) for trace in traces]
