"""When the data of a table changed last, and when that cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.snowflake.grants import TABLE_DML_HISTORY, view_denied
from airflow_provider_montecarlo_push.collectors.snowflake.session import Row, Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import select
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

# CREATE TABLE … AS SELECT sets CREATED, LAST_DDL and LAST_ALTERED within moments of each other.
_CREATION = timedelta(minutes=1)


def last_altered(created: datetime | None, altered: datetime | None, ddl: datetime | None) -> datetime | None:
    """Return ``LAST_ALTERED``, or ``None`` where it is the time of an ALTER rather than of a change of data.

    :param created: ``CREATED``.
    :param altered: ``LAST_ALTERED``, which DML, DDL and maintenance move.
    :param ddl: ``LAST_DDL``; when equal to ``altered``, the last change was DDL.
    """
    if altered is None or (altered == ddl and created is not None and altered - created > _CREATION):
        return None
    return altered


def last_dml(created: datetime | None, altered: datetime | None, hour_end: datetime | None) -> datetime | None:
    """Return when the last DML happened, as closely as Snowflake tells.

    :param created: ``CREATED``; DML before it was on an earlier table of the same name.
    :param altered: ``LAST_ALTERED``, never before the last DML, so it narrows the hour.
    :param hour_end: end of the last hour with DML in ``TABLE_DML_HISTORY``.
    """
    if hour_end is None or (created is not None and hour_end < created):
        return None
    return min(hour_end, altered) if altered is not None else hour_end


def dml_hours(session: Session, database: str, tables: TableFilter) -> Iterator[Row]:
    """Return schema, table and end of the last hour with DML, ordered, for one database.

    :raises AccessDeniedError: when ``TABLE_DML_HISTORY`` is not granted.
    """
    in_scope, values = tables.condition(database, "SCHEMA_NAME", "TABLE_NAME")
    sql = select(
        ["SCHEMA_NAME", "TABLE_NAME", "MAX(END_TIME) AS LAST_HOUR"],
        TABLE_DML_HISTORY.full_name,
        ["DATABASE_NAME = %s", "ROWS_ADDED + ROWS_REMOVED + ROWS_UPDATED > 0", in_scope],
        group_by=["SCHEMA_NAME", "TABLE_NAME"],
        order_by=["SCHEMA_NAME", "TABLE_NAME"],
    )
    try:
        return session.query(sql, [database, *values], doing=f"Reading {TABLE_DML_HISTORY.full_name}")
    except AccessDeniedError as error:
        raise view_denied(TABLE_DML_HISTORY, session.role, error) from error
