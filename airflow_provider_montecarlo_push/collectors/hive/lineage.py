"""Edges of views, and those of the queries in the logs of HiveServer2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive.hiveserver2 import identifier
from airflow_provider_montecarlo_push.collectors.hive.metadata import cannot_read
from airflow_provider_montecarlo_push.collectors.hive.scope import databases_in_scope, hive_pattern, wanted_names
from airflow_provider_montecarlo_push.collectors.hive.tables import Catalog, Table
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache, SchemaTables
from airflow_provider_montecarlo_push.collectors.statement_lineage import ViewLineage
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

# Parameter of views that Trino or Presto made.
_OF_TRINO = "presto_view"

Logged = Callable[["LineageParser", Gate], Iterator[LineageEvent]]


class LineageReader:
    """Reads the edges of all views in scope, and those of queries.

    All views each time: Monte Carlo forgets column lineage after ten days.
    """

    def __init__(self, catalog: Catalog, report: CollectionReport, tables: TableFilter) -> None:
        from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

        self._catalog = catalog
        self._report = report
        self._tables = tables
        cache = SchemaCache(self._read_schema, report)
        self._parser = LineageParser("hive", catalog=cache.columns, asset_types=cache.asset_type)

    def read(self, logged: Logged | None) -> Iterator[LineageEvent]:
        """Yield the edges; ``edges_views``, ``edges_native`` and ``edges_parsed`` count which source gave each.

        :param logged: yields those of queries; ``None`` for views alone.
        """
        gate = Gate(self._report, self._tables)
        yield from gate.admit(self._views(), "edges_views")
        if logged is None:
            self._report.note(
                "Lineage is that of views alone. For that of queries give the option log_path, the log of HiveServer2."
            )
        else:
            yield from logged(self._parser, gate)

    def _views(self) -> Iterator[LineageEvent]:
        lineage = ViewLineage(self._parser, self._report)
        for database in databases_in_scope(self._catalog, self._tables, self._report):
            try:
                found = self._catalog.names(database, hive_pattern(self._tables, database), only_views=True)
            except AccessDeniedError as error:
                cannot_read(database, error, self._tables, self._report)
                continue
            names = wanted_names(self._tables, database, found, self._report)
            for view in self._catalog.tables(database, names):
                if view.is_view:
                    event = self._edge(lineage, view)
                    if event is not None:
                        yield event

    def _edge(self, lineage: ViewLineage, view: Table) -> LineageEvent | None:
        if view.parameters.get(_OF_TRINO) == "true":
            self._report.leave_out("view_of_trino", f"{view.full_name}: its SQL is not that of Hive")
            return None
        if not view.text:
            self._report.leave_out("view_without_text", str(view.full_name))
            return None
        resolved = view.text_database or view.database
        event, problem = lineage.parse(TableName(resolved, resolved, view.name), created(view))
        if problem is not None:
            self._report.leave_out(problem[0], f"view {view.full_name}: {problem[1]}")
        if event is not None:
            event.destination.database = event.destination.schema = view.database
        return event

    def _read_schema(self, database: str, schema: str, found: SchemaTables) -> None:
        self._catalog.read_schema(schema or database, found)


def created(view: Table) -> str:
    """Return the statement that makes a view, with names for its columns, which its SELECT may not give them."""
    columns = ", ".join(identifier(column.name) for column in view.columns)
    return f"CREATE VIEW {identifier(view.database)}.{identifier(view.name)} ({columns}) AS {view.text}"
