"""A database with an information_schema, whose rows are made as they are fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import Any

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.dbapi.collector import DbApiCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from benchmarks.wires import Size

FLOWS = ("metadata",)
KEY = ("table_catalog", "table_schema", "table_name")
TABLE = (*KEY, "table_type", "table_rows", "data_length", "table_comment")
COLUMN = (
    *(*KEY, "column_name", "column_type", "data_type", "udt_name", "character_maximum_length", "numeric_precision"),
    *("numeric_scale", "datetime_precision", "column_comment", "ordinal_position"),
)
VIEW = (*KEY, "view_definition")
TYPES = [
    ("bigint", None, 64, 0, None),
    ("character varying", 255, None, None, None),
    ("text", None, None, None, None),
    ("numeric", None, 12, 2, None),
    ("timestamp with time zone", None, None, None, 6),
    ("boolean", None, None, None, None),
]

Row = tuple[Any, ...]
Answer = tuple[Sequence[str], Callable[[], Iterator[Row]]]


class Wire:
    """An information_schema of every database, with the size of tables."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.statements = 0

    def collector(self, report: CollectionReport) -> Collector:
        return DbApiCollector("bench", report, connect=lambda: Connection(self.answer))

    def answer(self, sql: str) -> Answer:
        """Return the columns and rows of a statement."""
        self.statements += 1
        for view, columns, rows in (
            ("information_schema.tables", TABLE, self.tables),
            ("information_schema.columns", COLUMN, self.columns),
            ("information_schema.views", VIEW, lambda: iter(())),
        ):
            if f"FROM {view}" in sql:
                if "1 = 0" in sql:
                    return columns, lambda: iter(())
                return columns, self.databases if "DISTINCT" in sql else rows
        raise AssertionError(sql)

    def databases(self) -> Iterator[Row]:
        return ((f"db_{number:03d}",) for number in range(self.size.databases))

    def names(self) -> Iterator[tuple[str, str, str]]:
        size = self.size
        for database, schema, table in product(range(size.databases), range(size.schemas), range(size.tables)):
            yield f"db_{database:03d}", f"schema_{schema:03d}", f"table_{table:07d}"

    def tables(self) -> Iterator[Row]:
        for number, name in enumerate(self.names()):
            comment = f"Table {number}, loaded by the nightly job" if number % 3 else None
            yield (*name, "BASE TABLE", number * 7, number * 700, comment)

    def columns(self) -> Iterator[Row]:
        for name in self.names():
            for number in range(self.size.columns):
                kind, *facts = TYPES[number % len(TYPES)]
                comment = "What it holds" if number % 5 == 0 else None
                yield (*name, f"column_{number:03d}", None, kind, None, *facts, comment, number)


class Connection:
    """A connection that asks the wire."""

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self._answer = answer

    def cursor(self) -> Cursor:
        return Cursor(self._answer)

    def close(self) -> None:
        pass


class Cursor:
    """A cursor whose rows are made as they are fetched."""

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self._answer = answer
        self.description: list[tuple[str]] = []
        self._rows: Iterator[Row] = iter(())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        columns, rows = self._answer(sql)
        self.description = [(name,) for name in columns]
        self._rows = rows()

    def fetchmany(self, size: int) -> list[Row]:
        return list(islice(self._rows, size))

    def fetchall(self) -> list[Row]:
        return list(self._rows)

    def close(self) -> None:
        pass
