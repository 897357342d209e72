"""Logs of single queries, which HiveServer2 keeps for its clients: how many rows each gave.

One file per query, ``<session>/<query id>`` since Hive 3, without times in its default layout. See
``hive.server2.logging.operation.log.location``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.records import LONGEST_LINE
from airflow_provider_montecarlo_push.collectors.hive.logs.rows import Rows
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.lines import Text
from airflow_provider_montecarlo_push.collectors.text_files.naming import places_of
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems
from airflow_provider_montecarlo_push.collectors.text_files.reading import TextFiles
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

MOST = 200_000
_QUERY_ID = re.compile(rb"command\(queryId=([^)\s]+)\)")
_NAME = re.compile(r".+_\d{14}_[0-9a-f-]{36}(?=\.|$)")


def read_rows(options: LogOptions, report: CollectionReport, window: TimeWindow) -> dict[int, int]:
    """Return the number of rows of queries, by the hash of their ids; of at most :data:`MOST`.

    :raises AccessDeniedError: when the files may not be listed or read.
    :raises SourceUnavailableError: when the storage does not answer.
    """
    if not options.operation_log_path:
        return {}
    problems = Problems(report)
    storage = Storage(options.operation_log_path, None)
    files = TextFiles(
        storage,
        problems,
        _rows,
        encoding=options.log_encoding,
        longest_line=LONGEST_LINE,
        since=window.start,
        is_wanted=lambda _: True,
        nothing_there=lambda: report.note(f"There is no file at {options.operation_log_path}: rows are not known."),
    )
    found: dict[int, int] = {}
    for query_id, rows in files.rows(places_of(storage.root, window, options.zone)):
        problems.usable()
        if len(found) < MOST:
            found[hash(query_id)] = rows
        else:
            report.count("operation_logs_not_kept")
    problems.check(options.operation_log_path, "They have to be operation logs of HiveServer2.")
    return found


def _rows(text: Text, name: str, entry: FileEntry) -> Iterator[tuple[str, int]]:  # noqa: ARG001 - the reader gives it
    """Yield the queries of which a file speaks with their rows: one, unless several were put together."""
    match = _NAME.match(posixpath.basename(entry.name))
    query_id = match[0] if match else ""
    rows = Rows()
    for line in text.lines:
        data = line.data
        if data is None:
            continue
        found = _QUERY_ID.search(data)
        if found is not None and (speaks_of := found[1].decode("utf-8", "replace")) != query_id:
            yield from _total(query_id, rows)
            query_id, rows = speaks_of, Rows()
        if b"RECORDS_OUT_" in data:
            rows.add(data.decode("utf-8", "replace"))
    yield from _total(query_id, rows)


def _total(query_id: str, rows: Rows) -> Iterator[tuple[str, int]]:
    total = rows.total()
    if query_id and total is not None:
        yield query_id, total
