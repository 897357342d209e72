"""Which source of lineage there is, and everything that comes from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.databases import Doors
from airflow_provider_montecarlo_push.collectors.redshift.history import History
from airflow_provider_montecarlo_push.collectors.redshift.options import Options
from airflow_provider_montecarlo_push.collectors.redshift.query_detail import QueryDetailReader, is_used
from airflow_provider_montecarlo_push.collectors.redshift.schemas import SchemaReader
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster
from airflow_provider_montecarlo_push.collectors.redshift.table_ids import TableIds
from airflow_provider_montecarlo_push.collectors.redshift.views import ViewReader
from airflow_provider_montecarlo_push.collectors.redshift.written_queries import written_queries
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage
from airflow_provider_montecarlo_push.collectors.windows import contains_midnight
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser


class LineageReader:
    """Reads the edges that were written in a window, and those of views."""

    def __init__(self, cluster: Cluster, report: CollectionReport, options: Options, tables: TableFilter) -> None:
        self._cluster = cluster
        self._report = report
        self._options = options
        self._tables = tables
        self._cache = SchemaCache(SchemaReader(cluster, options).read, report)

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges; ``edges_native``, ``edges_parsed`` and ``edges_views`` count which source gave each.

        Monte Carlo forgets column lineage after ten days, so all views are read once a day, in the run whose window
        contains midnight UTC; a view that is made in another run comes from the statement that makes it.

        :raises AccessDeniedError: when a source that is needed is not granted.
        """
        gate = Gate(self._report, self._tables)
        doors = Doors(self._cluster)
        parser = self._parser()
        history = History(self._cluster, self._report)
        history.columns()
        history.note_rights()
        statements = StatementLineage(parser, self._report)
        if self._has_query_detail(window):
            ids = TableIds(self._cluster, self._report, doors)
            native = QueryDetailReader(self._cluster, self._report, ids, self._cache, statements)
            yield from gate.admit(native.read(window, history), "edges_native")
        else:
            yield from gate.admit(self._parsed(statements, window, history), "edges_parsed")
        if contains_midnight(window):
            views = ViewReader(self._cluster, self._report, self._tables, doors, parser)
            yield from gate.admit(views.read(), "edges_views")

    def _parsed(self, statements: StatementLineage, window: TimeWindow, history: History) -> Iterator[LineageEvent]:
        """Yield the edges of the texts alone."""
        for query in written_queries(history, window):
            yield from statements.follow(
                query.text,
                query=str(query.query_id),
                database=query.database,
                schema=query.schema,
                owner=query.session,
            )
        yield from statements.close()

    def _has_query_detail(self, window: TimeWindow) -> bool:
        wanted = self._options.lineage_source
        if wanted == "query_history":
            return False
        try:
            used = is_used(self._cluster, window)
        except AccessDeniedError as error:
            if wanted == "query_detail":
                raise
            self._report.note(
                "SYS_QUERY_DETAIL is not there or not granted, so lineage comes from the text of queries alone. To "
                f"use it: {' or '.join(error.grants)}"
            )
            return False
        return used or wanted == "query_detail"

    def _parser(self) -> LineageParser:
        from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

        return LineageParser("redshift", catalog=self._cache.columns, asset_types=self._cache.asset_type)
