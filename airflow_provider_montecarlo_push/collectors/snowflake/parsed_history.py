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
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage
from airflow_provider_montecarlo_push.collectors.windows import chunks
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

# Statements that can move rows from one table to another, or tables to other names. Views come from their own text.
_FOLLOWED = (
    *("COPY", "CREATE", "CREATE_TABLE", "CREATE_TABLE_AS_SELECT", "DROP", "INSERT", "MERGE", "MULTI_TABLE_INSERT"),
    *("TRUNCATE_TABLE", "UPDATE"),
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

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges of the statements that ended in ``window``.

        They are followed in that order, as one session: what was staged in temporary tables, or in tables that were
        dropped again, is resolved through to where it came from.

        :raises AccessDeniedError: when ``QUERY_HISTORY`` is not granted.
        """
        sql = select(
            ["QUERY_ID", "QUERY_TEXT", "DATABASE_NAME", "SCHEMA_NAME", "SESSION_ID"],
            QUERY_HISTORY.full_name,
            [
                "END_TIME >= %s",
                "END_TIME < %s",
                "EXECUTION_STATUS = 'SUCCESS'",
                f"(QUERY_TYPE IN {_FOLLOWED!r} OR QUERY_TYPE LIKE 'ALTER%%' OR QUERY_TYPE LIKE 'RENAME%%')",
            ],
            order_by=["END_TIME", "QUERY_ID"],
        )
        statements = StatementLineage(self._parser, self._report)
        for chunk in chunks(window, self._options.lineage_chunk):
            for row in read_view(self._session, QUERY_HISTORY, sql, bounds(chunk)):
                yield from self._edges(statements, *row)
        yield from statements.close()

    def _edges(
        self,
        statements: StatementLineage,
        query_id: str,
        text: str | None,
        database: str | None,
        schema: str | None,
        session_id: object,
    ) -> list[LineageEvent]:
        if not text:
            self._report.leave_out("without_text", f"query {query_id}")
            return []
        if len(text) >= LONGEST_TEXT:
            self._report.leave_out("text_cut_by_snowflake", f"query {query_id}: {text[:60]!r}…")
            return []
        return statements.follow(text, query=query_id, database=database, schema=schema, owner=str(session_id))
