"""Tags of tables and views. Source: ``SNOWFLAKE.ACCOUNT_USAGE.TAG_REFERENCES``, which lags up to two hours."""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.grants import TAG_REFERENCES, view_grants
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import select
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

# A stage, a task and a table of one schema may share a name; tags of columns have no place in an event.
_DOMAINS = (
    "TABLE",
    "VIEW",
    "DYNAMIC TABLE",
    "EVENT TABLE",
    "EXTERNAL TABLE",
    "ICEBERG TABLE",
    "MATERIALIZED VIEW",
)


class Tags:
    """Reads the tags of one database after another, until that turns out not to be granted."""

    def __init__(self, session: Session, report: CollectionReport, tables: TableFilter) -> None:
        self._session = session
        self._report = report
        self._tables = tables
        self._denied = False

    def of(self, database: str) -> Follower | None:
        """Return rows of schema, table, tag and value, ordered; ``None`` without access, which is noted once."""
        if self._denied:
            return None
        in_scope, values = self._tables.condition(database, "OBJECT_SCHEMA", "OBJECT_NAME")
        sql = select(
            ["OBJECT_SCHEMA", "OBJECT_NAME", "TAG_NAME", "TAG_VALUE"],
            TAG_REFERENCES.full_name,
            ["OBJECT_DATABASE = %s", "OBJECT_DELETED IS NULL", f"UPPER(DOMAIN) IN {_DOMAINS!r}", in_scope],
            group_by=["OBJECT_SCHEMA", "OBJECT_NAME", "TAG_NAME", "TAG_VALUE"],
            order_by=["OBJECT_SCHEMA", "OBJECT_NAME", "TAG_NAME", "TAG_VALUE"],
        )
        try:
            rows = self._session.query(sql, [database, *values], doing=f"Reading {TAG_REFERENCES.full_name}")
        except AccessDeniedError as error:
            self._denied = True
            grants = " or ".join(view_grants(TAG_REFERENCES, self._session.role))
            self._report.note(f"No tags: {error} To collect them: {grants}")
            return None
        return Follower(rows, "tags")
