"""What the account usage views tell of the seeded day."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse

pytestmark = pytest.mark.integration

Rows = list[dict[str, Any]]


def read(warehouse: EmbeddedWarehouse, view: str) -> Rows:
    names = [
        name
        for (name,) in warehouse.execute(
            "select COLUMN_NAME from SNOWFLAKE.ACCOUNT_USAGE.COLUMNS "
            f"where TABLE_CATALOG = 'SNOWFLAKE' and TABLE_NAME = '{view}' order by ORDINAL_POSITION"
        )
    ]
    rows = warehouse.execute(f"select * from SNOWFLAKE.ACCOUNT_USAGE.{view}")
    return [dict(zip(names, row, strict=True)) for row in rows]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def queries(warehouse: EmbeddedWarehouse) -> Rows:
    return read(warehouse, "QUERY_HISTORY")


@pytest.fixture(scope="module")
def accesses(warehouse: EmbeddedWarehouse, queries: Rows) -> Rows:
    texts = {row["QUERY_ID"]: row["QUERY_TEXT"] for row in queries}
    rows = read(warehouse, "ACCESS_HISTORY")
    for row in rows:
        row["TEXT"] = texts[row["QUERY_ID"]]
        for name in ("DIRECT_OBJECTS_ACCESSED", "BASE_OBJECTS_ACCESSED", "OBJECTS_MODIFIED"):
            row[name] = json.loads(row[name])
    return rows


def test_every_hour_of_a_day_has_queries_failures_and_loads(queries: Rows, accesses: Rows) -> None:
    now = datetime.now(UTC)
    ended, failed, written = defaultdict(int), defaultdict(int), defaultdict(int)
    for row in queries:
        hour = (now - moment(row["END_TIME"])) // timedelta(hours=1)
        ended[hour] += 1
        failed[hour] += row["EXECUTION_STATUS"] == "FAIL"
    for row in accesses:
        written[(now - moment(row["QUERY_START_TIME"])) // timedelta(hours=1)] += bool(row["OBJECTS_MODIFIED"])

    for hour in range(1, 26):
        assert ended[hour] >= 10
        assert failed[hour] + failed[hour - 1] >= 1
        assert written[hour] >= 5


def test_every_query_is_complete(queries: Rows) -> None:
    assert len({row["QUERY_ID"] for row in queries}) == len(queries) > 400
    for row in queries:
        assert re.fullmatch(r"01[0-9a-f]{6}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", row["QUERY_ID"])
        took = moment(row["END_TIME"]) - moment(row["START_TIME"])
        assert took == timedelta(milliseconds=row["TOTAL_ELAPSED_TIME"]) > timedelta()
        for name in ("USER_NAME", "ROLE_NAME", "WAREHOUSE_NAME", "WAREHOUSE_SIZE", "DATABASE_NAME", "SCHEMA_NAME"):
            assert row[name], name
        assert row["QUERY_HASH"] != row["QUERY_PARAMETERIZED_HASH"] or not re.search(r"\d|'", row["QUERY_TEXT"])


def test_failures_say_why(queries: Rows) -> None:
    failures = {row["QUERY_TEXT"]: row for row in queries if row["EXECUTION_STATUS"] == "FAIL"}

    assert {row["ERROR_CODE"] for row in failures.values()} == {
        "000904", "001003", "002002", "002003", "100038", "100051",
    }  # fmt: skip
    assert failures["SELECT SALARY FROM DIM_CUSTOMER"]["ERROR_MESSAGE"].endswith("invalid identifier 'SALARY'")
    assert failures["SELECT * FROM clicks"]["ERROR_MESSAGE"].endswith(
        "Object 'CLICKS' does not exist or not authorized."
    )
    for row in queries:
        assert (row["ERROR_CODE"] is None) == (row["ERROR_MESSAGE"] is None) == (row["EXECUTION_STATUS"] == "SUCCESS")


def test_rows_are_those_that_the_statements_really_touched(warehouse: EmbeddedWarehouse, queries: Rows) -> None:
    [[orders]] = warehouse.execute("select count(*) from ANALYTICS.MARTS.FCT_ORDERS")
    merges = [row for row in queries if "model.shop.fct_orders" in row["QUERY_TEXT"]]
    first = 1425  # orders that are not cancelled, loaded before the history begins

    assert {row["QUERY_TYPE"] for row in merges} == {"MERGE"}
    assert first + sum(row["ROWS_INSERTED"] for row in merges) == orders
    assert all(row["ROWS_PRODUCED"] == row["ROWS_INSERTED"] + row["ROWS_UPDATED"] for row in merges)
    assert all(row["BYTES_SCANNED"] > 0 for row in merges)


def test_dml_history_adds_up_to_the_queries(warehouse: EmbeddedWarehouse, queries: Rows) -> None:
    counted: dict[str, int] = defaultdict(int)
    for row in read(warehouse, "TABLE_DML_HISTORY"):
        assert moment(row["END_TIME"]) - moment(row["START_TIME"]) == timedelta(hours=1)
        counted[row["TABLE_NAME"]] += row["ROWS_ADDED"]

    inserted = sum(row["ROWS_INSERTED"] or 0 for row in queries if "FINANCE.LEDGER (BOOKED" in row["QUERY_TEXT"])
    assert counted["LEDGER"] == inserted > 0
    assert counted["EVENTS"] == sum(row["ROW_COUNT"] for row in read(warehouse, "COPY_HISTORY")) == 27 * 40


def test_the_longest_text_is_cut_where_snowflake_cuts(queries: Rows) -> None:
    longest = max(queries, key=lambda row: len(row["QUERY_TEXT"]))

    assert len(longest["QUERY_TEXT"]) == 100_000
    assert len(longest["QUERY_TEXT"].encode()) > 150_000
    assert longest["EXECUTION_STATUS"] == "SUCCESS"


def test_a_statement_runs_across_the_hour(queries: Rows) -> None:
    longest = max(queries, key=lambda row: row["TOTAL_ELAPSED_TIME"])

    assert moment(longest["END_TIME"]) - moment(longest["START_TIME"]) > timedelta(hours=1)
    assert "DIM_PRODUCT" in longest["QUERY_TEXT"]


def test_last_altered_is_when_the_last_load_ran(warehouse: EmbeddedWarehouse, queries: Rows) -> None:
    [[altered, ddl]] = warehouse.execute(
        "select LAST_ALTERED, LAST_DDL from ANALYTICS.INFORMATION_SCHEMA.TABLES where TABLE_NAME = 'FCT_ORDERS'"
    )
    last = max(moment(row["START_TIME"]) for row in queries if "model.shop.fct_orders" in row["QUERY_TEXT"])

    assert moment(altered) == last
    assert moment(ddl) < last - timedelta(days=30)


def test_access_is_kept_for_what_succeeded_and_nothing_else(queries: Rows, accesses: Rows) -> None:
    failed = {row["QUERY_ID"] for row in queries if row["EXECUTION_STATUS"] == "FAIL"}
    loaded = {
        row["QUERY_ID"]
        for row in queries
        if row["EXECUTION_STATUS"] == "SUCCESS" and row["QUERY_TYPE"] in {"INSERT", "MERGE", "UPDATE", "DELETE"}
    }
    kept = {row["QUERY_ID"] for row in accesses}

    assert not kept & failed
    assert loaded <= kept
    assert all(row["OBJECTS_MODIFIED"] for row in accesses if row["QUERY_ID"] in loaded)


def test_names_are_quoted_where_they_need_it(accesses: Rows) -> None:
    clicks = next(row for row in accesses if '"campaigns"."clicks" (' in row["TEXT"])

    [modified] = clicks["OBJECTS_MODIFIED"]
    assert modified["objectName"] == '"Marketing Data"."campaigns"."clicks"'
    by_name = {column["columnName"]: column for column in modified["columns"]}
    assert list(by_name) == ["campaign", "Customer Id", "page", "at"]
    assert [(s["objectName"], s["columnName"]) for s in by_name["Customer Id"]["directSources"]] == [
        ("ANALYTICS.STAGING.STG_EVENTS", "CUSTOMER_ID")
    ]


def test_base_sources_look_through_views(accesses: Rows) -> None:
    merge = next(row for row in accesses if "model.shop.fct_orders" in row["TEXT"])

    [gross] = [c for c in merge["OBJECTS_MODIFIED"][0]["columns"] if c["columnName"] == "GROSS_EUR"]
    assert [(s["objectName"], s["columnName"]) for s in gross["directSources"]] == [
        ("ANALYTICS.STAGING.STG_PAYMENTS", "AMOUNT_EUR")
    ]
    assert [(s["objectName"], s["columnName"]) for s in gross["baseSources"]] == [
        ("RAW.PAYMENTS.PAYMENTS", "AMOUNT"),
        ("RAW.PAYMENTS.EXCHANGE_RATES", "TO_EUR"),
    ]


def test_objects_are_known_by_number(warehouse: EmbeddedWarehouse) -> None:
    numbers = {row["TABLE_ID"] for row in read(warehouse, "TABLES")}

    dependencies = read(warehouse, "OBJECT_DEPENDENCIES")
    tags = read(warehouse, "TAG_REFERENCES")
    assert {row["REFERENCING_OBJECT_ID"] for row in dependencies} <= numbers
    assert {row["REFERENCED_OBJECT_ID"] for row in dependencies} <= numbers
    assert {row["OBJECT_ID"] for row in tags} <= numbers
    assert {row["TAG_NAME"] for row in tags} == {"OWNER", "TIER", "PII"}
