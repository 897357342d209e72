"""Cutting a text into statements, and the shapes of statements."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.lineage.profiles import profile_of
from airflow_provider_montecarlo_push.lineage.scanner import Statement, scan


def statements(text: str, dialect: str = "snowflake") -> list[Statement]:
    return list(scan(text, profile_of(dialect)))


def texts(text: str, dialect: str = "snowflake") -> list[str]:
    return [statement.text for statement in statements(text, dialect)]


def shape(text: str, dialect: str = "snowflake") -> bytes:
    (statement,) = statements(text, dialect)
    return statement.shape


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("snowflake", "select 1; select 2", ["select 1", "select 2"]),
        ("snowflake", ";; select 1 ;;", ["select 1"]),
        ("snowflake", "select ';'; select 2", ["select ';'", "select 2"]),
        ("snowflake", "select 'it''s;'; select 2", ["select 'it''s;'", "select 2"]),
        ("snowflake", r"select 'a\';b'; select 2", [r"select 'a\';b'", "select 2"]),
        ("snowflake", 'select ";" from "a"";b"; select 2', ['select ";" from "a"";b"', "select 2"]),
        ("snowflake", "select $$ ; ' $$; select 2", ["select $$ ; ' $$", "select 2"]),
        ("snowflake", "select 1 -- ; '\n; select 2", ["select 1 -- ; '", "select 2"]),
        ("snowflake", "select 1 // ; '\n; select 2", ["select 1 // ; '", "select 2"]),
        ("snowflake", "select 1 /* ; ' */; select 2", ["select 1 /* ; ' */", "select 2"]),
        ("snowflake", "select 'open; select 2", ["select 'open; select 2"]),
        ("postgres", r"select 'a\'; select 2", [r"select 'a\'", "select 2"]),
        ("postgres", "select $x$ ; $$ ; $x$; select 2", ["select $x$ ; $$ ; $x$", "select 2"]),
        ("postgres", "select /* /* ; */ ; */ 1; select 2", ["select /* /* ; */ ; */ 1", "select 2"]),
        ("bigquery", "select '''; ' ;'''; select 2", ["select '''; ' ;'''", "select 2"]),
        ("bigquery", 'select ";" # ;\n; select `;`', ['select ";" # ;', "select `;`"]),
        ("hive", 'select ";" from `a;b`; select 2', ['select ";" from `a;b`', "select 2"]),
        ("tsql", "select 1 from [a;b]; select 2", ["select 1 from [a;b]", "select 2"]),
    ],
)
def test_semicolons_end_statements_outside_of_literals(dialect: str, text: str, expected: list[str]) -> None:
    assert texts(text, dialect) == expected


def test_words_are_those_outside_of_literals_names_and_comments() -> None:
    (statement,) = statements("insert /* merge */ into t -- update\n select 'delete', \"truncate\" from s")
    assert statement.words == {"INSERT", "INTO", "T", "SELECT", "FROM", "S"}
    assert statement.head[:3] == ("INSERT", "INTO", "T")


def test_code_has_a_blank_for_each_comment() -> None:
    (statement,) = statements("select a/* x */from s -- y\nwhere b = '-- no'")
    assert statement.code.split() == ["select", "a", "from", "s", "where", "b", "=", "'--", "no'"]
    assert "/* x */" in statement.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from s where b = 1", "select a from s where b = 2.5e-3"),
        ("select a from s where b = 'x'", "select a from s where b = 'it''s; --'"),
        ("select a from s where b in (1, 2, 3)", "select a from s where b in (7)"),
        ("select a from s where b in ('x')", "select a from s where b in ('y', 'z')"),
        ("select a  from s", "SELECT A\n FROM /* x */ S -- y"),
        ("select a from s where b = $$x$$", "select a from s where b = 'x'"),
    ],
)
def test_literals_layout_and_comments_leave_the_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("dialect", "one", "other"),
    [
        ("snowflake", "select a from s", "select b from s"),
        ("snowflake", "select 1, a from s", "select 1, 2, a from s"),
        ("snowflake", "select a1 from s", "select a2 from s"),
        ("snowflake", "select $1 from s", "select $2 from s"),
        ("snowflake", 'select "a" from s', 'select "A" from s'),
        ("snowflake", "insert into t select a from identifier('x')", "insert into t select a from identifier('y')"),
        ("snowflake", "insert into t select a from table('x')", "insert into t select a from table('y')"),
        ("snowflake", "select * ilike 'a%' from s", "select * ilike 'b%' from s"),
        ("snowflake", "select * from s pivot(sum(a) for b in ('x'))", "select * from s pivot(sum(a) for b in ('y'))"),
        ("bigquery", "select a from p-1.d.s", "select a from p-2.d.s"),
        ("bigquery", "select a from d.T", "select a from d.t"),
        ("hive", "select a from d.2020_s", "select a from d.2021_s"),
        ("hive", "select a from d.2020", "select a from d.2021"),
    ],
)
def test_what_can_change_lineage_changes_the_shape(dialect: str, one: str, other: str) -> None:
    assert shape(one, dialect) != shape(other, dialect)


def test_megabytes_of_quotes_take_no_time_to_speak_of() -> None:
    assert len(texts("select '" + "''" * 1_000_000 + "'")) == 1
    assert len(texts("/* " * 500_000)) == 0
    assert len(texts("'" * 1_000_001)) == 1
