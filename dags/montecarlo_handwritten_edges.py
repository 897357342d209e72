"""Edges that no log tells of, written by hand in a file of the repository: what an application loads, for example.

The file beside this one has the edges, with columns. Names are written as the warehouse stores them; a table of another
warehouse is named by its URI, or with its ``resource_uuid`` and ``resource_type``. Column lineage expires after ten
days at Monte Carlo, so it is pushed again every week.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG

from airflow_provider_montecarlo_push.operators.push import MonteCarloPushLineageOperator

with DAG(
    "montecarlo_handwritten_edges",
    schedule="@weekly",
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo"],
):
    MonteCarloPushLineageOperator(
        task_id="push",
        edges_file=str(Path(__file__).with_suffix(".yaml")),
        resource_type="snowflake",
    )
