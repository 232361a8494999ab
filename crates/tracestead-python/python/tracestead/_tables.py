"""Records as columns with types of Arrow's, so that an empty table has the same ones as a full."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pyarrow

_TYPES: dict[str, pyarrow.DataType] = {
    "str": pyarrow.string(),
    "str | None": pyarrow.string(),
    "int": pyarrow.int64(),
    "int | None": pyarrow.int64(),
    "bool": pyarrow.bool_(),
    "list[str]": pyarrow.list_(pyarrow.string()),
}


def columns(kind: type[Any], rows: list[dict[str, Any]]) -> dict[str, pyarrow.Array]:
    """Returns a column for each field of ``kind``."""
    made: dict[str, pyarrow.Array] = {}
    for field in dataclasses.fields(kind):
        values = [row[field.name] for row in rows]
        if field.name in ("start_time_ns", "end_time_ns"):
            name = field.name.removesuffix("_ns")
            made[name] = pyarrow.array(values, type=pyarrow.timestamp("ns", tz="UTC"))
        known = _TYPES.get(str(field.type))
        if known is None:
            texts = [json.dumps(value, default=str, ensure_ascii=False) for value in values]
            made[field.name] = pyarrow.array(texts, type=pyarrow.string())
        else:
            made[field.name] = pyarrow.array(values, type=known)
    return made
