"""Statements that only other dialects have."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

CASES = [
    Case(
        "bigquery_ctas",
        "create or replace table d.t partition by date(ts) as select id, ts from d.s",
        [edge("d.t", "d.s", id="s.id", ts="s.ts")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_quoted_whole_name",
        "insert `p.d.t` (a) select x from `p.d.s`",
        [edge("p.d.t", "p.d.s", a="s.x")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_dashed_project",
        "create table d.t as select a from my-proj.d.s",
        [edge("d.t", "my-proj.d.s", a="s.a")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_except_replace",
        "create table d.t as select * except (a) replace (b + c as b) from d.s",
        [edge("d.t", "d.s", b="s.b s.c", c="s.c")],
        dialect="bigquery",
        catalog={"d.s": "a b c"},
    ),
    Case(
        "bigquery_unnest",
        "create table d.t as select o.id, item.sku from d.orders as o, unnest(o.items) as item",
        [edge("d.t", "d.orders", id="orders.id", sku="orders.items")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_struct_field",
        "create table d.t as select s.a.b as x from d.src as s",
        [edge("d.t", "d.src", x="src.a")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_struct_of_columns",
        "create table d.t as select struct(a as x, b) as st from d.s",
        [edge("d.t", "d.s", st="s.a s.b")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_merge_row",
        "merge d.t using d.s on t.id = s.id when not matched then insert row when not matched by source then delete",
        [edge("d.t", "d.s", id="s.id", v="s.v")],
        dialect="bigquery",
        catalog={"d.t": "id v", "d.s": "id v"},
    ),
    Case(
        "postgres_calls_columns_after_functions",
        "create view x.v as select max(a), coalesce(b, c), sum(d) over (order by e), case when f then g end, a || b from x.s",
        [
            edge(
                "db.x.v",
                "db.x.s",
                {"max": "s.a", "coalesce": "s.b s.c", "sum": "s.d s.e", "case": "s.f s.g"},
                kind="VIEW",
            )
        ],
        dialect="postgres",
        database="db",
    ),
    Case("bigquery_copy", "create table d.t copy d.s", [edge("d.t", "d.s")], dialect="bigquery"),
    Case("bigquery_snapshot", "create snapshot table d.t clone d.s", [edge("d.t", "d.s")], dialect="bigquery"),
    Case(
        "bigquery_columns_ignore_case",
        "create table d.t as select q.ID as x from (select id from d.s) q",
        [edge("d.t", "d.s", x="s.id")],
        dialect="bigquery",
    ),
    Case(
        "databricks_merge_star",
        "merge into t using s on t.id = s.id when matched then update set * when not matched then insert *",
        [edge("db.sc.t", "db.sc.s", id="s.id", v="s.v")],
        dialect="databricks",
        database="db",
        schema="sc",
        catalog={"db.sc.t": "id v", "db.sc.s": "id v"},
    ),
    Case(
        "databricks_deep_clone", "create table c.d.t deep clone c.d.s", [edge("c.d.t", "c.d.s")], dialect="databricks"
    ),
    Case(
        "databricks_shallow_clone",
        "create or replace table c.d.t shallow clone c.d.s",
        [edge("c.d.t", "c.d.s")],
        dialect="databricks",
    ),
    Case(
        "databricks_using_delta",
        "create table c.d.t using delta as select a from c.d.s",
        [edge("c.d.t", "c.d.s", a="s.a")],
        dialect="databricks",
    ),
    Case(
        "databricks_json_path",
        "create table c.d.t as select raw:owner.name as n from c.d.s",
        [edge("c.d.t", "c.d.s", n="s.raw")],
        dialect="databricks",
    ),
    Case(
        "spark_lateral_view",
        "insert overwrite table c.d.t select s.id, x.item from c.d.s lateral view outer explode(s.items) x as item",
        [edge("c.d.t", "c.d.s", id="s.id", item="s.items")],
        dialect="spark",
    ),
    Case(
        "spark_with_before_insert",
        "with c as (select a from x.y.s) insert into x.y.t select a from c",
        [edge("x.y.t", "x.y.s", a="s.a")],
        dialect="spark",
    ),
    Case(
        "spark_temp_view",
        "create temporary view w as select a from x.y.s; insert into x.y.t select a from w",
        [edge("x.y.t", "x.y.s", a="s.a")],
        dialect="spark",
    ),
    Case(
        "spark_left_semi",
        "create table x.y.t as select s.a from x.y.s s left semi join x.y.u u on s.i = u.i",
        [edge("x.y.t", "x.y.s x.y.u", a="s.a")],
        dialect="spark",
    ),
    Case(
        "hive_multi_insert",
        "from raw.s insert overwrite table out.t1 select a, b where c = 1 insert into table out.t2 select d",
        [edge("out.out.t1", "raw.raw.s", a="s.a", b="s.b"), edge("out.out.t2", "raw.raw.s", d="s.d")],
        dialect="hive",
        database=None,
        schema=None,
    ),
    Case(
        "hive_partitions",
        "insert overwrite table o.t partition (dt = '2024-01-01', hr) select a, b, h from r.s",
        [edge("o.o.t", "r.r.s", a="s.a", b="s.b", hr="s.h")],
        dialect="hive",
        database=None,
        schema=None,
    ),
    Case(
        "hive_partitions_with_catalog",
        "insert into table o.t partition (dt = '2024-01-01') select a, b from r.s",
        [edge("o.o.t", "r.r.s", x="s.a", y="s.b")],
        dialect="hive",
        database=None,
        schema=None,
        catalog={"o.o.t": "x y dt"},
    ),
    Case(
        "hive_ctas",
        "create table o.t stored as orc as select a from r.s",
        [edge("o.o.t", "r.r.s", a="s.a")],
        dialect="hive",
        database=None,
        schema=None,
    ),
    Case(
        "hive_directory",
        "insert overwrite directory '/tmp/x' select a from r.s",
        [],
        dialect="hive",
        database=None,
        schema=None,
    ),
    Case(
        "redshift_select_into_temp",
        "select a into temp w from s; insert into t (x) select a from w",
        [edge("db.sc.t", "db.sc.s", x="s.a")],
        dialect="redshift",
        database="db",
        schema="sc",
    ),
    Case(
        "redshift_ctas_options",
        "create table t diststyle key distkey (a) sortkey (b) as select a, b from s",
        [edge("db.sc.t", "db.sc.s", a="s.a", b="s.b")],
        dialect="redshift",
        database="db",
        schema="sc",
    ),
    Case(
        "redshift_late_binding_view",
        "create view v as select a from sc.s with no schema binding",
        [edge("db.sc.v", "db.sc.s", kind="VIEW", a="s.a")],
        dialect="redshift",
        database="db",
        schema="sc",
    ),
    Case(
        "postgres_select_into",
        "select a, b as c into t from s",
        [edge("db.sc.t", "db.sc.s", a="s.a", c="s.b")],
        dialect="postgres",
        database="db",
        schema="sc",
    ),
    Case(
        "postgres_update_tuple",
        "update t set (a, b) = (select x, y from s where s.i = t.i)",
        [edge("db.sc.t", "db.sc.s", a="s.x", b="s.y")],
        dialect="postgres",
        database="db",
        schema="sc",
    ),
    Case(
        "postgres_on_conflict",
        "insert into t (i, v) select i, w from s on conflict (i) do update set v = excluded.v, n = t.n + 1",
        [edge("db.sc.t", "db.sc.s", i="s.i", v="s.w")],
        dialect="postgres",
        database="db",
        schema="sc",
    ),
    Case(
        "postgres_cte_is_the_table_without_recursive",
        "create table t as with s as (select a from s) select a from s",
        [edge("db.sc.t", "db.sc.s", a="s.a")],
        dialect="postgres",
        database="db",
        schema="sc",
    ),
    Case(
        "postgres_writing_cte",
        "with moved as (insert into a (x) select p from s returning x) insert into b (y) select x from moved",
        [edge("db.sc.a", "db.sc.s", x="s.p"), edge("db.sc.b", "db.sc.a", y="a.x")],
        dialect="postgres",
        database="db",
        schema="sc",
    ),
    Case(
        "trino_unnest",
        "create table c.d.t with (format = 'ORC') as select s.a, u.x from c.d.s s cross join unnest(s.arr) as u (x)",
        [edge("c.d.t", "c.d.s", a="s.a", x="s.arr")],
        dialect="trino",
    ),
    Case(
        "tsql_update_alias",
        "update x set x.a = s.b from d.dbo.t x join d.dbo.s s on x.i = s.i",
        [edge("d.dbo.t", "d.dbo.s", a="s.b")],
        dialect="tsql",
    ),
    Case(
        "tsql_temp_table",
        "select a into #w from d.dbo.s; insert into d.dbo.t (x) select a from #w",
        [edge("d.dbo.t", "d.dbo.s", x="s.a")],
        dialect="tsql",
    ),
    Case(
        "mysql_update_join",
        "update o.t join o.s on t.i = s.i set t.a = s.b",
        [edge("o.o.t", "o.o.s", a="s.b")],
        dialect="mysql",
        database=None,
        schema=None,
    ),
    Case(
        "oracle_merge",
        "merge into sc.t using sc.s on (t.i = s.i) when matched then update set t.a = s.b",
        [edge("SC.T", "SC.S", A="S.B")],
        dialect="oracle",
    ),
    Case(
        "duckdb_from_first",
        "create table a.b.t as from a.b.s select x",
        [edge("a.b.t", "a.b.s", x="s.x")],
        dialect="duckdb",
    ),
    Case(
        "duckdb_insert_by_name",
        "insert into a.b.t by name select y, x from a.b.s",
        [edge("a.b.t", "a.b.s", x="s.x", y="s.y")],
        dialect="duckdb",
        catalog={"a.b.t": "x y"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_dialect(case: Case) -> None:
    check(case)
