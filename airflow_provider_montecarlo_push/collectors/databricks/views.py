"""Lineage of views, from their text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.databricks.catalogs import Scope, readable_scopes, scopes
from airflow_provider_montecarlo_push.collectors.databricks.names import identifier
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.session import Session
from airflow_provider_montecarlo_push.collectors.databricks.statements import Catalog
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower, in_order
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.statement_lineage import ViewLineage
from airflow_provider_montecarlo_push.collectors.windows import contains_midnight
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

_KEY = 3
_METRIC_VIEW = "METRIC_VIEW"


class ViewReader:
    """Reads the edges of views and materialized views.

    Monte Carlo forgets column lineage after ten days, so all views are read once a day, in the run whose window
    contains midnight UTC; the other runs read those that were created or altered in their window.
    """

    def __init__(
        self,
        session: Session,
        report: CollectionReport,
        options: Options,
        tables: TableFilter,
        parser: LineageParser,
    ) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._tables = tables
        self._views = ViewLineage(parser, report)

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield an edge for each view.

        :raises AccessDeniedError: when a catalog that was asked for by name is not granted.
        """
        defined = None if contains_midnight(window) else window
        found = scopes(self._session, self._tables, self._report)
        for scope in readable_scopes(self._session, found, self._report):
            yield from self._edges(scope, defined)

    def _edges(self, scope: Scope, defined: TimeWindow | None) -> Iterator[LineageEvent]:
        catalog = Catalog(self._session, scope)
        texts = Follower(catalog.view_texts(), "view texts", _KEY)
        for *name, kind in in_order(catalog.views(defined), "views", _KEY):
            view = TableName(*name)
            text = next((row[3] for row in texts.take(*view)), None)
            if not self._tables.matches(*view):
                self._report.leave_out("filtered", str(view))
            elif kind == _METRIC_VIEW:
                self._report.leave_out("metric_view", f"view {view}: its definition is not SQL")
            elif not text:
                self._report.leave_out("hidden_text", f"view {view}: its text is not visible to this user")
            else:
                event = self._views.edge(view, _create(view, text))
                if event is not None:
                    event.destination.type = self._options.asset_type(kind)
                    yield event


def _create(view: TableName, text: str) -> str:
    """Return the statement that defines a view: its text is that of the query alone."""
    if text.lstrip()[:6].upper() == "CREATE":
        return text
    return f"CREATE VIEW {'.'.join(map(identifier, view))} AS\n{text}"
