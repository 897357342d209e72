"""What a Snowflake collection costs by itself: a row generator in the place of the warehouse, a manifest on disk.

``python -m benchmarks.collect_snowflake [--tables 100000] [--columns 30] [--queries 1000000]``.
Each measurement runs in a process of its own; memory is the peak above that of a bare interpreter.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

SCHEMA_TABLES = 1000
DAY = datetime(2026, 11, 20, tzinfo=UTC)
TYPES = [
    ("NUMBER", None, 38, 0, None),
    ("TEXT", 16_777_216, None, None, None),
    ("TEXT", 255, None, None, None),
    ("NUMBER", None, 12, 2, None),
    ("TIMESTAMP_NTZ", None, None, None, 9),
    ("BOOLEAN", None, None, None, None),
]
SQL = "MERGE INTO ANALYTICS.MARTS.ORDERS t USING (SELECT ID, AMOUNT FROM RAW.SHOP.ORDERS WHERE DAY = '{}') s ON …; "


def names(tables: int) -> Iterator[tuple[str, str]]:
    for number in range(tables):
        yield f"SCHEMA_{number // SCHEMA_TABLES:04d}", f"TABLE_{number:07d}"


def table_rows(tables: int) -> Iterator[tuple[Any, ...]]:
    for number, (schema, name) in enumerate(names(tables)):
        changed = DAY + timedelta(seconds=number % 86_400)
        comment = f"Table {number}, loaded by the nightly job" if number % 3 else None
        yield (schema, name, "BASE TABLE", number * 7, number * 700, DAY - timedelta(days=90), changed, None, comment)


def column_rows(tables: int, columns: int) -> Iterator[tuple[Any, ...]]:
    for schema, name in names(tables):
        for number in range(columns):
            facts = TYPES[number % len(TYPES)]
            yield (schema, name, f"COLUMN_{number:03d}", *facts, "What it holds" if number % 5 == 0 else None)


def query_rows(queries: int) -> Iterator[tuple[Any, ...]]:
    for number in range(queries):
        end = DAY + timedelta(milliseconds=number * 3)
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


class RowCursor:
    """A cursor whose rows are made as they are fetched."""

    description = [("name",), ("origin",)]

    def __init__(self, tables: int, columns: int, queries: int) -> None:
        self._answers = {
            "SHOW DATABASES": lambda: iter([("BIG", "")]),
            "INFORMATION_SCHEMA.TABLES": lambda: table_rows(tables),
            "INFORMATION_SCHEMA.COLUMNS": lambda: column_rows(tables, columns),
            "ACCOUNT_USAGE.QUERY_HISTORY": lambda: query_rows(queries),
        }
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, command: str, params: Sequence[Any] | None = None) -> None:
        answer = next((make for text, make in self._answers.items() if text in command), None)
        self._rows = answer() if answer else iter(())

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        return list(islice(self._rows, size))

    def close(self) -> None:
        self._rows = iter(())


class RowConnection:
    """A connection that gives such cursors."""

    def __init__(self, tables: int, columns: int, queries: int) -> None:
        self._size = (tables, columns, queries)

    def cursor(self) -> RowCursor:
        return RowCursor(*self._size)

    def close(self) -> None:
        pass


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(flow_name: str, tables: int, columns: int, queries: int) -> None:
    from upath import UPath

    from airflow_provider_montecarlo_push.collectors.filters import TableFilter
    from airflow_provider_montecarlo_push.collectors.report import CollectionReport
    from airflow_provider_montecarlo_push.collectors.run import collect
    from airflow_provider_montecarlo_push.collectors.snowflake.collector import SnowflakeCollector
    from airflow_provider_montecarlo_push.collectors.windows import explicit_window
    from airflow_provider_montecarlo_push.events import Flow
    from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest
    from airflow_provider_montecarlo_push.manifests.storage import Folder

    if any(module == "airflow" or module.startswith("airflow.") for module in sys.modules):
        raise SystemExit("Airflow was imported: the figures would not be those of the collector.")
    imported = peak_megabytes()
    flow = Flow(flow_name)
    collector = SnowflakeCollector(
        "bench", CollectionReport(logging.getLogger("bench")), connect=lambda: RowConnection(tables, columns, queries)
    )
    with tempfile.TemporaryDirectory() as directory:
        manifest = Manifest(
            format=FORMAT,
            id="",
            flow=flow,
            collector=collector.name,
            resource_type="snowflake",
            window=explicit_window(DAY, DAY + timedelta(days=1)),
            collected_at=DAY,
        )
        started = time.perf_counter()
        manifest = collect(collector, manifest, Folder(UPath(f"file://{directory}")), tables=TableFilter())
        seconds = time.perf_counter() - started
    expected = queries if flow is Flow.QUERY_LOGS else tables
    if manifest.events != expected or manifest.counts.get("fields", 0) != (flow is Flow.METADATA) * tables * columns:
        raise SystemExit(f"collected {manifest.events:,} of {expected:,} events, {manifest.counts}")
    result = {"events": manifest.events, "counts": manifest.counts, "left_out": manifest.left_out, "seconds": seconds}
    print(json.dumps(result | {"imported": imported, "peak": peak_megabytes()}))


def child(arguments: list[str]) -> str:
    answer = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, check=True, text=True)
    return answer.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--measure", choices=["metadata", "query_logs"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = (options.tables, options.columns, options.queries)
    if options.measure:
        measure(options.measure, *size)
        return
    bare = float(child(["-c", "import resource as r; print(r.getrusage(r.RUSAGE_SELF).ru_maxrss / 1024)"]))
    print(f"A bare interpreter takes {bare:.0f} MB.")
    for flow, rows in (("metadata", options.tables * (options.columns + 1)), ("query_logs", options.queries)):
        flags = [f"--{name}={value}" for name, value in zip(("tables", "columns", "queries"), size, strict=True)]
        result = json.loads(child([__file__, f"--measure={flow}", *flags]))
        seconds, peak, imported = result["seconds"], result["peak"] - bare, result["imported"] - bare
        print(
            f"{flow}: {rows:,} rows to {result['events']:,} events in {seconds:.1f} s ({rows / seconds:,.0f} rows/s); "
            f"peak {peak:.1f} MB above the bare interpreter, of which {imported:.1f} MB are imports"
        )


if __name__ == "__main__":
    main()
