"""Rows as BigQuery's INFORMATION_SCHEMA returns them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from airflow_provider_montecarlo_push.collectors.bigquery.collector import BigQueryCollector
from airflow_provider_montecarlo_push.collectors.bigquery.session import Row, Value
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from benchmarks.wires import DAY, Size

FLOWS = ("metadata", "query_logs")
TYPES = ("INT64", "STRING", "NUMERIC(12, 2)", "TIMESTAMP", "BOOL", "ARRAY<STRUCT<key STRING, value STRING>>")
SQL = "MERGE INTO analytics.marts.orders t USING (SELECT id, amount FROM raw.shop.orders WHERE day = '{}') s ON …; "


class Wire:
    """A client that makes rows as they are read."""

    project = "bench-000"
    location = "us"
    member = None

    def __init__(self, size: Size) -> None:
        self.size = size
        self.statements = 0

    def collector(self, report: CollectionReport) -> BigQueryCollector:
        projects = [f"bench-{number:03d}" for number in range(self.size.databases)]
        return BigQueryCollector("bench", report, projects=projects, connect=lambda: self)

    def rows(self, sql: str, values: Sequence[Value], location: str | None, page_rows: int) -> Iterator[Row]:
        self.statements += 1
        answers = {
            "INFORMATION_SCHEMA.COLUMN_FIELD_PATHS": self._fields,
            "INFORMATION_SCHEMA.TABLE_OPTIONS": self._options,
            "INFORMATION_SCHEMA.TABLE_STORAGE": self._storage,
            "INFORMATION_SCHEMA.VIEWS": lambda: iter(()),
            "INFORMATION_SCHEMA.TABLES": self._tables,
            "INFORMATION_SCHEMA.JOBS": self._jobs,
        }
        return next(make() for text, make in answers.items() if text in sql)

    def locations(self, project: str) -> Iterator[str]:
        yield "US"

    def close(self) -> None:
        pass

    def _names(self) -> Iterator[tuple[int, str, str]]:
        for number in range(self.size.schemas * self.size.tables):
            yield number, f"dataset_{number // self.size.tables:04d}", f"table_{number:07d}"

    def _tables(self) -> Iterator[Row]:
        for _, dataset, name in self._names():
            yield dataset, name, "BASE TABLE", 1, DAY - timedelta(days=90)

    def _storage(self) -> Iterator[Row]:
        for number, dataset, name in self._names():
            yield dataset, name, number * 7, number * 700, DAY + timedelta(seconds=number % 86_400)

    def _options(self) -> Iterator[Row]:
        for number, dataset, name in self._names():
            yield dataset, name, "description", f'"Table {number}, loaded by the nightly job"'
            yield dataset, name, "labels", '[STRUCT("team", "sales")]'

    def _fields(self) -> Iterator[Row]:
        for _, dataset, name in self._names():
            for number in range(self.size.columns):
                comment = "What it holds" if number % 5 == 0 else None
                yield dataset, name, f"column_{number:03d}", TYPES[number % len(TYPES)], comment, False, None, False

    def _jobs(self) -> Iterator[Row]:
        for number in range(self.size.queries):
            end = DAY + number * self.size.between_queries
            error: tuple[Any, ...] = ("invalidQuery", "Not found: Table") if number % 50 == 0 else (None, None)
            yield (
                f"bquxjob_{number:012d}",
                SQL.format(number) * 8,  # about 1 kB
                f"user_{number % 40}@example.com",
                end - timedelta(seconds=2),
                end,
                *error,
                *("MERGE", "MERGE", None, self.project, "INTERACTIVE", None, False),
                *(number, number, 2000, None, f"{number:032x}", number, 0, 0),
                {"project_id": self.project, "dataset_id": "marts", "table_id": "orders"},
                [{"key": "team", "value": "sales"}],
            )
