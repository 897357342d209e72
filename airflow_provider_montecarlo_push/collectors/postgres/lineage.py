"""Edges of views, and those of the statements in the server's log."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.databases import Databases
from airflow_provider_montecarlo_push.collectors.postgres.edges import of_collected_tables
from airflow_provider_montecarlo_push.collectors.postgres.options import Options
from airflow_provider_montecarlo_push.collectors.postgres.schemas import Schemas
from airflow_provider_montecarlo_push.collectors.postgres.statements import Statement
from airflow_provider_montecarlo_push.collectors.postgres.views import view_edges
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.statement_lineage import StatementLineage, ViewLineage
from airflow_provider_montecarlo_push.events import LineageEvent


class LineageReader:
    """Reads the edges of all views in scope, and those that statements wrote."""

    def __init__(self, databases: Databases, report: CollectionReport, options: Options, tables: TableFilter) -> None:
        from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

        self._databases = databases
        self._report = report
        self._options = options
        self._tables = tables
        self._schemas = Schemas(databases, options, report)
        cache = self._schemas.cache
        self._parser = LineageParser("postgres", catalog=cache.columns, asset_types=cache.asset_type)

    def read(self, statements: Iterator[Statement] | None) -> Iterator[LineageEvent]:
        """Yield the edges; ``edges_views`` and ``edges_parsed`` count which source gave each.

        :param statements: in the order in which they ended; ``None`` for views alone.
        """
        gate = Gate(self._report, self._tables)
        views = ViewLineage(self._parser, self._report)
        for session in self._databases.sessions(self._tables):
            events = view_edges(session, views, self._tables, self._report)
            yield from gate.admit(of_collected_tables(events, self._schemas, self._report), "edges_views")
        if statements is None:
            self._report.note(
                "Lineage is that of views alone. For that of statements give the option log_path, the server's CSV log."
            )
            return
        events = self._written(statements)
        yield from gate.admit(of_collected_tables(events, self._schemas, self._report), "edges_parsed")

    def _written(self, statements: Iterator[Statement]) -> Iterator[LineageEvent]:
        lineage = StatementLineage(self._parser, self._report)
        for statement in statements:
            if statement.failed:
                self._report.count("statements_failed")
            elif self._tables.matches_database(statement.database):
                yield from lineage.follow(
                    statement.prepared or statement.text,
                    query=statement.query_id,
                    database=statement.database,
                    schema=self._options.default_schema,
                    owner=statement.session_id,
                )
        yield from lineage.close()
