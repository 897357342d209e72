"""A log file of HiveServer2 that is written while it is read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import BinaryIO, cast

from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from benchmarks.wires import DAY, Size

NAME = "/var/log/hive/hive.log"
SQL = """INSERT OVERWRITE TABLE mart.orders_{0} PARTITION (day = '2026-11-20')
SELECT o.id, c.name, sum(o.amount) OVER (PARTITION BY c.name) AS total
FROM shop.orders o
JOIN shop.customers c ON o.customer = c.name
WHERE o.day = '2026-11-20' AND o.status IN ('open', 'paid', 'shipped')
-- {1}"""
PADDING = "x" * 700
THREADS = 40
DESTINATIONS = 200
NOISE = (
    "metastore.HiveMetaStore: 0: get_table : db=shop tbl=orders",
    "parse.CalcitePlanner: Completed getting MetaData in Semantic Analysis",
    "ql.Driver: Starting task [Stage-1:MAPRED] in serial mode",
)


def lines(size: Size, *, native: bool = False, noise: int = 8) -> Iterator[bytes]:
    """Yield the lines of a log in which ``size.queries`` queries end on :data:`DAY`, one of fifty with an error.

    :param native: with records of LineageLogger.
    :param noise: records per query that say nothing about it.
    """
    for number in range(size.queries):
        end = DAY + number * size.between_queries
        yield from (line.encode() for line in _query(number, end, native=native, noise=noise))


def _query(number: int, end: datetime, *, native: bool, noise: int) -> Iterator[str]:
    query_id = f"hive_20261120{number % 1_000_000:06d}_{number:08x}-7bfc-453f-aa0b-4f3b0c6f0371"
    session = f"{number % THREADS:08x}-64d1-4ce6-b18d-06a4b28699da"
    thread = f"HiveServer2-Background-Pool: Thread-{100 + number % THREADS}"
    sql = SQL.format(number % DESTINATIONS, PADDING)
    begun, executed = _stamp(end - timedelta(seconds=3)), _stamp(end - timedelta(seconds=2))
    handler = f"{begun}  INFO [{session} HiveServer2-Handler-Pool: Thread-{number % THREADS}]"
    ended = _stamp(end)
    yield f"{handler} ql.Driver: Compiling command(queryId={query_id}): {sql}\n"
    for other in range(noise):
        yield f"{handler} {NOISE[other % len(NOISE)]}\n"
    yield f"{handler} ql.Driver: Completed compiling command(queryId={query_id}); Time taken: 0.154 seconds\n"
    yield f"{executed}  INFO [{thread}] ql.Driver: Executing command(queryId={query_id}): {sql}\n"
    if number % 50 == 0:
        yield f"{ended} ERROR [{thread}] ql.Driver: FAILED: Execution Error, return code 2 from MapRedTask\n"
    elif native:
        yield f"{ended}  INFO [{thread}] hooks.LineageLogger: {_lineage(number, end, sql)}\n"
    ended_with = f"Completed executing command(queryId={query_id}); Time taken: 2.0 seconds"
    yield f"{ended}  INFO [{thread}] ql.Driver: {ended_with}\n"


def _lineage(number: int, end: datetime, sql: str) -> str:
    target, columns = f"mart.orders_{number % DESTINATIONS}", ("id", "name", "total")
    sources = ("shop.orders.id", "shop.customers.name", "shop.orders.amount", "shop.orders.day")
    names = [*(f"{target}.{column}" for column in columns), *sources]
    edges = [{"sources": [column + 3], "targets": [column], "edgeType": "PROJECTION"} for column in range(3)]
    document = {
        "version": "1.0",
        "user": "hive",
        "timestamp": int(end.timestamp()) - 3,
        "duration": 3000,
        "jobIds": [],
        "engine": "tez",
        "database": "shop",
        "queryText": sql,
        "edges": [*edges, {"sources": [6], "targets": [0, 1, 2], "edgeType": "PREDICATE"}],
        "vertices": [{"id": n, "vertexType": "COLUMN", "vertexId": name} for n, name in enumerate(names)],
    }
    return json.dumps(document)


def _stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S},{time.microsecond // 1000:03d}"


class GeneratedLogs(Storage):
    """A file system with one log file, made as it is read.

    :param make: yields its lines.
    :ivar calls: how often it was listed, opened and read.
    """

    def __init__(self, make: Callable[[], Iterator[bytes]]) -> None:
        self.is_local = False
        self.root = NAME
        self.calls = 0
        self._make = make

    def uri(self, name: str) -> str:
        return name

    def find(self, place: str, on_denied: Callable[[str], None]) -> Iterator[FileEntry]:
        self.calls += 1
        yield FileEntry(NAME, (NAME,), None, None)

    def open(self, entry: FileEntry) -> BinaryIO:
        self.calls += 1
        return cast("BinaryIO", _Generated(self._make()))

    def read(self, stream: BinaryIO, size: int, name: str) -> bytes:
        self.calls += 1
        return stream.read(size)


class _Generated(io.RawIOBase):
    """A file of which the lines are made as they are read."""

    def __init__(self, made: Iterator[bytes]) -> None:
        self._made = made
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        pieces, length = [], 0
        for piece in chain([self._left], self._made):
            pieces.append(piece)
            length += len(piece)
            if 0 <= size <= length:
                break
        data = b"".join(pieces)
        self._left = data[size:] if size >= 0 else b""
        return data[:size] if size >= 0 else data
