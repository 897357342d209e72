"""Constructs where two independent readings of the same statement came apart."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

CASES = [
    Case(
        "pivot_column_list_without_catalog",
        "create table t as select p.jan from s pivot (sum(amt) for m in ('JAN', 'FEB')) as p (id, jan, feb)",
        [edge("T", "S", JAN="S.AMT")],
    ),
    Case(
        "star_passes_through_a_temporary_table",
        "create temp table w as select * from s; insert into t (x) select a from w",
        [edge("T", "S", X="S.A")],
    ),
    Case(
        "clone_as_a_temporary_table",
        "create temp table w clone s; insert into t (x) select a from w",
        [edge("T", "S", X="S.A")],
    ),
    Case(
        "stream_metadata_is_no_column",
        "create table t as select metadata$action as act, a from s",
        [edge("T", "S", A="S.A")],
    ),
    Case(
        "execute_immediate_of_a_variable_is_reported",
        "execute immediate $statement",
        [],
        unparsed=["script"],
    ),
    Case(
        "bigquery_declare_before_a_write",
        "declare x int64; set x = 1; insert d.t (a) select b from d.s where c = x",
        [edge("d.t", "d.s", a="s.b")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_suffix_is_no_column",
        "insert d.t (a, n) select x, _table_suffix from `p.d.e_*`",
        [edge("d.t", "p.d.e_*", a="e_*.x")],
        dialect="bigquery",
    ),
    Case(
        "bigquery_row_as_a_value",
        "create table d.t as select to_json_string(q) as j from d.s as q",
        [edge("d.t", "d.s", j="s.a s.b")],
        dialect="bigquery",
        catalog={"d.s": "a b"},
    ),
    Case(
        "postgres_row_as_a_value",
        "create table p.q.t as select row_to_json(s) as j from p.q.s",
        [edge("p.q.t", "p.q.s", j="s.a s.b")],
        dialect="postgres",
        catalog={"p.q.s": "a b"},
    ),
    Case("databricks_path_is_no_table", "create table c.d.t as select * from delta.`/p/x`", [], dialect="databricks"),
    Case(
        "databricks_exploded_column_has_a_name",
        "create table c.d.t as select col from c.d.s lateral view explode(arr)",
        [edge("c.d.t", "c.d.s", col="s.arr")],
        dialect="databricks",
    ),
    Case(
        "clickhouse_final",
        "insert into a.t select x from b.s final prewhere y > 1",
        [edge("a.a.t", "b.b.s", x="s.x")],
        dialect="clickhouse",
        database=None,
        schema=None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_regression(case: Case) -> None:
    check(case)
