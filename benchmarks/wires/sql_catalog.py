"""A catalog in tables, whose rows are made as they are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.sql_catalog.collector import SqlCatalogCollector
from benchmarks.wires import DAY, dbapi

FLOWS = ("metadata", "query_logs")
TABLES = ("database", "schema", "name", "row_count", "last_update_time", "description", "column_name", "column_type")
QUERIES = ("query_id", "start_time", "end_time", "query_text", "user", "returned_rows", "error_text", "extra_job")
SQL = "MERGE INTO marts.orders t USING (SELECT id, amount FROM raw.orders WHERE day = '{}') s ON t.id = s.id …; "


class Wire(dbapi.Wire):
    """The same tables in a catalog of a user's own, and a log of queries."""

    def collector(self, report: CollectionReport) -> Collector:
        return SqlCatalogCollector(
            "bench",
            report,
            metadata_sql="SELECT * FROM tables",
            query_logs_sql="SELECT * FROM queries WHERE ended >= :window_start AND ended < :window_end",
            connect=lambda: dbapi.Connection(self.answer),
        )

    def answer(self, sql: str) -> dbapi.Answer:
        self.statements += 1
        return (QUERIES, self.queries) if "FROM queries" in sql else (TABLES, self.catalog)

    def catalog(self) -> Iterator[dbapi.Row]:
        for number, name in enumerate(self.names()):
            changed = DAY + timedelta(seconds=number % 86_400)
            comment = f"Table {number}, loaded by the nightly job" if number % 3 else None
            for column in range(self.size.columns):
                kind = dbapi.TYPES[column % len(dbapi.TYPES)][0]
                yield (*name, number * 7, changed, comment, f"column_{column:03d}", kind)

    def queries(self) -> Iterator[dbapi.Row]:
        for number in range(self.size.queries):
            end = DAY + number * self.size.between_queries
            error = "Column not found: day" if number % 50 == 0 else None
            text = SQL.format(number) * 9  # about 1 kB
            yield (number, end - timedelta(seconds=2), end, text, f"user_{number % 40}", number, error, "nightly")
