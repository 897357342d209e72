"""Push, then wait until Monte Carlo shows what was pushed: for tasks that rely on it, and to hear when it does not.

The sensor looks for one table of each request that was acknowledged, and for columns, row count, byte count and
freshness of some of them. It waits in the triggerer, without a worker. After half an hour it fails, and names what is
missing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable

from airflow_provider_montecarlo_push.operators.collect import MonteCarloCollectMetadataOperator
from airflow_provider_montecarlo_push.operators.push import MonteCarloPushMetadataOperator
from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor

with DAG(
    "montecarlo_visible",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "snowflake"],
):
    collect = MonteCarloCollectMetadataOperator(
        task_id="collect", source_conn_id="snowflake_default", include=["ANALYTICS.MARTS.*"]
    )
    push = MonteCarloPushMetadataOperator(task_id="push", manifest=collect.output)
    MonteCarloMetadataSensor(
        task_id="visible",
        push=push.output,
        deferrable=True,
        poke_interval=timedelta(minutes=1),
        timeout=timedelta(minutes=30),
    )
