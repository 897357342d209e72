"""What the warehouse of the tests holds: catalogs of a shop, and what the system tables say about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.collectors.databricks.server import Warehouse

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = datetime.now(UTC)

_TABLES = """
CREATE TABLE catalogs (catalog VARCHAR);
CREATE TABLE details (
  format VARCHAR, name VARCHAR, "lastModified" TIMESTAMPTZ, "numFiles" BIGINT, "sizeInBytes" BIGINT);
CREATE SCHEMA system_information_schema;
CREATE SCHEMA system_access;
CREATE SCHEMA system_query;
CREATE SCHEMA system_storage;
CREATE TABLE system_information_schema.tables (
  table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, table_type VARCHAR, data_source_format VARCHAR,
  created TIMESTAMPTZ, last_altered TIMESTAMPTZ, comment VARCHAR);
CREATE TABLE system_information_schema.columns (
  table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, column_name VARCHAR, ordinal_position INTEGER,
  data_type VARCHAR, full_data_type VARCHAR, comment VARCHAR);
CREATE TABLE system_information_schema.views (
  table_catalog VARCHAR, table_schema VARCHAR, table_name VARCHAR, view_definition VARCHAR);
CREATE TABLE system_information_schema.table_tags (
  catalog_name VARCHAR, schema_name VARCHAR, table_name VARCHAR, tag_name VARCHAR, tag_value VARCHAR);
CREATE TABLE system_storage.table_metrics_history (
  catalog_name VARCHAR, schema_name VARCHAR, table_name VARCHAR, snapshot_date DATE, active_bytes BIGINT,
  table_dropped_time TIMESTAMPTZ);
CREATE TABLE system_access.table_lineage (
  source_table_catalog VARCHAR, source_table_schema VARCHAR, source_table_name VARCHAR, source_path VARCHAR,
  source_type VARCHAR, target_table_catalog VARCHAR, target_table_schema VARCHAR, target_table_name VARCHAR,
  target_path VARCHAR, target_type VARCHAR, entity_run_id VARCHAR, event_id VARCHAR, statement_id VARCHAR,
  event_time TIMESTAMPTZ, event_date DATE);
CREATE TABLE system_access.column_lineage AS
  SELECT *, NULL::VARCHAR AS source_column_name, NULL::VARCHAR AS target_column_name FROM system_access.table_lineage;
CREATE TABLE system_query.history (
  statement_id VARCHAR, statement_text VARCHAR, executed_by VARCHAR, executed_as VARCHAR, start_time TIMESTAMPTZ,
  end_time TIMESTAMPTZ, execution_status VARCHAR, error_message VARCHAR, produced_rows BIGINT, statement_type VARCHAR,
  session_id VARCHAR, workspace_id VARCHAR,
  compute STRUCT("type" VARCHAR, cluster_id VARCHAR, warehouse_id VARCHAR),
  client_application VARCHAR, client_driver VARCHAR, total_duration_ms BIGINT, waiting_for_compute_duration_ms BIGINT,
  waiting_at_capacity_duration_ms BIGINT, compilation_duration_ms BIGINT, execution_duration_ms BIGINT,
  result_fetch_duration_ms BIGINT, total_task_duration_ms BIGINT, read_bytes BIGINT, read_rows BIGINT,
  read_files BIGINT, read_partitions BIGINT, pruned_files BIGINT, written_bytes BIGINT, written_rows BIGINT,
  written_files BIGINT, spilled_local_bytes BIGINT, shuffle_read_bytes BIGINT, from_result_cache BOOLEAN,
  cache_origin_statement_id VARCHAR);
