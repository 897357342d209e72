"""Rows as PostgreSQL's pg_catalog returns them, and the CSV log of a server, packed."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from airflow_provider_montecarlo_push.collectors.postgres.collector import PostgresCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from benchmarks.wires import DAY, Size

FLOWS = ("metadata", "query_logs")
TYPES = ("bigint", "text", "character varying(255)", "numeric(12,2)", "timestamp with time zone", "boolean")
SQL = "MERGE INTO marts.orders t USING (SELECT id, amount FROM raw.orders WHERE day = '{}') s ON t.id = s.id …; "
_SETTINGS = {"log_timezone": "UTC", "server_encoding": "UTF8", "log_min_duration_statement": "0"}


class Wire:
    """Connections whose cursors make rows as they are fetched.

    :ivar statements: counts all but the ``FETCH`` of a cursor's next rows.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self.statements = 0
        self._folder = tempfile.TemporaryDirectory(prefix="montecarlo-benchmark-")
        self._path = Path(self._folder.name) / "postgresql.csv.gz"

    def collector(self, report: CollectionReport) -> PostgresCollector:
        return PostgresCollector(
            "bench", report, databases="*", log_path=str(self._path), connect=lambda name: Connection(self, name)
        )

    def setting(self, name: str) -> str:
        if name == "log_timezone":  # asked for before the log is read, by the flows that do
            with gzip.open(self._path, "wt", compresslevel=1) as file:
                file.writelines(self._log())
        return _SETTINGS.get(name, "")

    def databases(self) -> Iterator[tuple[Any, ...]]:
        return ((f"db_{number:03d}", True) for number in range(self.size.databases))

    def tables(self, *, described: bool) -> Iterator[tuple[Any, ...]]:
        for number in range(self.size.schemas * self.size.tables):
            schema = f"schema_{number // self.size.tables:04d}"
            comment = f"Table {number}, loaded by the nightly job" if number % 3 else None
            facts = ("r", "p", number * 7, number * 8192, 0, False, None, comment)
            yield (number, schema, f"table_{number:07d}", *facts, self._columns() if described else None)

    def _columns(self) -> list[list[str | None]]:
        return [
            [f"column_{number:03d}", TYPES[number % len(TYPES)], None if number % 5 else "What it holds"]
            for number in range(self.size.columns)
        ]

    def _log(self) -> Iterator[str]:
        for number in range(self.size.queries):
            time = f"{DAY + number * self.size.between_queries:%Y-%m-%d %H:%M:%S.%f}"[:-3]
            session = f"6b01875d.{number % 40:x}"
            text = SQL.format(number) * 9  # about 1 kB
            yield (
                f'{time} UTC,"user_{number % 40}","db_000",17,"10.0.0.7:5000",{session},{number},"MERGE",'
                f'{DAY:%Y-%m-%d %H:%M:%S} UTC,3/7,0,LOG,00000,"duration: 2000.125 ms  statement: {text}",'
                f',,,,,,,,"dbt","client backend",,{number}\n'
            )


class Connection:
    """A connection to one database, with one answer for each statement of the collector."""

    class info:  # noqa: N801 - as the drivers call it
        server_version = 150_000

    def __init__(self, wire: Wire, database: str | None) -> None:
        self.database = database or "db_000"
        self.wire = wire
        self.streams: dict[str, Iterator[tuple[Any, ...]]] = {}

    def cursor(self) -> Cursor:
        return Cursor(self)

    def close(self) -> None:
        pass


class Cursor:
    """Answers by what a statement holds."""

    description = (("value",),)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, sql: str, params: Sequence[Any] | None) -> None:
        words = sql.split(maxsplit=5)
        if words[0] == "FETCH":
            self._rows = islice(self._connection.streams[words[-1]], int(words[2]))
            return
        wire = self._connection.wire
        wire.statements += 1
        answers: dict[str, Callable[[], Iterator[tuple[Any, ...]]]] = {
            "WITH scope": lambda: wire.tables(described="json_agg" in sql),
            "current_database()::text": lambda: iter([(self._connection.database, "reader")]),
            "current_setting": lambda: iter([(wire.setting((params or ("",))[0]),)]),
            "FROM pg_catalog.pg_database WHERE": wire.databases,
        }
        rows = next((answer() for text, answer in answers.items() if text in sql), iter(()))
        if words[0] == "DECLARE":
            self._connection.streams[words[1]] = rows
        else:
            self._rows = rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def close(self) -> None:
        pass
