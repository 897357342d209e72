"""What a collector does, through the unmodified SnowflakeHook and connector."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from airflow_provider_montecarlo_push.sandbox.warehouse import Edition, EmbeddedWarehouse

pytestmark = pytest.mark.integration

Query = Callable[..., list[tuple[Any, ...]]]


def test_a_session_is_where_and_who_the_connection_says(query: Query) -> None:
    assert query(
        "select current_database(), current_schema(), current_role(), current_warehouse(), current_user()"
    ) == [("ANALYTICS", "MARTS", "MONTE_CARLO", "MONITORING_WH", "MONTECARLO")]


def test_databases_are_shown_with_their_kind(query: Query) -> None:
    shown = {row[1]: row[9] for row in query("show databases")}

    assert shown == {
        "ANALYTICS": "STANDARD",
        "EMPTY_DB": "STANDARD",
        "Marketing Data": "STANDARD",
        "RAW": "STANDARD",
        "SCRATCH": "STANDARD",
        "SNOWFLAKE": "APPLICATION",
        "SNOWFLAKE_SAMPLE_DATA": "IMPORTED DATABASE",
    }
    listed = query('select DATABASE_NAME, TYPE from "SNOWFLAKE".INFORMATION_SCHEMA.DATABASES')
    assert dict(listed) == shown


@pytest.mark.parametrize("view", ["TABLES", "COLUMNS", "VIEWS", "SCHEMATA", "DATABASES"])
@pytest.mark.parametrize("database", ["RAW", "Marketing Data", "EMPTY_DB", "SNOWFLAKE"])
def test_every_database_has_its_information_schema(connect: Callable[[], Any], database: str, view: str) -> None:
    cursor = connect().cursor()
    cursor.execute(f'select * from "{database}".INFORMATION_SCHEMA.{view}')

    names = [column.name for column in cursor.description]
    assert names == [name.upper() for name in names]
    catalog = next((name for name in ("TABLE_CATALOG", "CATALOG_NAME") if name in names), None)
    if catalog:
        assert {row[names.index(catalog)] for row in cursor} <= {database}


@pytest.mark.parametrize(
    ("condition", "parameters", "expected"),
    [
        ("TABLE_SCHEMA ilike %s escape '!'", ("weird.%",), {"weird.schema"}),
        ("TABLE_SCHEMA ilike %s escape '!'", ("WEIRD!.%",), {"weird.schema"}),
        ("TABLE_SCHEMA ilike %s escape '!'", ("camp!_igns",), set()),
        ("TABLE_SCHEMA not ilike %s escape '!' and TABLE_SCHEMA <> 'PUBLIC'", ("%.schema",), {"campaigns"}),
        ("TABLE_NAME like %s escape '!'", ("O'R%",), {"weird.schema"}),
        ("TABLE_NAME like %s escape '!'", ("o'r%",), set()),
        ("TABLE_NAME = %s", ("Größe & Maß",), {"weird.schema"}),
    ],
)
def test_filters_are_pushed_down(query: Query, condition: str, parameters: tuple[str, ...], expected: set[str]) -> None:
    rows = query(
        f'select distinct TABLE_SCHEMA from "Marketing Data".INFORMATION_SCHEMA.TABLES '
        f"where {condition} and TABLE_SCHEMA <> 'INFORMATION_SCHEMA'",
        *parameters,
    )

    assert {name for (name,) in rows} == expected


def test_tables_and_columns_stream_side_by_side(connect: Callable[[], Any]) -> None:
    connection = connect()
    tables, columns = connection.cursor(), connection.cursor()
    tables.execute(
        "select TABLE_SCHEMA, TABLE_NAME from ANALYTICS.INFORMATION_SCHEMA.TABLES "
        "where TABLE_SCHEMA <> 'INFORMATION_SCHEMA' order by TABLE_SCHEMA, TABLE_NAME"
    )
    columns.execute(
        "select TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION from ANALYTICS.INFORMATION_SCHEMA.COLUMNS "
        "where TABLE_SCHEMA <> 'INFORMATION_SCHEMA' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
    )

    found: list[tuple[str, str]] = []
    described: list[tuple[str, str]] = []
    while part := tables.fetchmany(3):
        found += part
        described += [row[:2] for row in columns.fetchmany(5)]
    while part := columns.fetchmany(7):
        described += [row[:2] for row in part]
    assert list(dict.fromkeys(described)) == found
    assert len(found) == 24


def test_windows_are_bound_as_aware_datetimes(query: Query) -> None:
    def between(start: datetime, end: datetime) -> set[str]:
        rows = query(
            "select QUERY_ID from SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY where END_TIME >= %s and END_TIME < %s",
            start,
            end,
        )
        return {row[0] for row in rows}

    now = datetime.now(UTC)
    hours = [now - timedelta(hours=back) for back in range(30, -1, -1)]
    parts = [between(start, end) for start, end in pairwise(hours)]

    everything = {row[0] for row in query("select QUERY_ID from SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY")}
    assert set().union(*parts) == everything
    assert sum(map(len, parts)) == len(everything)


def test_times_come_back_aware_and_null_stays_null(query: Query) -> None:
    [(start, deleted)] = query(
        "select q.START_TIME, t.DELETED "
        "from SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY q, SNOWFLAKE.ACCOUNT_USAGE.TABLES t limit 1"
    )

    assert start.utcoffset() == timedelta()
    assert deleted is None


def test_two_tasks_at_once(connect: Callable[[], Any]) -> None:
    def count(connection: Any, view: str) -> int:
        total = 0
        for _ in range(5):
            cursor = connection.cursor()
            cursor.execute(f"select * from ANALYTICS.INFORMATION_SCHEMA.{view}")
            total += len(cursor.fetchall())
        return total

    connections = [connect(), connect()]
    alone = [count(connections[0], view) for view in ("TABLES", "COLUMNS")]
    with ThreadPoolExecutor() as pool:
        together = list(pool.map(count, [*connections, connections[0]], ["TABLES", "COLUMNS", "TABLES"]))

    assert together == [*alone, alone[0]]


@pytest.mark.parametrize(
    ("sql", "errno", "sqlstate", "message"),
    [
        ("select * from NOPE", 2003, "42S02", "Object 'NOPE' does not exist or not authorized."),
        ('select * from "fct_orders"', 2003, "42S02", "Object '\"fct_orders\"' does not exist or not authorized."),
        ("select * from RAW.NOPE.T", 2003, "02000", "Schema 'RAW.NOPE' does not exist or not authorized."),
        ("select * from NOPE.INFORMATION_SCHEMA.TABLES", 2003, "02000", "Database 'NOPE' does not exist"),
        ("select NOPE from FCT_ORDERS", 904, "42000", "invalid identifier 'NOPE'"),
        ("selec 1", 1003, "42000", "syntax error line 1 at position 6 unexpected '1'."),
        ("select 1 / 0", 100051, "22012", "Division by zero"),
        ("select to_number('abc')", 100038, "22018", "Numeric value 'abc' is not recognized"),
        ("select 'abc'::date", 100040, "22007", "Date 'abc' is not recognized"),
        ("select NO_SUCH_FUNCTION(1)", 2140, "42601", "Unknown function NO_SUCH_FUNCTION."),
        ("create table FCT_ORDERS (A int)", 2002, "42710", "Object 'FCT_ORDERS' already exists."),
    ],
)
def test_failures_speak_as_snowflake_does(query: Query, sql: str, errno: int, sqlstate: str, message: str) -> None:
    with pytest.raises(ProgrammingError) as caught:
        query(sql)

    assert (caught.value.errno, caught.value.sqlstate) == (errno, sqlstate)
    assert message in str(caught.value)


ACCESS_HISTORY = "select count(*) as N from SNOWFLAKE.ACCOUNT_USAGE.ACCESS_HISTORY"
QUERY_HISTORY = "select count(*) as N from SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY"
TABLES = "select count(*) as N from RAW.INFORMATION_SCHEMA.TABLES"


@pytest.mark.parametrize(
    ("edition", "sql", "refused"),
    [
        ("enterprise", ACCESS_HISTORY, None),
        ("standard", ACCESS_HISTORY, "Object 'SNOWFLAKE.ACCOUNT_USAGE.ACCESS_HISTORY'"),
        ("standard", QUERY_HISTORY, None),
        ("no_account_usage", QUERY_HISTORY, "Database 'SNOWFLAKE'"),
        ("no_account_usage", TABLES, None),
        ("no_grants", TABLES, "Database 'RAW'"),
    ],
)
def test_editions(warehouse: EmbeddedWarehouse, query: Query, edition: Edition, sql: str, refused: str | None) -> None:
    with warehouse.as_edition(edition):
        if refused:
            with pytest.raises(ProgrammingError, match=f"{refused} does not exist or not authorized") as caught:
                query(sql)
            assert caught.value.errno == 2003
        else:
            assert query(sql)[0][0] > 0
    assert query(sql)[0][0] > 0


@pytest.mark.parametrize(("edition", "shown"), [("standard", 7), ("no_account_usage", 6), ("no_grants", 0)])
def test_editions_hide_databases(warehouse: EmbeddedWarehouse, query: Query, edition: Edition, shown: int) -> None:
    with warehouse.as_edition(edition):
        assert len(query("show databases")) == shown


def test_an_unknown_edition_is_refused(warehouse: EmbeddedWarehouse) -> None:
    with pytest.raises(Exception, match="400"), warehouse.as_edition("platinum"):  # type: ignore[arg-type]
        pytest.fail("there is no such edition")
