"""Records as columns with types of Arrow's, so that an empty table has the same ones as a full."""

from __future__ import annotations

import dataclasses
import importlib
import json
from typing import Any

# Without types of its own; so it is loaded as what it is to a checker.
_pyarrow: Any = importlib.import_module("pyarrow")

_TYPES: dict[str, Any] = {
    "str": _pyarrow.string(),
    "str | None": _pyarrow.string(),
    "int": _pyarrow.int64(),
    "int | None": _pyarrow.int64(),
    "bool": _pyarrow.bool_(),
    "list[str]": _pyarrow.list_(_pyarrow.string()),
}


def table(kind: type[Any], rows: list[dict[str, Any]]) -> Any:
    """Returns a table with a column for each field of ``kind``."""
    columns: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        values = [row[field.name] for row in rows]
        if field.name in ("start_time_ns", "end_time_ns"):
            moments = _pyarrow.timestamp("ns", tz="UTC")
            columns[field.name.removesuffix("_ns")] = _pyarrow.array(values, type=moments)
        known = _TYPES.get(str(field.type))
        if known is None:
            values = [json.dumps(value, default=str, ensure_ascii=False) for value in values]
        columns[field.name] = _pyarrow.array(values, type=known or _pyarrow.string())
    return _pyarrow.table(columns)
