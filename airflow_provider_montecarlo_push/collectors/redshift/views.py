"""Lineage of views, late-binding and materialized ones included, from their text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.catalog import DatabaseCatalog
from airflow_provider_montecarlo_push.collectors.redshift.databases import Doors, databases_in_scope
from airflow_provider_montecarlo_push.collectors.redshift.grants import identifier
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.statement_lineage import ViewLineage
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser


def whole_statement(view: TableName, text: str) -> str:
    """Return the statement that makes a view, of which Redshift keeps the query alone unless it binds late."""
    if text.lstrip().lower().startswith("create"):
        return text
    return f"CREATE VIEW {identifier(view.schema)}.{identifier(view.name)} AS {text}"


class ViewReader:
    """Reads the edges of all views.

    :param parser: for Redshift's SQL.
    """

    def __init__(
        self, cluster: Cluster, report: CollectionReport, tables: TableFilter, doors: Doors, parser: LineageParser
    ) -> None:
        self._cluster = cluster
        self._report = report
        self._tables = tables
        self._doors = doors
        self._views = ViewLineage(parser, report)

    def read(self) -> Iterator[LineageEvent]:
        """Yield an edge for each view, database by database."""
        for database in databases_in_scope(self._cluster, self._tables):
            if not database.is_local:
                self._report.count("databases_shared")
                continue
            problem = self._doors.try_to(database.name)
            if problem is not None:
                self._report.incomplete(
                    f"The views of database {database.name} have no lineage: Redshift shows their text inside of that "
                    f"database only, and it cannot be connected to: {problem}"
                )
                continue
            yield from self._of(database.name)

    def _of(self, database: str) -> Iterator[LineageEvent]:
        catalog = DatabaseCatalog(self._cluster, database, self._doors.to(database), self._tables)
        for schema, name, text in catalog.view_texts():
            view = TableName(database, schema, name)
            if not self._tables.matches(*view):
                self._report.leave_out("filtered", str(view))
            elif not (text or "").strip():
                self._report.leave_out("hidden_text", f"view {view}: its text is not visible to this user")
            else:
                event = self._views.edge(view, whole_statement(view, text))
                if event is not None:
                    yield event
