"""Lineage and freshness of a table seconds after it was written: an ETL DAG, and the DAG that its asset triggers.

The ETL task says in one line, ``post_execute=…``, what its table comes from; the inlets of a task are not visible to
the DAGs that its assets trigger. That ``snowflake://embedded`` is a warehouse of Monte Carlo is said once, in the extra
``resources`` of the montecarlo-ingest connection or in ``[montecarlo_push] resources``:
``{"snowflake://embedded": {"resource_uuid": "…", "resource_type": "snowflake"}}``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset

from airflow_provider_montecarlo_push.assets.producers import record_sources
from airflow_provider_montecarlo_push.operators.asset_lineage import MonteCarloAssetLineageOperator
from airflow_provider_montecarlo_push.operators.push import (
    MonteCarloPushLineageOperator,
    MonteCarloPushMetadataOperator,
)

MARTS = "snowflake://embedded/ANALYTICS/MARTS"
ORDERS, ITEMS, SALES = (Asset(f"{MARTS}/{table}") for table in ("FCT_ORDERS", "FCT_ORDER_ITEMS", "SALES_BY_CATEGORY"))
DEFAULTS = {"retries": 3, "retry_delay": timedelta(minutes=2)}

with DAG(
    "montecarlo_asset_lineage_etl",
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["monte-carlo", "snowflake"],
):
    SQLExecuteQueryOperator(
        task_id="sales_by_category",
        conn_id="snowflake_default",
        sql="""
            CREATE OR REPLACE TABLE ANALYTICS.MARTS.SALES_BY_CATEGORY AS
            SELECT i.CATEGORY, o.STATUS, SUM(i.REVENUE) AS REVENUE
            FROM ANALYTICS.MARTS.FCT_ORDER_ITEMS i JOIN ANALYTICS.MARTS.FCT_ORDERS o ON o.ORDER_ID = i.ORDER_ID
            GROUP BY i.CATEGORY, o.STATUS
        """,
        inlets=[ORDERS, ITEMS],
        outlets=[SALES],
        post_execute=partial(
            record_sources,
            columns={
                "CATEGORY": (ITEMS, "CATEGORY"),
                "STATUS": (ORDERS, "STATUS"),
                "REVENUE": (ITEMS, "REVENUE"),
            },
        ),
    )

with DAG(
    "montecarlo_asset_lineage",
    schedule=[SALES],
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["monte-carlo"],
):
    lineage = MonteCarloAssetLineageOperator(task_id="lineage", freshness=True)
    MonteCarloPushLineageOperator(task_id="push_lineage", manifest=lineage.output)
    MonteCarloPushMetadataOperator(task_id="push_freshness", manifest=lineage.output["freshness"])
