"""The statements that ended in a window, as the server logged them in its CSV files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airflow_provider_montecarlo_push.collectors.postgres.log_records import LONGEST_RECORD, Record, read_records
from airflow_provider_montecarlo_push.collectors.postgres.log_times import LogTimes
from airflow_provider_montecarlo_push.collectors.postgres.server_settings import ServerSettings
from airflow_provider_montecarlo_push.collectors.postgres.session import APPLICATION
from airflow_provider_montecarlo_push.collectors.postgres.statements import Statement, StatementFollower
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.lines import Text
from airflow_provider_montecarlo_push.collectors.text_files.naming import format_of, is_glob
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.collectors.text_files.reading import TextFiles
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, SourceError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

# With log_statement and log_duration the text of a statement is logged so long before its end, at most.
_BEFORE = timedelta(hours=1)
# So much later a statement that began in the window may end, and still be known to have a duration.
_AFTER = timedelta(minutes=5)
_NOT_A_LOG = "It has to be the CSV log of a PostgreSQL server (log_destination = 'csvlog'), with messages in English."


class ServerLog:
    """Reads the log files of a server.

    :param path: file, folder or glob of CSV log files; in a folder those that are called ``.csv``, whatever comes
        after.
    """

    def __init__(self, path: str, report: CollectionReport) -> None:
        self.storage = Storage(path, None)
        self._path = path
        self._report = report

    def is_log(self, entry: FileEntry) -> bool:
        """Tell whether a file is to be read. The other log of the server, for people, is in the same folder often."""
        return entry.name == self.storage.root or is_glob(self._path) or format_of(entry.name) == "csv"

    def statements(self, window: TimeWindow, settings: ServerSettings) -> Iterator[Statement]:
        """Yield the statements that ended in ``window``, in the order of the log.

        :raises SourceError: when there is no log, or nothing of it can be read.
        :raises AccessDeniedError: when the files may not be listed or read.
        :raises SourceUnavailableError: when the storage does not answer.
        """
        problems = Problems(self._report)

        def read(text: Text, name: str, _: FileEntry) -> Iterator[Record]:
            return read_records(text.lines, settings.encoding, name, problems)

        files = TextFiles(
            self.storage,
            problems,
            read,
            encoding=None,
            longest_line=LONGEST_RECORD,
            since=window.start - _BEFORE,
            is_wanted=self.is_log,
            nothing_there=self._nothing_there,
        )
        times = LogTimes(settings.zone)
        follower = StatementFollower(self._report, durations_logged=settings.durations_logged)
        for (records,) in files.groups([self.storage.root], 1):
            for record in records:
                try:
                    time = times.read(record.time)
                except RowError as error:
                    problems.row(record.place, error)
                    continue
                problems.usable()
                if time >= window.end + _AFTER:
                    break
                if settings.databases is None or record.database in settings.databases:
                    yield from self._wanted(follower.follow(record, time), window)
                elif record.database and window.start <= time < window.end:
                    self._report.count("records_of_other_databases")
        yield from self._wanted(follower.close(), window)
        problems.check(self._path, _NOT_A_LOG)

    def _wanted(self, statements: Iterator[Statement], window: TimeWindow) -> Iterator[Statement]:
        for statement in statements:
            if not window.start <= statement.end < window.end:
                continue
            if statement.application == APPLICATION:
                self._report.count("statements_of_this_collector")
            else:
                yield statement

    def _nothing_there(self) -> None:
        raise SourceError(
            f"There is no CSV log file at {self._path}. Correct log_path; the server writes such files with "
            "log_destination = 'csvlog' and logging_collector = on, into its log_directory."
        )


def needs_log(path: str | None) -> str:
    """Return ``path``.

    :raises ConfigurationError: when there is none, saying why nothing else will do.
    """
    if path:
        return path
    raise ConfigurationError(
        "PostgreSQL keeps no query history that could be asked for: pg_stat_statements sums up all runs of a statement "
        "since it was reset, without times, values or errors, and pg_stat_activity shows the last statement of each "
        "session alone. The server's log is one: set log_destination = 'csvlog', logging_collector = on and "
        "log_min_duration_statement = 0, and give the folder in which the files arrive as log_path in "
        "collector_kwargs, such as {'log_path': 's3://bucket/postgres-logs/'}."
    )
