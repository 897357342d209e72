"""Records of a log to the queries that ended."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from airflow_provider_montecarlo_push.collectors.hive.logs.recent import Recent
from airflow_provider_montecarlo_push.collectors.hive.logs.records import Kind, Record
from airflow_provider_montecarlo_push.collectors.hive.logs.rows import Rows
from airflow_provider_montecarlo_push.collectors.hive.logs.sessions import Sessions, database_of_use
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

MOST_OPEN = 10_000
MOST_CHARACTERS = 64 * 1024 * 1024
_REMEMBERED = 100_000
# Within so long a query that failed is executed again, if it is at all.
_AGAIN = timedelta(seconds=10)
_ID = re.compile(r"(.+)_\d{14}_[0-9a-f-]{36}")
_CODE = re.compile(r"\[Error (\d+)\]|return code (-?\d+) from")
_TRACE = re.compile(r"\s+at |Caused by: |[\w.$]+(?:Exception|Error)(?::|$)")
_EXCEPTION = re.compile(r"(?:[\w$]+\.)+[\w$]+(?:Exception|Error): ")
_LONGEST_ERROR = 4_000
_HINTS = re.compile(r'"(user|database)":\s*"([^"\\]*)"')
_HINTS_BEFORE = 2_000


@dataclass
class Query:
    """A query.

    :param owner: the session that ran it, by its id, or by the thread that serves it.
    :param database: in which it ran, where that is known.
    :param cut: the text was longer than what is kept.
    :param thread: that works on it, by server and name.
    :param end: that of its first record as long as it has not ended.
    :param server_user: whom the server says that it runs as, where nothing else is known.
    """

    query_id: str
    text: str
    start: datetime
    owner: str
    session: str | None
    user: str | None
    database: str | None
    cut: bool
    thread: tuple[str, str]
    end: datetime
    error: str | None = None
    server_user: str | None = None
    rows: Rows = field(default_factory=Rows)

    @property
    def ran_by(self) -> str | None:
        """Who ran it, as far as the log tells."""
        if self.user or self.server_user:
            return self.user or self.server_user
        match = _ID.fullmatch(self.query_id)
        return None if match is None else match[1]

    @property
    def error_code(self) -> int | None:
        """The number of the error, where it has one."""
        match = None if self.error is None else _CODE.search(self.error)
        return None if match is None else int(match[1] or match[2])


class QueryFollower:
    """Puts together what the records of all threads say about each query.

    :param window: which queries are counted that cannot be given.
    :param default_database: of sessions of which the log does not say it.
    """

    def __init__(
        self,
        report: CollectionReport,
        window: TimeWindow,
        default_database: str | None = None,
        *,
        most_open: int = MOST_OPEN,
        most_characters: int = MOST_CHARACTERS,
    ) -> None:
        self._report = report
        self._window = window
        self._default_database = default_database
        self._most_open = most_open
        self._most_characters = most_characters
        self._sessions = Sessions()
        self._open: OrderedDict[str, Query] = OrderedDict()
        self._characters = 0
        self._current: Recent[tuple[str, str], str] = Recent(2 * most_open)
        self._failed: OrderedDict[str, Query] = OrderedDict()
        self._ended: Recent[int, datetime] = Recent(_REMEMBERED)

    def follow(self, record: Record) -> Iterator[Query]:
        """Yield the queries that are known to have ended by a record, wherever their end lies."""
        if self._failed:
            yield from self._settled(record.time)
        kind = record.kind
        if kind in (Kind.COMPILING, Kind.EXECUTING):
            self._begin(record)
        elif kind in (Kind.COMPILED, Kind.EXECUTED, Kind.INTERRUPTED):
            yield from self._end(record)
        elif kind in (Kind.SESSION, Kind.OPERATION):
            self._sessions.learn(record)
        else:
            query = self._of_thread(record)
            if query is not None:
                yield from self._tell(query, record)

    def close(self) -> Iterator[Query]:
        """Yield the queries that ended and were held back; count those that did not end."""
        yield from self._failed.values()
        self._failed.clear()
        unfinished = sum(query.start < self._window.end for query in self._open.values())
        if unfinished:
            self._report.count("queries_unfinished", unfinished)

    def _begin(self, record: Record) -> None:
        query = self._open.get(record.query_id)
        if query is None:
            ended = self._ended.get(hash(record.query_id))
            if ended is not None and record.time <= ended:
                return  # the same log once more, under another name
            query = self._again(record) or self._new(record)
        thread = (record.source, record.thread)
        query.thread = thread
        self._current.set(thread, query.query_id)

    def _new(self, record: Record) -> Query:
        session = self._sessions.of(record)
        owner = session or f"{record.source} {record.thread}"
        if record.cut:
            self._report.count("texts_cut")
        query = Query(
            query_id=record.query_id,
            text=record.text.strip(),
            start=record.time,
            owner=owner,
            session=session,
            user=self._sessions.user(session),
            database=self._sessions.database(owner) or self._default_database,
            cut=record.cut,
            thread=(record.source, record.thread),
            end=record.time,
        )
        self._open[query.query_id] = query
        self._characters += len(query.text)
        while len(self._open) > self._most_open or self._characters > self._most_characters:
            query_id, forgotten = self._open.popitem(last=False)
            self._characters -= len(forgotten.text)
            self._report.leave_out("queries_forgotten", f"query {query_id}: too many queries had no end by then")
        return query

    def _again(self, record: Record) -> Query | None:
        """Return a query that failed and is executed once more (Hive 3)."""
        query = self._failed.pop(record.query_id, None)
        if query is not None:
            self._report.count("queries_executed_again")
            query.error = None
            self._open[query.query_id] = query
            self._characters += len(query.text)
        return query

    def _end(self, record: Record) -> Iterator[Query]:
        query = self._open.get(record.query_id)
        if query is None:
            known = self._ended.get(hash(record.query_id)) is not None
            if record.kind is Kind.EXECUTED and not known and self._is_inside(record.time):
                detail = f"query {record.query_id} began before the files that were read ({record.place})"
                self._report.leave_out("queries_without_beginning", detail)
            return
        if record.kind is Kind.INTERRUPTED:
            query.error = query.error or record.text.split("\n", 1)[0]
        if record.kind is not Kind.COMPILED or query.error is not None:
            yield from self._finish(query, record.time)

    def _finish(self, query: Query, end: datetime) -> Iterator[Query]:
        del self._open[query.query_id]
        self._characters -= len(query.text)
        # Clocks may be set back.
        query.end = max(end, query.start)
        self._ended.set(hash(query.query_id), query.end)
        if query.error is not None:
            self._failed[query.query_id] = query
            return
        database = database_of_use(query.text)
        if database is not None:
            self._sessions.is_in(query.owner, database)
        yield query

    def _settled(self, now: datetime) -> Iterator[Query]:
        """Yield the queries that failed and are not executed again."""
        while self._failed:
            query = next(iter(self._failed.values()))
            if abs(now - query.end) < _AGAIN:
                return
            del self._failed[query.query_id]
            yield query

    def _of_thread(self, record: Record) -> Query | None:
        thread = (record.source, record.thread)
        query = self._open.get(self._current.get(thread) or "")
        return query if query is not None and query.thread == thread else None

    def _tell(self, query: Query, record: Record) -> Iterator[Query]:
        kind = record.kind
        if kind is Kind.FAILED:
            query.error = query.error or _error(record.text)
        elif kind is Kind.RETRIED:
            query.error = None
        elif kind is Kind.ROWS:
            query.rows.add(record.text)
        elif kind is Kind.LINEAGE:
            self._hints(query, record.text)
        else:
            # What no compiler foresaw, such as a class that is missing, is told by the service alone.
            _, _, after = record.text.partition("\n")
            query.error = _error(_EXCEPTION.sub("", after, count=1)) or record.text
            yield from self._finish(query, record.time)

    def _hints(self, query: Query, text: str) -> None:
        """Take what LineageLogger says about the session."""
        head = text[:_HINTS_BEFORE].partition('"queryText"')[0]
        hints = dict(_HINTS.findall(head))
        query.server_user = hints.get("user")
        database = hints.get("database")
        if database:
            query.database = database
            self._sessions.is_in(query.owner, database)

    def _is_inside(self, time: datetime) -> bool:
        return self._window.start <= time < self._window.end


def _error(text: str) -> str:
    """Return a message without the stack of calls that follows it."""
    first, *more = text.split("\n")
    lines = [first]
    for line in more:
        if _TRACE.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()[:_LONGEST_ERROR]
