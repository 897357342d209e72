"""Lines to rows: JSON lines and CSV."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from airflow_provider_montecarlo_push.collectors.files.fields import Row
from airflow_provider_montecarlo_push.collectors.text_files.lines import Line, Text
from airflow_provider_montecarlo_push.collectors.text_files.problems import FileError, Problems, RowError
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

# An open quote takes in all that follows; what followed is read again so often for each file.
_SECOND_READINGS = 50
_CSV_OPTIONS = frozenset({"delimiter", "quotechar", "escapechar", "header"})
_TRUNCATED = "truncated"


class RowReader:
    """Reads rows, and counts what is none.

    :param limit: how many bytes a row may have.
    :param csv_options: see :func:`check_csv_options`.
    """

    def __init__(self, problems: Problems, limit: int, csv_options: Mapping[str, Any]) -> None:
        self._problems = problems
        self._limit = limit
        self._csv = csv_options
        csv.field_size_limit(max(csv.field_size_limit(), limit))

    def read(self, text: Text, file: str, file_format: str, *, tabs: bool = False) -> Iterator[Row]:
        """Yield the rows of a file.

        :param file: what people call it.
        :param file_format: ``jsonl`` or ``csv``.
        :param tabs: columns are separated by tabs, unless the options say otherwise.
        :raises FileError: when the file breaks off, or cannot be read.
        """
        lines = self._short(text.lines, file)
        if file_format == "jsonl":
            return self._json(lines, text.encoding, file)
        return self._separated(lines, text.encoding, file, "\t" if tabs else ",")

    def _short(self, lines: Iterator[Line], file: str) -> Iterator[tuple[Line, bytes]]:
        for line in lines:
            if line.data is None:
                error = RowError("too_long", f"the line is longer than {self._limit:,} bytes")
                self._problems.row(f"{file}:{line.number}", error)
            else:
                yield line, line.data

    def _json(self, lines: Iterator[tuple[Line, bytes]], encoding: str, file: str) -> Iterator[Row]:
        for line, data in lines:
            if not data.strip():
                continue
            try:
                values = _decode(data, encoding)
            except RowError as error:
                if not line.ended and error.reason in ("not_json", "encoding"):
                    error = RowError(_TRUNCATED, f"the last line of the file breaks off: {error.detail}")
                self._problems.row(f"{file}:{line.number}", error)
                continue
            yield Row(file, line.number, values)

    def _separated(
        self, lines: Iterator[tuple[Line, bytes]], encoding: str, file: str, delimiter: str
    ) -> Iterator[Row]:
        feed = _Feed(lines, encoding, self._limit)
        reader = csv.reader(
            feed,
            delimiter=self._csv.get("delimiter") or delimiter,
            quotechar=self._csv.get("quotechar") or '"',
            escapechar=self._csv.get("escapechar"),
            strict=True,
        )
        header: Sequence[str] | None = self._csv.get("header")
        for first, ended, cells in self._records(reader, feed, file):
            if header is None:
                header = _checked_header(cells)
            elif list(cells) == list(header):
                self._problems.report.count("headers_repeated")
            elif len(cells) != len(header):
                reason = _TRUNCATED if not ended and len(cells) < len(header) else "wrong_csv"
                error = RowError(reason, f"{len(cells)} columns instead of {len(header)}")
                self._problems.row(f"{file}:{first}", error)
            elif any(_is_broken(cell) for cell in cells):
                self._problems.row(f"{file}:{first}", RowError("encoding", f"it is no {encoding}"))
            else:
                # A cell with nothing in it says nothing.
                values = {name: cell or None for name, cell in zip(header, cells, strict=True)}
                yield Row(file, first, values)

    def _records(self, reader: Any, feed: _Feed, file: str) -> Iterator[tuple[int, bool, list[str]]]:
        while True:
            feed.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                reason, detail = (
                    ("wrong_csv", str(error)) if feed.ended else (_TRUNCATED, f"the file breaks off: {error}")
                )
                if feed.lines > 1:
                    reason, detail = "wrong_csv", f"{error}; is a quote left open?"
                self._problems.row(f"{file}:{feed.first}", RowError(reason, detail))
                feed.again()
                continue
            if cells:
                yield feed.first, feed.ended, cells


class _Feed:
    """Gives lines to the CSV reader, keeps those of the record at hand, and can give them again."""

    def __init__(self, lines: Iterator[tuple[Line, bytes]], encoding: str, limit: int) -> None:
        self._lines = lines
        self._encoding = encoding
        self._limit = limit
        self._held: list[tuple[Line, bytes]] = []
        self._size = 0
        self._returned: deque[tuple[Line, bytes]] = deque()
        self._readings = 0

    @property
    def first(self) -> int:
        return self._held[0][0].number

    @property
    def ended(self) -> bool:
        return self._held[-1][0].ended

    @property
    def lines(self) -> int:
        return len(self._held)

    def begin(self) -> None:
        """Begin a record."""
        self._held.clear()
        self._size = 0

    def again(self) -> None:
        """Give the lines of this record again, without the first."""
        if self._readings < _SECOND_READINGS:
            self._readings += len(self._held) > 1
            self._returned.extendleft(reversed(self._held[1:]))

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._held and self._size > self._limit:
            raise StopIteration
        line, data = self._returned.popleft() if self._returned else next(self._lines)
        self._held.append((line, data))
        self._size += len(data)
        # Broken bytes become surrogates, by which a row is known to hold some.
        return data.decode(self._encoding, "surrogateescape") + ("\n" if line.ended else "")


def check_csv_options(options: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the options for CSV files if they are such.

    :param options: ``delimiter``, ``quotechar`` and ``escapechar``, a character each; ``header``, the names of the
        columns of files that do not begin with them.
    :raises ConfigurationError: when they are not.
    """
    options = options or {}
    if not isinstance(options, Mapping) or not _CSV_OPTIONS.issuperset(options):
        raise ConfigurationError(
            f"csv_options in collector_kwargs is {options!r}; give a mapping of {', '.join(sorted(_CSV_OPTIONS))}."
        )
    for name in _CSV_OPTIONS - {"header"}:
        value = options.get(name)
        if value is not None and not (isinstance(value, str) and len(value) == 1):
            raise ConfigurationError(f"{name} in csv_options is {value!r}; give one character.")
    header = options.get("header")
    if header is not None:
        if isinstance(header, str) or not isinstance(header, Sequence):
            raise ConfigurationError(f"header in csv_options is {header!r}; give a list of column names.")
        try:
            _checked_header(header)
        except FileError as error:
            raise ConfigurationError(f"header in csv_options: {error.detail}.") from error
    return options


def _checked_header(cells: Sequence[str]) -> Sequence[str]:
    names = [cell.strip() for cell in cells]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise FileError("file_wrong_header", f"its header has several columns called {', '.join(map(repr, doubled))}")
    return names


def _decode(data: bytes, encoding: str) -> Mapping[str, Any]:
    try:
        values = msgspec.json.decode(data if encoding == "utf-8" else data.decode(encoding))
    except UnicodeDecodeError as error:
        raise RowError("encoding", f"it is no {encoding}") from error
    except RecursionError as error:
        raise RowError("not_json", "its JSON is nested too deeply") from error
    except msgspec.DecodeError as error:
        values = _decode_leniently(data, encoding, str(error))
    if not isinstance(values, dict):
        raise RowError("not_an_object", f"it is a {type(values).__name__} and no object in one line of JSON")
    return values


def _decode_leniently(data: bytes, encoding: str, message: str) -> Any:
    """Read what Python writes but JSON does not know: NaN, infinities and lone surrogates."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise RowError("encoding", f"it is no {encoding}") from error
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise RowError("not_json", message) from error


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text)
