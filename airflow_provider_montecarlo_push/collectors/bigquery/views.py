"""Lineage of views, from their text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.bigquery.catalog import Catalog
from airflow_provider_montecarlo_push.collectors.bigquery.job_edges import Relations
from airflow_provider_montecarlo_push.collectors.bigquery.names import is_system
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place
from airflow_provider_montecarlo_push.collectors.bigquery.session import Session
from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.statement_lineage import ViewLineage
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser


class ViewReader:
    """Reads the edges of views and materialized views.

    :param parser: for BigQuery's SQL.
    """

    def __init__(
        self,
        session: Session,
        report: CollectionReport,
        tables: TableFilter,
        parser: LineageParser,
        relations: Relations,
    ) -> None:
        self._session = session
        self._report = report
        self._tables = tables
        self._relations = relations
        self._views = ViewLineage(parser, report)

    def read(self, place: Place, created: TimeWindow | None) -> Iterator[LineageEvent]:
        """Yield an edge for each view.

        :param created: only those that were created or replaced in this window.
        :raises AccessDeniedError: when the project is not granted.
        """
        for dataset, name, kind, text, is_legacy in Catalog(self._session, place, self._tables).views(created):
            view = TableName(place.project, dataset, name)
            if not self._tables.matches(*view):
                self._report.leave_out("filtered", str(view))
            elif not text:
                self._report.leave_out("hidden_text", f"view {view}")
            elif is_legacy:
                self._report.leave_out("legacy_sql", f"view {view}")
            else:
                sql = f"CREATE VIEW `{view.database}`.`{dataset}`.`{name}` AS {text}" if kind == "VIEW" else text
                event = self._edge(view, kind, sql)
                if event is not None:
                    yield event

    def _edge(self, view: TableName, kind: str, sql: str) -> LineageEvent | None:
        parsed = self._views.edge(view, sql)
        if parsed is None:
            return None
        edge = Edge(view, "VIEW" if kind == "VIEW" else "TABLE")
        meant: dict[str | None, list[TableName]] = {}
        for source in parsed.sources:
            name = TableName(source.database, source.schema, source.name)
            if is_system(name):
                self._report.count("system_views_read")
                continue
            for table, asset_type in self._relations.of(name, source.type if source.type == "VIEW" else None):
                if edge.add_source(table, asset_type):
                    meant.setdefault(source.asset_id, []).append(table)
        for column in parsed.fields:
            for cited in column.source_fields:
                for table in meant.get(cited.asset_id, ()):
                    edge.fields.setdefault(column.name, set()).add((table, cited.field_name))
        event = edge.event()
        if event is None:
            self._report.count("views_without_source")
        return event
