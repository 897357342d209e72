from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("include", "exclude", "name", "matches"),
    [
        (None, None, ("A", "B", "C"), True),
        ("ANALYTICS", None, ("ANALYTICS", "S", "T"), True),
        ("analytics.public", None, ("ANALYTICS", "PUBLIC", "T"), True),
        ("ANALYTICS.PUBLIC.ORDERS_*", None, ("ANALYTICS", "PUBLIC", "ORDERS_2024"), True),
        ("ANALYTICS.PUBLIC.ORDERS_*", None, ("ANALYTICS", "PUBLIC", "CUSTOMERS"), False),
        ("ANALYTICS.PUBLIC.ORDER?", None, ("ANALYTICS", "PUBLIC", "ORDERS"), True),
        ("ANALYTICS.PUBLIC.T[12]", None, ("ANALYTICS", "PUBLIC", "T3"), False),
        (None, "*.*.TMP_*", ("A", "B", "tmp_x"), False),
        (["A.*.*", "B.*.*"], ["A.X"], ("A", "X", "T"), False),
        (["A.*.*", "B.*.*"], ["A.X"], ("B", "X", "T"), True),
        ('RAW."v1.2".*', None, ("RAW", "v1.2", "T"), True),
        ('RAW."say ""hi""".*', None, ("RAW", 'say "hi"', "T"), True),
    ],
)
def test_patterns(
    include: list[str] | None, exclude: list[str] | None, name: tuple[str, str, str], matches: bool
) -> None:
    assert TableFilter(include, exclude).matches(*name) is matches


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("['A.*.*', 'B']", "render_template_as_native_obj"),
        ("[]", "render_template"),
        ("a.b.c.d", "has 4 parts"),
        ("a..b", "malformed at character 3"),
        ("", "malformed"),
        ('"a"b', "lacks a dot"),
    ],
)
def test_malformed_patterns_are_refused(pattern: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        TableFilter(pattern)


@pytest.mark.parametrize(
    ("include", "exclude", "database", "holds"),
    [
        (None, None, "ANY", True),
        ("A.*.*", None, "B", False),
        ("a*.X.*", None, "ANALYTICS", True),
        (None, "SCRATCH", "SCRATCH", False),
        (None, "SCRATCH.*.TMP_*", "SCRATCH", True),
    ],
)
def test_databases_that_cannot_match_are_not_read(
    include: str | None, exclude: str | None, database: str, holds: bool
) -> None:
    assert TableFilter(include, exclude).matches_database(database) is holds


words = st.text(st.sampled_from("aAbB_%^.*?[]12\"' ßé"), min_size=1, max_size=6)
globs = words.map(lambda word: '"' + word.replace('"', '""') + '"')


@given(st.lists(globs, min_size=1, max_size=3), st.lists(globs, max_size=2), words, words)
def test_the_database_lets_through_everything_in_scope(
    include: list[str], exclude: list[str], schema: str, name: str
) -> None:
    tables = TableFilter([f"D.{glob}.*" for glob in include], [f"D.*.{glob}" for glob in exclude])
    condition, values = tables.condition("D", "table_schema", "table_name")
    with sqlite3.connect(":memory:") as connection:
        passes = connection.execute(
            f"SELECT {condition.replace('%s', '?')} FROM (SELECT ? AS table_schema, ? AS table_name)",
            # The columns' values come last in the text but the condition's placeholders come first.
            [*values, schema, name],
        ).fetchone()[0]
    if tables.matches("D", schema, name):
        assert passes, "a table in scope was filtered out by the database"
