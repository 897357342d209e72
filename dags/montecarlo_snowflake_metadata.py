"""Snowflake tables to Monte Carlo: freshness and volume every hour, everything else once a day.

One DAG does both, because freshness and volume may be pushed once an hour only: the run of 02:00 UTC is a full one,
and so is the first that succeeds. Trigger it by hand to choose the tables, to see what would be sent (dry run), or to
push a full one now.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.collect import MonteCarloCollectMetadataOperator
from airflow_provider_montecarlo_push.operators.push import MonteCarloPushMetadataOperator

with DAG(
    "montecarlo_snowflake_metadata",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "snowflake"],
    params={
        "include": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            description="Tables, such as ANALYTICS.*.*; empty means all.",
        ),
        "exclude": Param(
            ["*.*.TMP_*"], type=["null", "array"], items={"type": "string"}, description="Tables to leave out."
        ),
        "what": Param(
            "auto",
            enum=["auto", "everything", "freshness and volume"],
            description="auto: everything in the first run and in that of 02:00 UTC, else freshness and volume.",
        ),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
        "force": Param(False, type="boolean", description="Push even if the last push is less than an hour old."),
    },
):
    collect = MonteCarloCollectMetadataOperator(
        task_id="collect",
        source_conn_id="snowflake_default",
        include="{{ params.include }}",
        exclude="{{ params.exclude }}",
        only_freshness_and_volume=(
            "{{ params.what == 'freshness and volume' or params.what == 'auto'"
            " and prev_start_date_success != none and dag_run.run_after.hour != 2 }}"
        ),
    )
    MonteCarloPushMetadataOperator(
        task_id="push",
        manifest=collect.output,
        dry_run="{{ params.dry_run }}",
        force="{{ params.force }}",
    )
