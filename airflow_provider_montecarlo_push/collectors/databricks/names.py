"""Databricks names and types."""

from __future__ import annotations

import re

# Databricks' own, and the legacy metastore, which no Unity Catalog view lists.
SYSTEM_CATALOGS = frozenset({"__databricks_internal", "hive_metastore", "samples", "spark_catalog", "system"})

_WORD = re.compile(r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|\w+(?=\s*:)|\w+")


def identifier(name: str) -> str:
    """Return ``name`` as a quoted identifier."""
    return "`" + name.replace("`", "``") + "`"


def column_type(full_data_type: str | None) -> str:
    """Return a type such as ``decimal(10,2)`` in upper case; names of the fields of structs keep their case."""
    return _WORD.sub(_upper, full_data_type or "UNKNOWN")


def _upper(match: re.Match[str]) -> str:
    word = match.group()
    is_name = word[0] in "`'" or match.string[match.end() :].lstrip().startswith(":")
    return word if is_name else word.upper()
