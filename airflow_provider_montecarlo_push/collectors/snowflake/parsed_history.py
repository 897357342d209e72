"""Lineage from the text of statements, where Snowflake keeps no access history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.grants import QUERY_HISTORY
from airflow_provider_montecarlo_push.collectors.snowflake.options import Options
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.collectors.snowflake.statements import bounds, select
from airflow_provider_montecarlo_push.collectors.snowflake.system_views import LONGEST_TEXT, read_view
from airflow_provider_montecarlo_push.collectors.snowflake.temporary import TemporaryTables, as_one_text
from airflow_provider_montecarlo_push.collectors.windows import chunks
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

# Statements that can move rows from one table to another. Views come from their own text.
_WRITING = (
    "CREATE",
    "CREATE_TABLE",
    "CREATE_TABLE_AS_SELECT",
    "COPY",
    "INSERT",
    "MERGE",
    "MULTI_TABLE_INSERT",
    "UPDATE",
)


class ParsedHistoryReader:
    """Parses the statements of QUERY_HISTORY that write.

    :param parser: for Snowflake's SQL.
    """

    def __init__(self, session: Session, report: CollectionReport, options: Options, parser: LineageParser) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._parser = parser
        self._temporary = TemporaryTables()

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges of the statements that ended in ``window``, in that order.

        :raises AccessDeniedError: when ``QUERY_HISTORY`` is not granted.
        """
        sql = select(
            ["QUERY_ID", "QUERY_TEXT", "DATABASE_NAME", "SCHEMA_NAME", "SESSION_ID"],
            QUERY_HISTORY.full_name,
            [
                "END_TIME >= %s",
                "END_TIME < %s",
                "EXECUTION_STATUS = 'SUCCESS'",
                f"QUERY_TYPE IN {_WRITING!r}",
            ],
            order_by=["END_TIME", "QUERY_ID"],
        )
        for chunk in chunks(window, self._options.lineage_chunk):
            for row in read_view(self._session, QUERY_HISTORY, sql, bounds(chunk)):
                yield from self._edges(*row)

    def _edges(
        self, query_id: str, text: str | None, database: str | None, schema: str | None, session_id: object
    ) -> list[LineageEvent]:
        if not text:
            self._report.leave_out("without_text", f"query {query_id}")
            return []
        if len(text) >= LONGEST_TEXT:
            self._report.leave_out("text_cut_by_snowflake", f"query {query_id}: {text[:60]!r}…")
            return []
        key = (session_id, database, schema)
        before = self._temporary.before(key, text)
        result = self._parser.extract(as_one_text(before, text), default_database=database, default_schema=schema)
        self._report.count("statements_parsed")
        for unparsed in result.unparsed:
            self._report.leave_out(unparsed.reason, f"query {query_id}: {unparsed.detail}")
        if result.counts["external"]:
            self._report.leave_out("external", f"query {query_id}: {text[:60]!r}")
        created = self._temporary.created_by(text)
        # Each statement before this one counts as one that wrote a temporary table.
        if not result.unparsed and (created is not None or result.counts["temporary"] > len(before)):
            followed = self._temporary.remember(key, text, created)
            self._report.count("temporary_tables_written" if followed else "temporary_tables_not_followed")
        elif not result.edges:
            self._report.count("statements_without_edges")
        return result.edges
