"""What is read from a database. The fields have the names of the columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas

_NANO = 1_000_000_000


def _datetime(nanos: int) -> datetime:
    seconds, rest = divmod(nanos, _NANO)
    return datetime.fromtimestamp(seconds, tz=timezone.utc).replace(microsecond=rest // 1000)


def _usd(nano_usd: int | None) -> float | None:
    return None if nano_usd is None else nano_usd / _NANO


@dataclass(frozen=True)
class Trace:
    """A trace: one run of an agent, a team or a workflow, with everything below it."""

    trace_id: str
    name: str
    status: str
    """``OK``, or ``ERROR`` if any span failed."""
    start_time_ns: int
    end_time_ns: int
    duration_ms: int
    run_id: str | None
    session_id: str | None
    user_id: str | None
    agent_id: str | None
    team_id: str | None
    workflow_id: str | None
    agent_name: str | None
    team_name: str | None
    workflow_name: str | None
    created_at: str
    span_count: int
    error_span_count: int
    root_span_id: str | None
    root_type: str | None
    input_preview: str | None
    output_preview: str | None
    input_tokens: int | None
    """Of all model calls; so are the other counts and the cost."""
    output_tokens: int | None
    total_tokens: int | None
    cost_nano_usd: int | None
    """In billionths of a US dollar; see ``cost_usd``."""
    unpriced_call_count: int
    models: list[str]
    service_name: str | None
    environment: str | None
    release: str | None
    tags: list[str]
    has_agent_spans: bool

    @property
    def start_time(self) -> datetime:
        """When it began, to the microsecond."""
        return _datetime(self.start_time_ns)

    @property
    def end_time(self) -> datetime:
        """When it ended, to the microsecond."""
        return _datetime(self.end_time_ns)

    @property
    def cost_usd(self) -> float | None:
        """What the model calls cost, as far as that is known."""
        return _usd(self.cost_nano_usd)


@dataclass(frozen=True)
class Event:
    """Something that happened at one moment of a span."""

    name: str
    time_ns: int
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Link:
    """A reference to another span."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A span: one step of a run."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    span_kind: str
    status_code: str
    """``UNSET``, ``OK`` or ``ERROR``."""
    status_message: str | None
    start_time_ns: int
    end_time_ns: int | None
    duration_ms: int
    span_type: str
    """``AGENT``, ``TEAM``, ``WORKFLOW``, ``STEP``, ``LLM``, ``TOOL``, ``RETRIEVER``, ``HOOK``, ..."""
    run_id: str | None
    session_id: str | None
    user_id: str | None
    agent_id: str | None
    agent_name: str | None
    team_id: str | None
    team_name: str | None
    workflow_id: str | None
    workflow_name: str | None
    model: str | None
    response_model: str | None
    response_id: str | None
    provider: str | None
    tool_name: str | None
    finish_reason: str | None
    ttft_ns: int | None
    """Time to the first token, in nanoseconds."""
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    total_tokens: int | None
    cost_nano_usd: int | None
    cost_source: str | None
    cost_missing: str | None
    error_type: str | None
    attributes: dict[str, Any]
    events: list[Event]
    links: list[Link]

    @property
    def start_time(self) -> datetime:
        """When it began, to the microsecond."""
        return _datetime(self.start_time_ns)

    @property
    def end_time(self) -> datetime | None:
        """When it ended, to the microsecond; ``None`` if nobody said."""
        return None if self.end_time_ns is None else _datetime(self.end_time_ns)

    @property
    def cost_usd(self) -> float | None:
        """What the model call cost, if that is known."""
        return _usd(self.cost_nano_usd)


@dataclass(frozen=True)
class SessionStats:
    """What there is of a conversation."""

    session_id: str
    user_id: str | None
    agent_id: str | None
    team_id: str | None
    workflow_id: str | None
    total_traces: int
    first_trace_at: str
    last_trace_at: str


R = TypeVar("R")


_PANDAS_TYPES = {
    "str": "string",
    "str | None": "string",
    "int": "int64",
    "int | None": "Int64",
    "bool": "bool",
}


class Records(list[R]):
    """A list of traces, spans or sessions that can also be a table."""

    def __init__(self, records: Iterable[R], kind: type[R]) -> None:
        super().__init__(records)
        self._kind: Any = kind

    def to_dicts(self) -> list[dict[str, Any]]:
        """Returns each record as a dictionary."""
        records: list[Any] = list(self)
        return [dataclasses.asdict(record) for record in records]

    def to_pandas(self) -> pandas.DataFrame:
        """Returns a data frame with a column for each field. Needs ``pandas``."""
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas() needs pandas: pip install 'tracestead[pandas]'") from error
        rows = self.to_dicts()
        columns: dict[str, Any] = {}
        for field in dataclasses.fields(self._kind):
            # Named, or a column of which nothing is known would have another type than one of which something is.
            dtype: Any = _PANDAS_TYPES.get(str(field.type), "object")
            columns[field.name] = pandas.Series([row[field.name] for row in rows], dtype=dtype)
        for name in ("start_time", "end_time"):
            if f"{name}_ns" in columns:
                columns[name] = pandas.to_datetime(columns[f"{name}_ns"], unit="ns", utc=True)
        frame: pandas.DataFrame = pandas.DataFrame(columns)
        return frame

    def to_arrow(self) -> Any:
        """Returns a ``pyarrow.Table`` with a column for each field. Needs ``pyarrow``, which has no types of its own.

        Attributes, events and links are JSON texts: each span has others.
        """
        try:
            from ._tables import table
        except ImportError as error:
            raise ImportError("to_arrow() needs pyarrow: pip install 'tracestead[arrow]'") from error
        return table(self._kind, self.to_dicts())


def trace(row: dict[str, Any]) -> Trace:
    """Makes a trace of what the native part answers."""
    return Trace(**row)


def span(row: dict[str, Any]) -> Span:
    """Makes a span of what the native part answers."""
    row["events"] = [Event(**event) for event in row["events"]]
    row["links"] = [Link(**link) for link in row["links"]]
    return Span(**row)


def session(row: dict[str, Any]) -> SessionStats:
    """Makes what there is of a session of what the native part answers."""
    return SessionStats(**row)
