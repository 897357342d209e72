"""The example of the documentation: its tables, its SQL, and its DAG in a real Airflow run against the sandbox."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.sql_catalog.collector import SqlCatalogCollector
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.collectors.dbapi.conftest import PASSWORD, connection
from tests.collectors.postgres.server import Server
from tests.collectors.sql_catalog.conftest import report
from tests.operators.airflow_runs import run_dag, run_example

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("sql_catalog")]

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "sql_catalog.md").read_text()
TABLES, METADATA, LINEAGE, QUERY_LOGS, HIVE = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
CATALOG = f"{SqlCatalogCollector.__module__}.{SqlCatalogCollector.__name__}"
WINDOW = {"window_start": "2024-03-01T06:00:00Z", "window_end": "2024-03-01T07:00:00Z"}
# The tables, edge and query of the Push Ingest API page's first two examples.
LAKE = (
    *TABLES.split(";")[:-1],
    """INSERT INTO lake_tables VALUES ('metastore_db', 'raw', 'events_raw', 'EXTERNAL_TABLE',
       'Raw clickstream events from S3', 50000000, 8000000000, '2024-03-01T06:00:00Z')""",
    """INSERT INTO lake_columns SELECT 'metastore_db', 'raw', 'events_raw', * FROM (VALUES ('ts', 'timestamp', 4),
       ('event_id', 'varchar', 1), ('user_id', 'bigint', 2), ('event_type', 'varchar', 3)) AS v""",
    """INSERT INTO lake_edges SELECT 'metastore_db', 'raw', 'events_raw', name, 'metastore_db', 'curated',
       'events_enriched', name, '2024-03-01T06:30:00Z' FROM (VALUES ('event_id'), (NULL)) AS v(name)""",
    """INSERT INTO lake_queries VALUES (7, '2024-03-01T06:30:00Z', '2024-03-01T06:31:00Z',
       'INSERT INTO curated.events_enriched SELECT event_id FROM raw.events_raw', 'etl@x.com', 9, NULL, 'nightly'),
       (8, '2024-03-01T06:30:00Z', '2024-03-01T07:00:00Z', 'SELECT later', NULL, NULL, NULL, NULL)""",
    "CREATE ROLE monte_carlo LOGIN PASSWORD '" + PASSWORD + "'",
    next(text for text in re.findall(r"`(GRANT [^`]*);`", PAGE)),
)
# As the schema script of Hive 2.3 for PostgreSQL has them, without what is not read.
METASTORE = (
    'CREATE TABLE "DBS" ("DB_ID" bigint, "NAME" varchar)',
    """CREATE TABLE "TBLS" ("TBL_ID" bigint, "CREATE_TIME" bigint, "DB_ID" bigint, "SD_ID" bigint,
       "TBL_NAME" varchar, "TBL_TYPE" varchar, "VIEW_ORIGINAL_TEXT" text)""",
    'CREATE TABLE "TABLE_PARAMS" ("TBL_ID" bigint, "PARAM_KEY" varchar, "PARAM_VALUE" text)',
    'CREATE TABLE "SDS" ("SD_ID" bigint, "CD_ID" bigint)',
    """CREATE TABLE "COLUMNS_V2" ("CD_ID" bigint, "COMMENT" varchar, "COLUMN_NAME" varchar, "TYPE_NAME" text,
       "INTEGER_IDX" integer)""",
    "INSERT INTO \"DBS\" VALUES (1, 'raw')",
    """INSERT INTO "TBLS" VALUES (1, 1709272800, 1, 1, 'events', 'MANAGED_TABLE', NULL),
       (2, 1709272800, 1, 2, 'v', 'VIRTUAL_VIEW', 'select id from events')""",
    """INSERT INTO "TABLE_PARAMS" VALUES (1, 'numRows', '6'), (1, 'totalSize', '2921'), (1, 'comment', 'clicks'),
       (1, 'transient_lastDdlTime', '1709276400'), (2, 'transient_lastDdlTime', '1709276400')""",
    'INSERT INTO "SDS" VALUES (1, 1), (2, 2)',
    """INSERT INTO "COLUMNS_V2" VALUES (1, NULL, 'at', 'timestamp', 1), (1, 'key', 'id', 'bigint', 0),
       (2, NULL, 'id', 'bigint', 0)""",
)


@pytest.fixture(scope="module")
def lake(metastore: Server) -> Server:
    metastore.execute("CREATE DATABASE lake")
    metastore.execute(*LAKE, *METASTORE, database="lake")
    return metastore


@pytest.fixture
def conn_id(lake: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    uri = connection("postgres", lake.port, login="monte_carlo", schema="lake")
    monkeypatch.setenv("AIRFLOW_CONN_METASTORE_DEFAULT", uri)
    return "metastore_default"


@pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")
def test_the_example(sandbox: Sandbox, conn_id: str) -> None:
    outcome = run_example("montecarlo_sql_catalog_hourly", run_conf=WINDOW)
    assert set(outcome.states().values()) == {"success"}
    (table,) = sandbox.events("metadata")
    assert table["relational_asset"] == {
        "type": "TABLE",
        "metadata": {
            "name": "events_raw",
            "database": "metastore_db",
            "schema": "raw",
            "description": "Raw clickstream events from S3",
        },
        "fields": [
            {"name": "event_id", "type": "VARCHAR"},
            {"name": "user_id", "type": "BIGINT"},
            {"name": "event_type", "type": "VARCHAR"},
            {"name": "ts", "type": "TIMESTAMP"},
        ],
        "volume": {"row_count": 50_000_000, "byte_count": 8_000_000_000},
        "freshness": {"last_update_time": "2024-03-01T06:00:00Z"},
    }
    (edge,) = sandbox.events("lineage")
    assert [edge["destination"]["name"], edge["sources"][0]["name"]] == ["events_enriched", "events_raw"]
    assert edge["fields"] == [
        {"name": "event_id", "source_fields": [{"asset_id": edge["sources"][0]["asset_id"], "field_name": "event_id"}]}
    ]
    (query,) = sandbox.events("query_logs")
    assert (query["query_id"], query["user"], query["returned_rows"]) == ("7", "etl@x.com", 9)
    assert query["extra"] == {"job": "nightly"}


def test_the_example_is_that_of_the_documentation() -> None:
    example = (ROOT / "dags" / "montecarlo_sql_catalog_hourly.py").read_text()
    words = " ".join(example.split())
    assert all(" ".join(sql.split()) in words for sql in (METADATA, LINEAGE, QUERY_LOGS))


@pytest.mark.usefixtures("airflow_database")
def test_access(conn_id: str) -> None:
    kwargs = {"metadata_sql": METADATA, "lineage_sql": LINEAGE, "query_logs_sql": HIVE}
    run = run_dag(
        f"""MonteCarloCheckAccessOperator(
        task_id="check", source_conn_id={conn_id!r}, collector={CATALOG!r}, collector_kwargs={kwargs!r})"""
    )
    checks = {check["name"]: check for check in run.xcom("check")}
    assert [name for name, check in checks.items() if check["readable"]] == ["metadata_sql", "lineage_sql"]
    assert "permission denied for table TBLS" in checks["query_logs_sql"]["problem"]


def test_a_hive_metastore(lake: Server, conn_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = connection("postgres", lake.port, login="boss", schema="lake")
    monkeypatch.setenv("AIRFLOW_CONN_METASTORE_DEFAULT", uri)
    collector = SqlCatalogCollector(conn_id, report(), metadata_sql=HIVE)
    found: list[Any] = list(collector.metadata(TableFilter()))
    table, view = found
    assert b'"last_update_time":"2024-03-01T07:00:00Z"' in encode_event(table)[0]
    assert (table.type, table.volume.row_count, table.volume.byte_count) == ("TABLE", 6, 2921)
    assert [(field.name, field.type, field.description) for field in table.fields] == [
        ("id", "BIGINT", "key"),
        ("at", "TIMESTAMP", None),
    ]
    assert (view.type, view.metadata.view_query) == ("VIEW", "select id from events")
    assert not collector.report.left_out


def test_the_window_of_the_example_is_half_open(conn_id: str) -> None:
    collector = SqlCatalogCollector(conn_id, report(), query_logs_sql=QUERY_LOGS)
    for start, end, ids in (("06:31", "07:00", ["7"]), ("06:00", "06:31", []), ("07:00", "08:00", ["8"])):
        window = explicit_window(f"2024-03-01T{start}:00Z", f"2024-03-01T{end}:00Z")
        assert [entry.query_id for entry in collector.query_logs(window)] == ids
    assert not collector.report.counts
