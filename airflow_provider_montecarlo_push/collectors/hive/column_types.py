"""Types of columns as they are sent, and the columns that Spark keeps as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from airflow_provider_montecarlo_push.collectors.hive.tables import Column

# A name of a field in a struct is followed by a colon, and keeps its case.
_FIELD = re.compile(r"`[^`]*`\s*:|[^<>,:()\s]+\s*:|[^`]", re.DOTALL)
_SPARK_SCHEMA = "spark.sql.sources.schema"
_SPARK_NAMES = {
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    "timestamp_ltz": "timestamp",
}
_EXACT_TYPE = "__CHAR_VARCHAR_TYPE_STRING"
_DEEPEST = 100


@lru_cache(maxsize=4096)
def type_name(text: str) -> str:
    """Return a type in upper case, the names of fields as they are: ``STRUCT<a:INT>``."""
    return "".join(part if part.endswith(":") and len(part) > 1 else part.upper() for part in _FIELD.findall(text))


def spark_columns(parameters: Mapping[str, str]) -> Sequence[Column] | None:
    """Return the columns of a table that Spark defined, ``None`` when ``parameters`` do not have them.

    The metastore has ``col array<string>`` in their place where Hive does not know Spark's format.
    """
    text = _spark_schema(parameters)
    if text is None:
        return None
    try:
        return list(_columns(msgspec.json.decode(text)))
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError):
        return None


def is_placeholder(columns: Sequence[Column]) -> bool:
    """Tell whether ``columns`` stand for others, which only the format of the table knows."""
    return not columns or (len(columns) == 1 and columns[0][:2] == ("col", "array<string>"))


def _spark_schema(parameters: Mapping[str, str]) -> str | None:
    """Return the JSON, which is cut into pieces where it is long."""
    whole = parameters.get(_SPARK_SCHEMA)
    if whole is not None:
        return whole
    try:
        pieces = int(parameters[f"{_SPARK_SCHEMA}.numParts"])
        return "".join(parameters[f"{_SPARK_SCHEMA}.part.{number}"] for number in range(pieces))
    except (KeyError, ValueError):
        return None


def _columns(schema: Any) -> Iterator[Column]:
    for entry in schema["fields"]:
        details = entry.get("metadata") or {}
        yield Column(entry["name"], details.get(_EXACT_TYPE) or _written(entry["type"]), details.get("comment"))


def _written(kind: Any, depth: int = 0) -> str:
    """Return a type of Spark's JSON as SQL writes it."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(kind, str):
        return _SPARK_NAMES.get(kind, kind)
    name = kind["type"]
    if name == "struct":
        inner = (f"{entry['name']}:{_written(entry['type'], depth + 1)}" for entry in kind["fields"])
        return f"struct<{','.join(inner)}>"
    if name == "array":
        return f"array<{_written(kind['elementType'], depth + 1)}>"
    if name == "map":
        return f"map<{_written(kind['keyType'], depth + 1)},{_written(kind['valueType'], depth + 1)}>"
    if name == "udt":
        return _written(kind["sqlType"], depth + 1)
    raise ValueError(f"type {name!r}")
