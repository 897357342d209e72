"""Edges that rows say, and edges of the queries that rows hold."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import SourceError, UnknownValueError
from tests.collectors.files.conftest import WINDOW, Store, collector, json_lines, query, set_modified

UUIDS = ("a1b2c3d4-e5f6-7890-abcd-ef1234567890", "a1b2c3d4-e5f6-7890-abcd-ef1234567891")


def table(name: str, schema: str = "s", database: str = "db", **facts: Any) -> dict[str, Any]:
    return {"database": database, "schema": schema, "name": name, **facts}


def edge(*sources: Any, destination: Any = None, **facts: Any) -> dict[str, Any]:
    return {"destination": destination or table("mart"), "sources": list(sources), **facts}


def column(name: str, *sources: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "source_fields": list(sources)}


def collect(
    path: Path, *rows: Any, tables: TableFilter | None = None, **options: Any
) -> tuple[list[dict[str, Any]], CollectionReport]:
    (path / "edges.jsonl").write_bytes(json_lines(*rows))
    reading = collector(path, **options)
    events = [msgspec.to_builtins(event) for event in reading.lineage(tables or TableFilter(), WINDOW)]
    return events, reading.report


def short(event: dict[str, Any]) -> tuple[str, list[str], dict[str, list[str]]]:
    """Return an event with names in place of its asset ids."""

    def name(asset: dict[str, Any]) -> str:
        return ".".join((asset["database"], asset["schema"], asset["name"]))

    names = {asset["asset_id"]: name(asset) for asset in event["sources"]}
    assert len(names) == len(event["sources"])
    return (
        name(event["destination"]),
        list(names.values()),
        {
            field["name"]: [f"{names[source['asset_id']]}.{source['field_name']}" for source in field["source_fields"]]
            for field in event.get("fields", [])
        },
    )


def test_an_edge_as_it_is_sent(tmp_path: Path) -> None:
    (event,), report = collect(
        tmp_path,
        edge(
            table("v", type="view", asset_id="one"),
            table("t"),
            fields=[column("c", {"asset_id": "one", "field_name": "a"}, {"source": "db.s.t", "field_name": "b"})],
        ),
    )
    assert event == {
        "destination": {"type": "TABLE", "name": "mart", "database": "db", "schema": "s", "asset_id": "dest"},
        "sources": [
            {"type": "VIEW", "name": "v", "database": "db", "schema": "s", "asset_id": "s0"},
            {"type": "TABLE", "name": "t", "database": "db", "schema": "s", "asset_id": "s1"},
        ],
        "fields": [
            {
                "name": "c",
                "source_fields": [{"asset_id": "s0", "field_name": "a"}, {"asset_id": "s1", "field_name": "b"}],
            }
        ],
    }
    assert report.counts == {"files_read": 1, "edges_native": 1}
    assert not report.left_out


@pytest.mark.parametrize(
    ("sources", "cited", "expected"),
    [
        # Same-named tables of two schemas are two tables, however they are cited.
        ([table("t", "a"), table("t", "b")], {"source": "b.t"}, "db.b.t"),
        ([table("t", "a"), table("t", "b")], {"source": "db.a.t"}, "db.a.t"),
        ([table("t", "a"), table("t", "b")], {"source": table("t", "b")}, "db.b.t"),
        ([table("t", "a"), table("t", "b")], {"database": "db", "schema": "b", "name": "t"}, "db.b.t"),
        ([table("t", "a", asset_id="t1"), table("t", "b", asset_id="t2")], {"asset_id": "t2"}, "db.b.t"),
        ([table("t", "a", asset_id=1), table("t", "b", asset_id=2)], {"asset_id": 2}, "db.b.t"),
        ([table("t", "a", asset_id="t"), table("t", "b", asset_id="t")], {"asset_id": "t"}, "ambiguous_column_source"),
        ([table("t", "a"), table("t", "b")], {"source": "t"}, "ambiguous_column_source"),
        ([table("t", "a"), table("t", "b")], {}, "missing_column_source"),
        ([table("t", "a"), table("t", "b")], {"source": "c.t"}, "unknown_column_source"),
        ([table("t", "a"), table("t", "a")], {"source": "t"}, "db.a.t"),
        ([table("t", "a")], {}, "db.a.t"),
        (["db.a.t", "db.b.t"], {"source": "b.t"}, "db.b.t"),
        ([table("x.t", "a"), table("t", "a.x")], {"source": "db.a.x.t"}, "ambiguous_column_source"),
        ([table("x.t", "a"), table("t", "a.x")], {"source": table("t", "a.x")}, "db.a.x.t"),
    ],
)
def test_which_source_a_column_is_of(tmp_path: Path, sources: Any, cited: dict[str, Any], expected: str) -> None:
    row = edge(*sources, fields=[column("c", {**cited, "field_name": "f"})])
    (event,), report = collect(tmp_path, row)
    if "." in expected:
        assert short(event)[2] == {"c": [f"{expected}.f"]}
        assert not report.left_out
    else:
        assert report.left_out == {expected: 1}
        assert "fields" not in event
    assert len(event["sources"]) == len({str(source) for source in sources})


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        ({"sources": [table("t")]}, "missing_destination", "there are: sources"),
        (edge(table("t"), destination=["mart"]), "wrong_type", "list"),
        (edge(table("t"), destination={"schema": "s", "name": "mart"}), "missing_database", "destination"),
        (edge(table("t"), destination=table(7)), "wrong_type", "name of destination"),  # type: ignore[arg-type]
        (edge(table("t"), destination="a.b.c.d"), "wrong_type", "4 parts"),
        (edge(table("t"), destination=table("m", type="DASHBOARD")), "invalid", "DASHBOARD"),
        (edge(table("t"), destination=table("m", type=["a"])), "wrong_type", "type of destination"),
        (edge(table("t"), destination=table("m", resource_uuid=UUIDS[0])), "invalid", "only one of"),
        (edge(table("t"), destination=table("m", resource_uuid="x", resource_type="hive")), "invalid", "UUID"),
        (
            edge(table("t"), destination=table("m", resource_uuid=UUIDS[0], resource_type="snowflake")),
            "invalid",
            "some of its assets",
        ),
        ({"destination": table("m")}, "missing_sources", "sources"),
        (edge(), "missing_sources", "mart"),
        ({"destination": table("m"), "sources": table("t")}, "wrong_type", "sources"),
        (edge(table("t"), end_time="soon"), "wrong_time", "'soon'"),
    ],
)
def test_a_bad_edge_is_counted_with_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, row: Any, reason: str, said: str
) -> None:
    events, report = collect(tmp_path, edge(table("t")), row)
    assert len(events) == 1
    assert report.left_out == {reason: 1}
    (message,) = [record.getMessage() for record in caplog.records if "Left out" in record.getMessage()]
    assert f"{tmp_path}/edges.jsonl:2: " in message
    assert said in message


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"sources": [table("t"), {"name": "x"}]}, "missing_database"),
        ({"sources": [table("t"), None]}, "missing_sources"),
        ({"sources": [table("t"), 5]}, "wrong_type"),
        ({"fields": {"a": "b"}}, "wrong_type"),
        ({"fields": ["a"]}, "wrong_type"),
        ({"fields": [{"source_fields": []}]}, "missing_column_name"),
        ({"fields": [{"name": "c", "source_fields": "t.a"}]}, "wrong_type"),
        ({"fields": [column("c", {"source": "t"})]}, "missing_column_name"),
        ({"fields": [{"name": "c", "source_fields": [None]}]}, "wrong_type"),
        ({"fields": [{"name": "c"}]}, None),
    ],
)
def test_a_bad_part_costs_only_itself(tmp_path: Path, facts: dict[str, Any], reason: str | None) -> None:
    good = column("good", {"source": "t", "field_name": "a"})
    row = edge(table("t")) | {"fields": [good]} | facts
    if isinstance(row["fields"], list) and good not in row["fields"]:
        row["fields"].append(good)
    (event,), report = collect(tmp_path, row)
    columns = {} if isinstance(row["fields"], dict) else {"good": ["db.s.t.a"]}
    assert short(event) == ("db.s.mart", ["db.s.t"], columns)
    assert report.left_out == ({reason: 1} if reason else {})


def test_other_names_and_defaults(tmp_path: Path) -> None:
    (event,), report = collect(
        tmp_path,
        {
            "target": {"tbl": "mart", "kind": "MATERIALIZED VIEW"},
            "io": {"inputs": [{"tbl": "t", "ns": {"db": "lake"}}]},
            "cols": [{"to": "c", "from": [{"of": "t", "col": "a"}]}],
        },
        fields={
            "destination": "target",
            "sources": "io.inputs",
            "fields": "cols",
            "table.name": "tbl",
            "table.database": "ns.db",
            "table.type": "kind",
            "column.name": "to",
            "column.source_fields": "from",
            "column.source": "of",
            "column.field_name": "col",
        },
        default_database="main",
        default_schema="public",
    )
    assert short(event) == ("main.public.mart", ["lake.public.t"], {"c": ["lake.public.t.a"]})
    assert event["destination"]["type"] == "VIEW"
    assert not report.left_out


@pytest.mark.parametrize(("keep", "expected"), [(False, "TABLE"), (True, "EXTERNAL")])
def test_asset_types(tmp_path: Path, keep: bool, expected: str) -> None:
    (event,), _ = collect(tmp_path, edge(table("t", type="External table")), keep_asset_types=keep)
    assert event["sources"][0]["type"] == expected


def test_edges_across_warehouses(tmp_path: Path) -> None:
    source = table("t", resource_uuid=UUIDS[0], resource_type="snowflake")
    twin = table("t", resource_uuid=UUIDS[1], resource_type="bigquery")
    (event,), _ = collect(
        tmp_path,
        edge(source, twin, destination=table("m", resource_uuid=UUIDS[1], resource_type="bigquery")),
    )
    assert [asset["resource_uuid"] for asset in event["sources"]] == list(UUIDS)


def test_a_table_that_is_its_own_source(tmp_path: Path) -> None:
    (event,), _ = collect(tmp_path, edge(table("mart"), table("t")))
    assert short(event)[1] == ["db.s.mart", "db.s.t"]


def test_window_scope_and_duplicates(tmp_path: Path) -> None:
    times = ["2026-11-20T11:59:59Z", "2026-11-20T12:00:00Z", "2026-11-20T12:59:59Z", "2026-11-20T13:00:00Z"]
    rows = [edge(table(f"t{number}"), end_time=time) for number, time in enumerate(times)]
    rows += [edge(table("always")), edge(table("always")), edge(table("t"), destination=table("TMP_X"))]
    events, report = collect(tmp_path, *rows, tables=TableFilter(exclude="*.*.TMP_*"))
    assert [short(event)[1] for event in events] == [["db.s.t1"], ["db.s.t2"], ["db.s.always"]]
    assert report.left_out == {"filtered": 1}
    assert report.counts == {"files_read": 1, "rows_outside_window": 2, "edges_native": 3, "duplicates": 1}


def test_edges_of_old_files_are_not_sent_again(tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_bytes(json_lines(edge(table("old"))))
    set_modified(tmp_path / "old.jsonl", WINDOW.start - timedelta(days=1))
    events, _ = collect(tmp_path, edge(table("new")))
    assert [short(event)[1] for event in events] == [["db.s.new"]]
    events, _ = collect(tmp_path, edge(table("new")), use_modification_time=False)
    assert [short(event)[1] for event in events] == [["db.s.old"], ["db.s.new"]]


def test_queries_without_dialect_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="dialect"):
        collect(tmp_path, query("insert into a.b.c select * from a.b.d"))


def test_an_unknown_dialect(tmp_path: Path) -> None:
    with pytest.raises(UnknownValueError, match="klingon"):
        collect(tmp_path, query(), dialect="klingon")


@pytest.mark.integration
def test_lineage_of_queries(store: Store) -> None:
    rows = [
        query("INSERT INTO mart.x (c) SELECT t.a FROM raw.t"),
        query("INSERT INTO y (c) SELECT a FROM t", default_database="lake", default_schema="other"),
        query("INSERT INTO failed SELECT a FROM t", error_code=1),
        query("INSERT INTO killed SELECT a FROM t", state="KILLED"),
        query("INSERT INTO later SELECT a FROM t", end_time="2026-11-20T13:00:00Z"),
        query("SELECT 1"),
        query("CREATE TABLE q AS SELECT a FROM ((t"),
        query("INSERT INTO tmp_z SELECT a FROM t"),
        query(query_text=...),
        edge(table("said")),
    ]
    store.put("queries.jsonl", *rows)
    reading = store.collector(
        dialect="trino", default_database="lake", default_schema="main", fields={"status": "state"}
    )
    events = [msgspec.to_builtins(event) for event in reading.lineage(TableFilter(exclude="*.*.tmp_*"), WINDOW)]
    assert sorted(map(short, events)) == [
        ("db.s.mart", ["db.s.said"], {}),
        ("lake.mart.x", ["lake.raw.t"], {"c": ["lake.raw.t.a"]}),
        ("lake.other.y", ["lake.other.t"], {"c": ["lake.other.t.a"]}),
    ]
    report = reading.report
    assert report.left_out == {"syntax": 1, "filtered": 1, "missing_query_text": 1}
    assert report.counts["statements_failed"] == 2
    assert report.counts["statements_parsed"] == 5
    assert report.counts["rows_outside_window"] == 1
    assert (report.counts["edges_native"], report.counts["edges_parsed"]) == (1, 2)


def at(second: int, text: str, **facts: Any) -> dict[str, Any]:
    return query(text, end_time=f"2026-11-20T12:00:{second:02}Z", **facts)


def test_queries_of_several_files_are_followed_in_the_order_in_which_they_ran(tmp_path: Path) -> None:
    """A table that one job stages, a second reads and a third drops is no end of an edge."""
    scripts = {
        "a": [at(4, "drop table db.s.stage"), at(5, "select 1")],
        "b": [at(1, "create table db.s.stage as select a from db.s.raw"), at(6, "select 2")],
        "c": [at(3, "insert into db.s.mart (c) select a from db.s.stage")],
    }
    for name, rows in scripts.items():
        (tmp_path / f"{name}.jsonl").write_bytes(json_lines(*rows))
    reading = collector(tmp_path, dialect="snowflake")
    (event,) = reading.lineage(TableFilter(), WINDOW)
    assert short(msgspec.to_builtins(event)) == ("DB.S.MART", ["DB.S.RAW"], {"C": ["DB.S.RAW.A"]})
    assert reading.report.counts["writes_resolved_through"] == 1


@pytest.mark.parametrize(("session", "sources"), [("1", ["DB.S.RAW"]), ("2", ["DB.S.T"])])
def test_temporary_tables_are_seen_by_their_own_session(tmp_path: Path, session: str, sources: list[str]) -> None:
    rows = [
        at(1, "create temporary table db.s.t as select a from db.s.raw", session_id=1),
        at(2, "insert into db.s.mart select a from db.s.t", session_id=session),
    ]
    (tmp_path / "a.jsonl").write_bytes(json_lines(*rows))
    (event,) = collector(tmp_path, dialect="snowflake").lineage(TableFilter(), WINDOW)
    assert short(msgspec.to_builtins(event))[1] == sources


def test_csv_logs(tmp_path: Path) -> None:
    text = "query_text,start_time,end_time,error_text\n"
    text += '"insert into a.b\nselect c from a.d",2026-11-20T12:00:00Z,2026-11-20T12:00:00Z,\n'
    (tmp_path / "queries.csv").write_text(text)
    (event,) = collector(tmp_path, dialect="hive").lineage(TableFilter(), WINDOW)
    assert short(msgspec.to_builtins(event))[:2] == ("a.a.b", ["a.a.d"])


def test_what_the_collector_says_of_itself() -> None:
    reading = collector("/logs", dialect="spark", latency_minutes="5")
    assert (reading.name, reading.resource_type, reading.log_type) == ("files", "data-lake", "s3")
    assert reading.sql_dialect == "spark"
    assert set(reading.latency) == {Flow.LINEAGE, Flow.QUERY_LOGS}
    assert set(reading.latency.values()) == {timedelta(minutes=5)}
    assert collector("/logs").sql_dialect == ""
