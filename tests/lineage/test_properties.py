"""Changes to a text that mean nothing never change its edges."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_montecarlo_push.lineage.lexer import landmarks
from airflow_provider_montecarlo_push.lineage.profiles import profile_of
from tests.lineage import corpus, test_changes, test_creates, test_inserts, test_queries, test_shapes
from tests.lineage.cases import Case, edges_of

SNOWFLAKE = [
    case
    for module in (test_creates, test_inserts, test_changes, test_queries, test_shapes)
    for case in module.CASES
    if case.edges
]
# Words and marks outside literals, quoted names and comments.
TOKEN = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|--[^\n]*|//[^\n]*|/\*.*?\*/|\$\$.*?\$\$|\s+|.", re.DOTALL)
QUERIES = [
    case
    for case in test_queries.CASES
    if case.edges and case.sql.startswith("create table t as ") and "connect by" not in case.sql
]


def changed(case: Case, sql: str) -> Case:
    return Case(case.name, sql, case.edges, case.dialect, case.database, case.schema, case.catalog)


@given(case=st.sampled_from(SNOWFLAKE), seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_layout_means_nothing(case: Case, seed: int) -> None:
    chance = random.Random(seed)
    blanks = [" ", "\n", "\t ", "\r\n  ", "   "]
    parts = [chance.choice(blanks) if part.isspace() else part for part in TOKEN.findall(case.sql)]
    parts = [part + "\n" if part.startswith(("--", "//")) else part for part in parts]
    assert edges_of(changed(case, "".join(parts)).run()) == case.expected()


@given(case=st.sampled_from(SNOWFLAKE), seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_comments_mean_nothing(case: Case, seed: int) -> None:
    chance = random.Random(seed)
    comments = [" ", " /* from x; join y */ ", " -- insert into q select 1;\n", " // it's\n", " /* ' \" $$ */ "]
    parts = [chance.choice(comments) if part.isspace() else part for part in TOKEN.findall(case.sql)]
    parts = [part + "\n" if part.startswith(("--", "//")) else part for part in parts]
    assert edges_of(changed(case, "".join(parts)).run()) == case.expected()


@given(case=st.sampled_from(SNOWFLAKE), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_case_of_unquoted_words_means_nothing(case: Case, seed: int) -> None:
    chance = random.Random(seed)
    parts = [part if len(part) > 1 else chance.choice([part.upper(), part.lower()]) for part in TOKEN.findall(case.sql)]
    assert edges_of(changed(case, "".join(parts)).run()) == case.expected()


@given(case=st.sampled_from(QUERIES), times=st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_wrapping_in_subqueries_means_nothing(case: Case, times: int) -> None:
    query = case.sql.removeprefix("create table t as ")
    names = [name for name, *_ in sorted(case.edges[0].columns.items())]
    for number in range(times):
        query = f"select {', '.join(names) or '*'} from ({query}) as w{number}"
    assert edges_of(changed(case, f"create table t as {query}").run()) == case.expected()


@given(name=st.from_regex(r"zz_[a-z0-9_]{0,12}", fullmatch=True), quoted=st.booleans(), case=st.sampled_from(QUERIES))
@settings(max_examples=100, deadline=None)
def test_the_name_of_a_cte_means_nothing(name: str, quoted: bool, case: Case) -> None:
    query = case.sql.removeprefix("create table t as ")
    written = f'"{name}"' if quoted else name
    names = [column for column, *_ in sorted(case.edges[0].columns.items())]
    listed = ", ".join(f"{written}.{column}" for column in names) or "*"
    sql = f"create table t as with {written} as ({query}) select {listed} from {written}"
    assert edges_of(changed(case, sql).run()) == case.expected()


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_taken(text: str) -> None:
    Case("any", f"insert into t select {text}", []).run()
    Case("any", text, []).run()


ALL_DIALECTS = [
    case
    for case in corpus.load()
    if case.edges and not case.unparsed and case.kind not in ("script", "literals_comments", "load_unload")
]


@given(case=st.sampled_from(ALL_DIALECTS), seed=st.integers(0, 2**32))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_layout_and_comments_mean_nothing_in_any_dialect(case: corpus.CorpusCase, seed: int) -> None:
    chance = random.Random(seed)
    blanks = [" ", "\n", "  ", "\t", "\r\n ", " /* from x; join y */ ", "\n/* it's; */\n"]
    profile = profile_of("" if case.dialect == "neutral" else case.dialect)
    parts = []
    for match in landmarks(profile).finditer(case.sql):
        text = match.group()
        if match.lastgroup == "comment":
            text = text if text.startswith("/*") else text + "\n"
        elif match.lastgroup == "plain":
            text = re.sub(r"\s+", lambda _: chance.choice(blanks), text)
        parts.append(text)
    result = replace(case, sql="".join(parts)).run()
    assert sorted(corpus.found(result), key=repr) == sorted(case.edges, key=repr)
