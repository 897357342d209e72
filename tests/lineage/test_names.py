"""Identifiers: case, quotes, defaults, names that cannot be completed."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.exceptions import UnknownValueError
from airflow_provider_montecarlo_push.lineage import extract_lineage
from tests.lineage.cases import Case, check, edge

CASES = [
    Case("three_parts", "create table a.b.c as select x from d.e.f", [edge("A.B.C", "D.E.F", X="F.X")]),
    Case("two_parts", "create table b.c as select x from e.f", [edge("B.C", "E.F", X="F.X")]),
    Case("mixed_case_folds_up", "Create Table Tab As Select Col From Src", [edge("TAB", "SRC", COL="SRC.COL")]),
    Case(
        "quoted_keeps_case",
        'create table "Tab" as select "Col" as "Out", col from "d B"."s.C"."Src"',
        [edge("Tab", [("d B", "s.C", "Src")], Out="Src.Col", COL="Src.COL")],
    ),
    Case("quoted_upper_equals_unquoted", 'insert into "T" ("X") select "S"."A" from s', [edge("T", "S", X="S.A")]),
    Case(
        "names_with_dots_and_quotes",
        'create table t as select a from "x.y"."p""q"."s t"',
        [edge("T", [("x.y", 'p"q', "s t")], {"A": [("s t", "A")]})],
    ),
    Case("omitted_schema_is_public", "create table t as select a from p..s", [edge("T", "P.PUBLIC.S", A="S.A")]),
    Case("unicode", 'create table t as select "größe" from "日本"', [edge("T", "日本", {"größe": "日本.größe"})]),
    Case(
        "keywords_as_names",
        'create table t as select "select" as "from" from "table"',
        [edge("T", "table", {"from": "table.select"})],
    ),
    Case(
        "defaults_with_odd_case",
        "create table t as select a from s",
        [edge("T", "S", A="S.A")],
        database="my db",
        schema="Sch",
    ),
    Case(
        "no_default_schema",
        "create table p.q.t as select a from s",
        [],
        schema=None,
        unparsed=["unresolved_name"],
    ),
    Case(
        "no_default_for_one_source",
        "create table p.q.t as select s.a, u.b from s join p.q.u on s.i = u.i",
        [edge("P.Q.T", "P.Q.U", B="U.B")],
        database=None,
        schema=None,
        unparsed=["unresolved_name"],
    ),
    Case(
        "no_default_for_the_target",
        "create table t as select a from p.q.s",
        [],
        database=None,
        schema=None,
        unparsed=["unresolved_name"],
    ),
    Case(
        "no_default_database",
        "insert into q.t (a) select a from q.s",
        [],
        database=None,
        schema=None,
        unparsed=["unresolved_name"],
    ),
    Case(
        "no_defaults_needed",
        "create table p.q.t as select a from p.q.s",
        [edge("P.Q.T", "P.Q.S", A="S.A")],
        database=None,
        schema=None,
    ),
    Case(
        "case_of_the_catalog_where_case_tells_nothing",
        "insert into DBO.facts select O.ID from Sales.ORDERS o",
        [edge("dbo.Facts", "sales.Orders", Id="Orders.ID")],
        dialect="tsql",
        database="Shop",
        schema="dbo",
        catalog={"dbo.Facts": "Id", "sales.Orders": "ID Amount"},
    ),
    Case(
        "duckdb_keeps_the_case_of_creation",
        'create table t as select * from "orders"',
        [edge("t", "Orders", Id="Orders.Id")],
        dialect="duckdb",
        database="lake",
        schema="main",
        catalog={"Orders": "Id"},
    ),
    Case("dynamic_source", "create table t as select a from identifier($tbl)", [], unparsed=["unresolved_name"]),
    Case(
        "literals_and_comments_that_look_like_sql",
        "create table t as select a, ' from x; -- ' as b /* from y; join z */ from s -- union select * from w\n"
        "where c = 'it''s; insert into q' // ; drop\n and d = $$ ; from k $$",
        [edge("T", "S", A="S.A")],
    ),
    Case("escaped_quotes", r"create table t as select a, 'it\'s ; from x' as b from s", [edge("T", "S", A="S.A")]),
    # Other dialects' identifiers
    Case(
        "postgres_folds_down",
        'create table T as select "A", B from S',
        [edge("t", "s", A="s.A", b="s.b")],
        dialect="postgres",
        database="db",
        schema="public",
    ),
    Case(
        "redshift_folds_down",
        'create table T as select "A" from "S"',
        [edge("t", "s", a="s.a")],
        dialect="redshift",
        database="db",
        schema="public",
    ),
    Case(
        "bigquery_keeps_tables",
        "create table Data.Tab as select Id from `my-proj.Data.Src`",
        [edge("DB.Data.Tab", [("my-proj", "Data", "Src")], Id="Src.Id")],
        dialect="bigquery",
    ),
    Case(
        "hive_has_two_levels",
        "insert into table Sales.T select a from Raw.S",
        [edge("sales.sales.t", "raw.raw.s", a="s.a")],
        dialect="hive",
        database=None,
        schema=None,
    ),
    Case(
        "hive_default_database",
        "insert into t select a from raw.s",
        [edge("sales.sales.t", "raw.raw.s", a="s.a")],
        dialect="hive",
        database="sales",
        schema="sales",
    ),
    Case(
        "databricks_folds_down",
        "create table Cat.Sch.T as select a from Cat.Sch.`S`",
        [edge("cat.sch.t", "cat.sch.s", a="s.a")],
        dialect="databricks",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_name(case: Case) -> None:
    check(case)


def test_unknown_dialect_is_refused() -> None:
    with pytest.raises(UnknownValueError, match="snowflake"):
        extract_lineage("select 1", dialect="cobol")


def test_asset_types_can_be_corrected() -> None:
    result = extract_lineage(
        "create table a.b.t as select x.i from a.b.v x join a.b.s y on x.i = y.i",
        dialect="snowflake",
        asset_types={("A", "B", "V"): "VIEW"},
    )
    assert {source.name: source.type for source in result.edges[0].sources} == {"V": "VIEW", "S": "TABLE"}


def test_sources_are_in_the_order_they_are_read() -> None:
    sql = "create table a.b.t as select 1 as x from a.b.z join a.b.y on true join a.b.x on true"
    names = [source.name for source in extract_lineage(sql, dialect="snowflake").edges[0].sources]
    assert names == ["Z", "Y", "X"]


def test_catalog_may_be_a_function_that_is_asked_for_what_is_met() -> None:
    asked: list[tuple[str, str, str]] = []

    def columns(database: str, schema: str, table: str) -> list[str] | None:
        asked.append((database, schema, table))
        return ["P", "Q"] if table == "S" else None

    result = extract_lineage("insert into a.b.t (x, y) select * from a.b.s", dialect="snowflake", catalog=columns)
    assert [field.name for field in result.edges[0].fields] == ["X", "Y"]
    assert ("A", "B", "S") in asked
    assert set(asked) <= {("A", "B", "S"), ("A", "B", "T")}
