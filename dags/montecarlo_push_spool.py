"""Lineage that tasks have left in the spool, to Monte Carlo, every ten minutes.

The listener (``[montecarlo_push] listener_enabled``) and the OpenLineage transport put what tasks did into a spool
under the manifest root; this DAG pushes it. Which datasets and connections belong to which Monte Carlo resource is said
in the extra ``resources`` of the Monte Carlo connection, or in ``[montecarlo_push] resources``.

While Monte Carlo cannot be reached, the task fails after its retries and everything stays in the spool; the next run
goes on from there, and sends nothing twice that was acknowledged.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from airflow_provider_montecarlo_push.operators.spool import MonteCarloPushSpoolOperator

with DAG(
    "montecarlo_push_spool",
    schedule="*/10 * * * *",
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo"],
):
    MonteCarloPushSpoolOperator(task_id="push")
