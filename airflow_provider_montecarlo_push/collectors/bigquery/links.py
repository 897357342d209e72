"""Lineage of linked datasets: each table of a shared dataset is one of the dataset that is linked to it."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.bigquery.grants import LINKS, grants
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place
from airflow_provider_montecarlo_push.collectors.bigquery.schemas import Schemas
from airflow_provider_montecarlo_push.collectors.bigquery.session import Session, Value
from airflow_provider_montecarlo_push.collectors.bigquery.shards import shards_as_one
from airflow_provider_montecarlo_push.collectors.bigquery.statements import select
from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow


class LinkReader:
    """Reads ``SCHEMATA_LINKS``, which the project that shares a dataset has, a row for each link."""

    def __init__(self, session: Session, report: CollectionReport, options: Options, schemas: Schemas) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._schemas = schemas

    def read(self, place: Place, created: TimeWindow | None) -> Iterator[LineageEvent]:
        """Yield an edge for each table of each linked dataset; without access none, and a note.

        :param created: only links that were made in this window.
        """
        values: list[Value] = []
        made = []
        if created is not None:
            made = ["l.linked_schema_creation_time >= ?", "l.linked_schema_creation_time < ?"]
            values = [created.start, created.end]
        linked = ["l.linked_schema_catalog_name", "l.linked_schema_name"]
        columns = ["l.schema_name", f"{shards_as_one('t.table_name')} AS asset", "t.table_type", *linked]
        shared = "t.table_schema = l.schema_name AND COALESCE(l.link_type, 'REGULAR') = 'REGULAR'"
        source = f"{place.view('SCHEMATA_LINKS')} l LEFT JOIN {place.view('TABLES')} t ON {shared}"
        sql = select(columns, source, made, distinct=True, order_by=["1", "2", "4", "5"])
        doing = f"Reading SCHEMATA_LINKS of {place.project} in {place.region}"
        try:
            rows = self._session.query(sql, values, doing=doing, location=place.location)
        except AccessDeniedError as error:
            command = " ".join(grants(LINKS, place.project, self._session))
            self._report.note(f"No edges to linked datasets: {error} To collect them: {command}")
            return
        for dataset, table, kind, linked_project, linked_dataset in rows:
            if table is None:
                # A data clean room shares single resources, whose names this view does not give.
                self._report.leave_out("clean_room_share", f"{place.project}.{dataset} to {linked_project}")
                continue
            event = self._edge(
                TableName(place.project, dataset, table),
                TableName(linked_project, linked_dataset, table),
                self._options.asset_type(kind, table),
            )
            if event is not None:
                yield event

    def _edge(self, source: TableName, linked: TableName, asset_type: str) -> LineageEvent | None:
        edge = Edge(linked, asset_type)
        if edge.add_source(source, asset_type):
            for column in self._schemas.columns(*source) or ():
                edge.fields[column] = {(source, column)}
        return edge.event()
