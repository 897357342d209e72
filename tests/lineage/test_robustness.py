"""Text that is broken, huge or strange never raises, and what is lost is counted."""

from __future__ import annotations

import logging
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_montecarlo_push.lineage import LineageParser, LineageResult, extract_lineage
from tests.lineage import corpus


def lineage(sql: str, dialect: str = "snowflake") -> LineageResult:
    return extract_lineage(sql, dialect=dialect, default_database="DB", default_schema="SC")


def destinations(result: LineageResult) -> list[str]:
    return [event.destination.name for event in result.edges]


@pytest.mark.parametrize("sql", ["", " ", ";", "\n;\n;", "-- x", "/* x", "\ufeff", "\0", "''", "$$"])
def test_text_without_a_statement_gives_no_edge(sql: str) -> None:
    assert lineage(sql).edges == []


@pytest.mark.parametrize(
    "sql",
    [
        "create table t as select (((a from s",
        "insert into t select 'not closed from s",
        "merge into t using s",
        "hello world this is no sql",
        "create or replace table",
    ],
)
def test_what_cannot_be_parsed_is_reported(sql: str) -> None:
    result = lineage(sql)
    assert result.edges == []
    assert len(result.unparsed) == 1
    assert result.unparsed[0].reason in ("syntax", "unsupported")
    assert result.unparsed[0].detail


def test_null_bytes_are_blanks() -> None:
    result = lineage("insert into t (x)\0select a from s\0")
    assert destinations(result) == ["T"]


def test_lone_surrogates_and_emoji_pass() -> None:
    result = lineage("insert into t (x) select a || '\ud83d' || '🎉' from s")
    assert destinations(result) == ["T"]


def test_a_list_of_ten_thousand() -> None:
    keys = ", ".join(map(str, range(10_000)))
    result = lineage(f"insert into t (x) select a from s where k in ({keys})")
    assert destinations(result) == ["T"]


def test_a_union_of_five_hundred() -> None:
    query = " union all ".join(f"select a{number} as x from s{number}" for number in range(500))
    result = lineage(f"create table t as {query}")
    assert len(result.edges[0].sources) == 500
    assert len(result.edges[0].fields[0].source_fields) == 500


def test_two_thousand_columns() -> None:
    columns = ", ".join(f"coalesce(s.c{number}, 0) as c{number}" for number in range(2_000))
    assert len(lineage(f"create table t as select {columns} from s").edges[0].fields) == 2_000


def test_a_chain_of_aliases_stays_linear() -> None:
    columns = ", ".join(["a as c0", *(f"c{number} + c{number} as c{number + 1}" for number in range(60))])
    result = lineage(f"create table t as select {columns} from s")
    assert [ref.field_name for ref in result.edges[0].fields[-1].source_fields] == ["A"]


def test_long_chains_of_operators() -> None:
    condition = " or ".join(f"k = {number}" for number in range(5_000))
    total = " + ".join(["a"] * 2_000)
    assert destinations(lineage(f"insert into t (x) select {total} from s where {condition}")) == ["T"]


@pytest.mark.parametrize("depth", [30, 5_000])
@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("abs(", ")"), ("case when a then ", " end")])
def test_nesting_gives_an_edge_or_a_reason(depth: int, opening: str, closing: str) -> None:
    result = lineage(f"insert into t (x) select {opening * depth}a{closing * depth} from s")
    if depth == 30:
        assert destinations(result) == ["T"]
    else:
        assert destinations(result) == ["T"] or [item.reason for item in result.unparsed] == ["too_complex"]


def test_nested_subqueries_give_an_edge_or_a_reason() -> None:
    sql = "insert into t (x) " + "select a from (" * 2_000 + "select a from s" + ")" * 2_000
    result = lineage(sql)
    assert destinations(result) == ["T"] or [item.reason for item in result.unparsed] == ["too_complex"]


def test_a_statement_over_the_size_limit_is_reported_and_cut() -> None:
    parser = LineageParser("snowflake", max_bytes=2_000)
    text = "insert into t (x) select a from s where b = '" + "é" * 1_500 + "'; insert into t (x) select a from s"
    result = parser.extract(text, "DB", "SC")
    assert destinations(result) == ["T"]
    assert [item.reason for item in result.unparsed] == ["too_large"]
    assert len(result.unparsed[0].statement) < 2_500


def test_five_megabytes_of_a_read_are_passed_over() -> None:
    assert lineage("select '" + "x" * 5_000_000 + "' from s").unparsed == []


def test_five_megabytes_of_a_write_are_reported() -> None:
    result = lineage("insert into t (x) select a from s where b in (" + ", ".join(["c"] * 1_700_000) + ")")
    assert [item.reason for item in result.unparsed] == ["too_large"]


def test_time_limit() -> None:
    parser = LineageParser("snowflake", time_limit=0.0)
    columns = ", ".join(f"coalesce(c{number}, 0) as c{number}" for number in range(500))
    result = parser.extract(f"create table t as select {columns} from s", "DB", "SC")
    assert [item.reason for item in result.unparsed] == ["time_limit"]


@pytest.mark.parametrize("item", ["f(b => => 1)", "(select max(u.c) ~~ from u) as x", "b::"])
def test_one_item_that_is_not_understood_costs_its_own_column_alone(item: str) -> None:
    result = lineage(f"create table t as select s.a, {item}, coalesce(s.c, s.d) as e from s")
    assert destinations(result) == ["T"]
    assert {column.name for column in result.edges[0].fields} >= {"A", "E"}
    assert [entry.reason for entry in result.unparsed] == ["syntax"]
    assert ("U" in {source.name for source in result.edges[0].sources}) is ("from u" in item)


def test_a_window_that_is_called_by_its_own_name() -> None:
    result = lineage("insert into t (x) select sum(a) over w from s window w as (w order by b)")
    assert destinations(result) == ["T"]


def test_a_failed_statement_does_not_stop_the_text() -> None:
    result = lineage(
        "insert into a (x) select p from s; insert into b (y select q from u; insert into c (z) select r from v"
    )
    assert destinations(result) == ["A", "C"]
    assert len(result.unparsed) == 1


def test_the_parsers_warnings_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        lineage("create table t backup set x; alter session set whatever = 1; create or replace foo bar as select 1")
        lineage("select a from s pivot (x); insert into t select f(* from s)")
    assert [record for record in caplog.records if record.name.startswith("sqlglot")] == []


@given(case=st.sampled_from(corpus.load()), other=st.sampled_from(corpus.load()), seed=st.integers(0, 2**32))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_broken_statements_never_fail_the_engine(case: corpus.CorpusCase, other: corpus.CorpusCase, seed: int) -> None:
    chance = random.Random(seed)
    words, more = case.sql.split(" "), other.sql.split(" ")
    at, start = chance.randrange(len(words)), chance.randrange(len(more))
    words[at : at + chance.randrange(3)] = more[start : start + chance.randrange(8)]
    dialect = "" if case.dialect == "neutral" else case.dialect
    parser = LineageParser(dialect, columns=chance.random() < 0.8, external=chance.random() < 0.5)
    result = parser.extract(" ".join(words), case.database, case.schema)
    assert not [item for item in result.unparsed if "engine failed" in item.detail]
