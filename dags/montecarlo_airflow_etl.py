"""Airflow itself to Monte Carlo: DAGs and tasks as ETL jobs, their runs as runs of these.

Jobs are pushed once a day, runs every hour: those that started or ended in the hour before, with each attempt at their
tasks. `airflow_api` is a connection of type `http` to the API server, with login and password of a user who may read
DAGs and their runs; it may be another Airflow than this one. Put the UUID of the ETL container at Monte Carlo into the
default of `etl_container`; empty means the resource of the Monte Carlo connection. Trigger the second one by hand with
a window to tell of any other stretch of time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

SOURCE = "airflow_api"

PARAMS = {
    "include": Param(
        None, type=["null", "array"], items={"type": "string"}, description="DAGs, such as shop_*; empty: all."
    ),
    "exclude": Param(None, type=["null", "array"], items={"type": "string"}, description="DAGs to leave out."),
    "etl_container": Param(None, type=["null", "string"], description="UUID of the ETL container at Monte Carlo."),
    "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
}
OPTIONS = {
    "start_date": datetime(2024, 1, 1, tzinfo=UTC),
    "catchup": False,
    "render_template_as_native_obj": True,
    "default_args": {"retries": 3, "retry_delay": timedelta(minutes=2)},
    "doc_md": __doc__,
    "tags": ["monte-carlo", "airflow"],
}
JOBS = {"include": "{{ params.include }}", "exclude": "{{ params.exclude }}"}
PUSH = {"resource_uuid": "{{ params.etl_container }}", "dry_run": "{{ params.dry_run }}"}

with DAG("montecarlo_airflow_etl_jobs", schedule="@daily", params=PARAMS, **OPTIONS):
    collect_and_push("etl_metadata", source_conn_id=SOURCE, collect_kwargs=JOBS, push_kwargs=PUSH)

with DAG(
    "montecarlo_airflow_etl",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    params=PARAMS
    | {
        "window_start": Param(
            None, type=["null", "string"], format="date-time", description="Start of the window; empty: the run's own."
        ),
        "window_end": Param(None, type=["null", "string"], format="date-time", description="End, not included."),
    },
    **OPTIONS,
):
    window = {"window_start": "{{ params.window_start }}", "window_end": "{{ params.window_end }}"}
    collect_and_push("etl_runs", source_conn_id=SOURCE, collect_kwargs=JOBS | window, push_kwargs=PUSH)
