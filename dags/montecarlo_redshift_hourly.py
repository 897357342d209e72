"""Amazon Redshift to Monte Carlo, every hour: tables, lineage, query logs.

Freshness and volume are collected every hour, everything else about tables in the run of 02:00 UTC and in the first
that succeeds; the lineage of views in the run of 00:00 UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

SOURCE = "redshift_default"

with DAG(
    "montecarlo_redshift_hourly",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "redshift"],
    params={
        "include": Param(
            None, type=["null", "array"], items={"type": "string"}, description="Tables, such as dev.*.*; empty: all."
        ),
        "exclude": Param(
            ["*.*.tmp_*"], type=["null", "array"], items={"type": "string"}, description="Tables to leave out."
        ),
        "window_start": Param(
            None, type=["null", "string"], format="date-time", description="Start of the window; empty: the run's own."
        ),
        "window_end": Param(None, type=["null", "string"], format="date-time", description="End, not included."),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
    },
):
    tables = {"include": "{{ params.include }}", "exclude": "{{ params.exclude }}"}
    window = {"window_start": "{{ params.window_start }}", "window_end": "{{ params.window_end }}"}
    dry_run = {"dry_run": "{{ params.dry_run }}"}

    collect_and_push(
        "metadata",
        source_conn_id=SOURCE,
        collect_kwargs={
            **tables,
            "only_freshness_and_volume": "{{ prev_start_date_success != none and dag_run.run_after.hour != 2 }}",
        },
        push_kwargs=dry_run,
    )
    collect_and_push("lineage", source_conn_id=SOURCE, collect_kwargs=tables | window, push_kwargs=dry_run)
    collect_and_push("query_logs", source_conn_id=SOURCE, collect_kwargs=window, push_kwargs=dry_run)
