"""Rows as Databricks' system tables return them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from airflow_provider_montecarlo_push.collectors.databricks.collector import DatabricksCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from benchmarks.wires import DAY, Size

FLOWS = ("metadata", "query_logs")
TYPES = ["bigint", "string", "decimal(12,2)", "timestamp", "boolean", "array<struct<sku:string,price:decimal(9,2)>>"]
SQL = "MERGE INTO analytics.marts.orders t USING (SELECT id, amount FROM raw.shop.orders WHERE day = '{}') s ON …; "
FACTS_OF_QUERIES = 28


class Wire:
    """A DB-API connection whose cursors make rows as they are fetched."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.statements = 0

    def collector(self, report: CollectionReport) -> DatabricksCollector:
        return DatabricksCollector("bench", report, connect=lambda: self)

    def cursor(self, arraysize: int, buffer_size_bytes: int) -> Cursor:
        return Cursor(self)

    def close(self) -> None:
        pass

    def answer(self, command: str) -> Iterator[tuple[Any, ...]]:
        self.statements += 1
        answers = {
            "WHERE 1 = 0": lambda: iter(()),
            "SHOW CATALOGS": self._catalogs,
            "information_schema.tables": self._tables,
            "information_schema.columns": self._columns,
            "table_metrics_history": self._sizes,
            "table_lineage": self._writes,
            "system.query.history": self._queries,
        }
        return next((make() for text, make in answers.items() if text in command), iter(()))

    def _catalogs(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.size.databases):
            yield (f"catalog_{number:03d}",)

    def _names(self) -> Iterator[tuple[int, str, str, str]]:
        for database in range(self.size.databases):
            for number in range(self.size.schemas * self.size.tables):
                schema = f"schema_{number // self.size.tables:04d}"
                yield number, f"catalog_{database:03d}", schema, f"table_{number:07d}"

    def _tables(self) -> Iterator[tuple[Any, ...]]:
        created = DAY - timedelta(days=90)
        for number, *name in self._names():
            comment = f"Table {number}, loaded by the nightly job" if number % 3 else None
            yield (*name, "MANAGED", "DELTA", created, created, comment)

    def _columns(self) -> Iterator[tuple[Any, ...]]:
        for _, *name in self._names():
            for number in range(self.size.columns):
                comment = "What it holds" if number % 5 == 0 else None
                yield (*name, f"column_{number:03d}", TYPES[number % len(TYPES)], comment)

    def _sizes(self) -> Iterator[tuple[Any, ...]]:
        for number, *name in self._names():
            yield (*name, number * 700)

    def _writes(self) -> Iterator[tuple[Any, ...]]:
        for number, *name in self._names():
            yield (*name, DAY + timedelta(seconds=number % 86_400))

    def _queries(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.size.queries):
            end = DAY + number * self.size.between_queries
            failed = number % 50 == 0
            yield (
                f"01f0b2c3-0000-0000-0000-{number:012d}",
                SQL.format(number) * 8,  # about 1 kB
                f"user_{number % 40}@example.com",
                end - timedelta(seconds=2),
                end,
                "FAILED" if failed else "FINISHED",
                "[TABLE_OR_VIEW_NOT_FOUND] The table or view cannot be found." if failed else None,
                number,
                *("MERGE", f"session-{number:012d}", "1234567890", "loader", "WAREHOUSE", "abc", None, "dbt", None),
                *(number for _ in range(FACTS_OF_QUERIES - 11)),
                *(False, None),
            )


class Cursor:
    """A cursor over generated rows."""

    description = [("column",)]

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, command: str, params: Sequence[Any] | None = None) -> None:
        self._rows = self._wire.answer(command)

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        return list(islice(self._rows, size))

    def close(self) -> None:
        self._rows = iter(())
