"""Records of a server log to statements: what ran, when, for how long, and how it ended.

A statement is logged in one of these ways, or in several:

* ``duration: 1.2 ms  statement: …`` when it has ended (``log_min_duration_statement``);
* ``statement: …`` when it begins (``log_statement``), and ``duration: 1.2 ms`` when it has ended (``log_duration``);
* an error, whose record holds the statement.

Clients that bind values have ``execute <name>: …`` instead of ``statement: …``.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from airflow_provider_montecarlo_push.collectors.postgres.log_records import Record
from airflow_provider_montecarlo_push.collectors.report import CollectionReport

MOST_SESSIONS = 10_000

_DURATION = re.compile(r"duration: (\d+(?:\.\d+)?) ms(?:  |$)")
_RAN = re.compile(r"(?:statement|execute [^:]*): ")
_FETCH = "execute fetch from "
_STEPS = ("parse ", "bind ")
_PREPARATIONS = frozenset({"PARSE", "BIND"})
_PLAN = "plan:"
_END_OF_SESSION = "disconnection: "
_FAILED = frozenset({"ERROR", "FATAL", "PANIC"})
_PREPARE = re.compile(r'prepare: PREPARE\s+(?:"(?:[^"]|"")*"|[^\s("]+)\s*(?:\([^)]*\)\s*)?AS\s+', re.IGNORECASE)


class Statement(NamedTuple):
    """A statement that ended.

    :param query_id: session and line of its first record: the same whenever the log is read.
    :param duration: ``None`` when the log does not say; start and end are the same then.
    :param prepared: what ``EXECUTE`` ran.
    """

    text: str
    start: datetime
    end: datetime
    query_id: str
    session_id: str
    user: str
    database: str
    client: str
    application: str
    tag: str
    query_hash: str
    duration: timedelta | None
    prepared: str | None = None
    sqlstate: str | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it ended with an error."""
        return self.error is not None or self.sqlstate is not None


class _Begun(NamedTuple):
    text: str
    time: datetime
    record: Record


class StatementFollower:
    """Puts together what the records of each session say about its statements.

    :param durations_logged: the server logs the duration of every statement, so that one without it has not ended.
    """

    def __init__(self, report: CollectionReport, *, durations_logged: bool) -> None:
        self._report = report
        self._durations_logged = durations_logged
        self._begun: OrderedDict[str, _Begun] = OrderedDict()

    def follow(self, record: Record, time: datetime) -> Iterator[Statement]:
        """Yield the statements that are known to have ended by a record.

        :param time: that of the record, in UTC.
        """
        if record.severity in _FAILED:
            yield from self._failed(record, time)
        elif record.severity == "LOG":
            message = record.message
            if message.startswith("duration: "):
                yield from self._timed(record, time)
            elif message.startswith(_FETCH):
                self._report.count("portal_fetches")
            elif found := _RAN.match(message):
                yield from self._without_duration(record.session_id)
                yield from self._begin(record, _Begun(message[found.end() :], time, record))
            elif message.startswith(_END_OF_SESSION):
                yield from self._without_duration(record.session_id)

    def close(self) -> Iterator[Statement]:
        """Yield the statements of which nothing more was said."""
        for session_id in list(self._begun):
            if self._durations_logged:
                self._report.count("statements_running")
                del self._begun[session_id]
            else:
                yield from self._without_duration(session_id)

    def _begin(self, record: Record, begun: _Begun) -> Iterator[Statement]:
        self._begun[record.session_id] = begun
        if len(self._begun) > MOST_SESSIONS:
            yield from self._without_duration(next(iter(self._begun)))

    def _timed(self, record: Record, time: datetime) -> Iterator[Statement]:
        found = _DURATION.match(record.message)
        if found is None:
            return
        duration = timedelta(milliseconds=float(found.group(1)))
        rest = record.message[found.end() :]
        if ran := _RAN.match(rest):
            if rest.startswith(_FETCH):
                self._report.count("portal_fetches")
                return
            yield from self._without_duration(record.session_id)
            yield _statement(_Begun(rest[ran.end() :], time - duration, record), record, time, duration)
        elif rest.startswith(_STEPS):
            self._report.count("parse_and_bind_steps")
        elif rest.startswith(_PLAN):
            self._report.count("plans")
        elif not rest and record.tag not in _PREPARATIONS:
            begun = self._begun.pop(record.session_id, None)
            if begun is not None:
                yield _statement(begun, record, time, duration)
            else:
                self._report.count("durations_without_statement")

    def _failed(self, record: Record, time: datetime) -> Iterator[Statement]:
        begun = self._begun.pop(record.session_id, None)
        if begun is None:
            if not record.query:
                self._report.count("errors_without_statement")
                return
            begun = _Begun(record.query, time, record)
        duration = time - begun.time if begun.record is not record and time >= begun.time else None
        yield _statement(begun, record, time, duration)._replace(
            sqlstate=record.sqlstate or None, error=record.message or record.sqlstate
        )

    def _without_duration(self, session_id: str) -> Iterator[Statement]:
        begun = self._begun.pop(session_id, None)
        if begun is not None:
            yield _statement(begun, begun.record, begun.time, None)


def _statement(begun: _Begun, last: Record, end: datetime, duration: timedelta | None) -> Statement:
    """Return a statement.

    :param begun: its first record, which may be its last as well.
    """
    first = begun.record
    details = (first.detail, last.detail)
    prepared = next((detail[found.end() :] for detail in details if (found := _PREPARE.match(detail))), None)
    return Statement(
        text=begun.text,
        start=end - duration if duration is not None else end,
        end=end,
        query_id=f"{first.session_id}:{first.line}",
        session_id=first.session_id,
        user=first.user,
        database=first.database,
        client=first.client,
        application=first.application or last.application,
        tag=last.tag or first.tag,
        query_hash=last.query_hash or first.query_hash,
        duration=duration,
        prepared=prepared,
    )
