"""Stars with modifiers, PIVOT, UNPIVOT, table functions (Snowflake)."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

KNOWN = {"S": "A B C"}

CASES = [
    Case(
        "exclude_one", "create table t as select * exclude b from s", [edge("T", "S", A="S.A", C="S.C")], catalog=KNOWN
    ),
    Case(
        "exclude_several",
        "create table t as select s.* exclude (a, c) from s",
        [edge("T", "S", B="S.B")],
        catalog=KNOWN,
    ),
    Case(
        "rename",
        "create table t as select * rename (a as x) from s",
        [edge("T", "S", X="S.A", B="S.B", C="S.C")],
        catalog=KNOWN,
    ),
    Case(
        "exclude_and_rename",
        "create table t as select * exclude c rename (a as x, b as y) from s",
        [edge("T", "S", X="S.A", Y="S.B")],
        catalog=KNOWN,
    ),
    Case(
        "replace",
        "create table t as select * replace (a + c as b) from s",
        [edge("T", "S", A="S.A", B="S.A S.C", C="S.C")],
        catalog=KNOWN,
    ),
    Case("rename_of_unknown", "create table t as select * rename (a as x) from s", [edge("T", "S", X="S.A")]),
    Case("replace_of_unknown", "create table t as select * replace (upper(a) as a) from s", [edge("T", "S", A="S.A")]),
    Case("star_beside_columns", "create table t as select *, a || b as ab from s", [edge("T", "S", AB="S.A S.B")]),
    Case(
        "star_of_two",
        "create table t as select * from s join u on s.a = u.d",
        [edge("T", "S U", A="S.A", B="S.B", C="S.C", D="U.D", E="U.E")],
        catalog={**KNOWN, "U": "D E"},
    ),
    Case(
        "excluded_column_is_gone",
        "create table t as select a, q.b from (select * exclude a from s) q join u on u.a = q.b",
        [edge("T", "S U", A="U.A", B="S.B")],
        catalog={**KNOWN, "U": "A"},
    ),
    Case(
        "star_in_cte",
        "create table t as with c as (select * from s) select * from c",
        [edge("T", "S", A="S.A", B="S.B", C="S.C")],
        catalog=KNOWN,
    ),
    Case(
        "unpivot",
        "create table t as select id, month, sales from s unpivot (sales for month in (jan, feb, mar))",
        [edge("T", "S", ID="S.ID", SALES="S.JAN S.FEB S.MAR")],
    ),
    Case(
        "unpivot_star",
        "create table t as select * from s unpivot (v for k in (b, c))",
        [edge("T", "S", A="S.A", V="S.B S.C")],
        catalog=KNOWN,
    ),
    Case(
        "pivot_keeps_other_columns",
        "create table t as select p.id, p.region from s pivot (sum(amt) for month in ('JAN', 'FEB')) as p",
        [edge("T", "S", ID="S.ID", REGION="S.REGION")],
    ),
    Case(
        "pivot_of_subquery",
        "create table t as select * from (select id, m, amt from s) pivot (sum(amt) for m in ('JAN')) as p (id, jan)",
        [edge("T", "S", ID="S.ID", JAN="S.AMT")],
    ),
    Case(
        "flatten_lateral",
        "create table t as select s.id, f.value:sku::string as sku from s, lateral flatten(input => s.items) f",
        [edge("T", "S", ID="S.ID", SKU="S.ITEMS")],
    ),
    Case(
        "flatten_table_function",
        "create table t as select s.id, f.value as v from s, table(flatten(input => s.j:list, outer => true)) as f",
        [edge("T", "S", ID="S.ID", V="S.J")],
    ),
    Case(
        "flatten_twice",
        "create table t as select g.value as v, s.id from s, lateral flatten(s.a) f, lateral flatten(f.value:b) g",
        [edge("T", "S", V="S.A", ID="S.ID")],
    ),
    Case(
        "flatten_unqualified",
        "create table t as select id, value as v from s, lateral flatten(input => items)",
        [edge("T", "S", ID="S.ID", V="S.ITEMS")],
    ),
    Case(
        "split_to_table",
        "create table t as select s.id, p.value as part from s, lateral split_to_table(s.tags, ',') as p",
        [edge("T", "S", ID="S.ID", PART="S.TAGS")],
    ),
    Case(
        "generator",
        "create table t as select seq4() as n from table(generator(rowcount => 100))",
        [],
        counts={"no_source": 1},
    ),
    Case(
        "table_function", "create table t as select f.x from table(my_function('s', 1)) f", [], counts={"no_source": 1}
    ),
    Case(
        "stage",
        "create table t as select $1 as a, $2 as b from @stage/path (file_format => 'f')",
        [],
        counts={"no_source": 1},
    ),
    Case("table_of_a_literal", "create table t as select a from table('p.q.s')", [edge("T", "P.Q.S", A="S.A")]),
    Case("identifier_of_a_literal", "create table t as select a from identifier('q.s')", [edge("T", "Q.S", A="S.A")]),
    Case(
        "positional_columns",
        "create table t as select $1 as x, q.$2 as y from (select a, b from s) q",
        [edge("T", "S", X="S.A", Y="S.B")],
    ),
    Case(
        "values_with_columns",
        "create table t as select v.n, s.a from s join (values (1, 'x')) v (i, n) on v.i = s.i",
        [edge("T", "S", A="S.A")],
    ),
    Case(
        "match_recognize",
        "create table t as select * from s match_recognize (partition by a order by b measures last(c) as z "
        "one row per match pattern (x+) define x as c > 1)",
        [edge("T", "S", A="S.A", Z="S.C")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_shape(case: Case) -> None:
    check(case)
