"""Lineage of views: from their text, or from OBJECT_DEPENDENCIES where the text is hidden or cannot be parsed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower, in_order
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.databases import Database, cannot_read, databases_in_scope
from airflow_provider_montecarlo_push.collectors.snowflake.dependencies import Dependencies
from airflow_provider_montecarlo_push.collectors.snowflake.errors import TooMuchDataError
from airflow_provider_montecarlo_push.collectors.snowflake.options import Options
from airflow_provider_montecarlo_push.collectors.snowflake.session import Row, Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import Catalog
from airflow_provider_montecarlo_push.collectors.statement_lineage import ViewLineage
from airflow_provider_montecarlo_push.collectors.windows import contains_midnight
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, InvalidEventError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

_NO_TEXT = "hidden_text"


class ViewReader:
    """Reads the edges of views.

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

        :raises AccessDeniedError: when a database that was asked for by name is not granted.
        """
        defined = None if contains_midnight(window) else window
        for database in databases_in_scope(self._session, self._tables, self._report):
            try:
                views, texts = self._open(database, defined)
            except AccessDeniedError as error:
                if error.grants:
                    raise
                cannot_read(database, error, self._session, self._report)
                continue
            yield from self._edges(database.name, views, texts)

    def _open(self, database: Database, defined: TimeWindow | None) -> tuple[Iterator[Row], Follower]:
        if self._options.catalog != "account_usage":
            try:
                return self._streams(database, defined, account_usage=False)
            except TooMuchDataError as error:
                self._report.note(f"{error} Reading SNOWFLAKE.ACCOUNT_USAGE for {database.name} instead.")
        return self._streams(database, defined, account_usage=True)

    def _streams(
        self, database: Database, defined: TimeWindow | None, *, account_usage: bool
    ) -> tuple[Iterator[Row], Follower]:
        catalog = Catalog(self._session, database.name, self._tables, account_usage=account_usage)
        return in_order(catalog.views(defined), "views"), Follower(catalog.view_texts(defined), "view texts")

    def _edges(self, database: str, views: Iterator[Row], texts: Follower) -> Iterator[LineageEvent]:
        dependencies = Dependencies(self._session, self._report, self._options, self._tables, database)
        for schema, name in views:
            text = next((row[2] for row in texts.take(schema, name)), None)
            view = TableName(database, schema, name)
            if not self._tables.matches(*view):
                self._report.leave_out("filtered", str(view))
                continue
            event, reason, detail = self._parse(view, text)
            if event is None and reason is not None:
                event = self._from_dependencies(dependencies, view)
            if event is not None:
                yield event
            elif reason is not None:
                self._report.leave_out(reason, f"view {view}: {detail}")

    def _from_dependencies(self, dependencies: Dependencies, view: TableName) -> LineageEvent | None:
        try:
            return dependencies.of(view)
        except InvalidEventError as error:
            self._report.leave_out("invalid", f"view {view}: {error}")
            return None

    def _parse(self, view: TableName, text: str | None) -> tuple[LineageEvent | None, str | None, str]:
        """Return the edge of a view, or why there is none: reason and detail; no reason if it reads no table."""
        if not text:
            return None, _NO_TEXT, "its text is not visible to this role"
        event, problem = self._views.parse(view, text)
        return (event, None, "") if problem is None else (None, *problem)
