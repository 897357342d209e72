from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse.seed.query_types import query_type


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", "SELECT"),
        ("with a as (select 1) select * from a union all select 2", "SELECT"),
        ("insert into t values (1)", "INSERT"),
        ("insert overwrite into t select 1", "INSERT"),
        ("update t set a = 1", "UPDATE"),
        ("delete from t", "DELETE"),
        ("merge into t using s on t.a = s.a when matched then delete", "MERGE"),
        ("create table t (a int)", "CREATE_TABLE"),
        ("create or replace table t as select 1 as a", "CREATE_TABLE_AS_SELECT"),
        ("create table t clone s", "CREATE_TABLE_AS_SELECT"),
        ("create view v as select 1 as a", "CREATE_VIEW"),
        ("create schema s", "CREATE"),
        ("alter table t add column b int", "ALTER_TABLE_ADD_COLUMN"),
        ("alter table t rename to u", "RENAME_TABLE"),
        ("alter table t drop column b", "ALTER"),
        ("truncate table t", "TRUNCATE_TABLE"),
        ("drop table t", "DROP"),
        ("comment on table t is 'x'", "COMMENT"),
        ("use role r", "USE"),
        ("show databases", "SHOW"),
        ("begin", "BEGIN_TRANSACTION"),
        ("selec 1", "UNKNOWN"),
    ],
)
def test_query_type(sql: str, expected: str) -> None:
    assert query_type(sql) == expected