"""

CREATED = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
ALTERED = datetime(2025, 6, 7, 8, 9, 10, tzinfo=UTC)
WRITTEN = (NOW - timedelta(hours=3)).replace(microsecond=123_000)
MODIFIED = (NOW - timedelta(hours=5)).replace(microsecond=0)

CATALOGS = ("main", "odd `c` 50%", "remote", "system", "samples", "hive_metastore")
TABLES = [
    ("main", "information_schema", "tables", "VIEW", None, None),
    ("main", "mart", "daily", "MATERIALIZED_VIEW", "DELTA", None),
    ("main", "mart", "metrics", "METRIC_VIEW", None, None),
    ("main", "mart", "revenue", "VIEW", None, "by customer"),
    ("main", "mart", "secret", "VIEW", None, None),
    ("main", "raw", "customers", "MANAGED", "DELTA", None),
    ("main", "raw", "events", "STREAMING_TABLE", "DELTA", None),
    ("main", "raw", "files", "EXTERNAL", "CSV", None),
    ("main", "raw", "landing", "EXTERNAL", "DELTA", None),
    ("main", "raw", "orders", "MANAGED", "DELTA", "one row per order; it's 100% complete"),
    ("main", "raw", "quiet", "EXTERNAL", "DELTA", None),
    ("main", "raw", "tmp_1", "MANAGED", "DELTA", None),
    ("odd `c` 50%", "v1.2", "it's `t` ? %s 表", "EXTERNAL", "DELTA", None),
    ("remote", "public", "accounts", "FOREIGN", "POSTGRESQL_FORMAT", None),
]
COLUMNS = [
    ("main", "mart", "revenue", "name", "string", None),
    ("main", "mart", "revenue", "total", "decimal(22,2)", None),
    ("main", "raw", "customers", "id", "int", None),
    ("main", "raw", "customers", "name", "string", None),
    ("main", "raw", "orders", "id", "bigint", None),
    ("main", "raw", "orders", "customer_id", "int", "who ordered"),
    ("main", "raw", "orders", "total", "decimal(12,2)", None),
    ("main", "raw", "orders", "lines", "array<struct<Sku:string,`unit price`:decimal(9,2)>>", None),
    ("odd `c` 50%", "v1.2", "it's `t` ? %s 表", "a b", "map<string,int>", None),
]
VIEWS = [
    ("main", "mart", "daily", "SELECT id, total FROM main.raw.orders"),
    ("main", "mart", "metrics", "version: 0.1\nsource: main.raw.orders"),
    (
        "main",
        "mart",
        "revenue",
        (
            "SELECT c.name, sum(o.total) AS total FROM Main.RAW.Orders o "
            "JOIN main.raw.customers c ON c.id = o.customer_id GROUP BY 1"
        ),
    ),
    ("main", "mart", "secret", None),
]


def fill(warehouse: Warehouse) -> None:
    """Create everything but lineage and history, which tests add."""
    con = warehouse.con
    con.execute(_TABLES)
    con.executemany("INSERT INTO catalogs VALUES (?)", [[name] for name in CATALOGS])
    con.executemany(
        "INSERT INTO system_information_schema.tables VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [[*row[:5], CREATED, ALTERED, row[5]] for row in reversed(TABLES)],
    )
    con.executemany(
        "INSERT INTO system_information_schema.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [[*row[:4], number, "X", *row[4:]] for number, row in enumerate(COLUMNS)][::-1],
    )
    con.executemany("INSERT INTO system_information_schema.views VALUES (?, ?, ?, ?)", VIEWS)
    con.executemany(
        "INSERT INTO system_information_schema.table_tags VALUES (?, ?, ?, ?, ?)",
        [
            ["main", "raw", "orders", "team", "shop"],
            ["main", "raw", "orders", "pii", ""],
            ["main", "raw", "gone", "team", "shop"],
        ],
    )
    today = NOW.date()
    con.executemany(
        "INSERT INTO system_storage.table_metrics_history VALUES (?, ?, ?, ?, ?, ?)",
        [
            ["main", "raw", "orders", today - timedelta(days=1), 2_000, None],
            ["main", "raw", "orders", today - timedelta(days=2), 9_000, None],
            ["main", "raw", "customers", today - timedelta(days=1), None, None],
            ["main", "raw", "customers", today - timedelta(days=60), 5, None],
            ["main", "raw", "events", today - timedelta(days=1), 7, None],
            ["main", "raw", "tmp_1", today - timedelta(days=1), 8, NOW],
        ],
    )
    con.executemany(
        "INSERT INTO details VALUES ('delta', ?, ?, 3, ?)",
        [
            ["main.raw.customers", MODIFIED, 300],
            ["main.raw.landing", MODIFIED, 400],
            ["main.raw.tmp_1", MODIFIED, 500],
            ["odd `c` 50%.v1.2.it's `t` ? %s 表", MODIFIED, 600],
        ],
    )
    write(warehouse, None, "main.raw.orders", WRITTEN)
    write(warehouse, None, "main.raw.orders", WRITTEN - timedelta(hours=1))
    write(warehouse, "main.raw.orders", "main.raw.events", WRITTEN, target_type="STREAMING_TABLE")
    write(warehouse, "main.raw.orders", "main.raw.customers", NOW - timedelta(days=9))
    write(warehouse, "main.raw.orders", "main.raw.files", NOW - timedelta(days=40))
    write(warehouse, "main.raw.orders", "main.mart.revenue", NOW, target_type="VIEW")


def write(
    warehouse: Warehouse,
    source: str | tuple[str, str, str] | None,
    target: str | tuple[str, str, str] | None,
    at: datetime,
    *,
    columns: tuple[str, str] | None = None,
    source_type: str | None = None,
    target_type: str | None = "TABLE",
    path: str | None = None,
    run: str | None = None,
    event: str | None = None,
    statement: str | None = None,
) -> None:
    """Record a write as Unity Catalog does: one row for each source, or pair of columns."""
    ends = [(None,) * 3 if end is None else end.split(".") if isinstance(end, str) else end for end in (source, target)]
    if source is not None and source_type is None:
        source_type = "TABLE"
    row = [*ends[0], path, source_type, *ends[1], None, target_type, run, event, statement, at, at.date()]
    table = "table_lineage" if columns is None else "column_lineage"
    row += columns or ()
    marks = ", ".join("?" * len(row))
    warehouse.con.execute(f"INSERT INTO system_access.{table} VALUES ({marks})", row)


def ran(warehouse: Warehouse, statement_id: str, text: str | None, end: datetime, **facts: object) -> None:
    """Record a statement in the history."""
    row = {
        "statement_id": statement_id,
        "statement_text": text,
        "executed_by": "anna@example.com",
        "start_time": end - timedelta(seconds=2),
        "end_time": end,
        "execution_status": "FINISHED",
        "statement_type": "SELECT",
        **facts,
    }
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    warehouse.con.execute(f"INSERT INTO system_query.history ({names}) VALUES ({marks})", list(row.values()))
