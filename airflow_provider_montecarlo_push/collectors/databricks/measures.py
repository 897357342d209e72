"""Size and last write of all tables at once, from system tables.

``last_altered`` of information_schema moves when the definition of a table is altered, not when rows are written
(https://docs.databricks.com/aws/en/sql/language-manual/information-schema/tables), so writes come from lineage, which
records those without a source too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from airflow_provider_montecarlo_push.collectors.databricks.catalogs import Scope
from airflow_provider_montecarlo_push.collectors.databricks.grants import TABLE_LINEAGE, TABLE_METRICS, SystemTable
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.session import Row, Session
from airflow_provider_montecarlo_push.collectors.databricks.system_tables import read_table, select
from airflow_provider_montecarlo_push.collectors.merging import Follower
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

# A table that was not written for so long has no known last write, rather than each run reading a year of lineage.
_WRITES_OF = timedelta(days=30)
# There is a snapshot a day, of the day before.
_SIZES_OF = timedelta(days=7)
_KEY = 3


class Measures:
    """Reads sizes and writes, until one of them turns out not to be granted."""

    def __init__(self, session: Session, report: CollectionReport, options: Options) -> None:
        self._session = session
        self._report = report
        self._denied: set[SystemTable] = set()
        self._now = datetime.now(UTC)
        self._writes_wanted = options.freshness == "auto"

    def sizes(self, scope: Scope) -> Follower | None:
        """Return rows of catalog, schema, name and bytes, ordered; ``None`` without access, which is noted once."""
        name = ("catalog_name", "schema_name", "table_name")
        in_scope, values = scope.condition(*name)
        sql = select(
            [*name, "MAX_BY(active_bytes, snapshot_date)"],
            TABLE_METRICS.full_name,
            ["snapshot_date >= ?", "active_bytes IS NOT NULL", "table_dropped_time IS NULL", in_scope],
            group_by=name,
            order_by=name,
        )
        return self._read(TABLE_METRICS, sql, [(self._now - _SIZES_OF).date(), *values], "No sizes of tables")

    def writes(self, scope: Scope) -> Follower | None:
        """Return rows of catalog, schema, name and time of the last write, ordered; ``None`` when not to be used."""
        if not self._writes_wanted:
            return None
        name = ("target_table_catalog", "target_table_schema", "target_table_name")
        in_scope, values = scope.condition(*name)
        since = self._now - _WRITES_OF
        sql = select(
            [*name, "MAX(event_time)"],
            TABLE_LINEAGE.full_name,
            ["event_date >= ?", "event_time >= ?", "target_type <> 'VIEW'", in_scope],
            group_by=name,
            order_by=name,
        )
        return self._read(
            TABLE_LINEAGE, sql, [since.date(), since, *values], "Freshness is when a table's definition was altered"
        )

    def _read(self, table: SystemTable, sql: str, values: Sequence[object], consequence: str) -> Follower | None:
        if table in self._denied:
            return None
        try:
            rows: Iterator[Row] = read_table(self._session, table, sql, values)
        except AccessDeniedError as error:
            self._denied.add(table)
            self._report.note(f"{consequence}: {error}")
            return None
        return Follower(rows, table.full_name, _KEY)
