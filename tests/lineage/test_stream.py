"""LineageParser over many texts: shapes that differ only in literals are parsed once."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.lineage import LineageParser
from tests.lineage.cases import edges_of

INSERT = "insert into t (x) select a from s where b = {} and c in ({})"


@pytest.fixture
def parser() -> LineageParser:
    return LineageParser("snowflake")


def extract(parser: LineageParser, sql: str, database: str = "DB", schema: str = "SC") -> Any:
    return edges_of(parser.extract(sql, database, schema))


def test_literals_share_an_entry(parser: LineageParser) -> None:
    first = extract(parser, INSERT.format("'open'", "1, 2, 3"))
    second = extract(parser, INSERT.format("'it''s; y'", "4"))
    assert first == second
    assert len(first) == 1
    assert (parser.cache_misses, parser.cache_hits) == (1, 1)


def test_comments_and_layout_share_an_entry(parser: LineageParser) -> None:
    extract(parser, "insert into t (x) select a from s")
    extract(parser, "insert into t (x) -- run 17\n  select a\n/* 18 */ from s")
    assert parser.cache_hits == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("insert into t (x) select a from s", "insert into t (x) select b from s"),
        ('insert into t (x) select "a  b" from s', 'insert into t (x) select "a b" from s'),
        ("create table t as select a from identifier('p')", "create table t as select a from identifier('q')"),
        ("insert into t (x) select a from table('p.q.r')", "insert into t (x) select a from table('p.q.s')"),
        (
            "insert into t (x, y) select $1, 0 from (select a, b from s)",
            "insert into t (x, y) select $2, 0 from (select a, b from s)",
        ),
        ("create table t as select a as x1 from s", "create table t as select a as x2 from s"),
    ],
)
def test_what_changes_the_edge_does_not_share(parser: LineageParser, first: str, second: str) -> None:
    assert extract(parser, first) != extract(parser, second)
    assert extract(parser, first) == extract(LineageParser("snowflake", cache_size=0), first)
    assert extract(parser, second) == extract(LineageParser("snowflake", cache_size=0), second)


def test_pivot_values_become_columns(parser: LineageParser) -> None:
    sql = "create table t as select * from (select m, v from s) pivot (sum(v) for m in ('{}'))"
    names = {name for value in ("JAN", "FEB") for edge in extract(parser, sql.format(value)) for name, _ in edge[3]}
    assert len(names) == 2


def test_defaults_are_part_of_the_entry(parser: LineageParser) -> None:
    sql = "insert into t (x) select a from s"
    assert extract(parser, sql, "A", "B") != extract(parser, sql, "A", "C")
    assert extract(parser, sql, "A", "B")[0][0] == ("A", "B", "T")


def test_events_are_the_callers_own(parser: LineageParser) -> None:
    first = parser.extract("insert into t (x) select a from s", "DB", "SC")
    first.edges[0].sources[0].name = "CHANGED"
    first.edges[0].fields.clear()
    second = parser.extract("insert into t (x) select a from s", "DB", "SC")
    assert second.edges[0].sources[0].name == "S"
    assert len(second.edges[0].fields) == 1


def test_temporary_tables_do_not_leak_into_the_next_text(parser: LineageParser) -> None:
    sql = "insert into t (x) select a from w"
    alone = extract(parser, sql)
    extract(parser, f"create temp table w as select a from s; {sql}")
    assert extract(parser, sql) == alone


def test_a_remembered_statement_sees_the_temporary_table_before_it(parser: LineageParser) -> None:
    sql = "insert into t (x) select a from w"
    extract(parser, sql)
    with_temporary = extract(parser, f"create temp table w as select b as a from s; {sql}")
    assert with_temporary[0][2] == {("DB", "SC", "S")}
    assert with_temporary[0][3] == (("X", frozenset({(("DB", "SC", "S"), "B")})),)


def test_the_cache_is_bounded() -> None:
    parser = LineageParser("snowflake", cache_size=3)
    for number in range(10):
        extract(parser, f"insert into t (x) select c{number} from s")
    extract(parser, "insert into t (x) select c0 from s")
    assert parser.cache_misses == 11
    extract(parser, "insert into t (x) select c9 from s")
    assert parser.cache_hits == 1


def test_reads_are_not_parsed(parser: LineageParser) -> None:
    parser.extract("select 1; show tables; with a as (select 1) select * from a; grant select on t to r")
    assert (parser.cache_misses, parser.cache_hits) == (0, 0)
