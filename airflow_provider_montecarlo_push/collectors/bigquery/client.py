"""The BigQuery client of the BigQueryHook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_montecarlo_push.collectors.bigquery.session import Client, Row, Value
from airflow_provider_montecarlo_push.collectors.errors import missing_provider

if TYPE_CHECKING:
    from google.cloud import bigquery

_RETRY_SECONDS = 120.0
_ANSWER_SECONDS = 300.0


def connect_with_hook(conn_id: str) -> Client:
    """Return the client of a connection.

    :raises MissingDependencyError: when the Google provider is not installed.
    """
    try:
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook
    except ImportError as error:
        raise missing_provider(conn_id, "Google provider", "bigquery", error) from error
    hook = BigQueryHook(gcp_conn_id=conn_id, use_legacy_sql=False)
    project = hook.project_id
    location = getattr(hook, "location", None)
    return HookClient(hook.get_client(project_id=project), project, location, _member(hook))


def _member(hook: Any) -> str | None:
    email = getattr(hook.get_credentials(), "service_account_email", None)
    # On Google's own machines the account is called "default" until a token was fetched.
    return f"serviceAccount:{email}" if isinstance(email, str) and "@" in email else None


class HookClient:
    """Runs statements with the client of ``google-cloud-bigquery``.

    :param project: that statements run in.
    :param location: the region that the connection names.
    :param member: the account, as IAM policies name it.
    """

    def __init__(self, client: bigquery.Client, project: str | None, location: str | None, member: str | None) -> None:
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        self._client = client
        self._retry = DEFAULT_RETRY.with_timeout(_RETRY_SECONDS)
        self.project = project
        self.location = location if isinstance(location, str) else None
        self.member = member

    def rows(self, sql: str, values: Sequence[Value], location: str | None, page_rows: int) -> Iterator[Row]:
        """Run a statement now; return its rows, fetched page by page."""
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        parameters = [
            ScalarQueryParameter(None, "STRING" if isinstance(value, str) else "TIMESTAMP", value) for value in values
        ]
        job = self._client.query(
            sql,
            job_config=QueryJobConfig(query_parameters=parameters, use_legacy_sql=False),
            location=location,
            retry=self._retry,
            job_retry=None,  # the client would make a job again for half an hour; a task is tried again by Airflow
            timeout=_ANSWER_SECONDS,
        )
        found = job.result(page_size=page_rows, retry=self._retry, job_retry=None)
        return (row.values() for row in found)

    def locations(self, project: str) -> Iterator[str]:
        """Yield the locations of a project's datasets."""
        datasets = self._client.list_datasets(project, retry=self._retry, timeout=_ANSWER_SECONDS)
        for page in datasets.pages:
            for dataset in page.raw_page.get("datasets", ()):
                if dataset.get("location"):
                    yield dataset["location"]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()  # type: ignore[no-untyped-call]  # the client is not typed throughout
