"""DAG runs, with the attempts at their tasks, as runs of ETL jobs.

A run is told of in each window in which it or one of its tasks started or ended, in the state that it has when it is
collected: one that takes long comes as ``in_progress`` first, and with its end later. Ids and times are Airflow's own,
so that whatever is told twice is the same run.

Source: ``/dags/~/dagRuns``, ``…/taskInstances``, ``…/tries`` and ``…/upstreamAssetEvents`` of Airflow's REST API.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi, segment
from airflow_provider_montecarlo_push.collectors.airflow.assets import INPUT, AssetRefs
from airflow_provider_montecarlo_push.collectors.airflow.names import run_source_id, run_url
from airflow_provider_montecarlo_push.collectors.airflow.states import falls_into, moment, status_of, trigger_of
from airflow_provider_montecarlo_push.collectors.airflow.task_runs import task_runs
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import AssetRef, EtlError, EtlRunEvent
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

# A run of thousands of tasks becomes several events: no event grows with the data.
TASK_RUNS_OF_EVENT = 200

Row = dict[str, Any]


def runs(
    api: AirflowApi,
    wanted: JobFilter,
    window: TimeWindow,
    refs: AssetRefs,
    report: CollectionReport,
    *,
    ui_url: str,
) -> Iterator[EtlRunEvent]:
    """Yield the runs of DAGs in scope to which something happened in ``window``.

    :param ui_url: base URL of the UI, for links.
    """
    listing = api.rows(
        "/dags/~/dagRuns",
        "dag_runs",
        # What had not ended before the window began, and was there when it ended.
        {"end_date_gte": window.start.isoformat(), "start_date_lte": window.end.isoformat()},
        key=lambda row: (row["dag_id"], row["dag_run_id"]),
        order_by="id",
        what="DAG runs",
    )
    for run in listing:
        if not wanted.matches(run["dag_id"]):
            report.leave_out("filtered", run["dag_id"])
        elif moment(run, "start_date") is None:
            report.count("runs_not_started")
        else:
            yield from _events(api, run, window, refs, report, ui_url)


def _events(
    api: AirflowApi, run: Row, window: TimeWindow, refs: AssetRefs, report: CollectionReport, ui_url: str
) -> Iterator[EtlRunEvent]:
    attempts = task_runs(api, run, window, report, ui_url=ui_url)
    first = list(islice(attempts, TASK_RUNS_OF_EVENT))
    if not first and not falls_into(window, moment(run, "start_date"), moment(run, "end_date")):
        return
    report.count("runs")
    source, inputs = _cause(api, run, refs)
    while True:
        yield _run(run, first, source, inputs, ui_url)
        first = list(islice(attempts, TASK_RUNS_OF_EVENT))
        if not first:
            return


def _run(run: Row, attempts: list[EtlRunEvent], source: str | None, inputs: list[AssetRef], ui_url: str) -> EtlRunEvent:
    dag_id, run_id = run["dag_id"], run["dag_run_id"]
    failed = run["state"] == "failed"
    return EtlRunEvent(
        job_source_id=dag_id,
        run_source_id=run_source_id(dag_id, run_id),
        status=status_of(run["state"]),
        event_time=_since(run),
        start_time=moment(run, "start_date"),
        end_time=moment(run, "end_date"),
        queued_at=moment(run, "queued_at"),
        trigger=trigger_of(run),
        triggered_by_run_source_id=source,
        error=EtlError(message=f"Run {run_id} of DAG {dag_id} failed.", failure_type="failed") if failed else None,
        run_url=run_url(ui_url, dag_id, run_id),
        task_runs=attempts,
        inputs=inputs,
        attributes=_attributes(run),
    )


def _since(run: Row) -> Any:
    return moment(run, "end_date", "start_date", "queued_at", "run_after")


def _cause(api: AirflowApi, run: Row, refs: AssetRefs) -> tuple[str | None, list[AssetRef]]:
    """Return the run that set off this one by updating an asset, and the assets that it was waiting for."""
    if run["run_type"] != "asset_triggered":
        return None, []
    path = f"/dags/{segment(run['dag_id'])}/dagRuns/{segment(run['dag_run_id'])}/upstreamAssetEvents"
    answer = api.find(path, what=f"the asset events of DAG {run['dag_id']}") or {}
    events = sorted(answer.get("asset_events", ()), key=lambda event: str(event["timestamp"]))
    sources = [
        run_source_id(event["source_dag_id"], event["source_run_id"])
        for event in events
        if event.get("source_dag_id") and event.get("source_run_id")
    ]
    inputs = refs.of((event["uri"] for event in events if event.get("uri")), INPUT)
    return (sources[-1] if sources else None), inputs


def _attributes(run: Row) -> dict[str, Any] | None:
    names = (
        "run_type",
        "logical_date",
        "data_interval_start",
        "data_interval_end",
        "duration",
        "triggering_user_name",
        "note",
    )
    return {name: run[name] for name in names if run.get(name) is not None} or None
