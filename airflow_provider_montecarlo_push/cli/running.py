"""Operators and sensors outside of a task: the command line is a run of its own."""

from __future__ import annotations

import inspect
import uuid
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from airflow.providers.common.compat.sdk import BaseOperator, Context

from airflow_provider_montecarlo_push.cli.bars import bars
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

# The folder under the manifest root.
DAG_ID = "command_line"


def context_of(task_id: str) -> Context:
    """Return as much of a task's context as our operators look at.

    :param task_id: names the folder of what the command writes.
    """
    now = datetime.now(UTC)
    run_id = f"{now:%Y-%m-%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    ti = SimpleNamespace(dag_id=DAG_ID, run_id=run_id, task_id=task_id, map_index=-1, xcom_push=_forget)
    return cast("Context", {"ti": ti, "dag_run": SimpleNamespace(run_after=now)})


def parameters_of(operator: type[BaseOperator], arguments: Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Return those of the arguments ``names`` that were given.

    :param names: parameters that not every operator of the command has.
    :raises ConfigurationError: when one is given that ``operator`` does not have.
    """
    given = {name: value for name in names if (value := getattr(arguments, name)) not in (None, False)}
    for name in given:
        if name not in operator.template_fields:
            raise ConfigurationError(f"--{name.replace('_', '-')} does not apply here: {operator.__name__} has none.")
    return given


def run_operator(operator: BaseOperator, context: Context | None = None) -> Any:
    """Return what an operator's ``execute`` returns.

    :param context: of an earlier call, for one that goes on with it.
    """
    # Airflow wraps it, to warn of calls that do not come from its task runner.
    execute = inspect.unwrap(type(operator).execute)
    with bars():
        return execute(operator, context or context_of(operator.task_id))


def _forget(**_: Any) -> None:
    """What a task would put into XCom is in the command's result or on storage."""
