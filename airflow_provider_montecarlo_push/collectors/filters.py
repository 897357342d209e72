"""Include and exclude globs over ``database.schema.table``, pushed down to SQL as far as it can say them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_RENDERED_LIST = re.compile(r"\[\s*(['\"].*['\"])?\s*\]", re.DOTALL)
_ESCAPE = "^"
_EXACT_IN_SQL = re.compile(r"[\x20-\x5a\x5c-\x7e]*")  # ASCII without "[", which LIKE cannot say


@dataclass(frozen=True)
class TablePattern:
    """One glob: three parts, each matched without regard to case.

    :param text: ``ANALYTICS.*.*``, ``ANALYTICS.PUBLIC`` or ``ANALYTICS`` (what is missing is ``*``); a part that
        holds a dot is put in double quotes: ``RAW."v1.2".*``.
    :raises ConfigurationError: when it has more than three parts or is malformed.
    """

    text: str
    database: str
    schema: str
    table: str

    @classmethod
    def parse(cls, text: str) -> TablePattern:
        parts = list(_split(text))
        if len(parts) > 3:
            raise ConfigurationError(
                f"The pattern {text!r} has {len(parts)} parts; write database.schema.table, and put a name that "
                'holds a dot in double quotes, such as RAW."v1.2".*'
            )
        database, schema, table = (*parts, "*", "*")[:3]
        return cls(text, database, schema, table)

    def matches(self, database: str, schema: str, table: str) -> bool:
        """Tell whether a table is meant."""
        return _like(database, self.database) and _like(schema, self.schema) and _like(table, self.table)


class TableFilter:
    """Which tables are in scope: those that match any of ``include`` and none of ``exclude``.

    :param include: patterns (see :class:`TablePattern`), one string or several; none means all.
    :param exclude: likewise; none means none.
    :raises ConfigurationError: when a pattern is malformed.
    """

    def __init__(self, include: str | Iterable[str] | None = None, exclude: str | Iterable[str] | None = None) -> None:
        self.include = _patterns(include) or (TablePattern.parse("*"),)
        self.exclude = _patterns(exclude)

    def matches(self, database: str, schema: str, table: str) -> bool:
        """Tell whether a table is in scope."""
        name = (database, schema, table)
        return any(p.matches(*name) for p in self.include) and not any(p.matches(*name) for p in self.exclude)

    def matches_database(self, database: str) -> bool:
        """Tell whether a database can hold tables in scope."""
        return any(_like(database, p.database) for p in self.include) and not any(
            _like(database, p.database) and p.schema == p.table == "*" for p in self.exclude
        )

    def condition(self, database: str, schema_column: str, table_column: str) -> tuple[str, list[str]]:
        """Return the filter within one database as a SQL condition, with its parameters.

        The condition lets through everything in scope, and possibly more (SQL's ``LIKE`` has no character
        classes): the rows still have to pass :meth:`matches`.

        :param database: the database that the query reads.
        :param schema_column: the column that holds the schema, ready for SQL; likewise ``table_column``.
        :return: SQL with ``%s`` placeholders, never empty, and the values to bind.
        """
        values: list[str] = []

        def one(pattern: TablePattern) -> str:
            terms = []
            for column, glob in ((schema_column, pattern.schema), (table_column, pattern.table)):
                if glob != "*":
                    terms.append(f"LOWER({column}) LIKE %s ESCAPE '{_ESCAPE}'")
                    values.append(_to_like(glob))
            return " AND ".join(terms) or "1 = 1"

        here = [one(p) for p in self.include if _like(database, p.database)]
        condition = "(" + " OR ".join(f"({term})" for term in here) + ")" if here else "(1 = 0)"
        for pattern in self.exclude:
            exact = _EXACT_IN_SQL.fullmatch(pattern.schema + pattern.table)
            if exact and _like(database, pattern.database):
                condition += f" AND NOT ({one(pattern)})"
        return condition, values

    def describe(self) -> dict[str, list[str]]:
        """Return the patterns as they are kept in a manifest."""
        return {"include": [p.text for p in self.include], "exclude": [p.text for p in self.exclude]}


def _patterns(patterns: str | Iterable[str] | None) -> tuple[TablePattern, ...]:
    if patterns is None:
        return ()
    if isinstance(patterns, str):
        if _RENDERED_LIST.fullmatch(patterns.strip()):
            raise ConfigurationError(
                f"The pattern {patterns!r} is a list that a template turned into text. Set "
                "render_template_as_native_obj=True on the DAG."
            )
        patterns = [patterns]
    return tuple(TablePattern.parse(pattern) for pattern in patterns)


def _split(text: str) -> Iterator[str]:
    position = 0
    while True:
        part = _PART.match(text, position)
        if part is None:
            raise ConfigurationError(
                f"The pattern {text!r} is malformed at character {position + 1}; write database.schema.table, "
                "such as ANALYTICS.*.ORDERS_*"
            )
        quoted, plain = part.groups()
        yield quoted.replace('""', '"') if quoted is not None else plain.strip()
        position = part.end()
        if position == len(text):
            return
        if text[position] != ".":
            raise ConfigurationError(f"The pattern {text!r} lacks a dot at character {position + 1}.")
        position += 1


def _like(name: str, glob: str) -> bool:
    return glob == "*" or fnmatch.fnmatchcase(name.lower(), glob.lower())


def _to_like(glob: str) -> str:
    """Translate a glob to a lower-case ``LIKE`` pattern that matches at least as much.

    Databases disagree with Python on the case of letters outside ASCII, so those match any character.
    """
    text = []
    for character in _without_classes(glob):
        if character == "*":
            text.append("%")
        elif character == "?" or not character.isascii():
            text.append("_")
        else:
            text.append(_ESCAPE + character if character in ("%", "_", _ESCAPE) else character.lower())
    return "".join(text)


def _without_classes(glob: str) -> Sequence[str]:
    return re.sub(r"\[[^\]]+\]", "?", glob)
