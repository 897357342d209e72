from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.snowflake.temporary import TemporaryTables, as_one_text

KEY = (17, "DB", "S")


@pytest.mark.parametrize(
    ("text", "created"),
    [
        ("create temporary table stage as select 1", "STAGE"),
        ("CREATE OR REPLACE TEMP TABLE db.s.Stage (a int)", "STAGE"),
        ('create local temporary table if not exists s."Odd name" as select 1', "ODD NAME"),
        ("-- by dbt\n/* {} */ create volatile table t$1 (a int)", "T$1"),
        ("create table stage as select 1", None),
        ("create transient table stage as select 1", None),
        ("insert into stage select 'create temporary table x (a int)'", None),
    ],
)
def test_created_by(text: str, created: str | None) -> None:
    assert TemporaryTables().created_by(text) == created


def test_only_the_same_session_hears_of_them_and_only_when_it_mentions_one() -> None:
    tables = TemporaryTables()
    assert tables.remember(KEY, "create temp table stage as select 1", "STAGE")
    assert tables.remember(KEY, "insert into stage select 2", None)
    assert len(tables.before(KEY, "insert into t select * from Stage")) == 2
    assert tables.before(KEY, "insert into t select * from other") == []
    assert tables.before((18, "DB", "S"), "insert into t select * from stage") == []


def test_memory_is_bounded() -> None:
    tables = TemporaryTables(most_characters=1000)
    for number in range(100):
        tables.remember((number, "DB", "S"), "x" * 100, "X")
    assert [number for number in range(100) if tables.before((number, "DB", "S"), "x")] == list(range(90, 100))
    kept = [TemporaryTables().remember(KEY, "x", "X")] + [tables.remember(KEY, "x", "X") for _ in range(60)]
    assert sum(kept) == 51


def test_as_one_text() -> None:
    assert as_one_text([], "a") == "a"
    assert as_one_text(["a -- comment", "b"], "c") == "a -- comment\n;\nb\n;\nc"
