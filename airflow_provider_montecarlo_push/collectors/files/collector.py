"""The collector for files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.files.lineage import LineageReader
from airflow_provider_montecarlo_push.collectors.files.options import SUCCESS, Options
from airflow_provider_montecarlo_push.collectors.files.query_logs import read_query_logs
from airflow_provider_montecarlo_push.collectors.files.reading import RowFiles
from airflow_provider_montecarlo_push.collectors.files.rows import Facts
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files.access import check_files
from airflow_provider_montecarlo_push.collectors.text_files.naming import places_of
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.events import Flow, LineageEvent, QueryLogEntry
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

# So many files are open at a time when the queries of several are put into order.
_OPEN_FILES = 16
_QUERY_HINT = "Check the options fields, time_format, timezone and format."
_EDGE_HINT = (
    "Lineage needs rows with destination and sources, or queries and the option dialect. Check the options fields and "
    "format as well."
)


class FilesCollector(Collector):
    """Collects query logs and lineage from JSON lines and CSV files, plain or gzip.

    :param conn_id: Airflow connection of the storage; anything, such as ``""``, for local files.
    :param path: file, folder or glob: ``s3://bucket/logs/``, ``/var/log/etl/*.jsonl.gz``. With ``%Y``, ``%m``, ``%d``,
        ``%H`` in it, only the places of the window are looked at: ``s3://bucket/logs/%Y-%m-%d/``.
    :param format: ``jsonl`` or ``csv``; by default what each file's name says.
    :param fields: our names to the file's, such as ``{"query_text": "event.sql"}``; see :mod:`.fields`.
    :param time_format: ``iso8601`` (default), ``epoch_seconds``, ``epoch_milliseconds``, or a format of ``strptime``.
    :param timezone: of times without one, and of times in names: ``Europe/Berlin``.
    :param encoding: UTF-8 by default, or what a byte order mark says.
    :param dialect: parse the queries for lineage, as SQL of this dialect; see the lineage engine.
    :param default_database: of tables that name none; likewise ``default_schema``.
    :param success_values: what ``status`` says of queries that did not fail, in any case.
    :param csv_options: ``delimiter``, ``quotechar``, ``escapechar``, ``header`` (names of the columns).
    :param use_modification_time: do not open files that were last modified before the window.
    :param latency_minutes: how long after its end a query may be missing from the files, 15 by default; the default
        window is moved back by it.
    :raises ConfigurationError: when an option cannot be.
    """

    name: ClassVar[str] = "files"
    resource_type: ClassVar[str] = "data-lake"
    log_type: ClassVar[str | None] = "s3"

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        path: str,
        format: str | None = None,  # noqa: A002 - what users call it
        fields: Mapping[str, str] | None = None,
        time_format: str | None = None,
        timezone: str | None = None,
        encoding: str | None = None,
        dialect: str | None = None,
        default_database: str | None = None,
        default_schema: str | None = None,
        success_values: Sequence[str] = SUCCESS,
        csv_options: Mapping[str, Any] | None = None,
        use_modification_time: bool | str = True,
        latency_minutes: float | str = 15,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        self.options = Options(
            path=path,
            file_format=format,
            fields=fields,
            time_format=time_format,
            timezone=timezone,
            encoding=encoding,
            dialect=dialect,
            default_database=default_database,
            default_schema=default_schema,
            success_values=success_values,
            csv_options=csv_options,
            use_modification_time=use_modification_time,
            latency_minutes=latency_minutes,
            keep_asset_types=keep_asset_types,
        )
        # What files hold, and when, is for users to say.
        self.sql_dialect = dialect or ""
        self.latency = dict.fromkeys((Flow.LINEAGE, Flow.QUERY_LOGS), self.options.latency)

    def lineage(self, tables: TableFilter, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges that rows say, and with ``dialect`` those of the queries that ended in ``window``.

        :raises SourceError: when there is nothing to read, or nothing of it can be read.
        :raises AccessDeniedError: when the files may not be listed or read.
        :raises SourceUnavailableError: when the storage does not answer.
        """
        problems = Problems(self.report)
        files = RowFiles(self.options, self.conn_id, problems, window)
        reader = LineageReader(self.options, Facts(self.options, problems), problems, window, Gate(self.report, tables))
        if self.options.dialect is None:
            yield from reader.given(files.groups(1))
        else:
            yield from reader.parsed(files.groups(_OPEN_FILES))
        problems.check(self.options.path, _EDGE_HINT)

    def query_logs(self, window: TimeWindow) -> Iterator[QueryLogEntry]:
        """Yield the queries that ended in ``window``, in the order of the files.

        :raises SourceError: when there is nothing to read, or nothing of it can be read.
        :raises AccessDeniedError: when the files may not be listed or read.
        :raises SourceUnavailableError: when the storage does not answer.
        """
        problems = Problems(self.report)
        files = RowFiles(self.options, self.conn_id, problems, window)
        yield from read_query_logs(files.rows(), Facts(self.options, problems), problems, window)
        problems.check(self.options.path, _QUERY_HINT)

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:  # noqa: ARG002 - files are not kept by table
        """Yield whether the files can be found and read; see :func:`.text_files.access.check_files`."""
        storage = Storage(self.options.path, self.conn_id)
        now = datetime.now(UTC)
        places = places_of(storage.root, TimeWindow(now - timedelta(hours=1), now), self.options.zone)
        yield from check_files(self.options.path, storage, places, (Flow.LINEAGE, Flow.QUERY_LOGS))
