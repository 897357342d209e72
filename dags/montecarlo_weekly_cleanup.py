"""Tables that were dropped in the warehouse, out of Monte Carlo: once a week, after somebody has said yes.

Monte Carlo never deletes tables that were pushed. This DAG collects which tables there are, compares them with those of
the last clean-up, shows what would go, waits for an approval under Required Actions, and deletes what was approved.
Without an answer in five days, or with a no, nothing is deleted, and the next week's report has those tables again.

Needs Airflow 3.1 or newer. Nothing is pushed here, so it goes along with the hourly DAGs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, task

from airflow_provider_montecarlo_push.operators.collect import MonteCarloCollectMetadataOperator
from airflow_provider_montecarlo_push.operators.deletion import MonteCarloDeletePushedTablesOperator

REPORT = """
{% set report = ti.xcom_pull(task_ids='report') %}
{{ report.to_delete }} of {{ report.older }} tables are gone from the warehouse, and are still in Monte Carlo. Deleting
them there takes them out of the lineage as well.
{% if report.databases_gone %}
**No table is left of {{ report.databases_gone | join(', ') }}: dropped, or no longer granted?**
{% endif %}
{% for table in report.tables %}
* `{{ table }}`
{%- endfor %}
{% if report.to_delete > report.tables | length %}
… and {{ report.to_delete - report.tables | length }} more. All of them: beside `{{ report.record }}`
{% endif %}
"""

with DAG(
    "montecarlo_weekly_cleanup",
    schedule="@weekly",
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
            description="The tables that you push, such as ANALYTICS.*.*; empty means all. The same every week.",
        ),
        "exclude": Param(["*.*.TMP_*"], type=["null", "array"], items={"type": "string"}),
        "max_fraction": Param(0.1, type="number", minimum=0, maximum=1, description="Refuse when more would go."),
    },
):
    collect = MonteCarloCollectMetadataOperator(
        task_id="collect",
        source_conn_id="snowflake_default",
        include="{{ params.include }}",
        exclude="{{ params.exclude }}",
    )
    report = MonteCarloDeletePushedTablesOperator(
        task_id="report",
        manifest=collect.output,
        resource_uuid="{{ conn.montecarlo_ingest_default.extra_dejson.resource_uuid }}",
        max_fraction="{{ params.max_fraction }}",
    )

    @task.short_circuit
    def anything_to_delete(report: dict[str, Any]) -> bool:
        """Skip the rest when there is not."""
        return bool(report["to_delete"])

    approve = ApprovalOperator(
        task_id="approve",
        subject="Delete tables at Monte Carlo that were dropped in Snowflake?",
        body=REPORT,
        defaults="Reject",
        response_timeout=timedelta(days=5),
    )
    delete = MonteCarloDeletePushedTablesOperator(
        task_id="delete",
        manifest=collect.output,
        # What was approved: the report's plan for these two manifests.
        previous="{{ ti.xcom_pull(task_ids='report').previous }}",
        resource_uuid="{{ ti.xcom_pull(task_ids='report').resource_uuid }}",
        max_fraction="{{ params.max_fraction }}",
        dry_run=False,
    )
    anything_to_delete(report.output) >> approve >> delete
