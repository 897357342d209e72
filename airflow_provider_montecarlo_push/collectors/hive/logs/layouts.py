"""How lines of a log begin, whichever layout the server was given.

Known are those that begin with the time and hold level and thread: ``%d{ISO8601} %5p [%t] %c{2}: %m%n`` of Hive's own
``hive-log4j2.properties`` (2.x to 4.x), Cloudera's ``%d{ISO8601} %-5p %c: [%t]: %m%n``, Hortonworks'
``%d{ISO8601} %-5p [%t]: %c{2} (%F:%M(%L)) - %m%n``, the console's ``%d{yy/MM/dd HH:mm:ss} [%t]: %p %c{2}: %m%n``, and
RFC 5424 with fields, which servers in containers write.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

_LINE = re.compile(
    rb"(?:<\d+>1 )?"
    rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?|\d\d/\d\d/\d\d \d\d:\d\d:\d\d)\s+"
    rb"(?:\[[^\]]*\]:?\s+)?"
    rb'(?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b|\S+ \S+ \S+ \S+ \[\S+ [^\]]*?level="(\w+)")'
)
_THREAD = re.compile(rb'\bthread="([^"]*)"|\[(?![^\s\]]+@)([^\]]+)\]')
_SESSION_FIELD = re.compile(rb'\bsessionId="([^"]*)"')
_SESSION = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s+")
_SHORT_DATE = 2
# Clocks are set back by an hour, or by half of one.
_STEP_BACK = timedelta(minutes=15)


class Start(NamedTuple):
    """What the beginning of a line says.

    :param time: as it is written.
    :param level: such as ``INFO``.
    :param end: where it ends.
    """

    time: bytes
    level: bytes
    end: int


def start_of(line: bytes) -> Start | None:
    """Return the beginning of a line that begins a record; ``None`` for one that goes on with a record."""
    match = _LINE.match(line)
    if match is None:
        return None
    return Start(match[1], match[2] or match[3], match.end())


def thread_of(line: bytes, end: int) -> tuple[str, str | None]:
    """Return the thread that wrote a line, ``""`` if it does not say, and the session that it worked for.

    :param end: where its message begins, at which nothing is looked for any more.
    """
    match = _THREAD.search(line, 0, end)
    if match is None:
        return "", None
    name = (match[1] or match[2] or b"").decode("utf-8", "replace")
    field = _SESSION_FIELD.search(line, 0, end)
    if field is not None:
        return name, field[1].decode("utf-8", "replace") or None
    session = _SESSION.match(name)
    return (name, None) if session is None else (name[session.end() :].strip(), session[1])


class Clock:
    """Reads the times of one file.

    :param zone: in which they are written, unless they say it.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last: datetime | None = None
        self._fold = 0

    def read(self, text: bytes) -> datetime:
        """Return a time in UTC. In the hour that comes twice a year, the second begins where times step back.

        :raises ValueError: when there is no such time.
        """
        moment = _parse(text.decode("ascii"))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if self._zone is UTC:
            return moment.replace(tzinfo=UTC)
        local = moment.replace(tzinfo=self._zone)
        if local.utcoffset() == local.replace(fold=1).utcoffset():
            self._fold = 0
        elif self._last is not None and self._last - moment > _STEP_BACK:
            self._fold = 1
        self._last = moment
        return local.replace(fold=self._fold).astimezone(UTC)


def _parse(text: str) -> datetime:
    if text[_SHORT_DATE] == "/":
        return datetime.strptime(text, "%y/%m/%d %H:%M:%S")  # noqa: DTZ007 - the caller gives the zone
    return datetime.fromisoformat(text)
