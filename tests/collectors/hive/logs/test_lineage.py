"""What LineageLogger says, and what is parsed where it says nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.edges import Gate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive.logs.native import NativeLineage
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from tests.collectors.hive.logs.conftest import NOON, OTHER_SESSION, SESSION, Log, Reading, shown

Read = Callable[..., Reading]
CREATE = "CREATE TABLE mart.t AS SELECT a, b FROM shop.s"


def document(text: str, edges: list[tuple[list[str], list[str], str]], **facts: Any) -> str:
    """Return what LineageLogger writes; ``db.table`` with a slash behind it is the vertex of a table."""
    names = list(dict.fromkeys(name for sources, targets, _ in edges for name in (*targets, *sources)))
    return json.dumps(
        {"version": "1.0", "user": "hive", "timestamp": int(NOON.timestamp()), "duration": 500, "queryText": text}
        | facts
        | {
            "edges": [
                {
                    "sources": [names.index(s) for s in sources],
                    "targets": [names.index(t) for t in targets],
                    "edgeType": k,
                }
                for sources, targets, k in edges
            ],
            "vertices": [
                {"id": n, "vertexType": "TABLE" if name.endswith("/") else "COLUMN", "vertexId": name.rstrip("/")}
                for n, name in enumerate(names)
            ],
        }
    )


def said(text: str, *edges: tuple[list[str], list[str], str], **facts: Any) -> tuple[str, str]:
    return "hooks.LineageLogger", document(text, list(edges), **facts)


P, Q = "PROJECTION", "PREDICATE"


@pytest.mark.parametrize(
    ("text", "edges", "expected", "is_known"),
    [
        (CREATE, [(["shop.s.a"], ["mart.t.a"], P)], ["mart.t<shop.s: a(shop.s.a)"], True),
        (CREATE, [(["shop.s.a", "shop.u.b"], ["mart.t.a"], P)], ["mart.t<shop.s,shop.u: a(shop.s.a,shop.u.b)"], True),
        # A condition decides about rows: its table is a source, and its columns feed no column.
        (CREATE, [([], ["mart.t.a"], P), (["shop.s.a"], ["mart.t.a"], Q)], ["mart.t<shop.s"], True),
        (CREATE, [(["shop.s/"], ["mart.t.n"], P)], ["mart.t<shop.s"], True),
        # Names of columns may hold dots, those of databases and tables do not.
        (CREATE, [(["shop.s.a.b"], ["mart.t.c.d e"], P)], ["mart.t<shop.s: c.d e(shop.s.a.b)"], True),
        ("CREATE VIEW mart.t AS …", [(["shop.s.a"], ["mart.t.a"], P)], ["~mart.t<shop.s: a(shop.s.a)"], True),
        (
            "-- x\ncreate or replace view mart.t",
            [(["shop.s.a"], ["mart.t.a"], P)],
            ["~mart.t<shop.s: a(shop.s.a)"],
            True,
        ),
        ("CREATE MATERIALIZED VIEW mart.t", [(["shop.s.a"], ["mart.t.a"], P)], ["~mart.t<shop.s: a(shop.s.a)"], True),
        ("ALTER VIEW mart.t AS", [(["shop.s.a"], ["mart.t.a"], P)], ["~mart.t<shop.s: a(shop.s.a)"], True),
        (
            "FROM shop.s INSERT INTO mart.t … INSERT INTO mart.u …",
            [(["shop.s.a"], ["mart.t.a", "mart.u.z"], P), (["shop.s.b"], ["mart.u.y"], P)],
            ["mart.t<shop.s: a(shop.s.a)", "mart.u<shop.s: y(shop.s.b) z(shop.s.a)"],
            True,
        ),
        ("SELECT a FROM shop.s", [(["shop.s.a"], ["a"], P)], [], True),
        ("SELECT a FROM v", [(["shop.s.a"], ["v.a"], P)], [], True),
        ("(SELECT a AS `x.y.z` FROM shop.s)", [(["shop.s.a"], ["x.y.z"], P)], [], True),
        ("INSERT INTO mart.t SELECT * FROM mart.t", [(["mart.t.a"], ["mart.t.a"], P)], [], True),
        ("INSERT INTO mart.t VALUES (1)", [([], ["mart.t.a"], P)], [], False),
        ("INSERT INTO mart.t SELECT …", [], [], False),
    ],
)
def test_native_edges(
    text: str, edges: list[tuple[list[str], list[str], str]], expected: list[str], *, is_known: bool
) -> None:
    lineage = NativeLineage.read(document(text, edges))
    assert [shown(event) for event in lineage.events()] == expected
    assert lineage.is_known is is_known


@pytest.mark.parametrize(
    "broken",
    ["{", "{}", '{"queryText":"x"}', document(CREATE, [])[:-20], '{"queryText":1,"edges":[],"vertices":[]}'],
)
def test_broken_records_cost_themselves_alone(log: Log, read: Read, broken: str) -> None:
    log.run(CREATE, SESSION, 39, ("hooks.LineageLogger", broken))
    reading = read(log)
    assert reading.edges() == ["mart.t<shop.s: a(shop.s.a) b(shop.s.b)"]
    assert reading.report.left_out == {"lineage_records_broken": 1}
    assert reading.report.counts["edges_parsed"] == 1


def test_a_record_over_several_lines(log: Log, read: Read) -> None:
    """As before Hive 2."""
    pretty = json.dumps(json.loads(document(CREATE, [(["shop.s.a"], ["mart.t.x"], P)])), indent=2)
    log.run(CREATE, SESSION, 39, ("hooks.LineageLogger", f"POSTHOOK: LINEAGE: {pretty}"))
    assert read(log).edges() == ["mart.t<shop.s: x(shop.s.a)"]


def test_each_query_is_told_or_parsed(log: Log, read: Read) -> None:
    log.run(CREATE, SESSION, 39, said(CREATE, (["shop.s.a"], ["mart.t.told"], P)))
    log.run("INSERT INTO mart.u SELECT x FROM shop.v")
    log.run("INSERT INTO mart.w SELECT x FROM shop.v", SESSION, 39, ("ql.Driver", "FAILED: x"))
    log.run("SELECT a FROM shop.s", SESSION, 39, said("SELECT a FROM shop.s", (["shop.s.a"], ["a"], P)))
    reading = read(log)
    assert reading.edges() == ["mart.t<shop.s: told(shop.s.a)", "mart.u<shop.v: x(shop.v.x)"]
    counts = reading.report.counts
    assert (counts["edges_native"], counts["edges_parsed"], counts["statements_failed"]) == (1, 1, 1)
    assert (counts["statements_native"], counts["statements_parsed"]) == (2, 1)
    reading = read(log)
    assert reading.edges(parse=False) == ["mart.t<shop.s: told(shop.s.a)"]
    assert reading.report.counts["statements_not_followed"] == 1


def test_what_cannot_be_followed_natively_is_parsed(log: Log, read: Read) -> None:
    log.run(CREATE, SESSION, 39, said(CREATE))
    log.run("INSERT INTO mart.t VALUES (1)", SESSION, 39, said("INSERT INTO mart.t VALUES (1)", ([], ["mart.t.a"], P)))
    reading = read(log)
    assert reading.edges() == ["mart.t<shop.s: a(shop.s.a) b(shop.s.b)"]
    assert reading.report.counts["without_edges_no_source"] == 1


def test_the_same_text_in_two_sessions(log: Log, read: Read) -> None:
    for session in (SESSION, OTHER_SESSION):
        log.run(CREATE, session, 39, said(CREATE, (["shop.s.a"], ["mart.t.told"], P)))
    reading = read(log)
    assert reading.edges() == ["mart.t<shop.s: told(shop.s.a)"] * 2
    assert reading.report.counts["statements_parsed"] == 0


def test_databases_of_sessions(log: Log, read: Read) -> None:
    """Names without a database are completed by what each session used last."""
    insert = "INSERT INTO t{} SELECT a FROM s"
    log.run("USE shop")
    log.run("USE mart", OTHER_SESSION, 40)
    log.run(insert.format(1))
    log.run(insert.format(2), OTHER_SESSION, 40)
    log.run("USE `lake`")
    log.run(insert.format(3))
    assert sorted(read(log).edges()) == [
        "lake.t3<lake.s: a(lake.s.a)",
        "mart.t2<mart.s: a(mart.s.a)",
        "shop.t1<shop.s: a(shop.s.a)",
    ]


@pytest.mark.parametrize(
    ("options", "edges", "left_out"),
    [({}, [], {"unresolved_name"}), ({"default_database": "default"}, ["default.t<default.s: a(default.s.a)"], set())],
)
def test_sessions_whose_database_is_not_known(
    log: Log, read: Read, options: dict[str, str], edges: list[str], left_out: set[str]
) -> None:
    log.run("INSERT INTO t SELECT a FROM s")
    reading = read(log, **options)
    assert reading.edges() == edges
    assert set(reading.report.left_out) == left_out


def test_temporary_tables(log: Log, read: Read) -> None:
    """LineageLogger takes a temporary table for a table where it is written, and says nothing of it as a source."""
    make = "CREATE TEMPORARY TABLE tmp AS SELECT id, amount FROM shop.orders"
    use = "CREATE TABLE mart.doubled AS SELECT id, amount * 2 AS twice FROM tmp JOIN shop.other USING (id)"
    log.run("USE shop")
    log.run(make, SESSION, 39, said(make, (["shop.orders.id"], ["shop.tmp.id"], P)))
    log.run(use, SESSION, 39, said(use, (["shop.other.id"], ["mart.doubled.id"], P)))
    log.run(CREATE, OTHER_SESSION, 40, said(CREATE, (["shop.s.a"], ["mart.t.a"], P)))
    reading = read(log)
    edges = reading.edges()
    assert "mart.t<shop.s: a(shop.s.a)" in edges
    assert len(edges) == 2
    (doubled,) = (edge for edge in edges if edge.startswith("mart.doubled"))
    assert "shop.orders" in doubled
    assert "tmp" not in " ".join(edges)
    reading = read(log)
    assert reading.edges(parse=False) == ["mart.t<shop.s: a(shop.s.a)"]


def test_temporary_tables_without_the_log_of_the_server(tmp_path: Path) -> None:
    make = "CREATE TEMPORARY TABLE shop.tmp AS SELECT id FROM shop.orders"
    documents = [
        document(make, [(["shop.orders.id"], ["shop.tmp.id"], P)]),
        document(CREATE, [(["shop.s.a"], ["mart.t.a"], P)]),
    ]
    (tmp_path / "lineage.log").write_text("\n".join(documents) + "\n")
    reading = Reading(tmp_path)
    assert reading.edges() == ["mart.t<shop.s: a(shop.s.a)"]
    assert reading.report.counts["temporary_tables_written"] == 1


def test_edges_outside_of_the_window(log: Log, read: Read) -> None:
    for minutes, name in ((-5, "before"), (30, "inside"), (70, "after")):
        text = f"CREATE TABLE mart.{name} AS SELECT a FROM shop.s"
        log.at(minutes).run(text, SESSION, 39, said(text, (["shop.s.a"], [f"mart.{name}.a"], P)))
        log.run(f"INSERT INTO mart.{name}2 SELECT a FROM shop.s")
    assert read(log).edges() == ["mart.inside<shop.s: a(shop.s.a)", "mart.inside2<shop.s: a(shop.s.a)"]


def test_gate_counts_what_passes(log: Log, read: Read) -> None:
    for text, table in ((CREATE, "mart.t"), (CREATE, "mart.t"), ("CREATE TABLE x.y AS SELECT", "x.y")):
        log.run(text, SESSION, 39, said(text, (["shop.s.a"], [f"{table}.a"], P)))
    log.run("INSERT INTO mart.u SELECT x FROM shop.v")
    reading = read(log)
    report = CollectionReport(logging.getLogger("tests"))
    from airflow_provider_montecarlo_push.lineage import LineageParser

    edges = list(reading.logs.lineage(LineageParser("hive"), Gate(report, TableFilter(include=["mart.*.*"]))))
    assert [shown(event) for event in edges] == ["mart.t<shop.s: a(shop.s.a)", "mart.u<shop.v: x(shop.v.x)"]
    assert report.counts == {"edges_native": 1, "duplicates": 1, "edges_parsed": 1}
    assert report.left_out == {"filtered": 1}
    assert reading.report.counts["edges_native"] == 0
