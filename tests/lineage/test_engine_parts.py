"""The parts of the engine that have no SQL of their own: memory, stack, token rules."""

from __future__ import annotations

import logging
import sys
import threading

import pytest

from airflow_provider_montecarlo_push.lineage import LineageParser, Reason
from airflow_provider_montecarlo_push.lineage.fingerprints import RecentlyUsed
from airflow_provider_montecarlo_push.lineage.grammar import Grammar, with_deep_stack
from airflow_provider_montecarlo_push.lineage.model import StatementError
from airflow_provider_montecarlo_push.lineage.profiles import profile_of


def test_the_memory_forgets_what_was_used_longest_ago() -> None:
    memory: RecentlyUsed[str] = RecentlyUsed(2, weight=100)
    memory.put("a", "A")
    memory.put("b", "B")
    assert memory.get("a") == "A"
    memory.put("c", "C")
    assert memory.get("b") is None
    assert (memory.get("a"), memory.get("c"), len(memory)) == ("A", "C", 2)


def test_the_memory_forgets_until_the_weight_fits() -> None:
    memory: RecentlyUsed[str] = RecentlyUsed(10, weight=10)
    memory.put("a", "A", 4)
    memory.put("b", "B", 4)
    memory.put("c", "C", 6)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (None, "B", "C")
    memory.put("c", "C2", 1)
    memory.put("d", "D", 5)
    assert (memory.get("b"), memory.get("c"), memory.get("d")) == ("B", "C2", "D")
    memory.put("e", "E", 11)
    assert len(memory) == 0
    memory.put("f", "F", 10)
    assert memory.get("f") == "F"


def test_a_memory_of_no_size_keeps_nothing() -> None:
    memory: RecentlyUsed[str] = RecentlyUsed(0, weight=10)
    memory.put("a", "A")
    assert memory.get("a") is None


def test_the_deep_stack_gives_results_and_errors_and_leaves_no_trace() -> None:
    def depth(levels: int) -> int:
        return 0 if levels == 0 else 1 + depth(levels - 1)

    before = sys.getrecursionlimit(), threading.stack_size()
    assert with_deep_stack(lambda: depth(5_000)) == 5_000
    with pytest.raises(RecursionError):
        with_deep_stack(lambda: depth(10**6))
    with pytest.raises(KeyError, match="gone"):
        with_deep_stack(lambda: {}["gone"])
    assert (sys.getrecursionlimit(), threading.stack_size()) == before


@pytest.mark.parametrize(("levels", "parsed"), [(10, True), (100, True), (400, True), (2_000, False)])
@pytest.mark.parametrize(
    ("opening", "closing"), [("f(", ")"), ("(", ")"), ("case when b then ", " end"), ("not ", ""), ("[", "]")]
)
def test_nesting_is_followed_as_deep_as_the_bound(opening: str, closing: str, levels: int, *, parsed: bool) -> None:
    sql = f"insert into d.s.t (x) select {opening * levels}a{closing * levels} from d.s.u"
    result = LineageParser("snowflake").extract(sql)
    if parsed:
        assert [column.name for column in result.edges[0].fields] == ["X"]
        assert not result.unparsed
    else:
        assert [item.reason for item in result.unparsed] == [Reason.TOO_COMPLEX]


def test_too_many_tokens_are_refused() -> None:
    with pytest.raises(StatementError) as caught:
        Grammar(profile_of("snowflake"), max_tokens=10).parse("select " + ", ".join("abcdefgh"))
    assert caught.value.reason is Reason.TOO_LARGE


def test_time_is_bounded() -> None:
    parser = LineageParser("snowflake", lambda *_: [f"C{n}" for n in range(500)], time_limit=0.0)
    result = parser.extract("insert into d.s.t " + " union all ".join(["select * from d.s.u"] * 20))
    assert [item.reason for item in result.unparsed] == [Reason.TIME_LIMIT]


@pytest.mark.parametrize(
    ("sql", "secret"),
    [
        ("insert into t select 'hunter2 from s", "hunter2"),
        ("insert into t select 'hunter2' 'b' ) from s", "hunter2"),
        ("create table t as select from where 'hunter2' ((", "hunter2"),
    ],
)
def test_details_quote_no_literals(sql: str, secret: str) -> None:
    (item,) = LineageParser("snowflake").extract(sql, "D", "S").unparsed
    assert item.detail
    assert secret not in item.detail


def test_sqlglot_is_silent_for_us_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="sqlglot"):
        LineageParser("snowflake").extract("create table d.s.t as select a from d.s.u window w as (order by a)")
        assert not caplog.records
        logging.getLogger("sqlglot").warning("somebody else's")
    assert [record.message for record in caplog.records] == ["somebody else's"]


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("snowflake", "create or replace hybrid /* x */ table d.s.t (a int primary key) as select a from d.s.u"),
        ("snowflake", "create recursive view d.s.t (a) as select a from d.s.u"),
        ("databricks", "create or replace table d.s.t deep clone d.s.u"),
        ("bigquery", "create snapshot table d.s.t clone d.s.u"),
        (
            "snowflake",
            "merge into d.s.t using d.s.u on true when matched then update all by name when not matched then insert *",
        ),
    ],
)
def test_phrases_that_sqlglot_does_not_know(dialect: str, sql: str) -> None:
    (event,) = LineageParser(dialect).extract(sql).edges
    assert event.destination.name.lower() == "t"
    assert [source.name.lower() for source in event.sources] == ["u"]


def test_such_phrases_in_names_and_strings_stay() -> None:
    sql = 'create table "HYBRID"."RECURSIVE".t as select \'HYBRID TABLE\' as a, "RECURSIVE" as view from d.s.u'
    (event,) = LineageParser("snowflake").extract(sql).edges
    assert (event.destination.database, event.destination.schema) == ("HYBRID", "RECURSIVE")
    assert [(column.name, column.source_fields[0].field_name) for column in event.fields] == [("VIEW", "RECURSIVE")]
