"""Statements that hooks ran to edges, through the SQL lineage engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from airflow_provider_montecarlo_push.assets.ends import End, Ends
from airflow_provider_montecarlo_push.assets.model import Dataset, Observation, ObservedStatement
from airflow_provider_montecarlo_push.assets.names import split_name
from airflow_provider_montecarlo_push.assets.resources import Resource
from airflow_provider_montecarlo_push.assets.systems import System, is_store, system_of
from airflow_provider_montecarlo_push.collectors.bigquery.shards import asset_name
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage
from airflow_provider_montecarlo_push.events import LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser


class ResolvedEdge(NamedTuple):
    """An edge whose ends are found."""

    destination: End
    sources: dict[End, str]
    columns: dict[str, list[tuple[End, str]]]
    kind: str = "TABLE"


class _Place(NamedTuple):
    """Where statements ran: they share a session."""

    conn_id: str
    conn_type: str
    namespace: str | None


class _Warehouse(NamedTuple):
    """What the tables of statements are in.

    :param resource: of all of them; ``None`` where each is looked up below ``namespace``.
    """

    system: System
    resource: Resource | None
    namespace: str | None


class StatementReader:
    """Reads the statements of task runs.

    The parser of a dialect is kept, so that statements that differ in literals only are parsed once. Temporary tables
    are those of one run on one connection.
    """

    def __init__(self, ends: Ends) -> None:
        self._ends = ends
        self._report = ends.report
        self._parsers: dict[str, LineageParser] = {}

    def read(self, observation: Observation) -> Iterator[ResolvedEdge]:
        """Yield the edges of a run's statements."""
        places: defaultdict[_Place, list[ObservedStatement]] = defaultdict(list)
        for statement in observation.statements:
            places[_Place(statement.conn_id, statement.conn_type, statement.namespace)].append(statement)
        for place, statements in places.items():
            warehouse = self._warehouse(place, len(statements))
            if warehouse is not None:
                yield from self._edges(observation, statements, warehouse)

    def _warehouse(self, place: _Place, statements: int) -> _Warehouse | None:
        """Return where statements ran; ``None``, counted, when that is not mapped or has no SQL that is known.

        A connection that is mapped itself comes first; then each table by its namespace, then the connection's type.
        """
        resources = self._ends.resources
        resource = resources.of_connection(place.conn_id)
        if resource is None and not place.namespace:
            resource = resources.of_connection(place.conn_id, place.conn_type)
            if resource is None:
                self._ends.unmapped_connection(place.conn_id, statements)
                return None
        system = system_of(place.conn_type) or system_of(place.namespace or "")
        if system is None and resource is not None:
            system = system_of(resource.type)
        if system is None or not system.dialect:
            self._report.leave_out(
                "unknown_dialect", f"connection {place.conn_id!r} of type {place.conn_type!r}", number=statements
            )
            return None
        return _Warehouse(system, resource, place.namespace)

    def _edges(
        self, observation: Observation, statements: list[ObservedStatement], warehouse: _Warehouse
    ) -> Iterator[ResolvedEdge]:
        lineage = StatementLineage(self._parser(warehouse.system.dialect), self._report)
        run = observation.run
        for number, statement in enumerate(statements):
            database, schema = _defaults(statement, warehouse.system)
            events = lineage.follow(
                statement.sql,
                query=statement.job_id or f"{number} of {run.dag_id}.{run.task_id} ({run.run_id})",
                database=database,
                schema=schema,
                owner=None,
            )
            yield from self._resolved(events, warehouse)
        yield from self._resolved(lineage.close(), warehouse)

    def _parser(self, dialect: str) -> LineageParser:
        if dialect not in self._parsers:
            from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

            self._parsers[dialect] = LineageParser(dialect, external=True)
        return self._parsers[dialect]

    def _resolved(
        self, events: Iterator[LineageEvent] | list[LineageEvent], warehouse: _Warehouse
    ) -> Iterator[ResolvedEdge]:
        for event in events:
            destination = self._end(event.destination, warehouse)
            if destination is None:
                continue
            found = {ref.asset_id: (self._end(ref, warehouse), ref.type) for ref in event.sources}
            by_alias = {alias: end for alias, (end, _) in found.items() if end is not None}
            sources = {end: _kind(kind) for end, kind in found.values() if end is not None}
            columns = {
                column.name: [
                    (by_alias[source.asset_id], source.field_name)
                    for source in column.source_fields
                    if source.asset_id in by_alias
                ]
                for column in event.fields
            }
            yield ResolvedEdge(destination, sources, columns, _kind(event.destination.type))

    def _end(self, ref: LineageAssetRef, warehouse: _Warehouse) -> End | None:
        """Return an end of a statement's edge: a table where it ran, or a place of files anywhere."""
        if ref.type != "EXTERNAL":
            name = asset_name(ref.name) if warehouse.system.scheme == "bigquery" else ref.name
            table = TableName(ref.database, ref.schema, name)
            if warehouse.resource is not None:
                return End(table, warehouse.resource)
            return self._ends.table(table, str(warehouse.namespace), warehouse.system)
        if not is_store(ref.database):
            self._report.leave_out("stages", f"{ref.database}.{ref.schema}.{ref.name} is a stage, not a table")
            return None
        if ref.database == "file":
            return self._ends.end(Dataset("file", f"/{ref.name}"))
        return self._ends.end(Dataset(f"{ref.database}://{ref.schema}", ref.name))


def _kind(asset_type: str) -> str:
    return "VIEW" if asset_type == "VIEW" else "TABLE"


def _defaults(statement: ObservedStatement, system: System) -> tuple[str | None, str | None]:
    """Return database and schema in the case in which the warehouse has them."""
    database, schema = (_folded(name, system) for name in (statement.database, statement.schema))
    if system.levels == 2:
        return (schema or database,) * 2
    return database, schema


def _folded(name: str | None, system: System) -> str | None:
    if not name:
        return None
    parts = split_name(name)
    if len(parts) != 1:
        return name
    text, quoted = parts[0]
    return text if quoted else system.fold(text)
