"""BigQuery to Monte Carlo, every hour: tables, lineage, query logs.

Freshness and volume are collected every hour, everything else about tables in the run of 02:00 UTC and in the first
that succeeds. A run collects the jobs that ended in its own hour, ten minutes later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

SOURCE = "google_cloud_default"

with DAG(
    "montecarlo_bigquery_hourly",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "bigquery"],
    params={
        "include": Param(
            None, type=["null", "array"], items={"type": "string"}, description="Tables, such as shop.*.*; empty: all."
        ),
        "exclude": Param(
            ["*.*.tmp_*"], type=["null", "array"], items={"type": "string"}, description="Tables to leave out."
        ),
        "projects": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            description="Projects to read; empty: that of the connection.",
        ),
        "regions": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            description="Such as us; empty: that of the connection, or all with datasets.",
        ),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
    },
):
    tables = {"include": "{{ params.include }}", "exclude": "{{ params.exclude }}"}
    where = {"collector_kwargs": {"projects": "{{ params.projects }}", "regions": "{{ params.regions }}"}}
    dry_run = {"dry_run": "{{ params.dry_run }}"}

    collect_and_push(
        "metadata",
        source_conn_id=SOURCE,
        collect_kwargs={
            **tables,
            **where,
            "only_freshness_and_volume": "{{ prev_start_date_success != none and dag_run.run_after.hour != 2 }}",
        },
        push_kwargs=dry_run,
    )
    collect_and_push("lineage", source_conn_id=SOURCE, collect_kwargs={**tables, **where}, push_kwargs=dry_run)
    collect_and_push("query_logs", source_conn_id=SOURCE, collect_kwargs=where, push_kwargs=dry_run)
