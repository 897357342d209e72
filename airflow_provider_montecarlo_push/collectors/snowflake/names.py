"""Snowflake identifiers: quoting them for SQL, and reading the qualified names that system views hold."""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.events.names import TableName

_PART = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')


def identifier(name: str) -> str:
    """Return ``name`` as a quoted identifier, for statements that people read and run."""
    return '"' + name.replace('"', '""') + '"'


def bound_identifier(name: str) -> str:
    """Return ``name`` as a quoted identifier for a statement with bound values, in which ``%`` has a meaning."""
    return identifier(name).replace("%", "%%")


def parse_name(text: str) -> TableName | None:
    """Return the three parts of a qualified name such as ``DB.SCHEMA."odd.name"``.

    Parts outside quotes are taken as they stand: system views write names in their stored case.

    :return: ``None`` when the text does not have exactly three parts.
    """
    parts: list[str] = []
    position = 0
    while match := _PART.match(text, position):
        quoted, plain = match.groups()
        parts.append(plain if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if position == len(text):
            return TableName(*parts) if len(parts) == 3 and all(parts) else None
        if text[position] != ".":
            return None
        position += 1
    return None
