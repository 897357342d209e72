"""Which information_schema a database has: found out by asking it, never by its name.

Source: ISO/IEC 9075-11. What is beyond it (``TABLE_ROWS``, ``COLUMN_TYPE``, comments) is used where it exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.dbapi.session import Session
from airflow_provider_montecarlo_push.collectors.dbapi.statements import Statement
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    SourceError,
    TransientError,
)

KEY = ("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME")

_VIEWS = ("tables", "columns", "views")
_REQUIRED = {
    "tables": KEY,
    "columns": (*KEY, "COLUMN_NAME", "DATA_TYPE", "ORDINAL_POSITION"),
    "views": (*KEY, "VIEW_DEFINITION"),
}
_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_QUOTES = (('"', '"'), ("`", "`"), ("[", "]"))
# By bytes or code points, as Python compares: PostgreSQL and DuckDB, SQL Server, MySQL, and those that do so anyway.
# SQL Server takes the third as well, but cuts it at 30 bytes: keep the order.
_ORDERS = ('{column} COLLATE "C"', "{column} COLLATE Latin1_General_100_BIN2", "CAST({column} AS BINARY)", "{column}")


@dataclass(frozen=True)
class CatalogView:
    """One of the views.

    :param name: as it is written in SQL.
    :param columns: its columns, by their names in upper case.
    """

    name: str
    columns: Mapping[str, str]

    def has(self, column: str) -> bool:
        """Tell whether it has a column."""
        return column in self.columns

    def select(self, columns: Sequence[str]) -> list[str]:
        """Return columns for a SELECT, NULL for those that it does not have."""
        return [self.columns.get(column, "NULL") for column in columns]


@dataclass(frozen=True)
class InformationSchema:
    """An information_schema.

    :param views: ``None`` where it does not exist or may not be read.
    :param order: how to sort by a column as Python does.
    :param problem: why there are no views.
    """

    tables: CatalogView
    columns: CatalogView
    views: CatalogView | None
    order: str
    problem: str = ""

    @property
    def has_volume(self) -> bool:
        """Whether it tells the size of tables."""
        return self.tables.has("TABLE_ROWS") or self.tables.has("DATA_LENGTH")

    @property
    def is_mysql(self) -> bool:
        """Whether it is that of MySQL or MariaDB, in which the only catalog is called ``def``."""
        return self.tables.has("ENGINE") and self.columns.has("COLUMN_TYPE")

    def order_by(self, view: CatalogView, *further: str) -> str:
        """Return the columns to sort by: the names of the table, and ``further`` as they are."""
        keys = [self.order.format(column=view.columns[column]) for column in KEY]
        return ", ".join([*keys, *(view.columns[column] for column in further)])


def find(session: Session, name: str) -> InformationSchema:
    """Return the information_schema of a database.

    :param name: what it is called, with a catalog in front where needed; parts may be in double quotes.
    :raises AccessDeniedError: when its tables or columns may not be read, or do not exist.
    :raises ConfigurationError: when ``name`` is malformed.
    :raises SourceError: when the login is refused.
    :raises SourceUnavailableError: when the database does not answer.
    """
    session.connect()
    tables, sibling = _first_that_works(session, name)
    columns = _view(session, sibling["columns"], "columns")
    views: CatalogView | None = None
    problem = ""
    try:
        views = _view(session, sibling["views"], "views")
    except SourceError as error:
        problem = str(error)
    return InformationSchema(tables, columns, views, _order(session, tables), problem)


def candidates(name: str) -> Iterator[dict[str, str]]:
    """Yield the ways in which the three views can be written, by what they are; lower case first.

    :raises ConfigurationError: when ``name`` is malformed.
    """
    parts = list(_parts(name))
    cases = (str.upper, str.lower) if parts[-1][0].isupper() else (str.lower, str.upper)
    needs_quotes = any(quoted or not _PLAIN.fullmatch(part) for part, quoted in parts)
    for case in cases:
        for start, end in _QUOTES if needs_quotes else _QUOTES[:1]:
            prefix = ".".join(
                part if _PLAIN.fullmatch(part) and not quoted else f"{start}{part.replace(end, end * 2)}{end}"
                for part, quoted in parts
            )
            yield {view: f"{prefix}.{case(view)}" for view in _VIEWS}


def _parts(name: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a qualified name, and whether they were in quotes."""
    position = 0
    while True:
        part = _PART.match(name, position)
        if part is None or (part.end() < len(name) and name[part.end()] != "."):
            raise ConfigurationError(
                f"information_schema in collector_kwargs is {name!r}; give a name such as catalog.information_schema, "
                "with parts that hold dots in double quotes."
            )
        quoted, plain = part.groups()
        yield (quoted.replace('""', '"'), True) if quoted is not None else (plain.strip(), False)
        if part.end() == len(name):
            return
        position = part.end() + 1


def _first_that_works(session: Session, name: str) -> tuple[CatalogView, dict[str, str]]:
    first: SourceError | None = None
    for candidate in candidates(name):
        try:
            return _view(session, candidate["tables"], "tables"), candidate
        except AccessDeniedError:
            raise
        except SourceError as error:
            first = first or error
    raise AccessDeniedError(
        f"{first} If the database has an information_schema under another name, give it: "
        "collector_kwargs={'information_schema': 'catalog.information_schema'}. If it has none, use the "
        "SqlCatalogCollector with SQL over its own catalog."
    ) from first


def _view(session: Session, name: str, kind: str) -> CatalogView:
    sql = f"SELECT * FROM {name} WHERE 1 = 0"  # noqa: S608 - names were quoted above
    try:
        names = session.ask(Statement.of(sql), doing=f"Reading {name}").names
    except AccessDeniedError as error:
        raise AccessDeniedError(str(error), grants=grants(name, session.user)) from error
    columns = {column.upper(): column for column in names}
    missing = [column for column in _REQUIRED[kind] if column not in columns]
    if missing:
        raise SourceError(f"{name} has no column {', '.join(missing)}; it is not the one of the SQL standard.")
    return CatalogView(name, columns)


def grants(view: str, user: str) -> tuple[str, ...]:
    """Return the statements that let a user read a view of the information_schema."""
    schema, grantee = view.rpartition(".")[0], f'"{user}"' if user else "<user>"
    return (f"GRANT USAGE ON SCHEMA {schema} TO {grantee};", f"GRANT SELECT ON {view} TO {grantee};")


def _order(session: Session, tables: CatalogView) -> str:
    name = tables.columns["TABLE_NAME"]
    for order in _ORDERS[:-1]:
        key = order.format(column=name)
        sql = f"SELECT {name} FROM {tables.name} WHERE 1 = 0 ORDER BY {key}"  # noqa: S608 - names of the view itself
        try:
            session.ask(Statement.of(sql), doing="Sorting")
        except TransientError:
            raise
        except SourceError:
            continue
        return order
    return _ORDERS[-1]
