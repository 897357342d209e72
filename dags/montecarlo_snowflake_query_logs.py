"""Snowflake query logs to Monte Carlo, every hour, failed queries included.

A run collects the queries that ended in its own hour, 45 minutes later, when Snowflake's query history is complete.
Trigger it by hand with a window to collect any other stretch of time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

with DAG(
    "montecarlo_snowflake_query_logs",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "snowflake"],
    params={
        "window_start": Param(
            None, type=["null", "string"], format="date-time", description="Start of the window; empty: the run's own."
        ),
        "window_end": Param(None, type=["null", "string"], format="date-time", description="End, not included."),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
    },
):
    collect_and_push(
        "query_logs",
        source_conn_id="snowflake_default",
        collect_kwargs={
            "window_start": "{{ params.window_start }}",
            "window_end": "{{ params.window_end }}",
        },
        push_kwargs={"dry_run": "{{ params.dry_run }}"},
    )
