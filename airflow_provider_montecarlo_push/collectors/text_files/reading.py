"""Which files are read, in what order, and what becomes of those that move meanwhile."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, BinaryIO, Generic, TypeVar

from airflow_provider_montecarlo_push.collectors.text_files.entries import FileEntry
from airflow_provider_montecarlo_push.collectors.text_files.lines import CHUNK, Text, read_text
from airflow_provider_montecarlo_push.collectors.text_files.problems import DENIED, VANISHED, FileError, Problems
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage
from airflow_provider_montecarlo_push.exceptions import SourceUnavailableError

# Times of modification are whole seconds on some stores, and even ones on some disks.
_GRANULARITY = timedelta(seconds=2)
# How often files are looked for again that were renamed between being listed and being opened.
_ROUNDS = 3

Row = TypeVar("Row")


class TextFiles(Generic[Row]):
    """Reads the files at some places, in the order in which they were last written to.

    Files that are renamed while they are read (rotation) are followed on local disks, and read once. What is written
    to a file after it was opened is read to the end of a line only.

    :param storage: where they are.
    :param problems: where files that cannot be read are counted.
    :param read: makes rows of a file's lines, given these, what people call the file, and the file.
    :param encoding: of their text; ``None`` means UTF-8, or what a byte order mark says.
    :param longest_line: how many bytes a line may have.
    :param since: files that were last modified before it are not opened; ``None`` opens all.
    :param is_wanted: tells whether a file is to be read; it counts what it refuses, where that matters.
    :param nothing_there: called when there is no file at all; it may raise.
    """

    def __init__(
        self,
        storage: Storage,
        problems: Problems,
        read: Callable[[Text, str, FileEntry], Iterator[Row]],
        *,
        encoding: str | None,
        longest_line: int,
        since: datetime | None,
        is_wanted: Callable[[FileEntry], bool],
        nothing_there: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._problems = problems
        self._read = read
        self._encoding = encoding
        self._longest_line = longest_line
        self._since = None if since is None else since - _GRANULARITY
        self._is_wanted = is_wanted
        self._nothing_there = nothing_there
        self._done: set[tuple[Any, ...]] = set()
        self._missed: dict[tuple[Any, ...], FileEntry] = {}

    def groups(self, places: Iterable[str], size: int) -> Iterator[list[Iterator[Row]]]:
        """Yield the rows of files, up to ``size`` files at a time; take what is wanted of them before the next group.

        :param places: files, folders or globs of the storage, without scheme.
        :raises AccessDeniedError: when a place may not be listed.
        :raises SourceUnavailableError: when the storage does not answer, or a file is cut or replaced while it is read.
        """
        places = list(places)
        for turn in range(_ROUNDS):
            missed = len(self._missed)
            entries = iter(self._entries(places, first=turn == 0))
            while group := list(islice(entries, size)):
                yield [self._rows(entry) for entry in group]
            if len(self._missed) == missed:
                break
        for entry in self._missed.values():
            if entry.identity not in self._done:
                self._vanished(entry)

    def rows(self, places: Iterable[str]) -> Iterator[Row]:
        """Yield the rows of all files, one after the other. Raises what :meth:`groups` does."""
        for files in self.groups(places, 1):
            for rows in files:
                yield from rows

    def _entries(self, places: list[str], *, first: bool) -> list[FileEntry]:
        """Return the files to read: those not read yet, sorted by the time they were last modified."""
        found = {entry.identity: entry for place in places for entry in self._storage.find(place, self._denied_folder)}
        if first and not found:
            self._nothing_there()
        names = {entry.name for entry in found.values()}
        wanted = (e for e in found.values() if e.identity not in self._done and self._is_candidate(e, names))
        now = datetime.now(UTC)
        return sorted(wanted, key=lambda entry: (entry.modified or now, entry.name))

    def _is_candidate(self, entry: FileEntry, names: set[str]) -> bool:
        plain, suffix = posixpath.splitext(entry.name)
        if self._since is not None and entry.modified is not None and entry.modified < self._since:
            self._problems.older += 1
            self._problems.report.count("files_older_than_window")
        elif entry.size == 0:
            self._problems.report.count("files_empty")
        elif suffix == ".gz" and plain in names:
            self._problems.report.count("files_being_compressed")
        elif self._is_wanted(entry):
            return True
        self._done.add(entry.identity)
        return False

    def _rows(self, entry: FileEntry) -> Iterator[Row]:
        name = self._storage.uri(entry.name)
        try:
            stream = self._storage.open(entry)
            if stream is None:
                self._missed[entry.identity] = entry
                return
            self._done.add(entry.identity)
            with stream:
                text = read_text(self._chunks(stream, entry), self._encoding, self._longest_line)
                rows = self._read(text, name, entry)
                first = next(rows, None)
                self._problems.file_read()
                if first is not None:
                    yield first
                    yield from rows
        except FileError as error:
            self._problems.file(name, error)
        except PermissionError as error:
            self._done.add(entry.identity)
            self._problems.file(name, FileError(DENIED, f"it may not be read ({error})", incomplete=True))
        except FileNotFoundError:
            self._vanished(entry)

    def _chunks(self, stream: BinaryIO, entry: FileEntry) -> Iterator[bytes]:
        """Yield the bytes that a file has now; what is written meanwhile only to the end of a line."""
        if not self._storage.is_local:
            while data := self._storage.read(stream, CHUNK, entry.name):
                yield data
            return
        left = os.fstat(stream.fileno()).st_size
        data = b"\n"
        while left:
            data = self._storage.read(stream, min(CHUNK, left), entry.name)
            if not data:
                raise SourceUnavailableError(f"{entry.name} was cut while it was read. The next try reads all anew.")
            left -= len(data)
            yield data
        while not data.endswith(b"\n"):
            data = self._storage.read(stream, CHUNK, entry.name)
            if not data:
                return
            data = data[: data.find(b"\n") + 1 or len(data)]
            yield data

    def _vanished(self, entry: FileEntry) -> None:
        error = FileError(VANISHED, "it was there and is gone", incomplete=True)
        self._problems.file(self._storage.uri(entry.name), error)

    def _denied_folder(self, folder: str) -> None:
        error = FileError("folder_denied", "the folder may not be listed", incomplete=True)
        self._problems.file(self._storage.uri(folder), error)
