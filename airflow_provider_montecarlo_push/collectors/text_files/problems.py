"""What is wrong with files and rows: counted by reason, with file and line; fatal when nothing could be read."""

from __future__ import annotations

from collections import Counter

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError

DENIED = "file_denied"
VANISHED = "file_vanished"


class RowError(Exception):
    """A row cannot be used. Never leaves the collector: it is counted.

    :param reason: the key under which it is counted.
    :param detail: what is the matter, for people; it names fields, and values of times and numbers only.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class FileError(Exception):
    """A file cannot be read, or not to its end. Never leaves the collector: it is counted.

    :param incomplete: the file belongs to the scope, so the manifest must not count as complete.
    """

    def __init__(self, reason: str, detail: str, *, incomplete: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.incomplete = incomplete


class Problems:
    """Counts files and rows, good and bad, into a report.

    :ivar older: how many files were not opened, because they were last modified before the window.
    """

    def __init__(self, report: CollectionReport) -> None:
        self.report = report
        self.older = 0
        self._read = 0
        self._usable = 0
        self._files: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._first_file = ""
        self._first_row = ""

    def file_read(self) -> None:
        """Count a file from which rows could be read."""
        self._read += 1
        self.report.count("files_read")

    def file(self, name: str, error: FileError) -> None:
        """Count a file that cannot be read, or not to its end."""
        text = f"{name}: {error.detail}"
        self._files[error.reason] += 1
        self._first_file = self._first_file or text
        if error.incomplete and self._files[error.reason] == 1:
            self.report.incomplete(f"Not everything could be read: {text}")
        self.report.leave_out(error.reason, text)

    def usable(self) -> None:
        """Count a row that could be understood, in the window or not."""
        self._usable += 1

    def row(self, place: str, error: RowError) -> None:
        """Count a row that cannot be used."""
        text = f"{place}: {error.detail}"
        self._rows[error.reason] += 1
        self._first_row = self._first_row or text
        self.report.leave_out(error.reason, text)

    def part(self, place: str, error: RowError) -> None:
        """Count a part of a row that is left out; the rest of the row is kept."""
        self.report.leave_out(error.reason, f"{place}: {error.detail}; the rest of the row is kept")

    def check(self, path: str, hint: str) -> None:
        """Fail when there was something to read, and nothing of it could be.

        :param path: where it was looked for.
        :param hint: which options to look at when no row fits.
        :raises AccessDeniedError: when no file may be read.
        :raises SourceError: when no file, or no row, can be read.
        """
        if self._rows and not self._usable:
            raise SourceError(
                f"Not one of the {self._rows.total():,} rows read in {path} can be used ({_list(self._rows)}). The "
                f"first: {self._first_row}. {hint}"
            )
        if self._read:
            return
        if self._files[DENIED]:
            raise AccessDeniedError(
                f"None of the files in {path} may be read. The first: {self._first_file}. Allow the connection, or the "
                "worker's user, to list the folder and to read its files (on S3: s3:ListBucket and s3:GetObject)."
            )
        if self._files.total() > self._files[VANISHED] and not self.older:
            raise SourceError(
                f"None of the files in {path} can be read ({_list(self._files)}). The first: {self._first_file}."
            )


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
