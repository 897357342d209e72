"""Which tables Monte Carlo's detectors watch already, which do not have enough samples yet, and what they lack; daily.

Reads the manifests and receipts that the hourly DAGs leave on the manifest root, asks Monte Carlo about the tables
furthest from training, and writes an HTML page beside the newest manifest. The second task fails, so that somebody
is told, when pushing has stopped, or when column lineage is about to expire. Nothing is pushed here.

Keep manifests for 42 days, the training window of volume; docs/detectors.md says more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_provider_montecarlo_push.operators.detectors import MonteCarloDetectorStatusOperator

with DAG(
    "montecarlo_detectors_daily",
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["monte-carlo", "snowflake"],
    params={
        "include": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            description="Tables, such as ANALYTICS.*.*; empty means all that were pushed.",
        ),
        "exclude": Param(["*.*.TMP_*"], type=["null", "array"], items={"type": "string"}),
        "max_tables": Param(500, type="integer", minimum=0, description="Most tables to ask Monte Carlo about."),
    },
):
    detectors = MonteCarloDetectorStatusOperator(
        task_id="detectors",
        source_conn_id="snowflake_default",
        include="{{ params.include }}",
        exclude="{{ params.exclude }}",
        resource_uuid="{{ conn.montecarlo_ingest_default.extra_dejson.resource_uuid }}",
        max_tables="{{ params.max_tables }}",
    )

    @task(retries=0)
    def alarm(found: dict[str, Any]) -> None:
        """Fail when something that worked is about to stop."""
        problems = []
        last = found["last_push"] and datetime.fromisoformat(found["last_push"])
        if last is None or datetime.now(UTC) - last > timedelta(days=1):
            problems.append(f"freshness and volume were pushed last at {last}")
        if found["column_lineage"]["expiring"]:
            problems.append(f"tables whose column lineage expires within 3 days: {found['column_lineage']['expiring']}")
        if problems:
            raise RuntimeError("; ".join(problems) + f". See {found['report']}")

    alarm(detectors.output)
