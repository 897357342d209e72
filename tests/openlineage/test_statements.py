"""What the statements of an event are about."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.openlineage.statements import statement_of

SNOWFLAKE = "snowflake://org-account"


@pytest.mark.parametrize(
    ("sql", "names", "database", "schema"),
    [
        ("insert into t select * from a", ["DB.S.T", "DB.S.A"], "DB", "S"),
        ("insert into t select * from raw.shop.a", ["DB.S.T", "RAW.SHOP.A"], "DB", "S"),
        ('insert into t select * from "RAW"."SHOP"."A"', ["DB.S.T", "RAW.SHOP.A"], "DB", "S"),
        ("insert into t select * from shop . a", ["DB.S.T", "DB.SHOP.A"], "DB", "S"),
        ("insert into db.s.t select * from raw.shop.a", ["DB.S.T", "RAW.SHOP.A"], None, None),
        # Statements in between may have changed the defaults.
        ("use schema u; insert into t select * from a", ["DB.S.T", "DB.U.A"], "DB", None),
        ("insert into t select * from xraw.shop.a", ["DB.S.T", "RAW.SHOP.A"], None, "S"),
    ],
)
def test_defaults(sql: str, names: list[str], database: str | None, schema: str | None) -> None:
    statement = statement_of(sql, [Dataset(SNOWFLAKE, name) for name in names])

    assert statement is not None
    assert (statement.database, statement.schema) == (database, schema)
    assert (statement.conn_id, statement.conn_type, statement.namespace) == (SNOWFLAKE, "snowflake", SNOWFLAKE)


def test_two_levels() -> None:
    statement = statement_of(
        "insert into t select * from raw.a", [Dataset("hive://h:1", "shop.t"), Dataset("hive://h:1", "raw.a")]
    )

    assert statement is not None
    assert (statement.database, statement.schema) == (None, "shop")


@pytest.mark.parametrize(
    ("sql", "namespaces"),
    [
        ("", [SNOWFLAKE]),
        ("select 1", []),
        ("select 1", [SNOWFLAKE, "s3://lake"]),
        ("select 1", ["s3://lake"]),
        ("select 1", ["kafka://host:9092"]),
        ("select 1", ["db2://host:50000"]),  # a dialect that the lineage engine does not know
    ],
)
def test_none(sql: str, namespaces: list[str]) -> None:
    assert statement_of(sql, [Dataset(namespace, "DB.S.T") for namespace in namespaces]) is None
