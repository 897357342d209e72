"""Which source of lineage there is, and everything that comes from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.schema_cache import SchemaCache
from airflow_provider_montecarlo_push.collectors.snowflake.access_history import AccessHistoryReader, is_used
from airflow_provider_montecarlo_push.collectors.snowflake.options import Options
from airflow_provider_montecarlo_push.collectors.snowflake.parsed_history import ParsedHistoryReader
from airflow_provider_montecarlo_push.collectors.snowflake.schemas import SchemaReader
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.snowflake.views import ViewReader
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
        if self._has_access_history(window):
            native = AccessHistoryReader(self._session, self._report, self._options)
            yield from gate.admit(native.read(window), "edges_native")
        else:
            parsed = ParsedHistoryReader(self._session, self._report, self._options, parser)
            yield from gate.admit(parsed.read(window), "edges_parsed")
        views = ViewReader(self._session, self._report, self._options, self._tables, parser)
        yield from gate.admit(views.read(window), "edges_views")

    def _has_access_history(self, window: TimeWindow) -> bool:
        wanted = self._options.lineage_source
        if wanted == "query_history":
            return False
        try:
            used = is_used(self._session, window)
        except AccessDeniedError as error:
            if wanted == "access_history":
                raise
            self._report.note(
                "ACCESS_HISTORY is not there or not granted, so lineage comes from the text of statements. On "
                f"Enterprise edition, to use it: {' or '.join(error.grants)}"
            )
            return False
        if not used:
            self._report.note(
                "ACCESS_HISTORY holds nothing for the days up to this window: either nothing was queried, or the "
                "account is not of Enterprise edition."
                + ("" if wanted == "access_history" else " Lineage comes from the text of statements.")
            )
        return used or wanted == "access_history"

    def _parser(self) -> LineageParser:
        from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

        cache = SchemaCache(SchemaReader(self._session).read, self._report)
        return LineageParser("snowflake", catalog=cache.columns, asset_types=cache.asset_type)
