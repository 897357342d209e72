from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from tests.collectors.bigquery.conftest import PROJECT, MakeCollector, make
from tests.collectors.bigquery.wire import TABLE, Answer, Refusal, Wire

NOON = explicit_window(datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 20, 13, tzinfo=UTC))
DAY = explicit_window(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))


def edges(events: Iterable[LineageEvent]) -> dict[str, dict[str, Any]]:
    """Return destination to sources and columns: ``{"d.t": {"from": […], "x": ["d.s.y"]}}``."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        names = {source.asset_id: _short(source) for source in event.sources}
        edge = found.setdefault(_short(event.destination), {"from": []})
        edge["from"] = sorted({*edge["from"], *names.values()})
        for column in event.fields:
            edge[column.name] = [f"{names[cited.asset_id]}.{cited.field_name}" for cited in column.source_fields]
    return found


def _short(ref: Any) -> str:
    return ".".join(part for part in (ref.database, ref.schema, ref.name) if part != PROJECT)


@pytest.mark.integration
@pytest.mark.xdist_group("bigquery")
def test_of_the_shop(on_server: MakeCollector, today: TimeWindow) -> None:
    collector = on_server()
    events = list(collector.lineage(TableFilter(), today))
    assert edges(events) == {
        "mart.top": {"from": ["mart.revenue"], "day": ["mart.revenue.day"], "revenue": ["mart.revenue.revenue"]},
        "mart.hits": {"from": ["raw.hits_*", "raw.orders"], "n": ["raw.orders.id"]},
        "mart.gone": {"from": ["raw.orders"], "id": ["raw.orders.id"]},
        "mart.revenue": {"from": ["raw.orders"], "day": ["raw.orders.day"], "revenue": ["raw.orders.total"]},
        "mart.by_day": {"from": ["raw.orders"], "day": ["raw.orders.day"]},
    }
    types = {ref.name: ref.type for event in events for ref in (event.destination, *event.sources)}
    assert (types["revenue"], types["by_day"], types["hits_*"]) == ("VIEW", "TABLE", "TABLE")
    counts = collector.report.counts
    assert (counts["edges_native"], counts["edges_parsed"], counts["edges_views"]) == (2, 2, 2)
    assert "No edges to linked datasets" not in " ".join(collector.report.notes)
    assert not collector.report.left_out


JOB = ["job_id STRING", "project_id STRING", "query STRING", "statement_type STRING"]
JOBS = [*JOB, ("destination_table", TABLE), ("referenced_tables[]", TABLE), "job_type STRING"]
COLUMNS = ["asset STRING", "table_type STRING", "column_name STRING"]


def ref(name: str) -> tuple[str, ...]:
    parts = name.split(".")
    return (PROJECT, *parts) if len(parts) == 2 else tuple(parts)


def job(
    kind: str, text: str | None, destination: str | None, *references: str, job_type: str = "QUERY"
) -> tuple[Any, ...]:
    target = ref(destination) if destination else None
    return (f"job_{abs(hash(text))}", PROJECT, text, kind, target, [ref(name) for name in references], job_type)


@pytest.fixture
def datasets(wire: Wire) -> Wire:
    """Two datasets whose tables are known."""
    raw = [
        *(("orders", "BASE TABLE", "id"), ("orders", "BASE TABLE", "total"), ("events_*", "BASE TABLE", "kind")),
        *(("seen", "VIEW", "id"), ("part_eu", "BASE TABLE", "id"), ("part_us", "BASE TABLE", "id")),
    ]
    wire.answer("`raw`.INFORMATION_SCHEMA.TABLES", Answer(COLUMNS, raw))
    wire.answer("`mart`.INFORMATION_SCHEMA.TABLES", Answer(COLUMNS, [("daily", "BASE TABLE", "id")]))
    return wire


CTAS = "CREATE_TABLE_AS_SELECT"
CASES: dict[str, tuple[list[tuple[Any, ...]], dict[str, Any], dict[str, int]]] = {
    "destination beside a query": (
        [job("SELECT", "SELECT id FROM raw.orders", "mart.daily", "raw.orders")],
        {"mart.daily": {"from": ["raw.orders"], "id": ["raw.orders.id"]}},
        {},
    ),
    "a partition is its table": (
        [job("SELECT", "SELECT id FROM raw.orders", "mart.daily$20260101", "raw.orders$20260101")],
        {"mart.daily": {"from": ["raw.orders"], "id": ["raw.orders.id"]}},
        {},
    ),
    "DML without destination": (
        [job("INSERT", "INSERT INTO mart.daily (id) SELECT total FROM raw.orders", None, "mart.daily", "raw.orders")],
        {"mart.daily": {"from": ["raw.orders"], "id": ["raw.orders.total"]}},
        {},
    ),
    "names in the default dataset": (
        [job("INSERT", "INSERT daily (id) SELECT id FROM raw.orders", "mart.daily", "mart.daily", "raw.orders")],
        {"mart.daily": {"from": ["raw.orders"], "id": ["raw.orders.id"]}},
        {},
    ),
    "a star in the default dataset": (
        [job(CTAS, "CREATE TABLE copy AS SELECT * FROM orders", "raw.copy", "raw.orders")],
        {"raw.copy": {"from": ["raw.orders"], "id": ["raw.orders.id"], "total": ["raw.orders.total"]}},
        {},
    ),
    "a name that two tables could mean": (
        [job("INSERT", "INSERT mart.daily (id) SELECT id FROM orders", "mart.daily", "raw.orders", "other.orders")],
        {"mart.daily": {"from": ["other.orders", "raw.orders"]}},
        {"unresolved_name": 1},
    ),
    "a view is the source, not what is behind it": (
        [job(CTAS, "CREATE TABLE mart.x AS SELECT id FROM raw.seen", "mart.x", "raw.seen", "raw.orders")],
        {"mart.x": {"from": ["raw.seen"], "id": ["raw.seen.id"]}},
        {},
    ),
    "tables that a function reads": (
        [
            job(
                CTAS,
                "CREATE TABLE mart.x AS SELECT mart.rate(id) AS r FROM raw.orders",
                "mart.x",
                "raw.orders",
                "raw.rates",
            )
        ],
        {"mart.x": {"from": ["raw.orders", "raw.rates"], "r": ["raw.orders.id"]}},
        {},
    ),
    "date shards": (
        [
            job(
                CTAS,
                "CREATE TABLE mart.day_20260102 AS SELECT kind FROM `raw.events_*` WHERE _TABLE_SUFFIX > '20260101'",
                "mart.day_20260102",
                "raw.events_*",
            )
        ],
        {"mart.day_*": {"from": ["raw.events_*"], "kind": ["raw.events_*.kind"]}},
        {},
    ),
    "some of the date shards": (
        [job(CTAS, "CREATE TABLE mart.x AS SELECT kind FROM `raw.events_2026*`", "mart.x", "raw.events_2026*")],
        {"mart.x": {"from": ["raw.events_*"], "kind": ["raw.events_*.kind"]}},
        {},
    ),
    "a wildcard over other tables": (
        [job(CTAS, "CREATE TABLE mart.x AS SELECT id FROM `raw.part_*`", "mart.x", "raw.part_*")],
        {"mart.x": {"from": ["raw.part_eu", "raw.part_us"], "id": ["raw.part_eu.id", "raw.part_us.id"]}},
        {},
    ),
    "temporary tables of a script": (
        [
            job(CTAS, "create temp table picked as select id as pick from raw.orders", "_script1.picked", "raw.orders"),
            job(CTAS, "create temp table again as select pick as p from picked", "_script1.again", "_script1.picked"),
            job("INSERT", "insert into mart.daily (id) select p from again", "mart.daily", "_script1.again"),
        ],
        {"mart.daily": {"from": ["raw.orders"], "id": ["raw.orders.id"]}},
        {},
    ),
    "scripts side by side": (
        [
            job(CTAS, "CREATE TEMP TABLE t AS SELECT id FROM raw.orders", "_script1.t", "raw.orders"),
            job(
                CTAS, "CREATE TEMPORARY TABLE t AS SELECT kind FROM raw.events_20260101", "_s2.t", "raw.events_20260101"
            ),
            job("INSERT", "INSERT mart.a (x) SELECT id FROM t", "mart.a", "_script1.t"),
            job("INSERT", "INSERT mart.b (x) SELECT kind FROM _SESSION.t", "mart.b", "_s2.t"),
        ],
        {
            "mart.a": {"from": ["raw.orders"], "x": ["raw.orders.id"]},
            "mart.b": {"from": ["raw.events_*"], "x": ["raw.events_*.kind"]},
        },
        {},
    ),
    "a temporary table from before": (
        [job("INSERT", "INSERT mart.a (x) SELECT id FROM t", "mart.a", "_script1.t")],
        {},
        {"unknown_temporary_table": 1},
    ),
    "a text that cannot be parsed": (
        [job("MERGE", "MERGE mart.daily USING (((", "mart.daily", "mart.daily", "raw.orders")],
        {"mart.daily": {"from": ["raw.orders"]}},
        {"syntax": 1},
    ),
    "a text that cannot be parsed, without destination": (
        [job("MERGE", "MERGE @target USING (((", None, "mart.daily", "raw.orders")],
        {},
        {"syntax": 1, "unknown_destination": 1},
    ),
    "values": ([job("INSERT", "INSERT mart.daily (id) VALUES (1)", None, "mart.daily")], {}, {}),
    "system views": (
        [job(CTAS, "CREATE TABLE mart.x AS SELECT table_name FROM raw.INFORMATION_SCHEMA.TABLES", "mart.x")],
        {},
        {},
    ),
    "clones and snapshots": (
        [
            job("CREATE_TABLE", "CREATE TABLE mart.c CLONE raw.orders", "mart.c", "raw.orders"),
            job("CREATE_SNAPSHOT_TABLE", "CREATE SNAPSHOT TABLE mart.s CLONE raw.orders", "mart.s", "raw.orders"),
            job("CREATE_TABLE", "CREATE TABLE mart.empty (id INT64)", "mart.empty"),
            job("CREATE_TABLE", "CREATE TABLE mart.alike LIKE raw.orders", "mart.alike", "raw.orders"),
        ],
        {
            name: {"from": ["raw.orders"], "id": ["raw.orders.id"], "total": ["raw.orders.total"]}
            for name in ("mart.c", "mart.s")
        },
        {},
    ),
    "copies": ([job("", None, "mart.copy", job_type="COPY")], {}, {"copy_job": 1}),
    "tables of other projects": (
        [job(CTAS, "CREATE TABLE mart.x AS SELECT a FROM `other-1.d.t`", "mart.x", "other-1.d.t")],
        {"mart.x": {"from": ["other-1.d.t"], "a": ["other-1.d.t.a"]}},
        {},
    ),
}


@pytest.mark.integration
class TestRecorded:
    @pytest.mark.parametrize("case", CASES)
    def test_jobs(self, datasets: Wire, case: str) -> None:
        jobs, expected, left_out = CASES[case]
        datasets.answer("INFORMATION_SCHEMA.JOBS", Answer(JOBS, jobs))
        collector = make()
        assert edges(collector.lineage(TableFilter(), NOON)) == expected
        assert collector.report.left_out == left_out

    def test_the_same_statement_every_hour_is_one_edge(self, datasets: Wire) -> None:
        again = job("INSERT", "INSERT mart.daily (id) SELECT id FROM raw.orders", "mart.daily", "raw.orders")
        datasets.answer("INFORMATION_SCHEMA.JOBS", Answer(JOBS, [again, again]))
        collector = make()
        assert len(list(collector.lineage(TableFilter(), NOON))) == 1
        assert collector.report.counts["duplicates"] == 1

    def test_filter_on_destinations(self, datasets: Wire) -> None:
        rows = [
            job(CTAS, f"CREATE TABLE {name} AS SELECT id FROM raw.orders", name, "raw.orders")
            for name in ("mart.a", "tmp.b")
        ]
        datasets.answer("INFORMATION_SCHEMA.JOBS", Answer(JOBS, rows))
        collector = make()
        assert list(edges(collector.lineage(TableFilter(exclude="*.tmp"), NOON))) == ["mart.a"]
        assert collector.report.left_out == {"filtered": 1}

    def test_what_is_asked_for(self, datasets: Wire) -> None:
        list(make().lineage(TableFilter(), DAY))
        jobs = datasets.sent("INFORMATION_SCHEMA.JOBS")
        assert [statement.values[2:] for statement in jobs] == [
            [f"2026-11-20 {hour:02d}:00:00+00:00", f"2026-11-{20 + (hour == 20)} {(hour + 4) % 24:02d}:00:00+00:00"]
            for hour in range(0, 24, 4)
        ]
        assert jobs[0].values[:2] == ["2026-11-18 00:00:00+00:00", "2026-11-20 04:00:00+00:00"]
        assert all(f"`{PROJECT}`.`region-us`.INFORMATION_SCHEMA.JOBS" in statement.sql for statement in jobs)

    def test_the_jobs_of_an_organization(self, datasets: Wire) -> None:
        datasets.locations = ["US", "EU"]
        rows = [job("MERGE", None, "mart.daily", "mart.daily", "raw.orders"), job("INSERT", None, None, "mart.x")]
        datasets.answer("region-us`.INFORMATION_SCHEMA.JOBS_BY_ORGANIZATION", Answer(JOBS, rows))
        collector = make(jobs_scope="organization", projects=["p-1", "p-2"])
        assert edges(collector.lineage(TableFilter(), NOON)) == {"mart.daily": {"from": ["raw.orders"]}}
        assert collector.report.left_out == {"unknown_destination": 1}
        assert len(datasets.sent("JOBS_BY_ORGANIZATION")) == 2
        assert all("CAST(NULL AS STRING)" in statement.sql for statement in datasets.sent("JOBS_BY_ORGANIZATION"))

    def test_jobs_denied(self, datasets: Wire) -> None:
        datasets.answer(
            "INFORMATION_SCHEMA.JOBS", Refusal(403, "accessDenied", "Access Denied: Project proj", in_job=True)
        )
        with pytest.raises(AccessDeniedError, match="JOBS") as caught:
            list(make().lineage(TableFilter(), NOON))
        assert 'role="roles/bigquery.resourceViewer"' in caught.value.grants[0]


LINKS = ["schema_name STRING", "asset STRING", "table_type STRING", "project STRING", "dataset STRING"]
VIEWS = ["table_schema STRING", "asset STRING", "table_type STRING", "text STRING", "legacy BOOLEAN"]


@pytest.mark.integration
class TestViewsAndLinks:
    def test_links_to_tables(self, datasets: Wire) -> None:
        rows = [
            ("raw", "orders", "BASE TABLE", "buyer", "shared"),
            ("raw", "seen", "VIEW", "buyer", "shared"),
            ("raw", None, None, "room", "clean"),
        ]
        datasets.answer("SCHEMATA_LINKS", Answer(LINKS, rows))
        collector = make()
        events = list(collector.lineage(TableFilter(), DAY))
        assert edges(events) == {
            "buyer.shared.orders": {"from": ["raw.orders"], "id": ["raw.orders.id"], "total": ["raw.orders.total"]},
            "buyer.shared.seen": {"from": ["raw.seen"], "id": ["raw.seen.id"]},
        }
        assert [(event.destination.type, event.sources[0].type) for event in events] == [("TABLE",) * 2, ("VIEW",) * 2]
        assert collector.report.counts["edges_links"] == 2
        assert collector.report.left_out == {"clean_room_share": 1}

    def test_links_denied(self, datasets: Wire) -> None:
        datasets.answer("SCHEMATA_LINKS", Refusal(403, "accessDenied", "Access Denied"))
        collector = make()
        assert list(collector.lineage(TableFilter(), DAY)) == []
        (note,) = collector.report.notes
        assert "No edges to linked datasets" in note
        assert "roles/bigquery.metadataViewer" in note

    def test_views(self, datasets: Wire) -> None:
        rows = [
            ("mart", "hidden", "VIEW", None, False),
            ("mart", "legacy", "VIEW", "SELECT id FROM [raw.orders]", True),
            (
                "mart",
                "mv",
                "MATERIALIZED VIEW",
                "CREATE MATERIALIZED VIEW `x.y.old` AS SELECT id FROM raw.orders",
                False,
            ),
            ("mart", "shards", "VIEW", "SELECT kind FROM `raw.events_*`", False),
            ("mart", "system", "VIEW", "SELECT * FROM raw.INFORMATION_SCHEMA.TABLES", False),
            ("tmp", "v", "VIEW", "SELECT id FROM raw.orders", False),
        ]
        datasets.answer("t.table_type IN ('VIEW'", Answer(VIEWS, rows))
        collector = make()
        events = list(collector.lineage(TableFilter(exclude="*.tmp"), DAY))
        assert edges(events) == {
            "mart.mv": {"from": ["raw.orders"], "id": ["raw.orders.id"]},
            "mart.shards": {"from": ["raw.events_*"], "kind": ["raw.events_*.kind"]},
        }
        assert [event.destination.type for event in events] == ["TABLE", "VIEW"]
        assert collector.report.left_out == {"hidden_text": 1, "legacy_sql": 1, "filtered": 1}

    @pytest.mark.parametrize(("window", "bound"), [(NOON, True), (DAY, False)])
    def test_all_of_them_once_a_day(self, datasets: Wire, window: TimeWindow, bound: bool) -> None:
        list(make().lineage(TableFilter(), window))
        (views,), (links,) = datasets.sent("t.table_type IN ('VIEW'"), datasets.sent("SCHEMATA_LINKS")
        expected = ["2026-11-20 12:00:00+00:00", "2026-11-20 13:00:00+00:00"] if bound else []
        assert views.values == links.values == expected
