"""Everything that edges come from: jobs, views and linked datasets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.collectors.bigquery.grants import JOBS, ORGANIZATION_JOBS
from airflow_provider_montecarlo_push.collectors.bigquery.job_edges import Job, JobEdges, Relations
from airflow_provider_montecarlo_push.collectors.bigquery.jobs import read_jobs
from airflow_provider_montecarlo_push.collectors.bigquery.links import LinkReader
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place, places
from airflow_provider_montecarlo_push.collectors.bigquery.schemas import Schemas
from airflow_provider_montecarlo_push.collectors.bigquery.session import Session
from airflow_provider_montecarlo_push.collectors.bigquery.views import ViewReader
from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.windows import chunks, contains_midnight
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser

# Sorting the texts of more than this at once may take more memory than BigQuery gives.
_SORTED_AT_ONCE = timedelta(hours=4)
_COPY = "COPY"
_NO_TEXT = "CAST(NULL AS STRING)"
_WRITERS = (
    "((job_type = 'QUERY' AND (statement_type IN ('CREATE_SNAPSHOT_TABLE', 'CREATE_TABLE', 'CREATE_TABLE_AS_SELECT', "
    "'INSERT', 'MERGE', 'UPDATE') OR (statement_type = 'SELECT' AND NOT STARTS_WITH(destination_table.dataset_id, "
    "'_')))) OR job_type = 'COPY')"
)
_COLUMNS = ("job_id", "project_id", "query", "statement_type", "destination_table", "referenced_tables", "job_type")


class LineageReader:
    """Reads the edges that were written in a window, and those of views and linked datasets.

    Monte Carlo forgets column lineage after ten days, so all views and links are read once a day, in the run whose
    window contains midnight UTC; the other runs read those that were made in their window.
    """

    def __init__(self, session: Session, report: CollectionReport, options: Options, tables: TableFilter) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._tables = tables

    def read(self, window: TimeWindow) -> Iterator[LineageEvent]:
        """Yield the edges; ``edges_native``, ``edges_parsed``, ``edges_views`` and ``edges_links`` count them.

        :raises AccessDeniedError: when JOBS or the catalog is not granted.
        """
        gate = Gate(self._report, self._tables)
        schemas = Schemas(self._session, self._report)
        relations = Relations(schemas, self._options)
        parser = _parser(schemas)
        where = list(places(self._session, self._options))
        for place in self._with_jobs(where):
            for kind, event in self._of_jobs(place, window, JobEdges(parser, relations, self._report)):
                yield from gate.admit([event], kind)
        made = None if contains_midnight(window) else window
        views = ViewReader(self._session, self._report, self._tables, parser, relations)
        links = LinkReader(self._session, self._report, self._options, schemas)
        for place in where:
            if self._tables.matches_database(place.project):
                yield from gate.admit(views.read(place, made), "edges_views")
            yield from gate.admit(links.read(place, made), "edges_links")

    def _with_jobs(self, where: list[Place]) -> list[Place]:
        if self._options.jobs_scope == "project":
            return where
        regions = {place.region: place for place in reversed(where)}
        return [regions[region] for region in sorted(regions)]

    def _of_jobs(self, place: Place, window: TimeWindow, edges: JobEdges) -> Iterator[tuple[str, LineageEvent]]:
        wide = self._options.jobs_scope == "organization"
        # The view of the organization has no texts.
        columns = [_NO_TEXT if wide and column == "query" else column for column in _COLUMNS]
        for chunk in chunks(window, _SORTED_AT_ONCE):
            rows = read_jobs(
                self._session,
                place,
                chunk,
                columns,
                [_WRITERS, "error_result IS NULL"],
                requirement=ORGANIZATION_JOBS if wide else JOBS,
                ordered=True,
            )
            for *facts, job_type in rows:
                if job_type == _COPY:
                    self._report.leave_out("copy_job", f"job {facts[0]}: JOBS does not tell what it copied")
                else:
                    yield from edges.of(Job.of(*facts))


def _parser(schemas: Schemas) -> LineageParser:
    from airflow_provider_montecarlo_push.lineage import LineageParser  # loads sqlglot

    return LineageParser("bigquery", catalog=schemas.columns, asset_types=schemas.asset_type)
