"""Lines of a log file to the records that tell something about queries. All others are passed over, unread.

The messages are those of ``Driver``, ``Compiler``, ``Executor``, ``Operation`` and ``LineageLogger`` in Hive's sources;
they are the same from Hive 2 to Hive 4 except where said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum, auto
from typing import NamedTuple

from airflow_provider_montecarlo_push.collectors.hive.logs.layouts import Clock, Start, start_of, thread_of
from airflow_provider_montecarlo_push.collectors.text_files.lines import Line, Text
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError

LONGEST_LINE = 16 * 1024 * 1024
LONGEST_TEXT = 1024 * 1024
_REPLACEMENT = "�"
_RAW_LINEAGE = b'{"version"'
_LINEAGE_LOGGER = b"LineageLogger"
_TIMESTAMP = re.compile(rb'"timestamp":\s*(\d{1,11})\b')
_DURATION = re.compile(rb'"duration":\s*(\d{1,12})\b')


class Kind(Enum):
    """What a record tells."""

    COMPILING = auto()
    EXECUTING = auto()
    COMPILED = auto()
    EXECUTED = auto()
    INTERRUPTED = auto()
    FAILED = auto()
    RETRIED = auto()
    ERROR = auto()
    LINEAGE = auto()
    SESSION = auto()
    OPERATION = auto()
    ROWS = auto()


class Record(NamedTuple):
    """A record that tells something.

    :param time: in UTC.
    :param source: the server that wrote it, as far as file names tell servers apart.
    :param thread: that wrote it, without the session.
    :param session: for which it was written, where it says.
    :param query_id: of which it says something, where it says.
    :param text: SQL, error, JSON, or the message.
    :param cut: the text was longer than what is kept.
    :param place: file and line, for people.
    """

    time: datetime
    kind: Kind
    source: str
    thread: str
    session: str | None
    query_id: str
    text: str
    cut: bool
    place: str


_COMMAND = re.compile(
    rb"\b(Compiling|Executing|Completed compiling|Completed executing) command\(queryId=([^)\s]+)\)"
    rb"(:| has been interrupted|; Time taken)"
)
_COMMANDS = {
    b"Compiling": Kind.COMPILING,
    b"Executing": Kind.EXECUTING,
    b"Completed compiling": Kind.COMPILED,
    b"Completed executing": Kind.EXECUTED,
}
# Looked for in this order. The beginning of the text is that of the match.
_OTHERS = (
    (b"FAILED: ", re.compile(rb"FAILED: "), Kind.FAILED, b"ERROR"),
    (b"Authorization failed:", re.compile(rb"Authorization failed:"), Kind.FAILED, b"ERROR"),
    (b"Execute BackupTask", re.compile(rb"ATTEMPT: Execute BackupTask"), Kind.RETRIED, b"ERROR"),
    (b"Error ", re.compile(rb"Error (?:executing statement|running hive query)"), Kind.ERROR, b""),
    (b"Created HDFS dir", re.compile(rb"Created HDFS directory: "), Kind.SESSION, b""),
    (b"opType=EXECUTE_ST", re.compile(rb"\[opType=EXECUTE_STATEMENT, "), Kind.OPERATION, b""),
    (b"RECORDS_OUT_", re.compile(rb"RECORDS_OUT_"), Kind.ROWS, b""),
)
_LONGEST = {Kind.LINEAGE: LONGEST_LINE, Kind.FAILED: 16_384, Kind.ERROR: 16_384}
_OF_ONE_LINE = frozenset({Kind.COMPILED, Kind.EXECUTED, Kind.INTERRUPTED, Kind.SESSION, Kind.OPERATION, Kind.RETRIED})


class _Message(NamedTuple):
    kind: Kind
    query_id: str
    begin: int  # of the message
    text: int  # where its text begins


def _message(line: bytes, start: Start) -> _Message | None:
    if b"command(queryId=" in line:
        return _command(line, start)
    if _LINEAGE_LOGGER in line:
        begin = line.find(b"{", line.find(_LINEAGE_LOGGER))
        return None if begin < 0 else _Message(Kind.LINEAGE, "", begin, begin)
    for words, pattern, kind, level in _OTHERS:
        if words in line and (not level or start.level == level):
            match = pattern.search(line, start.end)
            if match is not None:
                return _Message(kind, "", match.start(), match.start())
    return None


def _command(line: bytes, start: Start) -> _Message | None:
    match = _COMMAND.search(line, start.end)
    # A text that quotes such a message is none.
    if match is None or b"'" in line[start.end : match.start()]:
        return None
    command, query_id, after = match.groups()
    kind = _COMMANDS[command]
    if kind in (Kind.COMPILING, Kind.EXECUTING) and after != b":":
        kind = Kind.INTERRUPTED
        return _Message(kind, query_id.decode("utf-8", "replace"), match.start(), match.start())
    return _Message(kind, query_id.decode("utf-8", "replace"), match.start(), match.end())


class RecordReader:
    """Makes records of the lines of a file.

    :param zone: in which the server writes times.
    """

    def __init__(self, problems: Problems, zone: tzinfo) -> None:
        self._problems = problems
        self._zone = zone

    def read(self, text: Text, name: str, source: str) -> Iterator[Record]:
        """Yield the records of a file. A file in which no line begins like one of a log is counted.

        :param name: what people call it.
        :param source: see :class:`Record`.
        """
        held = _Held(self._problems, text.encoding, name, source, Clock(self._zone))
        number = 0
        for line in text.lines:
            number = line.number
            record = held.take(line)
            if record is not None:
                yield record
        record = held.record()
        if record is not None:
            yield record
        if held.begun:
            self._problems.usable()
        elif number:
            detail = "none of its lines begins like one of a Hive log: with a time, a level and a thread"
            self._problems.row(name, RowError("no_log", detail))


class _Held:
    """The record at hand."""

    def __init__(self, problems: Problems, encoding: str, name: str, source: str, clock: Clock) -> None:
        self._problems = problems
        self._encoding = encoding
        self._name = name
        self._source = source
        self._clock = clock
        self.begun = False
        self._message: _Message | None = None
        self._start = Start(b"", b"", 0)
        self._lines: list[bytes] = []
        self._size = 0
        self._longest = 0
        self._number = 0

    def take(self, line: Line) -> Record | None:
        """Take the next line; return the record that is known to have ended by it."""
        data = line.data
        if data is None:
            self._lose(line.number)
            return None
        start = start_of(data)
        if start is not None:
            record = self.record()
            self._begin(data, line.number, start)
            return record
        if self._message is not None:
            self._add(data)
        elif data.startswith(_RAW_LINEAGE):
            self.begun = True
            return self._raw(data, line.number)
        return None

    def record(self) -> Record | None:
        """Return the record at hand, ``None`` when there is none, or its time is none."""
        message, self._message = self._message, None
        if message is None:
            return None
        place = self._place(self._number)
        try:
            time = self._clock.read(self._start.time)
        except ValueError:
            self._problems.row(place, RowError("wrong_time", f"{self._start.time.decode('ascii')!r} is no time"))
            return None
        first = self._lines[0]
        thread, session = thread_of(first, message.begin)
        body = b"\n".join([first[message.text :], *self._lines[1:]])
        cut = self._size > self._longest
        text = self._text(body[: self._longest])
        return Record(time, message.kind, self._source, thread, session, message.query_id, text, cut, place)

    def _begin(self, line: bytes, number: int, start: Start) -> None:
        """Take the first line of a record, if it tells something."""
        self.begun = True
        self._message = _message(line, start)
        if self._message is None:
            return
        self._start = start
        self._number = number
        self._longest = _LONGEST.get(self._message.kind, LONGEST_TEXT)
        self._lines = [line]
        self._size = len(line)

    def _add(self, line: bytes) -> None:
        """Take a further line of the record."""
        self._size += len(line) + 1
        if self._message is not None and self._message.kind not in _OF_ONE_LINE and self._size <= self._longest:
            self._lines.append(line)

    def _lose(self, number: int) -> None:
        """Take note of a line that is too long to be kept."""
        if self._message is None or self._message.kind in _OF_ONE_LINE:
            error = RowError("too_long", f"the line is longer than {LONGEST_LINE:,} bytes")
            self._problems.row(f"{self._name}:{number}", error)
        self._size += LONGEST_LINE

    def _raw(self, line: bytes, number: int) -> Record | None:
        """Return the record of a line that is JSON as a whole, of LineageLogger in a file of its own."""
        place = self._place(number)
        begin, length = _TIMESTAMP.search(line), _DURATION.search(line)
        if begin is None:
            self._problems.row(place, RowError("wrong_time", "a record of LineageLogger without a timestamp"))
            return None
        milliseconds = 0 if length is None else int(length[1])
        time = datetime.fromtimestamp(int(begin[1]), UTC) + timedelta(milliseconds=milliseconds)
        return Record(time, Kind.LINEAGE, self._source, "", None, "", self._text(line), False, place)

    def _place(self, number: int) -> str:
        return f"{self._name}:{number}"

    def _text(self, data: bytes) -> str:
        text = data.decode(self._encoding, "replace").replace("\r\n", "\n")
        if _REPLACEMENT in text:
            self._problems.report.count("records_in_another_encoding")
        return text
