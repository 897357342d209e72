"""Many statements in the order in which they ran."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec

from airflow_provider_montecarlo_push.lineage.model import LineageResult
from airflow_provider_montecarlo_push.lineage.names import Names
from airflow_provider_montecarlo_push.lineage.parser import LineageParser
from airflow_provider_montecarlo_push.lineage.tables import Edge, Tables

_REMEMBERED = 200_000


class LineageSession:
    """Follows a stream of queries in time order, such as an hour of a query log.

    Temporary tables, and tables that are made and dropped again, are resolved through to where their rows come from;
    renames and swaps move what came before. Both are known only afterwards, so edges come out when :meth:`close`
    ends the session, and before that when it holds too many.

    :param parser: for the warehouse's SQL.
    :param max_edges: how many edges it holds; beyond, the older half comes out as far as it is known by then.
    :param max_tables: how many tables it holds; beyond, all edges come out and it begins anew.
    """

    def __init__(self, parser: LineageParser, *, max_edges: int = 20_000, max_tables: int = 50_000) -> None:
        self._parser = parser
        self._max_edges = max_edges
        self._max_tables = max_tables
        self._tables = Tables()
        self._pending: dict[Hashable, Edge] = {}
        self._said: set[int] = set()

    def extract(
        self,
        sql: str,
        default_database: str | None = None,
        default_schema: str | None = None,
        *,
        owner: Hashable = None,
    ) -> LineageResult:
        """Take a text of one or many statements; return the edges that come out now, most often none.

        :param sql: the text. USE changes the defaults for the rest of it.
        :param default_database: database of names that give none, in the warehouse's own case.
        :param default_schema: schema of names that give none, likewise.
        :param owner: the connection that ran it, such as a session id: temporary tables are seen by their own alone.
        """
        result = LineageResult()
        names = Names(self._parser.profile, default_database, default_schema)
        for statement in self._parser.statements(sql, result):
            self._parser.take(statement, names, self._tables, result, owner)
        self._note_new_edges()
        if len(self._pending) > self._max_edges:
            self._release(result, len(self._pending) // 2)
        if len(self._tables) > self._max_tables:
            result.counts["forgotten_tables"] += len(self._tables)
            self._release(result, len(self._pending))
            self._tables = Tables()
        return result

    def close(self) -> LineageResult:
        """Return the edges that are left. The session is empty then, and can follow another stream."""
        result = LineageResult()
        self._note_new_edges()
        self._release(result, len(self._pending))
        self._tables = Tables()
        self._said.clear()
        return result

    def _note_new_edges(self) -> None:
        """Hold each edge once: the same statement over the same tables says the same."""
        for edge in self._tables.edges:
            self._pending.setdefault(edge.key, edge)
        self._tables.edges.clear()

    def _release(self, result: LineageResult, number: int) -> None:
        """Give out edges, each once; of very many different ones some may come again, which does no harm."""
        keys = list(self._pending)[:number]
        released = LineageResult(counts=result.counts)
        self._parser.release(self._tables, [self._pending.pop(key) for key in keys], released)
        for event in released.edges:
            digest = hash(msgspec.json.encode(event))
            if digest not in self._said:
                result.edges.append(event)
            if len(self._said) < _REMEMBERED:
                self._said.add(digest)
