"""The program of the test server: local-bigquery with the columns of system views that it lacks.

It runs in an environment of its own; see ``server.py``.
"""

from __future__ import annotations

import sys

from local_bigquery.cli import main  # type: ignore[import-not-found,unused-ignore]  # in the server's environment
from local_bigquery.sql.rules import information_schema as views  # type: ignore[import-not-found,unused-ignore]

_RESOURCE = "resource ->> '$."
_NAME = "STRUCT(project_id VARCHAR, dataset_id VARCHAR, table_id VARCHAR)"


def _table(path: str) -> str:
    parts = ", ".join(
        f"{column} := {_RESOURCE}{path}.{key}'"
        for column, key in (("project_id", "projectId"), ("dataset_id", "datasetId"), ("table_id", "tableId"))
    )
    return f"CASE WHEN {_RESOURCE}{path}.tableId' IS NULL THEN NULL ELSE struct_pack({parts}) END"


def _number(path: str) -> str:
    return f"CAST({_RESOURCE}{path}' AS BIGINT)"


_REFERENCE = (
    "struct_pack(project_id := x ->> '$.projectId', dataset_id := x ->> '$.datasetId', table_id := x ->> '$.tableId')"
)
_ERROR = (
    f"CASE WHEN {_RESOURCE}status.errorResult.reason' IS NULL THEN NULL ELSE struct_pack("
    f"reason := {_RESOURCE}status.errorResult.reason', message := {_RESOURCE}status.errorResult.message') END"
)
views.JOBS = f"""
SELECT job_id, project_id, {_RESOURCE}configuration.jobType' AS job_type,
  {_RESOURCE}statistics.query.statementType' AS statement_type, state,
  make_timestamp(creation_time * 1000) AS creation_time,
  make_timestamp({_number("statistics.startTime")} * 1000) AS start_time,
  make_timestamp({_number("statistics.endTime")} * 1000) AS end_time,
  {_RESOURCE}user_email' AS user_email, {_RESOURCE}configuration.query.query' AS query, parent_job_id,
  {_RESOURCE}configuration.query.priority' AS priority, CAST(NULL AS VARCHAR) AS reservation_id,
  {_number("statistics.totalBytesProcessed")} AS total_bytes_processed,
  {_number("statistics.query.totalBytesBilled")} AS total_bytes_billed,
  {_number("statistics.totalSlotMs")} AS total_slot_ms,
  CAST({_RESOURCE}statistics.query.cacheHit' AS BOOLEAN) AS cache_hit,
  struct_pack(session_id := CAST(NULL AS VARCHAR)) AS session_info,
  struct_pack(query_hashes := struct_pack(normalized_literals := md5({_RESOURCE}configuration.query.query')))
    AS query_info,
  struct_pack(inserted_row_count := {_number("statistics.query.dmlStats.insertedRowCount")},
    updated_row_count := {_number("statistics.query.dmlStats.updatedRowCount")},
    deleted_row_count := {_number("statistics.query.dmlStats.deletedRowCount")}) AS dml_statistics,
  list_transform(json_keys(json_extract(resource, '$.configuration.labels')),
    k -> struct_pack(key := k, value := resource ->> ('$.configuration.labels.' || k))) AS labels,
  {_ERROR} AS error_result,
  COALESCE({_table("configuration.query.destinationTable")}, {_table("statistics.query.ddlTargetTable")})
    AS destination_table,
  list_transform(CAST(resource -> '$.statistics.query.referencedTables' AS JSON[]), x -> {_REFERENCE})
    AS referenced_tables
FROM emulator.main.jobs WHERE project_id = {{project}}
"""

_table_list, _table_storage = views.table_list, views.table_storage


def _ddl(row: list[str]) -> str | None:
    """Return the statement that makes a materialized view."""
    if row[3] != "MATERIALIZED VIEW":
        return None
    query = views.tables.load(*row[:3]).materializedView.query
    return f"CREATE MATERIALIZED VIEW `{row[0]}.{row[1]}.{row[2]}`\nAS {query};"


def table_list(project: str, dataset: str | None) -> tuple[list[str], list[list[object]]]:
    columns, rows = _table_list(project, dataset)
    return [*columns, "ddl"], [[*row, _ddl(row)] for row in rows]


def table_storage(project: str, dataset: str | None) -> tuple[list[str], list[list[object]]]:
    """Tables whose name begins with "iceberg" are those of Iceberg."""
    columns, rows = _table_storage(project, dataset)
    kinds = ["BIGLAKE" if row[3].startswith("iceberg") else "NATIVE" for row in rows]
    return [*columns, "managed_table_type", "current_physical_bytes INT64"], [
        [*row, kind, row[8]] for row, kind in zip(rows, kinds, strict=True)
    ]


def schemata_links(project: str, dataset: str | None) -> tuple[list[str], list[list[object]]]:
    """There are no links."""
    columns = ("catalog_name", "schema_name", "linked_schema_catalog_name", "linked_schema_name", "link_type")
    return [*columns, "linked_schema_creation_time TIMESTAMP"], []


views.VIEWS |= {"SCHEMATA_LINKS": schemata_links, "TABLES": table_list, "TABLE_STORAGE": table_storage}

if __name__ == "__main__":
    sys.exit(main())
