"""The log files of HiveServer2 to query logs and lineage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.hive.logs.files import LogFiles
from airflow_provider_montecarlo_push.collectors.hive.logs.lineage import LineageFollower
from airflow_provider_montecarlo_push.collectors.hive.logs.operations import read_rows
from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.queries import Query, QueryFollower
from airflow_provider_montecarlo_push.collectors.hive.logs.records import Kind
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files.access import check_files
from airflow_provider_montecarlo_push.collectors.text_files.naming import places_of
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

_CLOCKS_DIFFER = timedelta(minutes=10)


class HiveLogs:
    """Reads the queries that ended in a window.

    :param window: half-open, on the end of a query: the time of its record ``Completed executing command``.
    :param storage: where the files are, in place of ``log_path``.
    :raises ConfigurationError: when there is no ``log_path``.
    """

    def __init__(
        self, options: LogOptions, report: CollectionReport, window: TimeWindow, *, storage: Storage | None = None
    ) -> None:
        self._options = options
        self._report = report
        self._window = window
        self._storage = storage
        _ = options.path

    def query_logs(self) -> Iterator[QueryLogEntry]:
        """Yield the queries that ended in the window, failed ones included, in the order of the log.

        :raises SourceError: when there is no file, or none is a log of Hive.
        :raises AccessDeniedError: when the files may not be listed or read.
        :raises SourceUnavailableError: when the storage does not answer.
        """
        rows = read_rows(self._options, self._report, self._window)
        follower = self._follower()
        ahead = _Ahead(self._report, self._options)
        for record in self._files().records():
            for query in follower.follow(record):
                ahead.look(query)
                if self._is_inside(query):
                    yield _entry(query, rows)
        yield from (_entry(query, rows) for query in follower.close() if self._is_inside(query))

    def lineage(self, parser: LineageParser | None, gate: Gate | None = None) -> Iterator[LineageEvent]:
        """Yield the edges of the queries that ended in the window; raises what :meth:`query_logs` does.

        ``edges_native`` counts those that LineageLogger gave, ``edges_parsed`` those of the SQL of all other queries.

        :param parser: of Hive's SQL; ``None`` gives native edges alone.
        :param gate: lets through the events in scope, and counts these alone; ``None`` lets through all.
        """
        follower = self._follower()
        lineage = LineageFollower(self._report, self._window, parser, gate)
        ahead = _Ahead(self._report, self._options)
        for record in self._files().records():
            for query in follower.follow(record):
                ahead.look(query)
                lineage.ended(query)
            if record.kind is Kind.LINEAGE:
                yield from lineage.native(record)
            yield from lineage.known(record.time)
        for query in follower.close():
            lineage.ended(query)
        yield from lineage.close()

    def _files(self) -> LogFiles:
        return LogFiles(self._options, Problems(self._report), self._window, self._storage)

    def _follower(self) -> QueryFollower:
        return QueryFollower(self._report, self._window, self._options.default_database)

    def _is_inside(self, query: Query) -> bool:
        return self._window.start <= query.end < self._window.end


def check_logs(options: LogOptions) -> Iterator[AccessCheck]:
    """Yield whether the log files can be listed and read; nothing when there is no ``log_path``.

    :raises SourceUnavailableError: when the storage does not answer.
    """
    if options.log_path:
        yield from _check(options, options.log_path, (Flow.LINEAGE, Flow.QUERY_LOGS))
    if options.operation_log_path:
        yield from _check(options, options.operation_log_path, (Flow.QUERY_LOGS,))


def _check(options: LogOptions, path: str, flows: tuple[Flow, ...]) -> Iterator[AccessCheck]:
    storage = Storage(path, None)
    now = datetime.now(UTC)
    places = places_of(storage.root, TimeWindow(now - options.lookback, now), options.zone)
    yield from check_files(path, storage, places, flows)


class _Ahead:
    """Looks for queries that ended in the future: the server's time zone is another one then."""

    def __init__(self, report: CollectionReport, options: LogOptions) -> None:
        self._report = report
        self._zone = options.zone
        self._limit = datetime.now(UTC) + _CLOCKS_DIFFER
        self._said = False

    def look(self, query: Query) -> None:
        if query.end > self._limit and not self._said:
            self._said = True
            self._report.note(
                f"By the log, queries ended in the future ({query.end.isoformat()}), its times read as {self._zone}. "
                "Name the time zone of the server with log_timezone in collector_kwargs."
            )


def _entry(query: Query, rows: dict[int, int]) -> QueryLogEntry:
    extra: dict[str, Any] = {}
    if query.database is not None:
        extra["database"] = query.database
    if query.session is not None:
        extra["session_id"] = query.session
    if query.cut:
        extra["query_text_cut"] = True
    returned = rows.get(hash(query.query_id))
    return QueryLogEntry(
        start_time=query.start,
        end_time=query.end,
        query_text=query.text,
        query_id=query.query_id,
        user=query.ran_by,
        error_code=query.error_code,
        error_text=query.error,
        returned_rows=query.rows.total() if returned is None else returned,
        extra=extra or None,
    )
