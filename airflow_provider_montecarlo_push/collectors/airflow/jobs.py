"""DAGs and their tasks as ETL jobs.

Source: ``/dags``, ``/dags/{dag_id}/details``, ``/dags/{dag_id}/tasks`` and ``/assets`` of Airflow's REST API.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi, segment
from airflow_provider_montecarlo_push.collectors.airflow.assets import INPUT, OUTPUT, AssetRefs, DagAssets, assets_of
from airflow_provider_montecarlo_push.collectors.airflow.names import job_url, task_source_id
from airflow_provider_montecarlo_push.collectors.airflow.schedules import schedule_of
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import EtlAsset, EtlTask, Owner, Tag

_LONGEST_TEXT = 10_000


def jobs(
    api: AirflowApi, wanted: JobFilter, refs: AssetRefs, report: CollectionReport, *, ui_url: str
) -> Iterator[EtlAsset]:
    """Yield each DAG in scope that its files still define, paused ones included.

    :param ui_url: base URL of the UI, for links.
    """
    listing = api.rows("/dags", "dags", key=lambda dag: dag["dag_id"], order_by="dag_id", what="DAGs")
    for dag in listing:
        dag_id = dag["dag_id"]
        if not wanted.matches(dag_id):
            report.leave_out("filtered", dag_id)
            continue
        path = f"/dags/{segment(dag_id)}"
        details = api.find(f"{path}/details", what=f"DAG {dag_id}")
        tasks = api.find(f"{path}/tasks", what=f"the tasks of DAG {dag_id}")
        if details is None or tasks is None:
            report.leave_out("vanished", f"DAG {dag_id} was deleted meanwhile")
            continue
        yield _job(details, tasks["tasks"], assets_of(api, dag_id), refs, report, ui_url)


def _job(
    details: dict[str, Any],
    tasks: list[dict[str, Any]],
    assets: DagAssets,
    refs: AssetRefs,
    report: CollectionReport,
    ui_url: str,
) -> EtlAsset:
    dag_id = details["dag_id"]
    schedule = schedule_of(details, assets.upstream_dags)
    if schedule is None:
        report.count("other_timetables")
    return EtlAsset(
        job_source_id=dag_id,
        name=details.get("dag_display_name") or dag_id,
        description=_text(details.get("description")) or _text(details.get("doc_md")),
        folder=details.get("bundle_name"),
        is_paused=details.get("is_paused"),
        job_url=job_url(ui_url, dag_id),
        schedule=schedule,
        owner=_owner(details.get("owners") or []),
        properties=[
            Tag(key=tag["name"]) for tag in sorted(details.get("tags") or [], key=lambda tag: str(tag["name"]))
        ],
        attributes=_attributes(details),
        tasks=_tasks(dag_id, tasks, assets, refs),
    )


def _tasks(dag_id: str, tasks: list[dict[str, Any]], assets: DagAssets, refs: AssetRefs) -> list[EtlTask]:
    upstream: defaultdict[str, list[str]] = defaultdict(list)
    for task in tasks:
        for downstream in task.get("downstream_task_ids") or ():
            upstream[downstream].append(task_source_id(dag_id, task["task_id"]))
    return [
        EtlTask(
            task_source_id=task_source_id(dag_id, task["task_id"]),
            name=task.get("task_display_name") or task["task_id"],
            task_type=task.get("operator_name") or (task.get("class_ref") or {}).get("class_name"),
            description=_text(task.get("doc_md")),
            inputs=refs.of(assets.inlets.get(task["task_id"], ()), INPUT),
            outputs=refs.of(assets.outlets.get(task["task_id"], ()), OUTPUT),
            upstream_task_source_ids=sorted(upstream.get(task["task_id"], ())),
            triggered_job_source_ids=sorted(assets.triggers.get(task["task_id"], ())),
            attributes=_kept(task, "owner", "trigger_rule", "retries", "pool", "queue", "is_mapped"),
        )
        for task in tasks
    ]


def _owner(owners: list[str]) -> Owner | None:
    if not owners:
        return None
    first = owners[0]
    return Owner(
        primary_name=first,
        primary_email=first if "@" in first else None,
        raw={"owners": owners} if len(owners) > 1 else None,
    )


def _attributes(details: dict[str, Any]) -> dict[str, Any] | None:
    return _kept(
        details,
        "timetable_summary",
        "relative_fileloc",
        "bundle_version",
        "catchup",
        "max_active_runs",
        "has_import_errors",
    )


def _kept(facts: dict[str, Any], *names: str) -> dict[str, Any] | None:
    return {name: facts[name] for name in names if facts.get(name) is not None} or None


def _text(text: str | None) -> str | None:
    text = (text or "").strip()
    return text[:_LONGEST_TEXT] or None
