"""The tables of a lake to Monte Carlo, every hour, by SQL over the tables in which they are registered.

The SQL is all there is to change; docs/sql_catalog.md has the tables that this one reads, and the columns that each
SELECT returns. Volume and freshness are collected every hour, everything else about tables in the run of 02:00 UTC and
in the first that succeeds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronDataIntervalTimetable, Param

from airflow_provider_montecarlo_push.operators.task_group import collect_and_push

TABLES = """
    SELECT t.database_name AS database, t.schema_name AS schema, t.table_name AS name, t.kind AS type,
           t.comment AS description, t.row_count, t.byte_count, t.updated_at AS last_update_time,
           c.column_name, c.column_type
    FROM lake_tables t LEFT JOIN lake_columns c USING (database_name, schema_name, table_name)
    ORDER BY 1, 2, 3, c.position
"""
EDGES = """
    SELECT source_database, source_schema, source_name, source_column,
           destination_database, destination_schema, destination_name, destination_column
    FROM lake_edges
    WHERE written_at >= :window_start AND written_at < :window_end
    ORDER BY destination_database, destination_schema, destination_name
"""
QUERIES = """
    SELECT id AS query_id, started_at AS start_time, ended_at AS end_time, sql_text AS query_text, owner AS user,
           rows_written AS returned_rows, error AS error_text, job AS extra_job
    FROM lake_queries
    WHERE ended_at >= :window_start AND ended_at < :window_end
"""
CATALOG = "airflow_provider_montecarlo_push.collectors.sql_catalog.collector.SqlCatalogCollector"

with DAG(
    "montecarlo_sql_catalog_hourly",
    schedule=CronDataIntervalTimetable("@hourly", timezone="UTC"),
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["monte-carlo", "data-lake"],
    params={
        "include": Param(
            None, type=["null", "array"], items={"type": "string"}, description="Tables, such as lake.*.*; empty: all."
        ),
        "window_start": Param(
            None, type=["null", "string"], format="date-time", description="Start of the window; empty: the run's own."
        ),
        "window_end": Param(None, type=["null", "string"], format="date-time", description="End, not included."),
        "dry_run": Param(False, type="boolean", description="Say what would be sent, and send nothing."),
    },
):
    include = {"include": "{{ params.include }}"}
    window = {"window_start": "{{ params.window_start }}", "window_end": "{{ params.window_end }}"}
    only = {"only_freshness_and_volume": "{{ prev_start_date_success != none and dag_run.run_after.hour != 2 }}"}
    for flow, sql, further in (
        ("metadata", {"metadata_sql": TABLES}, include | only),
        ("lineage", {"lineage_sql": EDGES}, include | window),
        ("query_logs", {"query_logs_sql": QUERIES, "dialect": "spark"}, window),
    ):
        collect_and_push(
            flow,
            source_conn_id="metastore_default",
            collect_kwargs={"collector": CATALOG, "collector_kwargs": sql, **further},
            push_kwargs={"dry_run": "{{ params.dry_run }}"},
        )
