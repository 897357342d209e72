"""Queries and records of LineageLogger to edges."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.hive.logs.native import NativeLineage
from airflow_provider_montecarlo_push.collectors.hive.logs.queries import Query
from airflow_provider_montecarlo_push.collectors.hive.logs.records import LONGEST_TEXT, Record
from airflow_provider_montecarlo_push.collectors.hive.logs.temporary import TemporaryTables, name_of_temporary_table
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

# LineageLogger speaks before its query ends; in a file of its own perhaps a little later.
_PATIENCE = timedelta(seconds=10)
_MOST_HELD = 10_000
_MOST_CHARACTERS = 32 * 1024 * 1024


class LineageFollower:
    """Decides for each query that ended in a window where its edges come from, in the order in which they ended.

    What LineageLogger says comes first. Parsed is what it says nothing about, and what has to do with temporary tables,
    which are resolved through to where their rows come from.

    :param parser: for the rest; ``None`` leaves the rest out.
    :param gate: lets through the events in scope; ``None`` lets through all.
    """

    def __init__(
        self, report: CollectionReport, window: TimeWindow, parser: LineageParser | None, gate: Gate | None
    ) -> None:
        self._report = report
        self._window = window
        self._gate = gate
        self._statements = None if parser is None else StatementLineage(parser, report)
        self._temporary = TemporaryTables()
        self._queries: deque[Query] = deque()
        self._held = 0
        self._said = _Said()

    def native(self, record: Record) -> Iterator[LineageEvent]:
        """Take a record of LineageLogger; yield the edges of those for which there is no query."""
        if not self._window.start - _PATIENCE <= record.time < self._window.end + _PATIENCE:
            return
        try:
            lineage = NativeLineage.read(record.text)
        except ValueError as error:
            self._report.leave_out("lineage_records_broken", f"{record.place}: {error}")
            return
        self._report.count("lineage_records")
        for forgotten in self._said.add(lineage, record.time, len(record.text)):
            yield from self._alone(forgotten)

    def ended(self, query: Query) -> None:
        """Take a query that ended, in the window or not."""
        self._queries.append(query)
        self._held += len(query.text)

    def known(self, now: datetime) -> Iterator[LineageEvent]:
        """Yield the edges that are known by ``now``."""
        while self._queries and (
            self._queries[0].end < now - _PATIENCE or len(self._queries) > _MOST_HELD or self._held > _MOST_CHARACTERS
        ):
            yield from self._next()
        for lineage in self._said.older(now - 2 * _PATIENCE):
            yield from self._alone(lineage)

    def close(self) -> Iterator[LineageEvent]:
        """Yield the edges that are left."""
        while self._queries:
            yield from self._next()
        for lineage in self._said.all():
            yield from self._alone(lineage)
        if self._statements is not None:
            yield from self._admit(self._statements.close(), "edges_parsed")

    def _next(self) -> Iterator[LineageEvent]:
        query = self._queries.popleft()
        self._held -= len(query.text)
        said = self._said.take(query.text)
        if query.error is not None:
            if self._is_inside(query.end):
                self._report.count("statements_failed")
            return
        temporary = self._temporary.follow(query.owner, query.text)
        if not self._is_inside(query.end):
            return
        if said is not None and said.is_known and not temporary:
            self._report.count("statements_native")
            yield from self._admit(said.events(), "edges_native")
        elif self._statements is None:
            self._report.count("statements_not_followed")
        elif query.cut:
            self._report.leave_out("too_large", f"query {query.query_id}: longer than {LONGEST_TEXT:,} bytes")
        else:
            yield from self._admit(self._parsed(self._statements, query), "edges_parsed")

    def _parsed(self, statements: StatementLineage, query: Query) -> list[LineageEvent]:
        return statements.follow(
            query.text, query=query.query_id, database=query.database, schema=query.database, owner=query.owner
        )

    def _alone(self, lineage: NativeLineage) -> Iterator[LineageEvent]:
        """Yield the edges of a record of LineageLogger without a query: its log may be all that there is."""
        if not self._is_inside(lineage.end):
            return
        if name_of_temporary_table(lineage.text) is not None:
            self._report.count("temporary_tables_written")
            return
        self._report.count("lineage_records_without_query")
        yield from self._admit(lineage.events(), "edges_native")

    def _admit(self, events: Iterable[LineageEvent], kind: str) -> Iterator[LineageEvent]:
        if self._gate is not None:
            yield from self._gate.admit(events, kind)
            return
        for event in events:
            self._report.count(kind)
            yield event

    def _is_inside(self, time: datetime) -> bool:
        return self._window.start <= time < self._window.end


class _Said:
    """What LineageLogger said, by the text of the query, until the query itself has ended.

    The same text in another session is the same lineage, unless names in it mean other tables there; those that run at
    the same time are told apart by their order alone.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, tuple[NativeLineage, datetime, int, int]] = OrderedDict()
        self._by_text: dict[int, deque[int]] = {}
        self._number = 0
        self._characters = 0

    def add(self, lineage: NativeLineage, time: datetime, size: int) -> Iterator[NativeLineage]:
        """Keep a record; yield those that are forgotten for it."""
        key = _key(lineage.text)
        self._number += 1
        self._waiting[self._number] = (lineage, time, size, key)
        self._by_text.setdefault(key, deque()).append(self._number)
        self._characters += size
        while self._characters > _MOST_CHARACTERS or len(self._waiting) > _MOST_HELD:
            yield self._remove(next(iter(self._waiting)))

    def take(self, text: str) -> NativeLineage | None:
        """Return what was said about a query with this text, once."""
        numbers = self._by_text.get(_key(text))
        return None if numbers is None else self._remove(numbers[0])

    def older(self, time: datetime) -> Iterator[NativeLineage]:
        """Yield, once, what was said before ``time``."""
        while self._waiting:
            number = next(iter(self._waiting))
            if self._waiting[number][1] >= time:
                return
            yield self._remove(number)

    def all(self) -> Iterator[NativeLineage]:
        """Yield, once, all that is left."""
        while self._waiting:
            yield self._remove(next(iter(self._waiting)))

    def _remove(self, number: int) -> NativeLineage:
        lineage, _, size, key = self._waiting.pop(number)
        self._characters -= size
        numbers = self._by_text[key]
        numbers.remove(number)
        if not numbers:
            del self._by_text[key]
        return lineage


def _key(text: str) -> int:
    return hash(text.strip()[:LONGEST_TEXT])
