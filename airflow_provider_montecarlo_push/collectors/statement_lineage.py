"""Lineage from the text of statements and views, with everything counted that the edges do not say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser, LineageResult

_REASONS = ("ddl", "delete", "external", "no_source", "read_only")
_STAGING = {
    "temporary": "temporary_tables_written",
    "staged": "writes_resolved_through",
    "forgotten_tables": "tables_forgotten",
}
_SHOWN = 60


class StatementLineage:
    """Follows the statements of a warehouse in the order in which they ended, as one session.

    What was staged in temporary tables, or in tables that were dropped again, is resolved through to where it came
    from. Give it statements that succeeded only.

    :param parser: for the dialect of the warehouse.
    """

    def __init__(self, parser: LineageParser, report: CollectionReport) -> None:
        from airflow_provider_montecarlo_push.lineage import LineageSession  # loads sqlglot

        self._session = LineageSession(parser)
        self._report = report

    def follow(
        self, text: str, *, query: str, database: str | None, schema: str | None, owner: str | None
    ) -> list[LineageEvent]:
        """Return the edges that are known after one more statement.

        :param query: which one it is, for messages: its id.
        :param database: in which it ran.
        :param schema: in which it ran.
        :param owner: the session that ran it, which tells whose temporary tables are whose.
        """
        result = self._session.extract(text, database, schema, owner=owner)
        self._report.count("statements_parsed")
        for unparsed in result.unparsed:
            self._report.leave_out(unparsed.reason, f"query {query}: {unparsed.detail}")
        if result.counts["external"]:
            self._report.leave_out("external", f"query {query}: {text[:_SHOWN]!r}")
        if not result.counts["writes"] and not result.counts["temporary"]:
            self._report.count("statements_without_edges")
            for reason in _REASONS:
                if result.counts[reason]:
                    self._report.count(f"without_edges_{reason}")
        self._count(result)
        return result.edges

    def close(self) -> Iterator[LineageEvent]:
        """Yield the edges that were held back, since a later statement could have changed them."""
        last = self._session.close()
        self._count(last)
        yield from last.edges

    def _count(self, result: LineageResult) -> None:
        """Count what became of staging tables."""
        for found, reported in _STAGING.items():
            if result.counts[found]:
                self._report.count(reported, result.counts[found])


class ViewLineage:
    """Edges of views from their text.

    :param parser: for the dialect of the warehouse.
    """

    def __init__(self, parser: LineageParser, report: CollectionReport) -> None:
        self._parser = parser
        self._report = report

    def edge(self, view: TableName, text: str) -> LineageEvent | None:
        """Return the edge of a view; ``None``, counted, when it reads no table or its text cannot be parsed.

        :param text: ``CREATE VIEW …``; under another name where the view was renamed since.
        """
        event, problem = self.parse(view, text)
        if problem is not None:
            self._report.leave_out(problem[0], f"view {view}: {problem[1]}")
        return event

    def parse(self, view: TableName, text: str) -> tuple[LineageEvent | None, tuple[str, str] | None]:
        """Return the edge of a view, or else why there is none: reason and detail; neither if it reads no table."""
        result = self._parser.extract(text, default_database=view.database, default_schema=view.schema)
        self._report.count("views_parsed")
        if len(result.edges) == 1:
            (event,) = result.edges
            # After a rename the text still has the old name.
            end = event.destination
            end.database, end.schema, end.name, end.type = (*view, "VIEW")
            for unparsed in result.unparsed:
                self._report.leave_out(unparsed.reason, f"view {view}: {unparsed.detail}")
            return event, None
        if result.unparsed:
            return None, (result.unparsed[0].reason, result.unparsed[0].detail)
        if result.edges:
            return None, ("unsupported", f"its text makes {len(result.edges)} edges")
        self._report.count("views_without_source")
        return None, None
