"""MERGE and UPDATE (Snowflake)."""

from __future__ import annotations

import pytest

from tests.lineage.cases import Case, check, edge

CASES = [
    Case(
        "merge_both_branches",
        "merge into t using s on t.id = s.id when matched then update set t.a = s.x "
        "when not matched then insert (id, a) values (s.id, s.y)",
        [edge("T", "S", ID="S.ID", A="S.X S.Y")],
    ),
    Case(
        "merge_several_conditions",
        "merge into t using s on t.id = s.id when matched and s.op = 'D' then delete "
        "when matched and s.op = 'U' then update set a = s.x when matched then update set b = s.y "
        "when not matched and s.op <> 'D' then insert (id) values (s.id)",
        [edge("T", "S", ID="S.ID", A="S.X", B="S.Y")],
    ),
    Case(
        "merge_subquery_source",
        "merge into t as d using (select id, max(v) as m from s group by id) as q on d.id = q.id "
        "when matched then update set d.v = q.m when not matched then insert (id, v) values (q.id, q.m)",
        [edge("T", "S", ID="S.ID", V="S.V")],
    ),
    Case(
        "merge_joined_source",
        "merge into t using (select s.id, u.n from s left join u on s.k = u.k) q on t.id = q.id "
        "when not matched then insert (id, n) values (q.id, q.n)",
        [edge("T", "S U", ID="S.ID", N="U.N")],
    ),
    Case(
        "merge_source_with_cte",
        "merge into t using (with c as (select id, v from s) select * from c) q on t.id = q.id "
        "when matched then update set v = q.v",
        [edge("T", "S", V="S.V")],
    ),
    Case(
        "merge_star_source",
        "merge into t using (select * from s) q on t.id = q.id when matched then update set v = q.w",
        [edge("T", "S", V="S.W")],
    ),
    Case(
        "merge_own_columns",
        "merge into t using s on t.id = s.id when matched then update set v = t.v + s.v, n = coalesce(t.n, 0)",
        [edge("T", "S", V="S.V")],
    ),
    Case(
        "merge_insert_without_list",
        "merge into t using s on t.id = s.id when not matched then insert values (s.a, s.b)",
        [edge("T", "S", ID="S.A", V="S.B")],
        catalog={"T": "ID V"},
    ),
    Case(
        "merge_insert_unqualified",
        "merge into t using s on t.id = s.id when not matched then insert (id, v) values (id, w)",
        [edge("T", "S", ID="S.ID", V="S.W")],
    ),
    Case(
        "merge_update_unqualified_is_unclear",
        "merge into t using s on t.id = s.id when matched then update set v = w",
        [edge("T", "S")],
    ),
    Case(
        "merge_update_unqualified_with_catalog",
        "merge into t using s on t.id = s.id when matched then update set v = w",
        [edge("T", "S", V="S.W")],
        catalog={"T": "ID V", "S": "ID W"},
    ),
    Case(
        "merge_all_by_name",
        "merge into t using s on t.id = s.id when matched then update all by name "
        "when not matched then insert all by name",
        [edge("T", "S", ID="S.ID", V="S.V")],
        catalog={"T": "ID V", "S": "V ID"},
    ),
    Case(
        "merge_scalar_subquery",
        "merge into t using s on t.id = s.id when matched then update set v = (select max(u.z) from u where u.i = s.i)",
        [edge("T", "S U", V="U.Z")],
    ),
    Case(
        "merge_delete_only",
        "merge into t using s on t.id = s.id when matched then delete",
        [],
        counts={"delete": 1},
    ),
    Case(
        "merge_values_source",
        "merge into t using (select 1 as id, 'x' as v) s on t.id = s.id when matched then update set v = s.v",
        [],
        counts={"no_source": 1},
    ),
    Case(
        "merge_same_name_in_other_schema",
        "merge into prod.t using stage.t as s on t.id = s.id when matched then update set v = s.v",
        [edge("PROD.T", [("DB", "STAGE", "T")], {"V": [("T", "V")]})],
    ),
    Case(
        "merge_from_itself",
        "merge into t using (select id, v from t) q on t.id = q.id when matched then update set v = q.v",
        [edge("T", "T", V="T.V")],
    ),
    Case("update_from", "update t set a = s.x from s where t.id = s.id", [edge("T", "S", A="S.X")]),
    Case(
        "update_aliases",
        "update t as d set d.a = q.x, b = q.y || d.b from s q where d.id = q.id",
        [edge("T", "S", A="S.X", B="S.Y")],
    ),
    Case(
        "update_from_join",
        "update t set a = u.x from s join u on s.k = u.k where t.id = s.id",
        [edge("T", "S U", A="U.X")],
    ),
    Case(
        "update_from_subquery",
        "update t set a = q.m from (select id, min(z) m from s group by id) q where t.id = q.id",
        [edge("T", "S", A="S.Z")],
    ),
    Case(
        "update_scalar_subquery",
        "update t set a = (select max(s.z) from s where s.id = t.id)",
        [edge("T", "S", A="S.Z")],
    ),
    Case("update_filter_only", "update t set a = 1 where id in (select id from s)", [edge("T", "S")]),
    Case("update_alone", "update t set a = b + 1, c = 'x' where d = 2", [], counts={"no_source": 1}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_change(case: Case) -> None:
    check(case)
