"""What Airflow's things are called at Monte Carlo: ids that stay the same, and where to look at them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote


def task_source_id(dag_id: str, task_id: str) -> str:
    """Return the id of a task: tasks of different DAGs share names."""
    return f"{dag_id}/{task_id}"


def run_source_id(dag_id: str, run_id: str) -> str:
    """Return the id of a DAG run: runs of different DAGs that are due at the same time share names."""
    return f"{dag_id}/{run_id}"


def task_run_source_id(instance: dict[str, Any], try_number: int) -> str:
    """Return the id of one attempt at a task instance."""
    run = run_source_id(instance["dag_id"], instance["dag_run_id"])
    mapped = f"[{instance['map_index']}]" if instance.get("map_index", -1) >= 0 else ""
    return f"{run}/{instance['task_id']}{mapped}/{try_number}"


def job_url(base: str, dag_id: str) -> str:
    """Return the page of a DAG."""
    return f"{base}/dags/{quote(dag_id, safe='')}"


def run_url(base: str, dag_id: str, run_id: str) -> str:
    """Return the page of a DAG run."""
    return f"{job_url(base, dag_id)}/runs/{quote(run_id, safe='')}"


def task_run_url(base: str, instance: dict[str, Any], try_number: int) -> str:
    """Return the page of one attempt at a task instance."""
    url = f"{run_url(base, instance['dag_id'], instance['dag_run_id'])}/tasks/{quote(instance['task_id'], safe='')}"
    if instance.get("map_index", -1) >= 0:
        url += f"/mapped/{instance['map_index']}"
    return f"{url}?try_number={try_number}" if try_number else url
