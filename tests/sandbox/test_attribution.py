from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox.attribution import TableName, attribute, shape_of


def _names(tables: set[TableName]) -> set[str]:
    return {".".join(part for part in (table.database, table.schema, table.name) if part) for table in tables}


@pytest.mark.parametrize(
    ("sql", "category", "reads", "writes"),
    [
        ("select * from a.b.c", "query", {"a.b.c"}, set()),
        ('select * from "A"."B"."My Table"', "query", {"a.b.my table"}, set()),
        ("select * from b.c join d on true where x in (select y from e)", "query", {"b.c", "d", "e"}, set()),
        ("with c as (select * from a) select * from c join b.c as other", "query", {"a", "b.c"}, set()),
        ("select 1 from a union all select 2 from b", "query", {"a", "b"}, set()),
        ("insert into t select * from s", "insert_into", {"s"}, {"t"}),
        ("insert into t (x, y) select x, y from s", "insert_into", {"s"}, {"t"}),
        ("insert into t select * from t join s", "insert_into", {"t", "s"}, {"t"}),
        ("insert overwrite into t select * from s", "insert_overwrite", {"s"}, {"t"}),
        ("create table t as select * from s", "create_table_as_select", {"s"}, {"t"}),
        ("create or replace table t (x int)", "create_table", set(), {"t"}),
        ("create view v as select * from s", "create_view", {"s"}, {"v"}),
        ("merge into t using s on t.id = s.id when matched then update set x = 1", "merge", {"s"}, {"t"}),
        ("update t set x = 1 from s where t.id = s.id", "update", {"s"}, {"t"}),
        ("delete from t where id in (select id from s)", "delete_from", {"s"}, {"t"}),
        ("truncate table t", "truncate", set(), {"t"}),
        ("drop table t", "drop_table", set(), {"t"}),
        ("alter table t add column x int", "alter", set(), {"t"}),
        ("copy into t from @stage/file", "copy", set(), {"t"}),
        ("/* a comment */ -- another\n select 1", "query", set(), set()),
        ("begin", None, set(), set()),
        ("this is no sql at all (", None, set(), set()),
        ("select from where (((", "query", set(), set()),
        ("", None, set(), set()),
    ],
)
def test_what_a_query_touches(sql: str, category: str | None, reads: set[str], writes: set[str]) -> None:
    found = attribute(sql, "snowflake")
    assert found.category == category
    assert writes == _names(found.writes)
    assert {name for name in _names(found.reads) if "@" not in name} == reads


def test_backticks_of_bigquery() -> None:
    assert _names(attribute("select * from `my-project.set.table`", "bigquery").reads) == {"my-project.set.table"}


def test_a_very_long_text_is_only_named() -> None:
    found = attribute("insert into t values " + "(1)," * 100_000, "snowflake")
    assert (found.category, found.writes) == ("insert_into", set())


def test_queries_that_differ_in_literals_and_layout_share_a_shape() -> None:
    one = shape_of("SELECT * FROM t WHERE id = 5 AND name = 'it''s'")
    assert one == shape_of("select *\n  from t -- why\n where id = 27.5 and name = 'x';")
    assert one != shape_of("select * from t2 where id = 5 and name = 'x'")
