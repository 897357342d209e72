"""Lineage of views, from their text. All of them each time: Monte Carlo forgets column lineage after ten days."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.catalog import read_views
from airflow_provider_montecarlo_push.collectors.postgres.session import FETCH_ROWS, Session, identifier
from airflow_provider_montecarlo_push.collectors.postgres.view_texts import view_texts
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.statement_lineage import ViewLineage
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName


def view_edges(
    session: Session, lineage: ViewLineage, tables: TableFilter, report: CollectionReport
) -> Iterator[LineageEvent]:
    """Yield an edge for each view and materialized view of the session's database that reads a table."""
    views = read_views(session, tables)
    while batch := list(islice(views, FETCH_ROWS)):
        names = {view.oid: TableName(session.database, view.schema, view.name) for view in batch}
        wanted = {oid: name for oid, name in names.items() if tables.matches(*name)}
        if len(wanted) < len(names):
            report.leave_out("filtered", "views", len(names) - len(wanted))
        texts, failures = view_texts(session, list(wanted))
        for oid, name in wanted.items():
            if oid in failures:
                report.leave_out("view_without_text", f"{name}: {failures[oid]}")
                continue
            text = f"CREATE VIEW {identifier(name.schema)}.{identifier(name.name)} AS {texts[oid]}"
            event = lineage.edge(name, text)
            if event is not None:
                yield event
