"""The edge to Airflow: final errors fail a task at once, transient ones are left to its retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_montecarlo_push.exceptions import FinalError


@contextmanager
def airflow_failures() -> Iterator[None]:
    """Turn a :class:`FinalError` into ``AirflowFailException``; the original is its ``__cause__``."""
    try:
        yield
    except FinalError as error:
        raise AirflowFailException(str(error)) from error
