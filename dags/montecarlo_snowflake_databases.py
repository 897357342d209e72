"""Snowflake tables to Monte Carlo, each database by a task of its own.

For accounts in which one task would take too long, or in which a failing database must not hold up the others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Param, task

from airflow_provider_montecarlo_push.operators.collect import MonteCarloCollectMetadataOperator
from airflow_provider_montecarlo_push.operators.push import MonteCarloPushMetadataOperator

with DAG(
    "montecarlo_snowflake_databases",
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "snowflake"],
    params={
        "databases": Param(["RAW", "ANALYTICS"], type="array", items={"type": "string"}, minItems=1),
    },
):

    @task
    def databases(params: dict[str, list[str]] | None = None) -> list[str]:
        """Return the databases that the run was triggered with."""
        return list((params or {})["databases"])

    collect = MonteCarloCollectMetadataOperator.partial(
        task_id="collect", source_conn_id="snowflake_default", map_index_template="{{ task.include }}"
    ).expand(include=databases())
    MonteCarloPushMetadataOperator.partial(task_id="push").expand(manifest=collect.output)
