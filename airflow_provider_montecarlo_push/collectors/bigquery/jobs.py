"""Jobs that ended in a window. Source: ``INFORMATION_SCHEMA.JOBS`` of each region.

The view is partitioned by ``creation_time``, so that is limited too: by as long as a job can wait and run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from airflow_provider_montecarlo_push.collectors.bigquery.grants import JOBS, Requirement, denied
from airflow_provider_montecarlo_push.collectors.bigquery.places import Place
from airflow_provider_montecarlo_push.collectors.bigquery.session import Row, Session
from airflow_provider_montecarlo_push.collectors.bigquery.statements import select
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

# A batch query may wait for up to a day, and a script run for one: https://cloud.google.com/bigquery/quotas
_LONGEST_JOB = timedelta(hours=48)

# Texts are up to 1 MB each.
_JOBS_PER_PAGE = 1_000


def read_jobs(
    session: Session,
    place: Place,
    window: TimeWindow,
    columns: Sequence[str],
    conditions: Sequence[str],
    *,
    requirement: Requirement = JOBS,
    ordered: bool = False,
) -> Iterator[Row]:
    """Return the jobs that are done and ended in ``window``.

    :param columns: SQL of what is selected.
    :param conditions: SQL that they have to meet.
    :param requirement: which view is read.
    :param ordered: in the order in which they ended.
    :raises AccessDeniedError: with the role that is needed.
    """
    bounds = ["creation_time >= ?", "creation_time < ?", "end_time >= ?", "end_time < ?", "state = 'DONE'"]
    order_by = ("end_time", "job_id") if ordered else ()
    sql = select(columns, place.view(requirement.view), [*bounds, *conditions], order_by=order_by)
    try:
        return session.query(
            sql,
            [window.start - _LONGEST_JOB, window.end, window.start, window.end],
            doing=f"Reading {requirement.view} of {place.project} in {place.region}",
            location=place.location,
            page_rows=_JOBS_PER_PAGE,
        )
    except AccessDeniedError as error:
        raise denied(requirement, place.project, session, error) from error
