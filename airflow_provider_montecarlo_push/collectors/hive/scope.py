"""Which databases and tables are in scope, in the words of Hive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from airflow_provider_montecarlo_push.collectors.filters import TableFilter, TablePattern
from airflow_provider_montecarlo_push.collectors.hive.tables import Catalog
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, ConfigurationError

# Views of the metastore's own database, which Hive 3 and newer can show.
SYSTEM_DATABASES = frozenset({"information_schema", "sys"})

_WILDCARDS = frozenset("*?[")
_PUSHED_DOWN = re.compile(r"[a-z0-9_*]+")
_MOST_PATTERNS = 20


def databases_in_scope(catalog: Catalog, tables: TableFilter, report: CollectionReport) -> list[str]:
    """Return the databases that ``tables`` can match, by name.

    :raises ConfigurationError: when a pattern has a table in the place of the schema.
    :raises AccessDeniedError: when an include pattern names a database that is not there.
    """
    for pattern in tables.include:
        _check(pattern)
    found = catalog.databases()
    for name in SYSTEM_DATABASES.intersection(map(str.lower, found)):
        report.count("system_databases_skipped")
        found = [database for database in found if database.lower() != name]
    known = {database.lower() for database in found}
    for pattern in tables.include:
        if is_named(pattern) and tables.matches_database(pattern.database) and pattern.database.lower() not in known:
            raise AccessDeniedError(
                f"Database {pattern.database!r}, which include names, does not exist, or the user of the connection "
                f"may not see it (pattern {pattern.text!r})."
            )
    return sorted(
        database
        for database in found
        if tables.matches_database(database) and any(tables_of(pattern, database) for pattern in tables.include)
    )


def is_named(pattern: TablePattern) -> bool:
    """Tell whether a pattern names a database without wildcards."""
    return not _WILDCARDS.intersection(pattern.database)


def wanted_names(tables: TableFilter, database: str, names: Sequence[str], report: CollectionReport) -> list[str]:
    """Return those of ``names`` that are in scope, sorted; the others are counted."""
    wanted = sorted(name for name in names if tables.matches(database, database, name))
    if len(wanted) < len(names):
        report.leave_out("filtered", database, len(names) - len(wanted))
    return wanted


def hive_pattern(tables: TableFilter, database: str) -> str:
    """Return a pattern of Hive that lets through all tables of ``database`` in scope, and possibly more."""
    here = {pattern.table.lower() for pattern in tables.include if tables_of(pattern, database)}
    if len(here) > _MOST_PATTERNS or not all(_PUSHED_DOWN.fullmatch(glob) for glob in here):
        return "*"
    return "|".join(sorted(here))


def tables_of(pattern: TablePattern, database: str) -> bool:
    """Tell whether a pattern can match tables of ``database``."""
    return replace(pattern, table="*").matches(database, database, "")


def _check(pattern: TablePattern) -> None:
    schema = pattern.schema
    if is_named(pattern) and not _WILDCARDS.intersection(schema) and schema.lower() != pattern.database.lower():
        table = schema if pattern.table == "*" else pattern.table
        raise ConfigurationError(
            f"The pattern {pattern.text!r} matches nothing: in Hive the name of the database is that of the schema as "
            f"well. Write {pattern.database}.*.{table}"
        )
