"""Which catalogs are in scope, how they are read, and what to do about one that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.databricks.grants import (
    INFORMATION_SCHEMA,
    catalog_grants,
    table_grants,
)
from airflow_provider_montecarlo_push.collectors.databricks.names import SYSTEM_CATALOGS, identifier
from airflow_provider_montecarlo_push.collectors.databricks.session import Row, Session
from airflow_provider_montecarlo_push.collectors.databricks.system_tables import select
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

# A statement takes at most 255 values:
# https://github.com/databricks/databricks-sql-python/blob/main/docs/parameters.md
_MOST_CATALOGS = 100
_MOST_VALUES = 240
_WILDCARDS = frozenset("*?[")
_ALL = "1 = 1"


@dataclass(frozen=True)
class Scope:
    """Catalogs that are read with one statement.

    :param catalogs: their names, ordered.
    :param tables: pushed down; the rows still have to pass ``tables.matches``.
    :param is_single: read the catalog's own ``information_schema`` instead of that of ``system``.
    """

    catalogs: tuple[str, ...]
    tables: TableFilter
    is_single: bool = False

    @property
    def information_schema(self) -> str:
        """Where the tables of these catalogs are listed, ready for SQL."""
        return f"{identifier(self.catalogs[0]) if self.is_single else 'system'}.information_schema"

    def condition(self, catalog: str, schema: str, table: str, *, room: int = 10) -> tuple[str, list[str]]:
        """Return a SQL condition that lets through everything in scope, and possibly more, with its values.

        :param catalog: the column that holds the catalog, ready for SQL; likewise ``schema`` and ``table``.
        :param room: how many other values the statement takes.
        """
        alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for name in self.catalogs:
            text, values = self.tables.condition(name, schema, table)
            alike.setdefault((text, tuple(values)), []).append(name)
        terms, bound = [], []
        for (text, patterns), names in alike.items():
            terms.append(f"({catalog} IN ({', '.join('?' * len(names))}) AND {text.replace('%s', '?')})")
            bound += [*names, *patterns]
        if len(bound) + room > _MOST_VALUES:
            return f"{catalog} IN ({', '.join('?' * len(self.catalogs))})", list(self.catalogs)
        return f"({' OR '.join(terms)})", bound


def scopes(session: Session, tables: TableFilter, report: CollectionReport) -> list[Scope]:
    """Return the catalogs that can hold tables in scope, in groups that one statement can read, in order of name.

    Databricks' own catalogs never count.

    :raises AccessDeniedError: when an include pattern names a catalog that is not visible.
    """
    found = catalogs_in_scope(session, tables, report)
    return [
        Scope(tuple(found[first : first + _MOST_CATALOGS]), tables) for first in range(0, len(found), _MOST_CATALOGS)
    ]


def catalogs_in_scope(session: Session, tables: TableFilter, report: CollectionReport) -> list[str]:
    """Return the names of the catalogs that are visible and that ``tables`` can match; see :func:`scopes`."""
    visible = {str(row[0]) for row in session.query("SHOW CATALOGS", doing="Listing catalogs")}
    in_scope = {name for name in visible if tables.matches_database(name)}
    skipped = in_scope & SYSTEM_CATALOGS
    if skipped:
        report.count("system_catalogs_skipped", len(skipped))
    lower = {name.lower() for name in visible | SYSTEM_CATALOGS}
    for pattern in tables.include:
        if is_named(pattern.database, tables) and pattern.database.lower() not in lower:
            raise AccessDeniedError(
                f"Catalog {pattern.database!r}, which include names, does not exist or {session.user!r} may not use "
                f"it (pattern {pattern.text!r}).",
                grants=catalog_grants(pattern.database, session.user),
            )
    return sorted(in_scope - SYSTEM_CATALOGS)


def is_named(catalog: str, tables: TableFilter) -> bool:
    """Tell whether an include pattern names ``catalog`` without wildcards: then it has to be readable."""
    return tables.matches_database(catalog) and any(
        pattern.database.lower() == catalog.lower() and not _WILDCARDS.intersection(pattern.database)
        for pattern in tables.include
    )


def readable_scopes(session: Session, found: Sequence[Scope], report: CollectionReport) -> Iterator[Scope]:
    """Yield ``found``, or each catalog by itself where ``system.information_schema`` is not granted.

    Catalogs that cannot be read are noted: the collection is not complete then.

    :raises AccessDeniedError: when a catalog cannot be read that include names.
    """
    if not found or (denied := _problem(session, INFORMATION_SCHEMA.full_name)) is None:
        yield from found
        return
    report.note(
        f"{denied} Each catalog's own information_schema is read instead. To read all with one statement: "
        + " ".join(table_grants(INFORMATION_SCHEMA, session.user))
    )
    for scope in found:
        for name in scope.catalogs:
            single = Scope((name,), scope.tables, is_single=True)
            problem = _problem(session, f"{single.information_schema}.tables")
            if problem is None:
                yield single
                continue
            grants = catalog_grants(name, session.user)
            if is_named(name, scope.tables):
                raise AccessDeniedError(str(problem), grants=grants) from problem
            report.incomplete(f"Catalog {name} was left out: {problem} To include it: {' '.join(grants)}")


def _problem(session: Session, name: str) -> AccessDeniedError | None:
    try:
        list(probe(session, name))
    except AccessDeniedError as error:
        return error
    return None


def probe(session: Session, name: str) -> Iterator[Row]:
    """Ask for no row of ``name``, a table as it is written in SQL.

    :raises AccessDeniedError: when it is missing or not granted.
    """
    return session.query(select(["1"], name, ["1 = 0"]), doing=f"Reading {name}")
