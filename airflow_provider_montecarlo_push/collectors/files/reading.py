"""The rows of the files that can hold those of a window."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.files.fields import Row
from airflow_provider_montecarlo_push.collectors.files.options import Options
from airflow_provider_montecarlo_push.collectors.files.records import RowReader
from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.lines import Text
from airflow_provider_montecarlo_push.collectors.text_files.naming import (
    format_of,
    has_time_codes,
    is_tab_separated,
    places_of,
)
from airflow_provider_montecarlo_push.collectors.text_files.problems import FileError, Problems
from airflow_provider_montecarlo_push.collectors.text_files.reading import TextFiles
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.exceptions import SourceError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class RowFiles:
    """Reads the files that can hold rows of a window, oldest first.

    :param conn_id: Airflow connection of the storage.
    :param window: files that were last modified before it are not opened; those whose names say another time are not
        even listed.
    """

    def __init__(self, options: Options, conn_id: str, problems: Problems, window: TimeWindow) -> None:
        self._options = options
        self._problems = problems
        self._storage = Storage(options.path, conn_id)
        self._places = list(places_of(self._storage.root, window, options.zone))
        self._reader = RowReader(problems, options.longest_row, options.csv_options or {})
        self._files = TextFiles(
            self._storage,
            problems,
            self._read,
            encoding=options.encoding,
            longest_line=options.longest_row,
            since=window.start if options.use_modification_time else None,
            is_wanted=self._has_format,
            nothing_there=self._nothing_there,
        )

    def groups(self, size: int) -> Iterator[list[Iterator[Row]]]:
        """Yield the rows of files, up to ``size`` files at a time.

        :raises SourceError: when there is no file at all.
        :raises MonteCarloPushError: as :meth:`.TextFiles.groups`.
        """
        return self._files.groups(self._places, size)

    def rows(self) -> Iterator[Row]:
        """Yield the rows of all files, one after the other. Raises what :meth:`groups` does."""
        return self._files.rows(self._places)

    def _read(self, text: Text, name: str, entry: FileEntry) -> Iterator[Row]:
        tabs = is_tab_separated(entry.name)
        return self._reader.read(text, name, self._format(entry) or "", tabs=tabs)

    def _format(self, entry: FileEntry) -> str | None:
        return self._options.file_format or format_of(entry.name)

    def _has_format(self, entry: FileEntry) -> bool:
        if self._format(entry) is not None:
            return True
        error = FileError("file_unknown_format", "its name tells no format; give format='jsonl' or format='csv'")
        self._problems.file(self._storage.uri(entry.name), error)
        return False

    def _nothing_there(self) -> None:
        path = self._options.path
        if not has_time_codes(path):
            raise SourceError(
                f"There is no file at {path}. Correct the path. Files whose names begin with a dot or an underscore do "
                "not count."
            )
        self._problems.report.note(f"There is no file at {path} for this window.")
