"""Which run of a task an event is about."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow_provider_montecarlo_push.manifests.model import RunReference
from airflow_provider_montecarlo_push.openlineage.values import facet, part, text


def run_of(event: Any, environment: Mapping[str, str] | None = None) -> RunReference:
    """Return the run of the Airflow task, where one can be told; else the OpenLineage run in its terms.

    The facet ``airflow`` says it in events of Airflow's own provider. What a task starts, such as dbt, finds it in its
    environment. Elsewhere the facet ``parent`` tells the job that started this one.

    :param environment: instead of this process's.
    """
    environment = os.environ if environment is None else environment
    run = part(event, "run")
    return _from_airflow(run) or _from_environment(environment) or _from_parent(run) or _from_job(event)


def is_of_skipped_task() -> bool:
    """Tell whether Airflow's provider emits for a task that was skipped.

    Its event is that of a task that succeeded, declared outlets and all; only the thread or the process that emits it
    is called otherwise.
    """
    if threading.current_thread().name == "openlineage-on_skipped":
        return True
    titles = sys.modules.get("setproctitle")
    return titles is not None and titles.getproctitle().endswith(" - OpenLineage - on_skipped")


def time_of(event: Any, left_out: Counter[str]) -> datetime:
    """Return when the event was, in UTC; now, counted as ``malformed_times``, when it does not say so."""
    try:
        at = datetime.fromisoformat(text(event, "eventTime"))
    except ValueError:
        left_out["malformed_times"] += 1
        return datetime.now(UTC)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _from_airflow(run: Any) -> RunReference | None:
    said = facet(run, "airflow", Counter())
    dag_id, task_id = text(part(said, "dag"), "dag_id"), text(part(said, "task"), "task_id")
    run_id = text(part(said, "dagRun"), "run_id")
    if not (dag_id and task_id and run_id):
        return None
    map_index = part(part(said, "taskInstance"), "map_index")
    return RunReference(dag_id, run_id, task_id, map_index if isinstance(map_index, int) else -1)


def _from_environment(environment: Mapping[str, str]) -> RunReference | None:
    names = ("AIRFLOW_CTX_DAG_ID", "AIRFLOW_CTX_DAG_RUN_ID", "AIRFLOW_CTX_TASK_ID")
    dag_id, run_id, task_id = (environment.get(name, "") for name in names)
    return RunReference(dag_id, run_id, task_id) if dag_id and run_id and task_id else None


def _from_parent(run: Any) -> RunReference | None:
    """Airflow calls the job of a task ``dag.task``, and names the DAG as its root."""
    parent = facet(run, "parent", Counter())
    name, run_id = text(part(parent, "job"), "name"), text(part(parent, "run"), "runId")
    if not name or not run_id:
        return None
    root = text(part(part(parent, "root"), "job"), "name")
    task_id = name.removeprefix(f"{root}.") if root else name
    return RunReference(root or name, run_id, task_id)


def _from_job(event: Any) -> RunReference:
    job = part(event, "job")
    namespace, name = text(job, "namespace"), text(job, "name")
    return RunReference(
        namespace or "openlineage", text(part(event, "run"), "runId") or "static", name or "openlineage"
    )
