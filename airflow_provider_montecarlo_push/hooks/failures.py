"""The edge to Airflow: final errors fail a task at once, transient ones are left to its retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_montecarlo_push.exceptions import FinalError

_FAILING: dict[type[FinalError], type[FinalError]] = {}


@contextmanager
def airflow_failures() -> Iterator[None]:
    """Let a :class:`FinalError` pass as an ``AirflowFailException`` as well.

    The error keeps its class for those who catch it, with its attributes and traceback, and Airflow, which tells final
    errors by its own class only, does not retry the task.
    """
    try:
        yield
    except FinalError as error:
        if not isinstance(error, AirflowFailException):
            error.__class__ = _failing(type(error))
        raise


def _failing(kind: type[FinalError]) -> type[FinalError]:
    if kind not in _FAILING:
        facts = {"__module__": kind.__module__, "__doc__": kind.__doc__}
        _FAILING[kind] = type(kind.__name__, (kind, AirflowFailException), facts)
    return _FAILING[kind]
