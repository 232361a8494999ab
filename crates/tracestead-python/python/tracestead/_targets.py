"""Where spans go, however the user says it."""

from __future__ import annotations

import os
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode


class Place(NamedTuple):
    """A database, and which tables of it are meant."""

    url: str
    traces_table: str | None = None
    spans_table: str | None = None


def is_server(target: object) -> bool:
    """Says whether that is the address of a tracestead server."""
    return isinstance(target, str) and target.lower().startswith(("http://", "https://"))


def place_of(target: object) -> Place:
    """Returns where traces are: of a URL, a path, or a database object of Agno's.

    Raises ``TypeError`` or ``ValueError`` if it is none that can be written to from here.
    """
    if isinstance(target, str):
        return Place(target)
    if isinstance(target, os.PathLike):
        path: Any = target
        return Place(f"sqlite:{os.fspath(path)}")
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(target).__mro__}
    if any(kind.startswith("agno.db.") for kind in kinds):
        return _agno_place(target)
    raise TypeError(
        f"{type(target).__name__} is no database; give a URL, a path of a SQLite file, "
        "or a database object of Agno's (SqliteDb, PostgresDb, MySQLDb, ...)"
    )


def _agno_place(db: Any) -> Place:
    kind = type(db).__name__
    engine = getattr(db, "db_engine", None)
    if engine is not None:
        url = _engine_url(engine, kind)
    elif _is_clickhouse(db):
        url = _clickhouse_url(db)
    else:
        raise ValueError(
            f"tracestead cannot write to {kind}: it writes to SQLite, PostgreSQL, MySQL, MariaDB and ClickHouse. "
            "Give setup_tracing a database of its own for traces, such as 'sqlite:traces.db'"
        )
    schema = getattr(db, "db_schema", None)
    if schema and not url.startswith(("sqlite", "clickhouse")):
        url = f"{url}{'&' if '?' in url else '?'}{urlencode({'schema': schema})}"
    return Place(
        url,
        traces_table=_unusual(getattr(db, "trace_table_name", None), "agno_traces"),
        spans_table=_unusual(getattr(db, "span_table_name", None), "agno_spans"),
    )


def _unusual(table: str | None, usual: str) -> str | None:
    return table if table and table != usual else None


def _engine_url(engine: Any, kind: str) -> str:
    # An async engine has the same URL as the one it stands on. Which driver Agno uses is not part of the place.
    url = engine.url.set(drivername=engine.url.get_backend_name())
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError(
            f"this {kind} is in memory, where only its own connections see it; give it a file, "
            "or setup_tracing a database of its own for traces"
        )
    text: str = url.render_as_string(hide_password=False)
    return text


def _is_clickhouse(db: Any) -> bool:
    return "clickhouse" in type(db).__module__.lower()


def _clickhouse_url(db: Any) -> str:
    url = getattr(db, "db_url", None)
    if url:
        return str(url)
    user = quote(str(getattr(db, "username", None) or "default"), safe="")
    password = quote(str(getattr(db, "password", None) or ""), safe="")
    host, port = getattr(db, "host", None) or "localhost", getattr(db, "port", None)
    scheme = "clickhouses" if getattr(db, "secure", False) else "clickhouse"
    place = f"{host}:{port}" if port else host
    database = quote(str(getattr(db, "database", None) or "default"), safe="")
    return f"{scheme}://{user}{':' + password if password else ''}@{place}/{database}"
