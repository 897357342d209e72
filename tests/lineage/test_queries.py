"""Queries inside a write: joins, subqueries, CTEs, set operations, windows (Snowflake)."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

CASES = [
    # Joins and the columns they bring
    Case(
        "join_aliases",
        "create table t as select o.id, c.name from orders as o inner join customers c on o.cid = c.id",
        [edge("T", "ORDERS CUSTOMERS", ID="ORDERS.ID", NAME="CUSTOMERS.NAME")],
    ),
    Case(
        "join_by_table_names",
        "create table t as select orders.id, p.q.customers.name from orders join p.q.customers on "
        "orders.c = customers.c",
        [edge("T", "ORDERS P.Q.CUSTOMERS", ID="ORDERS.ID", NAME="CUSTOMERS.NAME")],
    ),
    Case(
        "join_comma",
        "create table t as select a.x, b.y from a, b where a.i = b.i",
        [edge("T", "A B", X="A.X", Y="B.Y")],
    ),
    Case(
        "join_keys_do_not_count",
        "create table t as select a.x from a left outer join b on a.k = b.k full outer join c on c.k "
        "= b.k cross join d",
        [edge("T", "A B C D", X="A.X")],
    ),
    Case(
        "join_unqualified_is_unclear",
        "create table t as select x, a.y from a join b on a.i = b.i",
        [edge("T", "A B", Y="A.Y")],
    ),
    Case(
        "join_unqualified_with_catalog",
        "create table t as select x, z from a join b on a.i = b.i",
        [edge("T", "A B", X="A.X", Z="B.Z")],
        catalog={"A": "I X", "B": "I Z"},
    ),
    Case(
        "join_one_side_known",
        "create table t as select x, z from a join b on a.i = b.i",
        [edge("T", "A B", X="A.X", Z="B.Z")],
        catalog={"A": "I X"},
    ),
    Case(
        "join_with_known_subquery",
        "create table t as select n, x from a join (select i, count(*) as n from b group by i) q on a.i = q.i",
        [edge("T", "A B", X="A.X")],
    ),
    Case(
        "join_in_parentheses",
        "create table t as select a.x, c.z from (a join b on a.i = b.i) join c on c.i = b.i",
        [edge("T", "A B C", X="A.X", Z="C.Z")],
    ),
    Case(
        "join_same_table_twice",
        "create table t as select l.x, r.y from s l join s r on l.id = r.parent",
        [edge("T", "S", X="S.X", Y="S.Y")],
    ),
    Case(
        "join_star_of_one_side",
        "create table t as select a.*, b.z from a join b on a.i = b.i",
        [edge("T", "A B", I="A.I", X="A.X", Z="B.Z")],
        catalog={"A": "I X"},
    ),
    Case(
        "asof_join",
        "create table t as select a.x, b.y from a asof join b match_condition (a.ts >= b.ts) on a.i = b.i",
        [edge("T", "A B", X="A.X", Y="B.Y")],
    ),
    Case(
        "natural_join",
        "create table t as select x, z from a natural join b",
        [edge("T", "A B", X="A.X", Z="B.Z")],
        catalog={"A": "I X", "B": "I Z"},
    ),
    Case(
        "outer_join_mark",
        "create table t as select a.x, b.y from a, b where a.i = b.i (+)",
        [edge("T", "A B", X="A.X", Y="B.Y")],
    ),
    Case(
        "sample_and_time_travel",
        "create table t as select a.x from a at (offset => -60) sample (10)",
        [edge("T", "A", X="A.X")],
    ),
    # Expressions
    Case(
        "case_conditions_count",
        "create table t as select case when a > 1 then b when c is null then 'x' else d end as e from s",
        [edge("T", "S", E="S.A S.B S.C S.D")],
    ),
    Case(
        "window_keys_count",
        "create table t as select sum(a) over (partition by b, c order by d desc) as e from s",
        [edge("T", "S", E="S.A S.B S.C S.D")],
    ),
    Case(
        "row_number",
        "create table t as select row_number() over (order by a) as n, b from s",
        [edge("T", "S", N="S.A", B="S.B")],
    ),
    Case(
        "filters_do_not_count",
        "create table t as select a, count(*) as n from s where b > 1 group by a, c having max(d) > 2 "
        "qualify rank() over (partition by e order by f) = 1 order by g limit 10",
        [edge("T", "S", A="S.A")],
    ),
    Case(
        "functions_and_casts",
        "create table t as select upper(trim(a)) || '-' || b::varchar as x, coalesce(c, try_cast(d as int), 0) as y, "
        "iff(e, f, null) as z, datediff('day', g, current_date()) as w from s",
        [edge("T", "S", X="S.A S.B", Y="S.C S.D", Z="S.E S.F", W="S.G")],
    ),
    Case(
        "aggregates",
        "create table t as select listagg(distinct a, ',') within group (order by b) as x, "
        "count(distinct c, d) as y, "
        "max_by(e, f) as z, array_agg(object_construct('k', g, 'v', h)) as w from s",
        [edge("T", "S", X="S.A S.B", Y="S.C S.D", Z="S.E S.F", W="S.G S.H")],
    ),
    Case("count_rows", "create table t as select count(*) as n, count(1) as m from s", [edge("T", "S")]),
    Case(
        "semi_structured",
        "create table t as select a:b.c::string as x, d['k'][0] as y, get_path(e, 'p.q') as z from s",
        [edge("T", "S", X="S.A", Y="S.D", Z="S.E")],
    ),
    Case(
        "lambda_parameters_are_no_columns",
        "create table t as select filter(a, x -> x > lim) as f, reduce(b, 0, (acc, v) -> acc + v) as r from s",
        [edge("T", "S", F="S.A S.LIM", R="S.B")],
    ),
    Case(
        "in_and_between",
        "create table t as select a in (b, 1) as x, c between d and e as y, f like g escape '^' as z from s",
        [edge("T", "S", X="S.A S.B", Y="S.C S.D S.E", Z="S.F S.G")],
    ),
    Case(
        "named_arguments_and_intervals",
        "create table t as select dateadd(month, a, b) as x, b + interval '1 day' as y, "
        "date_trunc('week', b) as z from s",
        [edge("T", "S", X="S.A S.B", Y="S.B", Z="S.B")],
    ),
    Case(
        "session_variables", "create table t as select $run_id as r, a from s where b = $day", [edge("T", "S", A="S.A")]
    ),
    Case(
        "lateral_alias",
        "create table t as select a + b as c, c * 2 as d, d - 1 as e from s",
        [edge("T", "S", C="S.A S.B", D="S.A S.B", E="S.A S.B")],
    ),
    Case(
        "column_wins_over_alias",
        "create table t as select b as a, a + 1 as c from s",
        [edge("T", "S", A="S.B", C="S.A")],
        catalog={"S": "A B"},
    ),
    # Subqueries
    Case(
        "derived_table", "create table t as select q.x from (select a as x, b from s) as q", [edge("T", "S", X="S.A")]
    ),
    Case(
        "derived_table_column_list",
        "create table t as select m from (select a, b from s) as q (l, m)",
        [edge("T", "S", M="S.B")],
    ),
    Case(
        "derived_star",
        "create table t as select * from (select a as x, b + c as y from s)",
        [edge("T", "S", X="S.A", Y="S.B S.C")],
    ),
    Case("star_passes_names_through", "create table t as select x from (select * from s) q", [edge("T", "S", X="S.X")]),
    Case(
        "deep_nesting",
        "create table t as select w from (select v as w from (select u as v from (select a as u from "
        "(select * from s))))",
        [edge("T", "S", W="S.A")],
    ),
    Case(
        "scalar_subquery",
        "create table t as select a, (select max(b) from u) as m from s",
        [edge("T", "S U", A="S.A", M="U.B")],
    ),
    Case(
        "correlated_subquery",
        "create table t as select o.id, (select sum(p.amt * o.rate) from pay p where p.oid = o.id) "
        "as paid from orders o",
        [edge("T", "ORDERS PAY", ID="ORDERS.ID", PAID="PAY.AMT ORDERS.RATE")],
    ),
    Case(
        "exists_feeds_no_column",
        "create table t as select s.a from s where exists (select 1 from u where u.i = s.i) and s.k "
        "not in (select k from w)",
        [edge("T", "S U W", A="S.A")],
    ),
    Case(
        "exists_as_value",
        "create table t as select exists (select 1 from u where u.i = s.i) as f, a from s",
        [edge("T", "S U", A="S.A")],
    ),
    Case(
        "in_subquery_as_value",
        "create table t as select s.a in (select b from u) as f from s",
        [edge("T", "S U", F="S.A U.B")],
    ),
    Case(
        "subquery_in_having_and_on",
        "create table t as select s.a from s join u on u.i = s.i and u.d = (select max(d) from w) "
        "group by s.a having count(*) > (select avg(n) from z)",
        [edge("T", "S U W Z", A="S.A")],
    ),
    Case(
        "lateral_subquery",
        "create table t as select s.a, l.m from s, lateral (select max(u.b) as m from u where u.i = s.i) as l",
        [edge("T", "S U", A="S.A", M="U.B")],
    ),
    Case(
        "subquery_alias_hides_table_of_the_same_name",
        "create table t as select u.x from (select a as x from s) u",
        [edge("T", "S", X="S.A")],
    ),
    # Common table expressions
    Case(
        "cte_chain",
        "create table t as with a as (select x, y from s), b as (select x as p, y from a), c as (select p, y from b) "
        "select c.p, c.y as q from c",
        [edge("T", "S", P="S.X", Q="S.Y")],
    ),
    Case(
        "cte_column_list",
        "create table t as with c (m, n) as (select a, b from s) select n, m from c",
        [edge("T", "S", N="S.B", M="S.A")],
    ),
    Case(
        "cte_used_twice",
        "create table t as with c as (select i, a from s) select l.a as x, r.a as y from c l join c r on l.i = r.i",
        [edge("T", "S", X="S.A", Y="S.A")],
    ),
    Case(
        "cte_shadows_a_table",
        "create table t as with u as (select a from s) select a from u",
        [edge("T", "S", A="S.A")],
    ),
    Case(
        "cte_named_like_its_source",
        "create table t as with s as (select a from s) select a from s",
        [edge("T", "S", A="S.A")],
    ),
    Case(
        "cte_does_not_shadow_qualified_name",
        "create table t as with s as (select a from u) select s.a, q.b from s join sc.s q on q.i = s.a",
        [edge("T", "U S", A="U.A", B="S.B")],
    ),
    Case(
        "cte_inner_hides_outer",
        "create table t as with c as (select a from s) select x from (with c as (select b as x from "
        "u) select x from c)",
        [edge("T", "U", X="U.B")],
    ),
    Case(
        "cte_in_subquery_sees_outer",
        "create table t as with c as (select a from s) select (with d as (select a from c) select "
        "max(a) from d) as m from u",
        [edge("T", "U S", M="S.A")],
    ),
    Case(
        "cte_recursive",
        "create table t as with recursive r (id, boss, depth) as (select id, mgr, 0 from emp where mgr is null "
        "union all select e.id, r.id, r.depth + 1 from emp e join r on e.mgr = r.id) select id, boss from r",
        [edge("T", "EMP", ID="EMP.ID", BOSS="EMP.MGR EMP.ID")],
    ),
    Case(
        "cte_recursive_without_the_word",
        "create table t as with r as (select id, name as path from emp union all "
        "select e.id, r.path || '/' || e.name from r join emp e on e.mgr = r.id) select path from r",
        [edge("T", "EMP", PATH="EMP.NAME")],
    ),
    Case(
        "cte_recursive_numbers",
        "create table t as with recursive n as (select 1 as i union all select i + 1 from n where i "
        "< 9) select i from n",
        [],
        counts={"no_source": 1},
    ),
    Case(
        "cte_quoted", 'create table t as with "c d" as (select a from s) select a from "c d"', [edge("T", "S", A="S.A")]
    ),
    Case(
        "cte_name_case",
        "create table t as with MyCte as (select a from s) select MYCTE.A from mycte",
        [edge("T", "S", A="S.A")],
    ),
    # Set operations
    Case(
        "union_by_position",
        "create table t as select a as x, b as y from s union all select c, d from u union select e, f from w",
        [edge("T", "S U W", X="S.A U.C W.E", Y="S.B U.D W.F")],
    ),
    Case(
        "except_takes_values_from_the_left",
        "create table t as select a from s except select b from u",
        [edge("T", "S U", A="S.A")],
    ),
    Case("minus", "create table t as select a from s minus select b from u", [edge("T", "S U", A="S.A")]),
    Case(
        "union_nested",
        "create table t as (select a as x from s union all (select b from u)) union all select c from w order by 1",
        [edge("T", "S U W", X="S.A U.B W.C")],
    ),
    Case(
        "union_in_cte",
        "create table t as with c as (select a, b from s union all select d, e from u) select b as z from c",
        [edge("T", "S U", Z="S.B U.E")],
    ),
    Case(
        "union_by_name",
        "create table t as select a, b from s union all by name select b, a from u",
        [edge("T", "S U", A="S.A U.A", B="S.B U.B")],
    ),
    Case(
        "union_of_known_stars",
        "create table t as select * from s union all select * from u",
        [edge("T", "S U", A="S.A U.C", B="S.B U.D")],
        catalog={"S": "A B", "U": "C D"},
    ),
    Case("union_of_unknown_stars", "create table t as select * from s union all select * from u", [edge("T", "S U")]),
    Case("union_with_constant", "create table t as select a from s union all select 'none'", [edge("T", "S", A="S.A")]),
    Case(
        "connect_by",
        "create table t as select id, name from emp connect by prior id = mgr start with mgr is null",
        [edge("T", "EMP", ID="EMP.ID", NAME="EMP.NAME")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_query(case: Case) -> None:
    check(case)
