"""The filter of tables as a condition of BigQuery's SQL, whose LIKE cannot escape with a character of choice."""

from __future__ import annotations

import re

from airflow_provider_montecarlo_push.collectors.filters import TableFilter, TablePattern

_CLASS = re.compile(r"\[[^\]]+\]")


def condition(tables: TableFilter, project: str, schema: str, name: str) -> tuple[str, list[str]]:
    """Return SQL that lets through everything in scope, and possibly more: rows still have to pass ``matches``.

    :param project: that is read.
    :param schema: SQL of the dataset; likewise ``name``.
    :return: SQL with ``?`` placeholders, never empty, and the values to bind.
    """
    values: list[str] = []

    def one(pattern: TablePattern) -> str:
        terms = []
        for column, glob in ((schema, pattern.schema), (name, pattern.table)):
            if glob != "*":
                terms.append(f"REGEXP_CONTAINS(LOWER({column}), ?)")
                values.append(_regular_expression(glob))
        return " AND ".join(terms) or "TRUE"

    def here(patterns: tuple[TablePattern, ...]) -> list[TablePattern]:
        return [p for p in patterns if TablePattern(p.text, p.database, "*", "*").matches(project, "", "")]

    included = " OR ".join(f"({one(pattern)})" for pattern in here(tables.include))
    sql = f"({included or 'FALSE'})"
    for pattern in here(tables.exclude):
        if _is_exact(pattern.schema + pattern.table):
            sql += f" AND NOT ({one(pattern)})"
    return sql, values


def _is_exact(glob: str) -> bool:
    return glob.isascii() and "[" not in glob


def _regular_expression(glob: str) -> str:
    """Return an expression that matches at least as much as a glob does, in lower case."""
    text = []
    for character in _CLASS.sub("?", glob):
        if character == "*":
            text.append(".*")
        elif character == "?" or not character.isascii():
            text.append(".")
        else:
            text.append(re.escape(character.lower()))
    return f"(?s)^{''.join(text)}$"
