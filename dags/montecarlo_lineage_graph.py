"""Draw what no warehouse knows into Monte Carlo's lineage graph: a dbt model, a job and a report around a table.

The nodes and edges are written here; a longer list, or one that another team keeps, goes into a JSON or YAML file on
any storage: ``nodes_file="s3://aws_default@my-bucket/lineage.yaml"``. A second run changes only what was changed here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param

from airflow_provider_montecarlo_push.operators.lineage_graph import (
    MonteCarloCreateLineageEdgesOperator,
    MonteCarloCreateLineageNodesOperator,
)

# What is in no warehouse is in a resource of its own, by name.
JOB = {"object_type": "job", "object_id": "load_orders", "resource": "Airflow"}
MODEL = {"object_type": "model", "object_id": "model.shop.fct_orders", "resource": "dbt"}
REPORT = {"object_type": "report", "object_id": "revenue-by-week", "resource": "Reports"}
NODES: list[dict[str, Any]] = [
    {**JOB, "name": "Load orders", "properties": {"owner": "data-engineering"}},
    {**MODEL, "name": "fct_orders"},
    {**REPORT, "name": "Revenue by week", "properties": {"owner": ["finance", "sales"]}},
]

with DAG(
    "montecarlo_lineage_graph",
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["monte-carlo"],
    params={
        "warehouse": Param("Snowflake", type="string", description="Name or UUID of the Monte Carlo warehouse."),
        "table": Param("DB.S.ORDERS", type="string", description="A table that was pushed or collected."),
    },
):
    nodes = MonteCarloCreateLineageNodesOperator(task_id="nodes", nodes=NODES, create_resources=True)
    edges = MonteCarloCreateLineageEdgesOperator(
        task_id="edges",
        resource="{{ params.warehouse }}",
        edges=[
            {"source": JOB, "destination": "{{ params.table }}"},
            {"source": "{{ params.table }}", "destination": MODEL},
            {"source": MODEL, "destination": REPORT},
        ],
    )
    nodes >> edges
