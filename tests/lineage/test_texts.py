"""Several statements in one text (Snowflake)."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

CASES = [
    Case(
        "two_writes",
        "insert into a (x) select p from s; insert into b (y) select x from a;",
        [edge("A", "S", X="S.P"), edge("B", "A", Y="A.X")],
        counts={"statements": 2},
    ),
    Case(
        "semicolons_in_literals",
        "insert into t (a) select ';' || x from s; ; ;",
        [edge("T", "S", A="S.X")],
        counts={"statements": 1},
    ),
    Case(
        "one_bad_statement_among_good",
        "insert into a (x) select p from s; insert into from where (((; insert into b (y) select q from u",
        [edge("A", "S", X="S.P"), edge("B", "U", Y="U.Q")],
        unparsed=["syntax"],
    ),
    Case(
        "temporary_table_is_resolved",
        "create temporary table w as select id, sum(v) as v from s group by id; "
        "create table t as select w.id, w.v, d.n from w join d on d.id = w.id; drop table w",
        [edge("T", "S D", ID="S.ID", V="S.V", N="D.N")],
    ),
    Case(
        "temporary_table_filled_later",
        "create or replace temp table w (k int, v int); insert into w select a, b from s; insert "
        "into w (k) select c from u; "
        "insert into t (x, y) select k, v from w",
        [edge("T", "S U", X="S.A U.C", Y="S.B")],
    ),
    Case(
        "temporary_chain",
        "create temp table w1 as select a from s; create temp table w2 as select a as b from w1; "
        "merge into t using w2 on t.i = w2.b when not matched then insert (i) values (w2.b)",
        [edge("T", "S", I="S.A")],
    ),
    Case("temporary_of_constants", "create temp table w as select 1 as a; insert into t (x) select a from w", []),
    Case("temporary_alone", "create temporary table w as select a from s", [], counts={"temporary": 1}),
    Case(
        "transient_is_a_real_table",
        "create transient table w as select a from s; insert into t (x) select a from w",
        [edge("W", "S", A="S.A"), edge("T", "W", X="W.A")],
    ),
    Case(
        "use_changes_the_defaults",
        "use schema p.q; insert into t (x) select a from s; use schema r; insert into t (x) select a from s",
        [edge("P.Q.T", "P.Q.S", X="S.A"), edge("P.R.T", "P.R.S", X="S.A")],
    ),
    Case(
        "use_role_and_warehouse_change_nothing",
        "use role r; use warehouse w; insert into t (x) select a from s",
        [edge("T", "S", X="S.A")],
    ),
    Case(
        "comments_between",
        "-- first; second\ninsert into a (x) select p from s /* ; */ ;\n-- done; really",
        [edge("A", "S", X="S.P")],
        counts={"statements": 1},
    ),
    Case(
        "transaction",
        "begin transaction; delete from t; insert into t (x) select a from s; commit;",
        [edge("T", "S", X="S.A")],
        counts={"delete": 1},
    ),
    Case(
        "created_columns_are_known_later",
        "create table w (p int, q int); insert into w select a, b from s",
        [edge("W", "S", P="S.A", Q="S.B")],
    ),
    Case(
        "view_stays_a_view",
        "create view v as select a from s",
        [edge("V", "S", kind="VIEW", A="S.A")],
    ),
    Case("nothing", " ;; -- only a comment\n/* and another */ ", [], counts={"statements": 0}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_text(case: Case) -> None:
    check(case)
