"""Where catalogs and jobs are: each project has them by region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.bigquery.grants import METADATA, denied
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options, region_name
from airflow_provider_montecarlo_push.collectors.bigquery.session import Session
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_DEFAULT_REGION = "us"
_MULTI_REGIONS = frozenset({"us", "eu"})


@dataclass(frozen=True)
class Place:
    """One region of one project.

    :param region: such as ``us`` or ``europe-west1``.
    """

    project: str
    region: str

    @property
    def location(self) -> str:
        """Where its views have to be queried."""
        return self.region.upper() if self.region in _MULTI_REGIONS else self.region

    def view(self, name: str) -> str:
        """Return the name of an INFORMATION_SCHEMA view, ready for SQL."""
        return f"`{self.project}`.`region-{self.region}`.INFORMATION_SCHEMA.{name}"


def places(session: Session, options: Options) -> Iterator[Place]:
    """Yield what is to be read.

    Regions are those of the options, else that of the connection, else those in which the project has datasets.

    :raises AccessDeniedError: when the datasets of a project may not be listed.
    """
    chosen = options.regions or ((region_name(session.location),) if session.location else ())
    for project in options.projects or (session.project,):
        for region in chosen or _regions(session, project):
            yield Place(project, region)


def _regions(session: Session, project: str) -> list[str]:
    try:
        found = {region_name(location) for location in session.locations(project)}
    except AccessDeniedError as error:
        raise denied(METADATA, project, session, error) from error
    return sorted(found) or [_DEFAULT_REGION]
