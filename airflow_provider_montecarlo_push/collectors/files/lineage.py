"""Lineage in a window: edges that rows say, and edges of the queries that rows hold."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.files.edges import EdgeReader
from airflow_provider_montecarlo_push.collectors.files.fields import Row
from airflow_provider_montecarlo_push.collectors.files.options import Options
from airflow_provider_montecarlo_push.collectors.files.rows import Facts
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_NATIVE = "edges_native"
_PARSED = "edges_parsed"


class _Query(NamedTuple):
    """A query that wrote, perhaps."""

    row: Row
    text: str


class LineageReader:
    """Makes events of rows.

    :param gate: lets through the events in scope, and counts by ``edges_native`` and ``edges_parsed`` where they
        come from.
    """

    def __init__(self, options: Options, facts: Facts, problems: Problems, window: TimeWindow, gate: Gate) -> None:
        self._gate = gate
        self._options = options
        self._facts = facts
        self._problems = problems
        self._window = window
        self._edges = EdgeReader(options, problems)

    def given(self, groups: Iterable[list[Iterator[Row]]]) -> Iterator[LineageEvent]:
        """Yield the edges that rows say themselves: those written in the window, and those without a time.

        :param groups: the rows of files, some files at a time.
        """
        rows = chain.from_iterable(chain.from_iterable(groups))
        events = (event for row in rows if (event := self._given(row)) is not None)
        yield from self._gate.admit(events, _NATIVE)

    def parsed(self, groups: Iterable[list[Iterator[Row]]]) -> Iterator[LineageEvent]:
        """Yield the edges of the queries that ended in the window, as one session, and those that rows say.

        The files of a group are merged by the end of their queries, as far as each is in that order itself.

        :param groups: the rows of files, as many files at a time as may be open.
        :raises UnknownValueError: when there is no such dialect.
        """
        from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

        statements = StatementLineage(LineageParser(self._options.dialect), self._problems.report)
        for files in groups:
            ordered = [self._in_window(rows) for rows in files]
            for _, found in heapq.merge(*ordered, key=lambda pair: pair[0]):
                if isinstance(found, LineageEvent):
                    yield from self._gate.admit([found], _NATIVE)
                else:
                    yield from self._gate.admit(self._follow(statements, found), _PARSED)
        yield from self._gate.admit(statements.close(), _PARSED)

    def _given(self, row: Row) -> LineageEvent | None:
        try:
            if self._facts.names.get(row.values, "destination") is None:
                raise RowError("missing_destination", self._facts.names.missing(row.values, "destination"))
            times = self._facts.times(row)
            inside = times is None or self._facts.in_window(times, self._window)
            event = self._edges.event(row) if inside else None
        except RowError as error:
            self._problems.row(row.place, error)
            return None
        self._problems.usable()
        return event

    def _in_window(self, rows: Iterator[Row]) -> Iterator[tuple[datetime, _Query | LineageEvent]]:
        """Yield queries, and edges of rows that are no query, with the time at which they ended."""
        last = self._window.start
        for row in rows:
            if self._facts.is_edge(row):
                event = self._given(row)
                if event is not None:
                    yield last, event
                continue
            try:
                end, query = self._query(row)
            except RowError as error:
                self._problems.row(row.place, error)
                continue
            self._problems.usable()
            if query is not None:
                last = end
                yield end, query

    def _query(self, row: Row) -> tuple[datetime, _Query | None]:
        times = self._facts.times(row)
        if times is None:
            raise RowError("missing_end_time", self._facts.missing_end(row))
        if not self._facts.in_window(times, self._window):
            return times.end, None
        text = self._facts.required_text(row, "query_text")
        code, message = self._facts.code(row, "error_code"), self._facts.message(row, "error_text")
        if code is not None or message is not None or self._facts.failed_status(row) is not None:
            self._problems.report.count("statements_failed")
            return times.end, None
        return times.end, _Query(row, text)

    def _follow(self, statements: StatementLineage, query: _Query) -> list[LineageEvent]:
        row, text = query
        return statements.follow(
            text,
            query=row.place,
            database=self._facts.text(row, "default_database") or self._options.default_database,
            schema=self._facts.text(row, "default_schema") or self._options.default_schema,
            owner=self._facts.text(row, "session_id") or row.file,
        )
