"""The catalog follows what is done to tables, whatever their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration

Query = Callable[..., list[tuple[Any, ...]]]
Facts = Callable[[str, str], dict[str, Any]]

MERGE = (
    "merge into {t} as t using (select 3 as A union all select 4) as s on t.A = s.A "
    "when matched then delete when not matched then insert (A) values (s.A)"
)
ODD = '"a ""b"" ü.c"'
ODD_NAME = 'a "b" ü.c'


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("insert into {t} select seq4() from table(generator(rowcount => 10))", 13),
        ("delete from {t} where A = 1", 2),
        ("update {t} set A = A + 1", 3),
        (MERGE, 3),
        ("insert overwrite into {t} values (1), (2)", 2),
        ("truncate table {t}", 0),
    ],
)
def test_a_load_moves_last_altered_and_the_counts(
    query: Query, facts: Facts, schema: str, statement: str, rows: int
) -> None:
    table = f"{schema}.{ODD}"
    query(f"create table {table} (A NUMBER(38,0))")
    query(f"insert into {table} values (1), (2), (3)")
    before = facts(schema, ODD_NAME)

    query(statement.format(t=table))

    after = facts(schema, ODD_NAME)
    assert (before["ROW_COUNT"], after["ROW_COUNT"]) == (3, rows)
    assert after["LAST_ALTERED"] > before["LAST_ALTERED"] > before["LAST_DDL"] == after["LAST_DDL"]
    assert (after["BYTES"] > 0) == (rows > 0)


@pytest.mark.parametrize(
    "statement",
    [
        "alter table {t} add column B VARCHAR(10)",
        "alter table {t} rename column A to Z",
        "comment on table {t} is 'it''s \"new\"'",
        "alter table {t} modify column A comment 'x'",
    ],
)
def test_a_change_of_definition_moves_last_ddl_as_well(query: Query, facts: Facts, schema: str, statement: str) -> None:
    query(f"create table {schema}.{ODD} (A NUMBER(38,0))")
    before = facts(schema, ODD_NAME)

    query(statement.format(t=f"{schema}.{ODD}"))

    after = facts(schema, ODD_NAME)
    assert after["LAST_DDL"] == after["LAST_ALTERED"] > before["LAST_ALTERED"]
    assert after["CREATED"] == before["CREATED"]


def test_a_transaction_counts_when_it_commits(query: Query, facts: Facts, schema: str) -> None:
    query(f"create table {schema}.T (A NUMBER(38,0))")
    for end, rows in (("rollback", 0), ("commit", 1)):
        query("begin")
        query(f"insert into {schema}.T values (1)")
        query(end)
        assert facts(schema, "T")["ROW_COUNT"] == rows


@pytest.mark.parametrize(
    ("create", "expected"),
    [
        ("create table {t} (A int) comment = 'it''s'", {"TABLE_TYPE": "BASE TABLE", "COMMENT": "it's", "ROW_COUNT": 0}),
        ("create transient table {t} (A int)", {"IS_TRANSIENT": "YES"}),
        ("create table {t} as select 1 as A union all select 2", {"ROW_COUNT": 2}),
        ("create or replace table {t} clone RAW.SHOP.CATEGORIES", {"ROW_COUNT": 12}),
        (
            "create dynamic table {t} target_lag = '1 hour' warehouse = W as select 1 as A",
            {"IS_DYNAMIC": "YES", "TABLE_TYPE": "BASE TABLE", "ROW_COUNT": 1},
        ),
        (
            "create iceberg table {t} (A int) catalog = 'SNOWFLAKE' external_volume = 'v' base_location = 'b'",
            {"IS_ICEBERG": "YES"},
        ),
        (
            "create external table {t} (A varchar as (value:a::varchar)) location = @s file_format = (type = csv)",
            {"TABLE_TYPE": "EXTERNAL TABLE", "ROW_COUNT": None, "BYTES": None},
        ),
        ("create view {t} comment = 'v' as select 1 as A", {"TABLE_TYPE": "VIEW", "ROW_COUNT": None, "COMMENT": "v"}),
        ("create materialized view {t} as select 1 as A", {"TABLE_TYPE": "MATERIALIZED VIEW"}),
    ],
)
def test_kinds_of_tables(query: Query, facts: Facts, schema: str, create: str, expected: dict[str, Any]) -> None:
    query(create.format(t=f"{schema}.{ODD}"))

    found = facts(schema, ODD_NAME)
    assert {name: found[name] for name in expected} == expected


def columns(query: Query, schema: str, table: str) -> list[tuple[Any, ...]]:
    return query(
        "select COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, "
        "DATETIME_PRECISION, IS_NULLABLE, COMMENT from SCRATCH.INFORMATION_SCHEMA.COLUMNS "
        "where TABLE_SCHEMA = %s and TABLE_NAME = %s order by ORDINAL_POSITION",
        schema.split(".", 1)[1].strip('"'),
        table,
    )


def test_types_and_comments_of_columns(query: Query, schema: str) -> None:
    query(
        f"""create table {schema}.T (
            ID NUMBER(38,0) not null primary key comment 'the ''key''', AMOUNT NUMBER(10,2), NAME VARCHAR(255),
            BODY VARCHAR,
            CODE CHAR(3), RATIO FLOAT, DONE BOOLEAN, DAY DATE, HOUR TIME, NTZ TIMESTAMP_NTZ(9), LTZ TIMESTAMP_LTZ,
            TZ TIMESTAMP_TZ, ANY_ VARIANT, LIST ARRAY, MAP OBJECT, BLOB BINARY, "Größe ""m"" hoch" INT
        )"""
    )

    assert columns(query, schema, "T") == [
        ("ID", "NUMBER", None, 38, 0, None, "NO", "the 'key'"),
        ("AMOUNT", "NUMBER", None, 10, 2, None, "YES", None),
        ("NAME", "TEXT", 255, None, None, None, "YES", None),
        ("BODY", "TEXT", 16777216, None, None, None, "YES", None),
        ("CODE", "TEXT", 3, None, None, None, "YES", None),
        ("RATIO", "FLOAT", None, None, None, None, "YES", None),
        ("DONE", "BOOLEAN", None, None, None, None, "YES", None),
        ("DAY", "DATE", None, None, None, None, "YES", None),
        ("HOUR", "TIME", None, None, None, 9, "YES", None),
        ("NTZ", "TIMESTAMP_NTZ", None, None, None, 9, "YES", None),
        ("LTZ", "TIMESTAMP_LTZ", None, None, None, 9, "YES", None),
        ("TZ", "TIMESTAMP_TZ", None, None, None, 9, "YES", None),
        ("ANY_", "VARIANT", None, None, None, None, "YES", None),
        ("LIST", "ARRAY", None, None, None, None, "YES", None),
        ("MAP", "OBJECT", None, None, None, None, "YES", None),
        ("BLOB", "BINARY", None, None, None, None, "YES", None),
        ('Größe "m" hoch', "NUMBER", None, 38, 0, None, "YES", None),
    ]


def test_columns_follow_alterations(query: Query, schema: str) -> None:
    query(f"create table {schema}.T (A VARCHAR(5) comment 'first', B ARRAY)")
    query(f"alter table {schema}.T add column C VARCHAR(7)")
    query(f"comment on column {schema}.T.C is 'third'")
    query(f"alter table {schema}.T drop column B")
    query(f"alter table {schema}.T rename to {schema}.U")

    assert columns(query, schema, "T") == []
    assert [(row[0], row[2], row[7]) for row in columns(query, schema, "U")] == [("A", 5, "first"), ("C", 7, "third")]


def test_a_refused_create_changes_nothing(query: Query, schema: str) -> None:
    query(f"create table {schema}.T (A VARCHAR(5) comment 'kept')")
    with pytest.raises(Exception, match="already exists"):
        query(f"create table {schema}.T (A VARCHAR(9))")
    query(f"create table if not exists {schema}.T (A VARCHAR(9))")

    assert [(row[0], row[2], row[7]) for row in columns(query, schema, "T")] == [("A", 5, "kept")]


def test_a_view_keeps_the_text_it_was_written_with(query: Query, schema: str) -> None:
    text = f"create or replace secure view {schema}.{ODD} (A comment 'it''s') as\n  -- why: ü\n  select 1 as X"
    query(text)

    assert query(
        "select VIEW_DEFINITION, IS_SECURE from SCRATCH.INFORMATION_SCHEMA.VIEWS where TABLE_NAME = %s "
        "and TABLE_SCHEMA = %s",
        ODD_NAME,
        schema.split(".", 1)[1].strip('"'),
    ) == [(text, "YES")]
    assert [(row[0], row[7]) for row in columns(query, schema, ODD_NAME)] == [("A", "it's")]


def test_what_is_dropped_is_gone(query: Query, schema: str) -> None:
    name = schema.split(".", 1)[1].strip('"')
    query(f"create table {schema}.T (A int)")
    query(f"create view {schema}.V as select A from {schema}.T")
    query(f"drop view {schema}.V")
    count = "select count(*) as N from SCRATCH.INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA = %s"
    assert query(count, name) == [(1,)]

    query(f"drop schema {schema}")

    assert query(count, name) == [(0,)]
    with pytest.raises(Exception, match=r"Schema .* does not exist or not authorized"):
        query(f"select * from {schema}.T")


def test_a_temporary_table_stays_in_its_session(query: Query, schema: str) -> None:
    query(f"use schema {schema}")
    query("create temporary table TMP_X as select 1 as A")

    assert query("select A from TMP_X") == [(1,)]
    name = schema.split(".", 1)[1].strip('"')
    assert query("select count(*) as N from SCRATCH.INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA = %s", name) == [(0,)]


def test_account_usage_covers_all_databases(query: Query) -> None:
    rows = query(
        "select TABLE_CATALOG, count(*) as N from SNOWFLAKE.ACCOUNT_USAGE.TABLES "
        "where TABLE_ID is not null and DELETED is null group by 1"
    )

    found = {catalog for catalog, _ in rows}
    assert found == {"RAW", "ANALYTICS", "Marketing Data", "SCRATCH", "SNOWFLAKE", "SNOWFLAKE_SAMPLE_DATA"}


def test_information_schema_lists_itself_without_times(query: Query) -> None:
    rows = query(
        "select TABLE_NAME, TABLE_TYPE, CREATED, LAST_ALTERED from EMPTY_DB.INFORMATION_SCHEMA.TABLES order by 1"
    )

    assert {row[1:] for row in rows} == {("VIEW", None, None)}
    assert {"COLUMNS", "TABLES", "VIEWS"} <= {row[0] for row in rows}


def test_show_tells_rows_and_times(connect: Callable[[], Any]) -> None:
    from snowflake.connector import DictCursor

    cursor = connect().cursor(DictCursor)
    cursor.execute('show tables in schema "Marketing Data"."weird.schema"')
    shown = {row["name"]: row for row in cursor.fetchall()}

    assert shown["select"]["rows"] == 2
    assert shown["select"]["comment"] == "Reserved words"
    assert shown["select"]["created_on"].year > 2000
