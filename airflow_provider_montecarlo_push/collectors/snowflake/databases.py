"""Which databases are in scope, and what to do about one that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.grants import database_grants
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

SYSTEM_DATABASES = frozenset({"SNOWFLAKE", "SNOWFLAKE_SAMPLE_DATA"})

_WILDCARDS = frozenset("*?[")
_FIT_FOR_LIKE = re.compile(r"[A-Za-z0-9_$ .-]+")
_LIST_ALL_FROM = 10  # with more names than this one list is cheaper than a statement for each
_LONGEST_LIST = 10_000  # what SHOW returns at most
_LISTING = "Listing databases"


@dataclass(frozen=True)
class Database:
    """A database in scope.

    :param is_named: whether an include pattern names it without wildcards: then it has to be readable.
    :param is_share: whether it was imported from a share.
    """

    name: str
    is_named: bool = False
    is_share: bool = False


def databases_in_scope(session: Session, tables: TableFilter, report: CollectionReport) -> list[Database]:
    """Return the databases that the role sees and ``tables`` can match, by name.

    SNOWFLAKE and SNOWFLAKE_SAMPLE_DATA never count. Where the include patterns name databases without wildcards,
    only those are asked for.

    :raises AccessDeniedError: when an include pattern names a database that the role does not see.
    """
    named = {
        pattern.database.lower()
        for pattern in tables.include
        if not _WILDCARDS.intersection(pattern.database) and tables.matches_database(pattern.database)
    }
    found = {
        row["name"]: Database(row["name"], row["name"].lower() in named, bool(row.get("origin")))
        for row in _show(session, tables, named, report)
        if tables.matches_database(row["name"])
    }
    for system in SYSTEM_DATABASES.intersection(found):
        report.count("system_databases_skipped")
        del found[system]
    visible = {name.lower() for name in (*found, *SYSTEM_DATABASES)}
    for pattern in tables.include:
        if pattern.database.lower() in named - visible:
            raise AccessDeniedError(
                f"Database {pattern.database!r}, which include names, does not exist or role {session.role!r} may not "
                f"use it (pattern {pattern.text!r}).",
                grants=database_grants(pattern.database, session.role),
            )
    return [found[name] for name in sorted(found)]


def cannot_read(database: Database, error: AccessDeniedError, session: Session, report: CollectionReport) -> None:
    """Note that ``database`` is seen but not readable.

    :raises AccessDeniedError: when it was asked for by name.
    """
    grants = database_grants(database.name, session.role, is_share=database.is_share)
    if database.is_named:
        raise AccessDeniedError(str(error), grants=grants) from error
    if database.is_share:
        report.leave_out("share_not_granted", f"{database.name}: {error}")
        return
    report.incomplete(f"Database {database.name} was left out: {error} To include it: {' '.join(grants)}")


def _show(session: Session, tables: TableFilter, named: set[str], report: CollectionReport) -> Iterator[dict[str, str]]:
    only_names = all(pattern.database.lower() in named for pattern in tables.include)
    if only_names and len(named) <= _LIST_ALL_FROM and all(_FIT_FOR_LIKE.fullmatch(name) for name in named):
        for name in sorted(named):
            yield from session.records("SHOW DATABASES LIKE %s", [name], doing=f"Looking for database {name!r}")
        return
    listed = 0
    for row in session.records("SHOW DATABASES", doing=_LISTING):
        listed += 1
        yield row
    if listed >= _LONGEST_LIST:
        report.incomplete(
            f"Snowflake lists at most {_LONGEST_LIST:,} databases; there may be more. Name databases in include."
        )
