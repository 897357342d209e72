"""Rows as Snowflake's INFORMATION_SCHEMA and ACCOUNT_USAGE return them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.collector import SnowflakeCollector
from benchmarks.wires import DAY, Size

FLOWS = ("metadata", "query_logs")
TYPES = [
    ("NUMBER", None, 38, 0, None),
    ("TEXT", 16_777_216, None, None, None),
    ("TEXT", 255, None, None, None),
    ("NUMBER", None, 12, 2, None),
    ("TIMESTAMP_NTZ", None, None, None, 9),
    ("BOOLEAN", None, None, None, None),
]
SQL = "MERGE INTO ANALYTICS.MARTS.ORDERS t USING (SELECT ID, AMOUNT FROM RAW.SHOP.ORDERS WHERE DAY = '{}') s ON …; "


class Wire:
    """A DB-API connection whose cursors make rows as they are fetched."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.statements = 0

    def collector(self, report: CollectionReport) -> SnowflakeCollector:
        return SnowflakeCollector("bench", report, connect=lambda: self)

    def cursor(self) -> Cursor:
        return Cursor(self)

    def close(self) -> None:
        pass

    def answer(self, command: str) -> Iterator[tuple[Any, ...]]:
        self.statements += 1
        answers = {
            "SHOW DATABASES": self._databases,
            "INFORMATION_SCHEMA.TABLES": self._tables,
            "INFORMATION_SCHEMA.COLUMNS": self._columns,
            "ACCOUNT_USAGE.QUERY_HISTORY": self._queries,
        }
        return next((make() for text, make in answers.items() if text in command), iter(()))

    def _databases(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.size.databases):
            yield f"DB_{number:03d}", ""

    def _names(self) -> Iterator[tuple[int, str, str]]:
        for number in range(self.size.schemas * self.size.tables):
            yield number, f"SCHEMA_{number // self.size.tables:04d}", f"TABLE_{number:07d}"

    def _tables(self) -> Iterator[tuple[Any, ...]]:
        for number, schema, name in self._names():
            changed = DAY + timedelta(seconds=number % 86_400)
            comment = f"Table {number}, loaded by the nightly job" if number % 3 else None
            created = DAY - timedelta(days=90)
            yield (schema, name, "BASE TABLE", number * 7, number * 700, created, changed, None, comment)

    def _columns(self) -> Iterator[tuple[Any, ...]]:
        for _, schema, name in self._names():
            for number in range(self.size.columns):
                facts = TYPES[number % len(TYPES)]
                yield (schema, name, f"COLUMN_{number:03d}", *facts, "What it holds" if number % 5 == 0 else None)

    def _queries(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.size.queries):
            end = DAY + number * self.size.between_queries
            failed = number % 50 == 0
            yield (
                f"01b2c3d4-0000-0000-0000-{number:012d}",
                SQL.format(number) * 8,  # about 1 kB
                f"USER_{number % 40}",
                end - timedelta(seconds=2),
                end,
                "FAIL" if failed else "SUCCESS",
                "002003" if failed else None,
                "SQL compilation error: object does not exist or not authorized." if failed else None,
                number,
                *("MERGE", "dbt", "LOADER", "LOAD_WH", "X-Small", "ANALYTICS", "MARTS"),
                *(17_000_000 + number, 2000, number * 10, 0, number, 0, 0, f"{number:032x}", f"{number:032x}"),
            )


class Cursor:
    """A cursor over generated rows."""

    description = [("name",), ("origin",)]

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, command: str, params: Sequence[Any] | None = None) -> None:
        self._rows = self._wire.answer(command)

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        return list(islice(self._rows, size))

    def close(self) -> None:
        self._rows = iter(())
