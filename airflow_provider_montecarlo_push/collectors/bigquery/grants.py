"""What each flow reads, and the IAM roles that give it.

Source: the "Required permissions" of each view, https://cloud.google.com/bigquery/docs/information-schema-intro
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

_ACCOUNT_UNKNOWN = "serviceAccount:<account of the connection>"
_JOB_USER = "roles/bigquery.jobUser"
_RUN_QUERIES = "bigquery.jobs.create"


class Account(Protocol):
    """Who reads."""

    @property
    def project(self) -> str:
        """The project that queries run in."""

    @property
    def member(self) -> str | None:
        """Its name in IAM policies."""


@dataclass(frozen=True)
class Requirement:
    """A system view that a flow reads.

    :param view: its name in ``INFORMATION_SCHEMA``.
    :param role: the role that shows it, and least else.
    :param flows: which flows read it.
    :param needed: when it is read, and what happens without it.
    :param of_organization: whether the role has to be granted on the organization.
    """

    view: str
    role: str
    flows: frozenset[Flow]
    needed: str
    of_organization: bool = False


_METADATA_VIEWER = "roles/bigquery.metadataViewer"
_RESOURCE_VIEWER = "roles/bigquery.resourceViewer"

METADATA = Requirement(
    "TABLES",
    _METADATA_VIEWER,
    frozenset({Flow.METADATA, Flow.LINEAGE}),
    "tables, columns, options and view texts are read with the same role",
)
STORAGE = Requirement(
    "TABLE_STORAGE",
    _METADATA_VIEWER,
    frozenset({Flow.METADATA}),
    "volume and freshness come from it; without it from __TABLES__ of each dataset",
)
LINKS = Requirement(
    "SCHEMATA_LINKS",
    _METADATA_VIEWER,
    frozenset({Flow.LINEAGE}),
    "edges to linked datasets come from it; without it there are none",
)
JOBS = Requirement(
    "JOBS",
    _RESOURCE_VIEWER,
    frozenset({Flow.LINEAGE, Flow.QUERY_LOGS}),
    "every collection of query logs and of lineage reads it",
)
ORGANIZATION_JOBS = Requirement(
    "JOBS_BY_ORGANIZATION",
    _RESOURCE_VIEWER,
    frozenset({Flow.LINEAGE}),
    "it is read only with jobs_scope='organization'",
    of_organization=True,
)


def grants(requirement: Requirement, project: str, account: Account) -> tuple[str, ...]:
    """Return the command that gives a requirement."""
    if requirement.of_organization:
        return (_binding("organizations", "<organization id>", requirement.role, account),)
    return (_binding("projects", project, requirement.role, account),)


def denied(requirement: Requirement, project: str, account: Account, cause: Exception) -> AccessDeniedError:
    """Return the error for something that is not granted, with what grants it."""
    if _RUN_QUERIES in str(cause):
        commands: tuple[str, ...] = (_binding("projects", account.project, _JOB_USER, account),)
    else:
        commands = grants(requirement, project, account)
    return AccessDeniedError(f"{cause}\nAbout {requirement.view}: {requirement.needed}.", grants=commands)


def _binding(kind: str, name: str, role: str, account: Account) -> str:
    member = account.member or _ACCOUNT_UNKNOWN
    return f'gcloud {kind} add-iam-policy-binding {name} --member="{member}" --role="{role}"'
