"""Reading traces, without Agno and without a server."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from . import _native
from ._records import Records, SessionStats, Span, Trace, session, span, trace
from ._targets import place_of

Time = datetime | int
"""A moment: a ``datetime`` (without a zone it is UTC, as Agno reads it), or nanoseconds since 1970."""


class Db:
    """A database with traces: SQLite, PostgreSQL, MySQL, MariaDB or ClickHouse.

    Takes a URL (``sqlite:PATH``, ``postgres://USER@HOST/DATABASE``; SQLAlchemy's forms as well), a path of a SQLite file, or
    a database object of Agno's. It is opened when the first question is asked; tables that are missing are made then.

    What this process has recorded into it is stored before a question is asked.
    """

    def __init__(self, url: str | os.PathLike[str] | object) -> None:
        self._native = _native.Db(*place_of(url))
        _databases.add(self)

    def _after_fork(self) -> None:
        # The parent's connections are not to be touched from here, not even to be closed.
        _parents.append(self._native)
        self._native = self._native.for_forked_process()

    @property
    def url(self) -> str:
        """Where it is, without a password."""
        return self._native.url

    def __repr__(self) -> str:
        return f"Db({self.url!r})"

    def _is_same_as(self, other: object) -> bool:
        # Not by its class: this module may have been loaded again.
        native = getattr(other, "_native", None)
        return isinstance(native, _native.Db) and self._native.is_same_as(native)

    def flush_before_reading(self) -> None:
        """Stores what this process has recorded into it, unless that fails anyway. All questions begin so."""
        self._native.flush_before_reading()

    def check(self) -> None:
        """Opens it now. Raises ``DatabaseError`` if that cannot be done."""
        self._native.check()

    def close(self) -> None:
        """Closes its connections. Whoever uses it later opens it again."""
        self._native.close()

    def get_traces(
        self,
        *,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        run_id: str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        status: str | None = None,
        start_time: Time | None = None,
        end_time: Time | None = None,
        filter: Mapping[str, Any] | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> Records[Trace]:
        """Returns traces, newest first.

        What is left out does not matter; everything said must hold. ``start_time``: began then or later; ``end_time``: ended
        then or earlier. ``filter`` is an expression of Agno's form, ``{"op": "GT", "key": "duration_ms", "value": 1000}``.
        """
        question = _question(locals())
        return Records((trace(row) for row in self._native.get_traces(question)), Trace)

    def count_traces(
        self,
        *,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        run_id: str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        status: str | None = None,
        start_time: Time | None = None,
        end_time: Time | None = None,
        filter: Mapping[str, Any] | None = None,
    ) -> int:
        """Returns how many traces match, as :meth:`get_traces` reads its arguments."""
        return self._native.count_traces(_question({**locals(), "limit": 0, "offset": 0}))

    def get_trace(self, trace_id: str) -> Trace | None:
        """Returns a trace by its id; ``None`` if there is none."""
        row = self._native.get_trace(trace_id)
        return None if row is None else trace(row)

    def get_spans(self, trace_id: str) -> Records[Span]:
        """Returns the spans of a trace with everything they say; none if there is no such trace."""
        return Records((span(row) for row in self._native.get_spans(trace_id)), Span)

    def get_span(self, trace_id: str, span_id: str) -> Span | None:
        """Returns one span; ``None`` if there is none."""
        row = self._native.get_span(trace_id, span_id)
        return None if row is None else span(row)

    def get_trace_stats(
        self,
        *,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        user_id: str | None = None,
        start_time: Time | None = None,
        end_time: Time | None = None,
        filter: Mapping[str, Any] | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> Records[SessionStats]:
        """Returns what there is of each conversation, the last active first."""
        question = _question({"run_id": None, "session_id": None, "status": None, **locals()})
        rows, _ = self._native.get_trace_stats(question)
        return Records((session(row) for row in rows), SessionStats)


# As they were, if this module is loaded again.
_databases: weakref.WeakSet[Db] = globals().setdefault("_databases", weakref.WeakSet())
_parents: list[_native.Db] = globals().setdefault("_parents", [])


def close_before_fork() -> None:
    """Closes all connections of this process; they are opened again when needed."""
    for db in list(_databases):
        db.close()


def after_fork_in_child() -> None:
    """Gives every database of this process connections of its own."""
    _native.after_fork_in_child()
    for db in list(_databases):
        db._after_fork()


def _question(arguments: Mapping[str, Any]) -> dict[str, Any]:
    question = {name: value for name, value in arguments.items() if name != "self"}
    for name in ("start_time", "end_time"):
        question[f"{name}_ns"] = _nanos(question.pop(name))
    condition = question.pop("filter")
    question["filter_json"] = None if condition is None else json.dumps(condition)
    return question


def _nanos(time: Time | None) -> int | None:
    if time is None or isinstance(time, int):
        return time
    if time.tzinfo is None:
        time = time.replace(tzinfo=timezone.utc)
    since = time - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
