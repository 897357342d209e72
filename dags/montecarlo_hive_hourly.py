"""Hive to Monte Carlo, every hour: tables, lineage, query logs.

Volume and freshness are collected every hour, everything else about tables in the run of 02:00 UTC and in the first
that succeeds. Lineage of queries and query logs come from the log files of HiveServer2: change the default of
`log_path` to their folder. A run collects what ended in its own hour, moved back by the 15 minutes that files may take
to arrive. Trigger it by hand with a window to collect any other stretch of time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

SOURCE = "metastore_default"  # or hiveserver2_default, which takes a statement for each table

with DAG(
    "montecarlo_hive_hourly",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "hive"],
    params={
        "include": Param(
            None, type=["null", "array"], items={"type": "string"}, description="Tables, such as shop.*.*; empty: all."
        ),
        "exclude": Param(
            ["*.*.tmp_*"], type=["null", "array"], items={"type": "string"}, description="Tables to leave out."
        ),
        "log_path": Param(
            "s3://aws_default@my-logs/hiveserver2/", type="string", description="Folder of HiveServer2's log files."
        ),
        "window_start": Param(
            None, type=["null", "string"], format="date-time", description="Start of the window; empty: the run's own."
        ),
        "window_end": Param(None, type=["null", "string"], format="date-time", description="End, not included."),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
    },
):
    tables = {"include": "{{ params.include }}", "exclude": "{{ params.exclude }}"}
    log = {
        "collector_kwargs": {"log_path": "{{ params.log_path }}"},
        "window_start": "{{ params.window_start }}",
        "window_end": "{{ params.window_end }}",
    }
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
    collect_and_push("lineage", source_conn_id=SOURCE, collect_kwargs={**tables, **log}, push_kwargs=dry_run)
    collect_and_push("query_logs", source_conn_id=SOURCE, collect_kwargs=log, push_kwargs=dry_run)
