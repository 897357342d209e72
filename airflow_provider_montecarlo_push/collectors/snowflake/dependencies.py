"""What views refer to. Source: ``SNOWFLAKE.ACCOUNT_USAGE.OBJECT_DEPENDENCIES``, which lags up to three hours."""

from __future__ import annotations

from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.merging import Follower
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.grants import OBJECT_DEPENDENCIES, view_grants
from airflow_provider_montecarlo_push.collectors.snowflake.options import Options
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import VIEW_TYPES, select
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_NOTED = "object_dependencies_denied"


class Dependencies:
    """Hands out the dependencies of one database's views, in the order in which views are listed.

    The statement runs when the first view needs it, and begins with that view's schema.
    """

    def __init__(
        self, session: Session, report: CollectionReport, options: Options, tables: TableFilter, database: str
    ) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._tables = tables
        self._database = database
        self._rows: Follower | None = None
        self._denied = False

    def of(self, view: TableName) -> LineageEvent | None:
        """Return the edge of ``view``; ``None`` when it depends on nothing, or the view is not granted (noted)."""
        if self._rows is None and not self._denied:
            self._rows = self._open(view.schema)
        if self._rows is None:
            return None
        edge = Edge(view, "VIEW")
        for _, _, database, schema, name, domain in self._rows.take(view.schema, view.name):
            if (domain or "").upper().endswith(("TABLE", "VIEW")) and database and schema and name:
                edge.add_source(TableName(database, schema, name), self._options.asset_type(domain))
            else:
                self._report.leave_out((domain or "unnamed").lower().replace(" ", "_"), f"source of view {view}")
        event = edge.event()
        if event is not None:
            self._report.count("views_from_dependencies")
        return event

    def _open(self, schema: str) -> Follower | None:
        in_scope, values = self._tables.condition(self._database, "REFERENCING_SCHEMA", "REFERENCING_OBJECT_NAME")
        sql = select(
            [
                "REFERENCING_SCHEMA",
                "REFERENCING_OBJECT_NAME",
                "REFERENCED_DATABASE",
                "REFERENCED_SCHEMA",
                "REFERENCED_OBJECT_NAME",
                "REFERENCED_OBJECT_DOMAIN",
            ],
            OBJECT_DEPENDENCIES.full_name,
            [
                "REFERENCING_DATABASE = %s",
                "REFERENCING_SCHEMA >= %s",
                f"UPPER(REFERENCING_OBJECT_DOMAIN) IN {VIEW_TYPES!r}",
                in_scope,
            ],
            order_by=["REFERENCING_SCHEMA", "REFERENCING_OBJECT_NAME"],
        )
        doing = f"Reading {OBJECT_DEPENDENCIES.full_name}"
        try:
            rows = self._session.query(sql, [self._database, schema, *values], doing=doing)
        except AccessDeniedError as error:
            self._denied = True
            if not self._report.counts[_NOTED]:
                grants = " or ".join(view_grants(OBJECT_DEPENDENCIES, self._session.role))
                self._report.note(f"Views whose text is of no use have no edges: {error} To have them: {grants}")
            self._report.count(_NOTED)
            return None
        return Follower(rows, "dependencies")
