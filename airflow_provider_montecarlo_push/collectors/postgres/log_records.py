"""Lines of a CSV log file to records.

A record begins on a line of its own and may run over many. One that was cut, because the server or the disk failed,
ends where a line begins the next: inside of a record, whatever looks like a beginning has its quotes doubled. See
https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from airflow_provider_montecarlo_push.collectors.text_files.lines import Line
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError

LONGEST_RECORD = 16 * 1024 * 1024
_FEWEST_COLUMNS = 23
_QUERY_ID = 25
_TEXT = rb'(?:"(?:[^"]|"")*")?'
_BEGINNING = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\"]{1,10},"  # log_time
    + _TEXT
    + b","  # user_name
    + _TEXT
    + b","  # database_name
    + rb"\d*,"  # process_id
    + _TEXT  # connection_from
    + rb",[0-9a-f]+\.[0-9a-f]+,\d+,"  # session_id, session_line_num
)


class Record(NamedTuple):
    """What is used of a record; texts that are empty say nothing.

    :param time: as it is written, in the server's ``log_timezone``.
    :param place: file and line, for people.
    """

    time: str
    user: str
    database: str
    client: str
    session_id: str
    line: str
    tag: str
    severity: str
    sqlstate: str
    message: str
    detail: str
    query: str
    application: str
    query_hash: str
    place: str


def read_records(lines: Iterator[Line], encoding: str, file: str, problems: Problems) -> Iterator[Record]:
    """Yield the records of a file. Broken ones are counted.

    :param lines: not longer than :data:`LONGEST_RECORD`; see :func:`.text_files.lines.read_text`.
    :param encoding: of text that is no UTF-8: the server writes each database's in the encoding of that database.
    :param file: what people call it.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_RECORD))
    held = _Held(encoding, file, problems)
    for line in lines:
        if line.data is None or not _BEGINNING.match(line.data):
            held.add(line)
            continue
        record = held.record(ended=True)
        held.begin(line)
        if record is not None:
            yield record
    record = held.record(ended=False)
    if record is not None:
        yield record


class _Held:
    """The lines of the record at hand."""

    def __init__(self, encoding: str, file: str, problems: Problems) -> None:
        self._encoding = encoding
        self._file = file
        self._problems = problems
        self._lines: list[bytes] = []
        self._size = 0
        self._first = 0
        self._complete = True

    def begin(self, line: Line) -> None:
        data = line.data or b""
        self._lines = [data]
        self._size = len(data)
        self._first = line.number
        self._complete = line.ended

    def add(self, line: Line) -> None:
        if not self._lines:
            if line.data is None or line.data.strip():
                self._problems.row(f"{self._file}:{line.number}", RowError("no_record", "the line begins no record"))
            return
        # What is too long is counted by its size, and kept no more.
        self._size += LONGEST_RECORD + 1 if line.data is None else len(line.data) + 1
        if self._size <= LONGEST_RECORD:
            self._lines.append(line.data or b"")
        self._complete = line.ended

    def record(self, *, ended: bool) -> Record | None:
        """Return the record of the lines held, ``None`` when there is none.

        :param ended: another record comes after it.
        """
        if not self._lines:
            return None
        lines, self._lines = self._lines, []
        place = f"{self._file}:{self._first}"
        if self._size > LONGEST_RECORD:
            error = RowError("too_long", f"the record is longer than {LONGEST_RECORD:,} bytes")
            self._problems.row(place, error)
            return None
        cells = _cells(self._decoded(b"\n".join(lines)))
        if cells is not None:
            return _record(cells, place)
        if ended:
            self._problems.row(place, RowError("truncated", "the record breaks off"))
        else:
            # The server is still writing it, most likely; it is complete when the next window is read.
            self._problems.report.count("records_unfinished")
        return None

    def _decoded(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            self._problems.report.count("records_in_another_encoding")
            return data.decode(self._encoding, "replace")


def _cells(text: str) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 and len(rows[0]) >= _FEWEST_COLUMNS else None


def _record(cells: list[str], place: str) -> Record:
    return Record(
        time=cells[0],
        user=cells[1],
        database=cells[2],
        client=cells[4],
        session_id=cells[5],
        line=cells[6],
        tag=cells[7],
        severity=cells[11],
        sqlstate=cells[12],
        message=cells[13],
        detail=cells[14],
        query=cells[19],
        application=cells[22],
        query_hash=_hash(cells[_QUERY_ID].strip()) if len(cells) > _QUERY_ID else "",
        place=place,
    )


def _hash(query_id: str) -> str:
    """Return the server's hash of a query; 0 stands for none."""
    return "" if query_id == "0" else query_id
