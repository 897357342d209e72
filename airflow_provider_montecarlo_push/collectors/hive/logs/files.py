"""Which log files are read, and in what order their records come."""

from __future__ import annotations

import heapq
import posixpath
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.records import LONGEST_LINE, Record, RecordReader
from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.lines import Text
from airflow_provider_montecarlo_push.collectors.text_files.naming import has_time_codes, places_of
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems
from airflow_provider_montecarlo_push.collectors.text_files.reading import TextFiles
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.exceptions import SourceError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

NOT_A_LOG = (
    "They have to be log files of HiveServer2, in a layout with time, level and thread, such as that of its own "
    "hive-log4j2.properties."
)
# So many files are open at a time.
_TOGETHER = 16
# Records of several servers in one file may be out of order by so much.
_AFTER = timedelta(minutes=5)
_DATE = r"\d{4}[-_.]?\d\d[-_.]?\d\d(?:[-_.T]?\d\d(?:[-_.:]?\d\d){0,2})?"
_ROTATION = re.compile(rf"(?:[-_.](?:{_DATE}|\d{{1,5}})|\.gz)+$")
_DATE_IN_NAME = re.compile(rf"[-_.]?{_DATE}")
_DATE_FOLDER = re.compile(rf"(?:[a-z_]+=)?(?:{_DATE}|\d{{1,2}}|\d{{4}}|\d{{4}}[-_.]?\d\d)")


def source_of(name: str) -> str:
    """Return what stays the same of a file's name while it is rotated: which server it is of.

    ``host1/2026-11-20/hive.log.3.gz`` is of ``host1/hive.log``.
    """
    folder, base = posixpath.split(name)
    folders = [part for part in folder.split("/") if not _DATE_FOLDER.fullmatch(part)]
    base = _DATE_IN_NAME.sub("", _ROTATION.sub("", base))
    return "/".join([*folders, base])


class LogFiles:
    """Reads the files that can hold records since some time before a window.

    :param storage: where they are, in place of ``log_path``.
    """

    def __init__(
        self, options: LogOptions, problems: Problems, window: TimeWindow, storage: Storage | None = None
    ) -> None:
        self._path = options.path
        self._problems = problems
        self._stop = window.end + _AFTER
        storage = storage or Storage(options.path, None)
        since = window.start - options.lookback
        self._places = list(places_of(storage.root, TimeWindow(since, window.end), options.zone))
        self._reader = RecordReader(problems, options.zone)
        self._files = TextFiles(
            storage,
            problems,
            self._read,
            encoding=options.log_encoding,
            longest_line=LONGEST_LINE,
            since=since,
            is_wanted=lambda _: True,
            nothing_there=self._nothing_there,
        )

    def records(self) -> Iterator[Record]:
        """Yield the records of all files, those of the files of one time merged by their times.

        :raises SourceError: when there is no file, or none is a log of Hive.
        :raises AccessDeniedError: when the files may not be listed or read.
        :raises SourceUnavailableError: when the storage does not answer.
        """
        for group in self._files.groups(self._places, _TOGETHER):
            yield from heapq.merge(*group, key=_time)
        self._problems.check(self._path, NOT_A_LOG)

    def _read(self, text: Text, name: str, entry: FileEntry) -> Iterator[Record]:
        records = self._reader.read(text, name, source_of(entry.name))
        return takewhile(lambda record: record.time < self._stop, records)

    def _nothing_there(self) -> None:
        if not has_time_codes(self._path):
            raise SourceError(
                f"There is no file at {self._path}. Correct log_path in collector_kwargs. Files whose names begin with "
                "a dot or an underscore do not count."
            )
        self._problems.report.note(f"There is no file at {self._path} for this window.")


def _time(record: Record) -> datetime:
    return record.time
