"""INSERT, multi-table INSERT, and statements that write nothing (Snowflake)."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

CASES = [
    Case("column_list", "insert into t (x, y) select a, b from s", [edge("T", "S", X="S.A", Y="S.B")]),
    Case("by_output_names", "insert into t select a as x, b from s", [edge("T", "S", X="S.A", B="S.B")]),
    Case(
        "by_position_of_the_catalog",
        "insert into t select a, b from s",
        [edge("T", "S", X="S.A", Y="S.B")],
        catalog={"T": "X Y"},
    ),
    Case(
        "by_position_from_star",
        "insert into t select * from s",
        [edge("T", "S", X="S.A", Y="S.B")],
        catalog={"T": "X Y", "S": "A B"},
    ),
    Case("star_of_unknown", "insert into t select * from s", [edge("T", "S")], catalog={"T": "X Y"}),
    Case("overwrite", "insert overwrite into t select a from s", [edge("T", "S", A="S.A")]),
    Case("overwrite_column_list", "insert overwrite into t (x) select a from s", [edge("T", "S", X="S.A")]),
    Case("with_inside", "insert into t (x) with c as (select a from s) select a from c", [edge("T", "S", X="S.A")]),
    Case("values", "insert into t values (1, 'select a from s'), (2, 'b')", [], counts={"no_source": 1}),
    Case(
        "values_as_table", "insert into t (x) select v.a from (values (1), (2)) as v (a)", [], counts={"no_source": 1}
    ),
    Case(
        "values_subquery",
        "insert into t (x, y) select 1, (select max(a) from s)",
        [edge("T", "S", Y="S.A")],
    ),
    Case("union", "insert into t (x) select a from s union all select b from u", [edge("T", "S U", X="S.A U.B")]),
    Case("self", "insert into t select * from t where a > 1", [edge("T", "T")]),
    Case(
        "self_and_other",
        "insert into t (x, y) select s.a, t.y from s join t on s.i = t.i",
        [edge("T", "S T", X="S.A", Y="T.Y")],
    ),
    Case(
        "anti_join_with_self",
        "insert into t (x) select a from s where not exists (select 1 from t where t.x = s.a)",
        [edge("T", "S T", X="S.A")],
    ),
    Case("quoted_columns", 'insert into t ("x y", Z) select a, b from s', [edge("T", "S", {"x y": "S.A"}, Z="S.B")]),
    Case(
        "from_table_function",
        "insert into t select seq4() from table(generator(rowcount => 9))",
        [],
        counts={"no_source": 1},
    ),
    Case("into_identifier", "insert into identifier('p.q.t') (x) select a from s", [edge("P.Q.T", "S", X="S.A")]),
    Case(
        "all_unconditional",
        "insert all into t1 (x) values (a) into t2 (y, z) values (b, a) select a, b from s",
        [edge("T1", "S", X="S.A"), edge("T2", "S", Y="S.B", Z="S.A")],
    ),
    Case(
        "all_without_values",
        "insert all into t1 into t2 (p, q) select a, b from s",
        [edge("T1", "S", A="S.A", B="S.B"), edge("T2", "S", P="S.A", Q="S.B")],
    ),
    Case(
        "first_conditional",
        "insert first when n > 10 then into t1 (x) values (n) when n > 5 then into t2 (x) values (upper(m)) "
        "else into t3 (x, y) values (m, default) select s.n, s.m from s",
        [edge("T1", "S", X="S.N"), edge("T2", "S", X="S.M"), edge("T3", "S", X="S.M")],
    ),
    Case(
        "all_expressions_over_output",
        "insert all into t1 (x) values (p || q) select s.a as p, u.b as q from s join u on s.i = u.i",
        [edge("T1", "S U", X="S.A U.B")],
    ),
    Case("delete", "delete from t where a in (select b from s)", [], counts={"delete": 1}),
    Case("delete_using", "delete from t using s where t.i = s.i", [], counts={"delete": 1}),
    Case("truncate", "truncate table t", []),
    Case(
        "reads_only",
        "select * from s; show tables; describe table s; with c as (select 1) select * from c; (select 1)",
        [],
        counts={"statements": 5, "read_only": 5},
    ),
    Case("select_that_mentions_insert", "select 'insert into t select * from s' as q -- insert into t select 1", []),
    Case("grant_and_comment", "grant select on s to role r; comment on table t is 'insert into'", []),
    Case("explain", "explain insert into t select a from s", []),
    Case("copy", "copy into t from @stage/path; copy into @stage from (select a from s)", [], counts={"external": 2}),
    Case("call", "call refresh_everything('insert into t select a from s')", []),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_insert(case: Case) -> None:
    check(case)
