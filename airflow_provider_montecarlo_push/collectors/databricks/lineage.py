"""Which source of lineage there is, and everything that comes from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.databricks.native import NativeReader
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.parsed_history import ParsedHistoryReader
from airflow_provider_montecarlo_push.collectors.databricks.schemas import SchemaReader
from airflow_provider_montecarlo_push.collectors.databricks.session import Session
from airflow_provider_montecarlo_push.collectors.databricks.views import ViewReader
from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser


class LineageReader:
    """Reads the edges that were written in a window, and those of views."""

    def __init__(self, session: Session, report: CollectionReport, options: Options, tables: TableFilter) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._tables = tables

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges; ``edges_native``, ``edges_parsed`` and ``edges_views`` count which source gave each.

        :raises AccessDeniedError: when a source that is needed is not granted.
        """
        gate = Gate(self._report, self._tables)
        parser = self._parser()
        native = self._native(window)
        if native is not None:
            yield from gate.admit(native, "edges_native")
        else:
            parsed = ParsedHistoryReader(self._session, self._report, parser)
            yield from gate.admit(parsed.read(window), "edges_parsed")
        views = ViewReader(self._session, self._report, self._options, self._tables, parser)
        yield from gate.admit(views.read(window), "edges_views")

    def _native(self, window: TimeWindow) -> Iterator[LineageEvent] | None:
        if self._options.lineage_source == "query_history":
            return None
        try:
            return NativeReader(self._session, self._report, self._options).open(window)
        except AccessDeniedError as error:
            if self._options.lineage_source == "system_tables":
                raise
            self._report.note(f"Lineage comes from the text of statements: {error}")
            return None

    def _parser(self) -> LineageParser:
        from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

        cache = SchemaCache(SchemaReader(self._session).read, self._report)
        return LineageParser("databricks", catalog=cache.columns, asset_types=cache.asset_type)
