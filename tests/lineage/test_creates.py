"""CREATE … AS, views, clones, dynamic tables (Snowflake)."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

CASES = [
    Case("ctas", "CREATE TABLE t AS SELECT a, b FROM s", [edge("T", "S", A="S.A", B="S.B")]),
    Case("ctas_or_replace", "create or replace table t as select a x from s", [edge("T", "S", X="S.A")]),
    Case("ctas_if_not_exists", "create table if not exists t as select a from s", [edge("T", "S", A="S.A")]),
    Case("ctas_transient", "create or replace transient table t as select a from s", [edge("T", "S", A="S.A")]),
    Case("ctas_in_parentheses", "create table t as (select a from s)", [edge("T", "S", A="S.A")]),
    Case("ctas_column_list", "create table t (x, y) as select a, b from s", [edge("T", "S", X="S.A", Y="S.B")]),
    Case(
        "ctas_typed_columns",
        "create table t (x number(38,0) not null, y varchar default 'n') as select a, b from s",
        [edge("T", "S", X="S.A", Y="S.B")],
    ),
    Case(
        "ctas_typed_with_constraint",
        "create table t (x int, y int, primary key (x)) as select a, b from s",
        [edge("T", "S", X="S.A", Y="S.B")],
    ),
    Case(
        "ctas_cluster_by_copy_grants",
        "create or replace table t cluster by (a) copy grants as select a from s",
        [edge("T", "S", A="S.A")],
    ),
    Case("ctas_comment", "create table t comment = 'from x' as select a from s", [edge("T", "S", A="S.A")]),
    Case("ctas_hybrid", "create hybrid table t (i int primary key) as select a from s", [edge("T", "S", I="S.A")]),
    Case(
        "ctas_iceberg",
        "create iceberg table t external_volume = 'v' catalog = 'SNOWFLAKE' base_location = 'l' as select a from s",
        [edge("T", "S", A="S.A")],
    ),
    Case("ctas_of_constants", "create table t as select 1 as a, 'x' as b", [], counts={"no_source": 1}),
    Case("ctas_literal_column", "create table t as select 1 as one, a from s", [edge("T", "S", A="S.A")]),
    Case("ctas_with", "create table t as with c as (select a from s) select a from c", [edge("T", "S", A="S.A")]),
    Case("ctas_star_without_catalog", "create table t as select * from s", [edge("T", "S")]),
    Case(
        "ctas_star_with_catalog",
        "create table t as select * from s",
        [edge("T", "S", A="S.A", B="S.B")],
        catalog={"S": "A B"},
    ),
    Case(
        "ctas_column_list_over_star",
        "create table t (x, y) as select * from s",
        [edge("T", "S", X="S.A", Y="S.B")],
        catalog={"S": "A B"},
    ),
    Case("ctas_column_list_over_unknown_star", "create table t (x, y) as select * from s", [edge("T", "S")]),
    Case("view", "create view v as select a from s", [edge("V", "S", kind="VIEW", A="S.A")]),
    Case(
        "view_column_list",
        "create or replace view v (x, y) as select a, b from s",
        [edge("V", "S", kind="VIEW", X="S.A", Y="S.B")],
    ),
    Case(
        "view_column_comments",
        "create view v (x comment 'the, (first', y comment 'second') as select a, b from s",
        [edge("V", "S", kind="VIEW", X="S.A", Y="S.B")],
    ),
    Case(
        "view_secure_options",
        "create or replace secure view v copy grants comment = 'as select z from q' as select a from s",
        [edge("V", "S", kind="VIEW", A="S.A")],
    ),
    Case(
        "view_if_not_exists", "create view if not exists v as select a from s", [edge("V", "S", kind="VIEW", A="S.A")]
    ),
    Case("view_recursive", "create recursive view v (x) as select a from s", [edge("V", "S", kind="VIEW", X="S.A")]),
    Case(
        "view_materialized",
        "create or replace secure materialized view v cluster by (a) as select a from s",
        [edge("V", "S", kind="VIEW", A="S.A")],
    ),
    Case(
        "view_with_cte",
        "create view v as with c as (select a from s) select c.a as x from c",
        [edge("V", "S", kind="VIEW", X="S.A")],
    ),
    Case(
        "dynamic_table",
        "create or replace dynamic table t target_lag = '5 minutes' warehouse = wh as select a from s",
        [edge("T", "S", A="S.A")],
    ),
    Case(
        "dynamic_table_options",
        "create dynamic table t (x, y) target_lag = downstream warehouse = wh refresh_mode = incremental "
        "initialize = on_create cluster by (x) as select s.a, u.b from s join u on s.i = u.i",
        [edge("T", "S U", X="S.A", Y="U.B")],
    ),
    Case("clone", "create table t clone s", [edge("T", "S")]),
    Case("clone_with_catalog", "create or replace table t clone s", [edge("T", "S", A="S.A")], catalog={"S": "A"}),
    Case("clone_time_travel", "create table t clone o.p.s at (offset => -3600)", [edge("T", "O.P.S")]),
    Case("clone_schema", "create schema x clone y", [], counts={"ddl": 1}),
    Case("like", "create table t like s", [], counts={"ddl": 1}),
    Case("plain_table", "create table t (a int, b varchar)", [], counts={"ddl": 1}),
    Case("other_objects", "create stage s; create warehouse w; create role r; create schema q", [], counts={"ddl": 4}),
    Case("task", "create task k warehouse = w as insert into t select a from s", [edge("T", "S", A="S.A")]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_create(case: Case) -> None:
    check(case)
