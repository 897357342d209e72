"""Snowflake lineage to Monte Carlo, every hour: which tables and columns each write came from.

A run collects its own hour, three hours later, when Snowflake's access history is complete. Trigger it by hand with a
window to collect any other stretch of time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

with DAG(
    "montecarlo_snowflake_lineage",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "snowflake"],
    params={
        "include": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            description="Written tables, such as ANALYTICS.*.*; empty: all.",
        ),
        "exclude": Param(
            ["*.*.TMP_*"], type=["null", "array"], items={"type": "string"}, description="Tables to leave out."
        ),
        "window_start": Param(
            None, type=["null", "string"], format="date-time", description="Start of the window; empty: the run's own."
        ),
        "window_end": Param(None, type=["null", "string"], format="date-time", description="End, not included."),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
    },
):
    collect_and_push(
        "lineage",
        source_conn_id="snowflake_default",
        collect_kwargs={
            "include": "{{ params.include }}",
            "exclude": "{{ params.exclude }}",
            "window_start": "{{ params.window_start }}",
            "window_end": "{{ params.window_end }}",
        },
        push_kwargs={"dry_run": "{{ params.dry_run }}"},
    )
