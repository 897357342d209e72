"""Snowflake object names in DuckDB SQL: quoting, and resolving against a session."""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlglot import exp

_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*\Z")

GLOBAL_SCHEMA = "_fs_global._fs_information_schema"
"""Where the emulator keeps what spans databases."""

INTERNAL_SCHEMA = "_fs_information_schema"
"""Each database's own schema of the emulator, seen by clients as ``INFORMATION_SCHEMA``."""


class ObjectName(NamedTuple):
    """A table or view, in the case that the warehouse stores."""

    database: str
    schema: str
    name: str

    @property
    def sql(self) -> str:
        """The name quoted for Snowflake and DuckDB alike."""
        return ".".join(identifier(part) for part in self)


def identifier(name: str) -> str:
    """``name`` as a double-quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def display(*parts: str) -> str:
    """The parts as Snowflake prints a name in its messages and in ACCESS_HISTORY: only what needs quotes has them."""
    return ".".join(part if _PLAIN.match(part) else identifier(part) for part in parts)


def literal(text: str | None) -> str:
    """``text`` as an SQL string, ``NULL`` for ``None``."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def stored(node: exp.Expr | None) -> str | None:
    """The name that an identifier stands for: upper case unless quoted."""
    if node is None:
        return None
    if isinstance(node, exp.Identifier) and not node.quoted:
        return node.name.upper()
    return node.name or None


def resolve(table: exp.Table, database: str | None, schema: str | None) -> ObjectName | None:
    """The full name of ``table`` in a session, ``None`` where the session lacks a database or schema."""
    catalog = stored(table.args.get("catalog")) or database
    namespace = stored(table.args.get("db")) or schema
    name = stored(table.this) if isinstance(table.this, exp.Identifier) else None
    return ObjectName(catalog, namespace, name) if catalog and namespace and name else None
