"""SQL without its values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_montecarlo_push.exceptions import UnknownValueError
from airflow_provider_montecarlo_push.lineage import extract_lineage, redact_literals
from tests.lineage.corpus import CorpusCase, found, load


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("snowflake", "select 'it''s', 12, 1.5e3, .5, -7 from t", "select '?', 0, 0, 0, -0 from t"),
        ("snowflake", r"select 'a\'b' from t where x = 'c'", "select '?' from t where x = '?'"),
        ("snowflake", "select 1 -- for Ann Smith\n, 2 /* 555-1234 */", "select 0  \n, 0  "),
        ("snowflake", "select /*+ hint(3) */ $1, :x, ?, t1.c2 from t1", "select /*+ hint(3) */ $1, :x, ?, t1.c2 from t1"),
        ("snowflake", "select a::number(38, 2), 'x'::varchar(10) from t", "select a::number(38, 2), '?'::varchar(10) from t"),
        ("snowflake", "select a, sum(b) from t group by 1 order by 2, 1 limit 10", "select a, sum(b) from t group by 1 order by 2, 1 limit 0"),
        ("snowflake", "select \"Ann's\" from identifier('db.t')", "select \"Ann's\" from identifier('db.t')"),
        ("snowflake", "select $$a 'b' c$$", "select $$?$$"),
        ("snowflake", "execute immediate $$insert into t select 'x'$$", "execute immediate $$insert into t select '?'$$"),
        ("snowflake", "execute immediate 'insert into t select ''x'', 5'", "execute immediate 'insert into t select ''?'', 0'"),
        ("snowflake", "select dateadd(day, interval '3 days', date '2024-01-01')", "select dateadd(day, interval '0 days', date '?')"),
        ("postgres", r"select E'a\'b', $tag$secret$tag$, 'x' as y", "select '?', $tag$?$tag$, '?' as y"),
        ("bigquery", "select \"x\", '''y''', r'z', `a b`", "select \"?\", '?', '?', `a b`"),
        ("oracle", "select q'[x]', nq'{y}' from t", "select '?', '?' from t"),
        ("tsql", "select N'x', [a b] from #t", "select '?', [a b] from #t"),
        ("mysql", "select 'x' # Ann\n, \"y\"", "select '?'  \n, \"?\""),
        ("snowflake", "select 'never closed", "select '?'"),
        ("snowflake", "copy into t from 's3://b' credentials = (aws_secret_key = 'S3CR3T')", "copy into t from '?' credentials = (aws_secret_key = '?')"),
    ],
)  # fmt: skip
def test_values_are_replaced(dialect: str, sql: str, expected: str) -> None:
    assert redact_literals(sql, dialect) == expected


PARSED = [
    case for case in load() if not case.unparsed and not case.external and case.kind not in ("pivot", "load_unload")
]


@given(case=st.sampled_from(PARSED))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_what_is_left_means_the_same(case: CorpusCase) -> None:
    dialect = "" if case.dialect == "neutral" else case.dialect
    redacted = redact_literals(case.sql, dialect)
    before = case.run()
    after = extract_lineage(
        redacted,
        dialect=dialect,
        default_database=case.database,
        default_schema=case.schema,
        catalog=case.catalog or None,  # type: ignore[arg-type]  # its names have three parts
    )
    assert {edge.destination for edge in found(after)} == {edge.destination for edge in found(before)}
    assert len(after.unparsed) <= len(before.unparsed)


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken(text: str) -> None:
    for dialect in ("snowflake", "postgres", "bigquery", "oracle", "mysql", ""):
        redact_literals(text, dialect)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UnknownValueError, match="klingon"):
        redact_literals("select 1", "klingon")
