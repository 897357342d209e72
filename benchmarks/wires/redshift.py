"""Rows as Redshift's system views return them, through cursors of the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from airflow_provider_montecarlo_push.collectors.redshift.collector import RedshiftCollector
from airflow_provider_montecarlo_push.collectors.redshift.session import FETCH_ROWS
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from benchmarks.wires import DAY, Size

FLOWS = ("metadata", "query_logs")
TYPES = [
    ("bigint", None, 64, 0),
    ("character varying", 65_535, None, None),
    ("character varying", 256, None, None),
    ("numeric", None, 12, 2),
    ("timestamp without time zone", None, None, None),
    ("boolean", None, None, None),
]
COLUMNS = {
    "sys_query_history": (
        *("username", "query_type", "database_name", "session_id", "transaction_id", "query_label"),
        *("result_cache_hit", "elapsed_time", "queue_time", "execution_time", "returned_bytes", "user_query_hash"),
    ),
    "svv_table_info": ("estimated_visible_rows", "create_time"),
}
SQL = "INSERT INTO marts.orders SELECT id, amount FROM raw.orders WHERE day = '{}' AND id NOT IN (SELECT …); "
NAIVE_DAY = DAY.replace(tzinfo=None)


class Wire:
    """Connections whose cursors make rows as they are fetched.

    :ivar statements: how many were sent, without FETCH, of which there is one for each thousand rows.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self.statements = 0

    def collector(self, report: CollectionReport) -> RedshiftCollector:
        return RedshiftCollector("bench", report, connect=self._connect)

    def _connect(self, database: str | None) -> Connection:
        return Connection(self, database or _database(0))

    def answer(self, command: str, database: str) -> Iterator[tuple[Any, ...]]:
        self.statements += 1
        answers = {
            "current_database()": lambda: iter([(database,)]),
            "FROM svv_user_info": lambda: iter([(True,)]),
            "FROM svv_redshift_databases": self._databases,
            "FROM svv_all_tables": self._tables,
            "FROM svv_all_columns": self._columns,
            "FROM svv_table_info i": self._table_info,
            "JOIN sys_query_text": lambda: iter(()),
            "FROM sys_query_history h\nWHERE": self._queries,
        }
        if "WHERE 1 = 0" in command:
            return iter(())
        return next((make() for text, make in answers.items() if text in command), iter(()))

    def _databases(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.size.databases):
            yield _database(number), "local"

    def _names(self) -> Iterator[tuple[int, str, str]]:
        for number in range(self.size.schemas * self.size.tables):
            yield number, f"schema_{number // self.size.tables:04d}", f"table_{number:07d}"

    def _tables(self) -> Iterator[tuple[Any, ...]]:
        for database, _ in self._databases():
            for number, schema, table in self._names():
                comment = f"Table {number}, loaded by the nightly job" if number % 3 else None
                yield database, schema, table, "TABLE", comment

    def _columns(self) -> Iterator[tuple[Any, ...]]:
        for database, _ in self._databases():
            for _, schema, table in self._names():
                for number in range(self.size.columns):
                    comment = "What it holds" if number % 5 == 0 else None
                    yield (database, schema, table, f"column_{number:03d}", *TYPES[number % len(TYPES)], comment)

    def _table_info(self) -> Iterator[tuple[Any, ...]]:
        for number, schema, table in self._names():
            changed = NAIVE_DAY + timedelta(seconds=number % 86_400)
            yield schema, table, number * 7, number % 900, NAIVE_DAY - timedelta(days=90), changed

    def _queries(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.size.queries):
            end = NAIVE_DAY + number * self.size.between_queries
            failed = number % 50 == 0
            yield (
                *(end, number, end - timedelta(seconds=2), "failed" if failed else "success"),
                'relation "orders" does not exist' if failed else None,
                *(number, f"user_{number % 40}", "INSERT", "db_000", 17_000_000 + number, number, "default", False),
                *(2_000_000, 10, 1_900_000, number * 10, f"{number:032x}"),
                (SQL.format(number) * 10).ljust(4000),
            )


class Connection:
    """A connection to one database."""

    def __init__(self, wire: Wire, database: str) -> None:
        self._wire = wire
        self._database = database

    def cursor(self) -> Cursor:
        return Cursor(self._wire, self._database)

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        pass


class Cursor:
    """A cursor of the driver: it gives the rows of a FETCH, or of a statement, as a whole."""

    def __init__(self, wire: Wire, database: str) -> None:
        self.description: list[tuple[str]] = []
        self._wire = wire
        self._database = database
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self._fetched: int | None = None

    def execute(self, operation: str, args: Sequence[Any] | None = None, /) -> None:
        self._fetched = FETCH_ROWS if operation.startswith("FETCH") else None
        if self._fetched is None:
            self._rows = self._wire.answer(operation, self._database)
            names = next((names for view, names in COLUMNS.items() if f"FROM {view} WHERE 1 = 0" in operation), ())
            self.description = [(name,) for name in names]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(islice(self._rows, self._fetched))

    def close(self) -> None:
        pass


def _database(number: int) -> str:
    return f"db_{number:03d}"
