"""Lineage as Redshift recorded it. Source: SYS_QUERY_DETAIL, which has a row for each step of a query.

Steps that scan and insert have the ids of permanent and temporary tables: what a query read and wrote whatever its
text is, its search path included, and under the names that the tables have now. Columns, and views that are read
through, are in the text alone: it is parsed, and held against the tables that were recorded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.merging import Follower
from airflow_provider_montecarlo_push.collectors.redshift.grants import DETAIL, current_user, view_denied
from airflow_provider_montecarlo_push.collectors.redshift.history import History, between
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster
from airflow_provider_montecarlo_push.collectors.redshift.table_ids import TableIds
from airflow_provider_montecarlo_push.collectors.redshift.written_queries import (
    WRITERS,
    WrittenQuery,
    written_queries,
)
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage
from airflow_provider_montecarlo_push.events import LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, InvalidEventError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

# Queries whose table ids are looked up with one statement.
_BATCH = 500
_BATCH_CHARACTERS = 4_000_000
_MOST_TABLES = 50_000


@dataclass
class _Recorded:
    """What was recorded of a table that was written.

    :ivar sources: the tables that were read for it.
    :ivar named: those of them that the text of a query names.
    :ivar through_views: whether a text names a view, so that what it reads is recorded without being named.
    :ivar unread: whether the text of a query that wrote it could not be followed.
    """

    sources: set[TableName] = field(default_factory=set)
    named: set[TableName] = field(default_factory=set)
    through_views: bool = False
    unread: bool = False


@dataclass
class _Steps:
    written: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)


def is_used(cluster: Cluster, window: TimeWindow) -> bool:
    """Tell whether SYS_QUERY_DETAIL recorded that anything was written in ``window``.

    :raises AccessDeniedError: when it is not granted.
    """
    sql = (
        "SELECT 1 FROM sys_query_detail WHERE step_name = 'insert' AND table_id > 0 AND user_id > 1 "
        "AND end_time >= %s AND end_time < %s LIMIT 1"
    )
    try:
        return bool(cluster.fetch(sql, between(window), doing=f"Reading {DETAIL.view}"))
    except AccessDeniedError as error:
        raise view_denied(DETAIL, current_user(cluster), error) from error


class QueryDetailReader:
    """Reads the edges of a window.

    :param cache: tells whether tables that a text names exist.
    :param statements: follows the texts.
    """

    def __init__(
        self,
        cluster: Cluster,
        report: CollectionReport,
        ids: TableIds,
        cache: SchemaCache,
        statements: StatementLineage,
    ) -> None:
        self._cluster = cluster
        self._report = report
        self._ids = ids
        self._cache = cache
        self._statements = statements
        self._recorded: OrderedDict[TableName, _Recorded] = OrderedDict()
        self._by_name: dict[tuple[str, str], set[str]] = {}
        self._staged: OrderedDict[int, set[TableName]] = OrderedDict()

    def read(self, window: TimeWindow, history: History) -> Iterator[LineageEvent]:
        """Yield the edges of the queries that ended in ``window``.

        :raises AccessDeniedError: when a view is not granted.
        """
        steps = self._steps(window)
        for batch in _batches(written_queries(history, window)):
            taken = [(query, _taken(steps, query)) for query in batch]
            self._ids.look_up((query.database, table) for query, found in taken for table in found.written | found.read)
            for query, found in taken:
                self._report.count("statements_read")
                yield from self._follow(query, found)
            yield from self._release(_MOST_TABLES)
        for event in self._statements.close():
            yield from self._confirmed(event)
        yield from self._release(0)

    def _follow(self, query: WrittenQuery, steps: _Steps) -> Iterator[LineageEvent]:
        written = self._record(query.database, steps)
        unread = self._unread()
        events = self._statements.follow(
            query.text, query=str(query.query_id), database=query.database, schema=query.schema, owner=query.session
        )
        if self._unread() > unread:
            for recorded in written:
                recorded.unread = True
        for event in events:
            yield from self._confirmed(event)

    def _unread(self) -> int:
        """Return how many texts did not tell what was written, or not all of it."""
        return self._report.left_out.total() + self._report.counts["statements_without_edges"]

    def _steps(self, window: TimeWindow) -> Follower:
        sql = (
            "SELECT h.end_time, h.query_id, d.step_name, d.table_id\n"
            "FROM sys_query_history h JOIN sys_query_detail d ON d.query_id = h.query_id\n"
            "WHERE h.end_time >= %s AND h.end_time < %s AND d.table_id > 0 AND d.step_name IN ('insert', 'scan')"
            f"{WRITERS}\nGROUP BY h.end_time, h.query_id, d.step_name, d.table_id\nORDER BY h.end_time, h.query_id"
        )
        try:
            rows = self._cluster.stream(sql, between(window), doing=f"Reading {DETAIL.view}")
        except AccessDeniedError as error:
            raise view_denied(DETAIL, current_user(self._cluster), error) from error
        return Follower(rows, "query steps")

    def _record(self, database: str, steps: _Steps) -> list[_Recorded]:
        """Keep what a query wrote from what; tables that are gone, temporary ones mostly, by their ids."""
        written = []
        sources: set[TableName] = set()
        for table in sorted(steps.read):
            name = self._ids.name(database, table)
            if name is not None:
                sources.add(name)
            elif table in self._staged:
                sources |= self._staged[table]
            elif table not in steps.written:
                self._report.count("sources_gone")
        for table in sorted(steps.written):
            name = self._ids.name(database, table)
            if name is None:
                self._report.count("staging_tables_written")
                self._staged[table] = self._staged.get(table, set()) | sources
                self._staged.move_to_end(table)
                if len(self._staged) > _MOST_TABLES:
                    self._staged.popitem(last=False)
                continue
            recorded = self._recorded.setdefault(name, _Recorded())
            recorded.sources |= sources - {name}
            self._by_name.setdefault((name.database, name.name), set()).add(name.schema)
            written.append(recorded)
        return written

    def _confirmed(self, event: LineageEvent) -> Iterator[LineageEvent]:
        """Yield the edge of a text under the names that were recorded, without sources that do not exist."""
        end = event.destination
        recorded = self._recorded.get(_name(end)) or self._under_other_schema(end)
        if recorded is None:
            # No rows were inserted by a step: DDL such as ALTER TABLE APPEND, or a view.
            self._report.count("edges_from_text_alone")
            yield event
            return
        event.sources = [source for source in event.sources if self._confirm(source, _name(end), recorded)]
        if not event.sources:
            return
        self._keep_columns(event)
        yield event

    def _keep_columns(self, event: LineageEvent) -> None:
        """Leave out columns of sources that are none, and those that the table does not have under its new name."""
        kept = {source.asset_id for source in event.sources}
        known = self._cache.columns(*_name(event.destination))
        for column in event.fields:
            column.source_fields = [source for source in column.source_fields if source.asset_id in kept]
            if known is not None and column.name not in known:
                self._report.count("columns_not_found")
                column.source_fields = []
        event.fields = [column for column in event.fields if column.source_fields]

    def _under_other_schema(self, end: LineageAssetRef) -> _Recorded | None:
        """Return what was recorded for a table of that name, where the search path was another one than thought."""
        schemas = self._by_name.get((end.database, end.name), set())
        if len(schemas) != 1 or self._cache.asset_type(end.database, end.schema, end.name) is not None:
            return None
        (end.schema,) = schemas
        self._report.count("schemas_corrected")
        return self._recorded.get(_name(end))

    def _confirm(self, source: LineageAssetRef, end: TableName, recorded: _Recorded) -> bool:
        name = _name(source)
        if name in recorded.sources or name == end:
            recorded.named.add(name)
            return True
        others = [one for one in recorded.sources if (one.database, one.name) == (name.database, name.name)]
        known = self._cache.asset_type(*name)
        if known is None and len(others) == 1:
            source.schema = others[0].schema
            recorded.named.add(others[0])
            self._report.count("schemas_corrected")
            return True
        if known is None:
            self._report.count("sources_not_found")
            return False
        recorded.through_views = recorded.through_views or known == "VIEW"
        source.type = known
        return True

    def _release(self, kept: int) -> Iterator[LineageEvent]:
        """Yield, for all but the last ``kept`` tables, what was recorded and no text names."""
        while len(self._recorded) > kept:
            name, recorded = self._recorded.popitem(last=False)
            schemas = self._by_name[name.database, name.name]
            schemas.discard(name.schema)
            if not schemas:
                del self._by_name[name.database, name.name]
            rest = recorded.sources - recorded.named
            if not rest:
                continue
            if recorded.through_views and not recorded.unread:
                self._report.count("sources_through_views", len(rest))
                continue
            edge = Edge(name, "TABLE")
            for source in rest:
                edge.add_source(source, self._cache.asset_type(*source) or "TABLE")
            try:
                event = edge.event()
            except InvalidEventError as error:
                self._report.leave_out("invalid", f"{name}: {error}")
                continue
            if event is not None:
                self._report.count("edges_without_columns")
                yield event


def _taken(steps: Follower, query: WrittenQuery) -> _Steps:
    found = _Steps()
    for _, _, step, table in steps.take(*query.key):  # type: ignore[arg-type]  # a time and a number, not names
        (found.written if step.strip() == "insert" else found.read).add(int(table))
    return found


def _batches(queries: Iterator[WrittenQuery]) -> Iterator[list[WrittenQuery]]:
    batch: list[WrittenQuery] = []
    characters = 0
    for query in queries:
        batch.append(query)
        characters += len(query.text)
        if len(batch) == _BATCH or characters > _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _name(ref: LineageAssetRef) -> TableName:
    return TableName(ref.database, ref.schema, ref.name)
