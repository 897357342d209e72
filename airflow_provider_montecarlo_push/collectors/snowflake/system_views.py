"""Reading the views of ``SNOWFLAKE.ACCOUNT_USAGE``, with the grants in the error when one is denied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_provider_montecarlo_push.collectors.snowflake.grants import ViewRequirement, view_denied
from airflow_provider_montecarlo_push.collectors.snowflake.session import Row, Session
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError

# https://docs.snowflake.com/en/sql-reference/account-usage/query_history: longer texts are cut.
LONGEST_TEXT = 100_000


def read_view(session: Session, requirement: ViewRequirement, sql: str, values: Sequence[object]) -> Iterator[Row]:
    """Run a SELECT over a system view and return its rows.

    :raises AccessDeniedError: with the statements that grant it, when the view is missing or not granted.
    """
    try:
        return session.query(sql, values, doing=f"Reading {requirement.full_name}")
    except AccessDeniedError as error:
        raise view_denied(requirement, session.role, error) from error
