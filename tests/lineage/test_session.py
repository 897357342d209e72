"""Many texts in time order: staging tables, renames and swaps across them, bounded memory."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.lineage import LineageParser, LineageResult, LineageSession
from tests.lineage.corpus import Edge, found


class Log:
    """A session that is given one text after the other."""

    def __init__(self, dialect: str = "snowflake", **limits: int) -> None:
        self.parser = LineageParser(dialect)
        self.session = LineageSession(self.parser, **limits)
        self.early: list[Edge] = []

    def run(self, *texts: str, owner: str = "1") -> Log:
        for text in texts:
            self.early += found(self.session.extract(text, "DB", "SC", owner=owner))
        return self

    def edges(self) -> list[tuple[str, set[str], dict[str, set[str]]]]:
        return [said(edge) for edge in [*self.early, *found(self.session.close())]]


def said(edge: Edge) -> tuple[str, set[str], dict[str, set[str]]]:
    columns = {name: {".".join(ref[2:]) for ref in refs} for name, refs in edge.columns.items()}
    return edge.destination[2], {source[2] for source in edge.sources}, columns


def test_edges_come_out_at_the_end() -> None:
    log = Log().run("insert into t (x) select a from s")
    assert log.early == []
    assert log.edges() == [("T", {"S"}, {"X": {"S.A"}})]
    assert log.edges() == []


def test_a_staging_table_that_is_dropped_later() -> None:
    log = Log().run(
        "create transient table stg as select a, b + c as d from s",
        "insert into final (x, y) select a, d from stg",
        "drop table stg",
    )
    assert log.edges() == [("FINAL", {"S"}, {"X": {"S.A"}, "Y": {"S.B", "S.C"}})]


def test_a_staging_table_that_stays() -> None:
    log = Log().run("create table stg as select a from s", "insert into final (x) select a from stg")
    assert [edge[:2] for edge in log.edges()] == [("STG", {"S"}), ("FINAL", {"STG"})]


def test_a_table_that_is_rebuilt_again_and_again_keeps_its_name() -> None:
    rebuilt = ("create table t as select a from s", "insert into u (x) select a from t", "drop table t")
    log = Log().run(*rebuilt, "create table t as select a from s")
    assert [edge[:2] for edge in log.edges()] == [("T", {"S"}), ("U", {"T"})]


def test_a_table_that_was_there_before_is_no_staging_table() -> None:
    log = Log().run("insert into t (a) select a from s", "insert into u (x) select a from t", "drop table t")
    assert [edge[:2] for edge in log.edges()] == [("T", {"S"}), ("U", {"T"})]


@pytest.mark.parametrize(
    "texts",
    [
        ("create table n as select a from s", "alter table n rename to t"),
        ("create table n as select a from s", "alter table t swap with n"),
        ("create table n as select a from s", "drop table t", "alter table n rename to t"),
        ("create table n as select a from s", "alter table t rename to o", "alter table n rename to t", "drop table o"),
        ("create table n clone t", "truncate table n", "insert into n select a from s", "alter table n swap with t", "drop table n"),
    ],
)  # fmt: skip
def test_a_new_table_takes_the_place_of_the_old_one(texts: tuple[str, ...]) -> None:
    assert ("T", {"S"}) in [edge[:2] for edge in Log().run(*texts).edges()]


def test_who_read_the_old_table_read_it_by_its_name() -> None:
    log = Log().run(
        "insert into r (x) select a from t",
        "create table n as select a from s",
        "alter table t rename to o",
        "alter table n rename to t",
        "drop table o",
    )
    assert [edge[:2] for edge in log.edges()] == [("R", {"T"}), ("T", {"S"})]


def test_a_swap_moves_both() -> None:
    log = Log().run(
        "insert into a (x) select x from s", "insert into b (x) select x from u", "alter table a swap with b"
    )
    assert [edge[:2] for edge in log.edges()] == [("B", {"S"}), ("A", {"U"})]


def test_temporary_tables_are_their_connections_own() -> None:
    log = Log().run("create temp table w as select a from s")
    log.run("insert into t (x) select a from w", owner="2")
    log.run("insert into u (x) select a from w")
    assert log.edges() == [("T", {"W"}, {"X": {"W.A"}}), ("U", {"S"}, {"X": {"S.A"}})]


def test_a_temporary_table_of_unknown_columns() -> None:
    log = Log().run(
        "create temp table w as select *, 1 as one from s", "insert into t (x, y, z) select a, one, b from w"
    )
    assert log.edges() == [("T", {"S"}, {"X": {"S.A"}, "Z": {"S.B"}})]


def test_what_a_temporary_table_held_at_the_time_counts() -> None:
    log = Log().run(
        "create temp table w (a int)",
        "insert into w select a from s1",
        "insert into t1 (x) select a from w",
        "truncate table w",
        "insert into w select b from s2",
        "insert into t2 (x) select a from w",
        "insert into w select c from s3",
        "insert into t3 (x) select a from w",
    )
    assert log.edges() == [
        ("T1", {"S1"}, {"X": {"S1.A"}}),
        ("T2", {"S2"}, {"X": {"S2.B"}}),
        ("T3", {"S2", "S3"}, {"X": {"S2.B", "S3.C"}}),
    ]


def test_a_column_that_is_renamed_on_the_way() -> None:
    log = Log().run(
        "create temp table w as select a, b from s",
        "alter table w rename column a to k",
        "insert into t select k, b from w",
    )
    assert log.edges() == [("T", {"S"}, {"K": {"S.A"}, "B": {"S.B"}})]


def test_long_chains_of_temporary_tables() -> None:
    log = Log().run("create temp table w0 as select a from s")
    for number in range(1, 3_000):
        log.run(f"create temp table w{number} as select a from w{number - 1}")
    assert log.run("insert into t (x) select a from w2999").edges() == [("T", {"S"}, {"X": {"S.A"}})]


def test_new_tables_columns_are_known_to_later_statements() -> None:
    log = Log().run(
        "create table t (a int, b int, primary key (a))",
        "insert into t select x, y from s",
        "create table u like t",
        "insert into u select * from t",
    )
    assert log.edges() == [("T", {"S"}, {"A": {"S.X"}, "B": {"S.Y"}}), ("U", {"T"}, {"A": {"T.A"}, "B": {"T.B"}})]


def test_a_stream_is_another_name_for_its_table() -> None:
    log = Log().run("create stream st on table s", "insert into t (x) select a from st")
    assert log.edges() == [("T", {"S"}, {"X": {"S.A"}})]


def test_a_remembered_statement_is_read_anew_when_its_tables_are_others() -> None:
    insert = "insert into t select * from w"
    log = Log().run(insert, "create temp table w as select a, b from s", insert, "drop table w", insert)
    assert [edge[1] for edge in log.edges()] == [{"W"}, {"S"}]


def test_the_same_statement_is_one_edge_however_often_it_runs() -> None:
    log = Log()
    for number in range(50):
        log.run(f"insert into t (x) select a from s where day = {number}")
    assert len(log.edges()) == 1
    assert (log.parser.cache_misses, log.parser.cache_hits) == (1, 49)


def test_the_older_half_comes_out_when_there_are_too_many() -> None:
    log = Log(max_edges=10)
    for number in range(11):
        log.run(f"insert into t{number} (x) select a from s")
    assert [edge.destination[2] for edge in log.early] == [f"T{number}" for number in range(5)]
    assert len(log.edges()) == 11


def test_too_many_tables_are_forgotten_and_counted() -> None:
    parser = LineageParser("snowflake")
    session = LineageSession(parser, max_tables=10)
    texts = (f"create temp table w{number} as select a from s" for number in range(12))
    results: list[LineageResult] = [session.extract(text, "DB", "SC") for text in texts]
    assert sum(result.counts["forgotten_tables"] for result in results) == 11


def test_what_cannot_be_read_is_said_at_once() -> None:
    session = LineageSession(LineageParser("snowflake"))
    result = session.extract("insert into t select f(* from s; execute immediate :x", "DB", "SC")
    assert [item.reason for item in result.unparsed] == ["syntax", "script"]
    assert result.counts["statements"] == 2
