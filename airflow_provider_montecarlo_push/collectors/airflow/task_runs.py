"""Attempts at the tasks of one DAG run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi, segment
from airflow_provider_montecarlo_push.collectors.airflow.names import (
    task_run_source_id,
    task_run_url,
    task_source_id,
)
from airflow_provider_montecarlo_push.collectors.airflow.states import ENDED, falls_into, moment, status_of
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import EtlError, EtlRunEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

Row = dict[str, Any]


def task_runs(
    api: AirflowApi, run: Row, window: TimeWindow, report: CollectionReport, *, ui_url: str
) -> Iterator[EtlRunEvent]:
    """Yield the attempts of a DAG run that started or ended in ``window``, earlier attempts included."""
    path = f"/dags/{segment(run['dag_id'])}/dagRuns/{segment(run['dag_run_id'])}/taskInstances"
    instances = api.rows(
        path,
        "task_instances",
        {"end_date_gte": window.start.isoformat()},  # lets through what has not ended
        key=lambda row: (row["task_id"], row["map_index"], row["try_number"], row["state"]),
        order_by="map_index",
        what=f"the task instances of DAG {run['dag_id']}",
    )
    for instance in instances:
        if _was_repeated(instance):
            for attempt in _earlier(api, path, instance):
                if falls_into(window, moment(attempt, "start_date"), moment(attempt, "end_date")):
                    yield _task_run(attempt, ui_url)
        if _happened(instance, run, window):
            yield _task_run(instance, ui_url)
        elif instance["state"] is None and run["state"] in ENDED:
            report.count("tasks_never_run")


def _happened(instance: Row, run: Row, window: TimeWindow) -> bool:
    """Tell whether an attempt belongs to a window. What never started has no row of its own at Monte Carlo yet."""
    if instance["state"] is None:
        return False
    start, end = moment(instance, "start_date"), moment(instance, "end_date")
    if start is None and end is None:
        # Such as tasks that were removed from the DAG: they ended with their run.
        return instance["state"] in ENDED and falls_into(window, moment(run, "end_date"))
    return falls_into(window, start, end)


def _was_repeated(instance: Row) -> bool:
    return instance["try_number"] > 1 or (instance["try_number"] == 1 and not instance.get("start_date"))


def _earlier(api: AirflowApi, path: str, instance: Row) -> Iterator[Row]:
    mapped = f"/{instance['map_index']}" if instance["map_index"] >= 0 else ""
    answer = api.find(
        f"{path}/{segment(instance['task_id'])}{mapped}/tries", what=f"the attempts at task {instance['task_id']}"
    )
    for attempt in (answer or {}).get("task_instances", ()):
        is_current = attempt["try_number"] == instance["try_number"] and instance.get("start_date")
        if not is_current and attempt.get("state") is not None:
            yield attempt


def _task_run(instance: Row, ui_url: str) -> EtlRunEvent:
    number = instance["try_number"]
    started = moment(instance, "start_date", "end_date")
    return EtlRunEvent(
        job_source_id=instance["dag_id"],
        run_source_id=task_run_source_id(instance, number),
        task_source_id=task_source_id(instance["dag_id"], instance["task_id"]),
        status=status_of(instance["state"]),
        event_time=moment(instance, "end_date", "start_date", "queued_when", "scheduled_when") or _due(instance),
        start_time=started,
        end_time=moment(instance, "end_date"),
        queued_at=moment(instance, "queued_when"),
        attempt_number=number or None,
        parent_attempt_run_source_id=task_run_source_id(instance, number - 1) if number > 1 else None,
        error=_error(instance),
        run_url=task_run_url(ui_url, instance, number),
        attributes=_attributes(instance),
    )


def _due(instance: Row) -> Any:
    return moment(instance, "run_after", "logical_date")


def _error(instance: Row) -> EtlError | None:
    state, task = instance["state"], instance["task_id"]
    if state == "upstream_failed":
        return EtlError(message=f"Task {task} was not run: a task that it needs failed.", failure_type=state)
    if state not in ("failed", "up_for_retry"):
        return None
    attempts = f"attempt {instance['try_number']} of {(instance.get('max_tries') or 0) + 1}"
    note = f" Note: {instance['note']}" if instance.get("note") else ""
    return EtlError(
        message=f"Task {task} failed in {attempts}.{note}",
        failure_type=state,
        retryable=True if state == "up_for_retry" else None,
    )


def _attributes(instance: Row) -> dict[str, Any] | None:
    names = ("operator", "duration", "map_index", "rendered_map_index", "max_tries", "pool", "queue", "hostname")
    found = {name: instance[name] for name in names if instance.get(name) is not None}
    if found.get("map_index") == -1:
        del found["map_index"]
    return found or None
