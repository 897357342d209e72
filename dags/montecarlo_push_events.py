"""Events of your own to Monte Carlo, from a Python task: for a source that no collector reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, task

with DAG(
    "montecarlo_push_events",
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo"],
):

    @task
    def push_spark_jobs() -> dict[str, Any]:
        """Push two queries of a Spark job and return the invocation ids."""
        from airflow_provider_montecarlo_push.events import QueryLogEntry
        from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook

        now = datetime.now(UTC)
        jobs = [
            "INSERT INTO lake.curated.events SELECT * FROM lake.raw.events WHERE ts > '2024-03-01'",
            "SELECT user_id, count(*) FROM lake.curated.events GROUP BY user_id",
        ]
        events = (
            QueryLogEntry(
                start_time=now - timedelta(minutes=5),
                end_time=now,
                query_text=sql,
                query_id=f"spark-job-{number}",
                user="spark",
            )
            for number, sql in enumerate(jobs)
        )
        return MonteCarloIngestHook().push_events(events, log_type="s3").to_dict()

    push_spark_jobs()
