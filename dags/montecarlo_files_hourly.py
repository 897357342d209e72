"""Query logs that jobs write as files, and the lineage in them, to Monte Carlo every hour.

For Spark and ETL jobs that log each query as a line of JSON, with a folder for each day. A run collects the queries
that ended in its own hour, moved back by the 15 minutes that jobs may take to write them. Trigger it by hand with
another path, or with a window to collect any other stretch of time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

FILES = {
    "collector": "airflow_provider_montecarlo_push.collectors.files.collector.FilesCollector",
    "collector_kwargs": {
        "path": "{{ params.path }}",
        "fields": {
            "query_text": "query.sql",
            "start_time": "started_at",
            "duration_ms": "elapsed_ms",
            "user": "job.owner",
            "session_id": "job.run_id",
            "status": "state",
            "extra.job": "job.name",
        },
        "dialect": "spark",
        "default_database": "lake",
    },
    "window_start": "{{ params.window_start }}",
    "window_end": "{{ params.window_end }}",
}

with DAG(
    "montecarlo_files_hourly",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "files"],
    params={
        "path": Param(
            "s3://my-bucket/query-logs/%Y-%m-%d/",
            type="string",
            description="File, folder or glob; %Y, %m, %d and %H stand for the time of the window.",
        ),
        "window_start": Param(
            None, type=["null", "string"], format="date-time", description="Start of the window; empty: the run's own."
        ),
        "window_end": Param(None, type=["null", "string"], format="date-time", description="End, not included."),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
    },
):
    for flow in ("query_logs", "lineage"):
        collect_and_push(
            flow,
            source_conn_id="aws_default",
            collect_kwargs=FILES,
            push_kwargs={"dry_run": "{{ params.dry_run }}"},
        )
