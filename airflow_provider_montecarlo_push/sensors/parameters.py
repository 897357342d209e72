"""Reading what a sensor was given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_montecarlo_push.events.timestamps import to_utc
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidEventError
from airflow_provider_montecarlo_push.operators.given import is_given


def push_result(push: object) -> dict[str, Any]:
    """Return the result of a push that a sensor was given.

    :raises ConfigurationError: when it is none.
    :raises AirflowSkipException: when it was a dry run.
    """
    if isinstance(push, dict) and "flow" in push and "invocation_ids" in push:
        if push.get("dry_run"):
            raise AirflowSkipException("The push was a dry run: nothing was sent.")
        return push
    hint = ""
    if isinstance(push, list | tuple) or type(push).__name__.startswith("LazyXCom"):
        hint = " Map the sensor as the push is: .expand(push=push.output)."
    elif isinstance(push, str) and is_given(push):
        hint = " As a template, it needs render_template_as_native_obj=True on the DAG."
    raise ConfigurationError(
        f"push is {f'a {type(push).__name__}' if is_given(push) else 'empty'}, not the result of a push: give "
        f"push=push.output of a push task. One that was skipped or cleared has no result.{hint}"
    )


def timestamp(value: datetime | str, name: str) -> str:
    """Return a parameter that is a point in time as text.

    :raises ConfigurationError: when it is none, or has no time zone.
    """
    try:
        return to_utc(value, field=name).isoformat()
    except InvalidEventError as error:
        raise ConfigurationError(str(error)) from error
