"""One flow, collected and pushed, in one line of a DAG."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import TaskGroup

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.operators.flows import COLLECT, PUSH


def collect_and_push(
    flow: Flow | str,
    *,
    source_conn_id: str,
    montecarlo_conn_id: str = MonteCarloIngestHook.default_conn_name,
    group_id: str | None = None,
    collect_kwargs: dict[str, Any] | None = None,
    push_kwargs: dict[str, Any] | None = None,
) -> TaskGroup:
    """Return a task group with the tasks ``collect`` and ``push`` of one flow.

    :param flow: ``metadata``, ``lineage`` or ``query_logs``.
    :param source_conn_id: Airflow connection of the warehouse.
    :param montecarlo_conn_id: connection of type ``montecarlo-ingest``.
    :param group_id: name of the group; the flow's when empty.
    :param collect_kwargs: further parameters of the collect operator.
    :param push_kwargs: further parameters of the push operator.
    """
    flow = Flow(flow)
    with TaskGroup(group_id or flow.value) as group:
        collect = COLLECT[flow](task_id="collect", source_conn_id=source_conn_id, **(collect_kwargs or {}))
        PUSH[flow](
            task_id="push",
            manifest=collect.output,  # type: ignore[arg-type]  # an XComArg until the task runs
            montecarlo_conn_id=montecarlo_conn_id,
            **(push_kwargs or {}),
        )
    return group
