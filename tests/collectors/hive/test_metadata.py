"""What the three servers say of the same shop."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive.collector import HiveCollector
from airflow_provider_montecarlo_push.events import RelationalAsset
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, ConfigurationError
from tests.collectors.hive.conftest import MakeCollector
from tests.collectors.hive.server import Server

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("hive")]

ALL = ("metastore", "hiveserver2", "spark")
SCOPE = ["shop", "mart"]

# rows, bytes are known, freshness is known; by server.
VOLUMES: dict[str, dict[str, tuple[int | None, bool, bool]]] = {
    "metastore": {
        "orders": (3, True, True),
        "loaded": (None, True, True),
        "mixed": (None, True, True),
        "no_partitions": (0, True, True),
        "empty": (0, True, True),
        "ext": (None, False, True),
        "altered": (3, True, False),
        "iceberg": (12, True, True),
        "events": (2, True, True),
        "clicks": (None, False, False),
    },
    "hiveserver2": {
        "orders": (3, True, False),
        "loaded": (None, True, True),
        "mixed": (None, True, False),
        "no_partitions": (0, True, False),
        "empty": (0, True, True),
        "ext": (None, False, True),
        "altered": (3, True, False),
        "iceberg": (12, True, True),
        "events": (2, True, False),
        "clicks": (None, False, False),
    },
    "spark": {
        "orders": (None, False, False),
        "loaded": (None, True, True),
        "mixed": (None, False, False),
        "no_partitions": (None, False, False),
        "empty": (None, False, True),
        "ext": (None, False, True),
        "altered": (3, True, False),
        "iceberg": (None, False, False),
        "events": (2, True, False),
        "clicks": (None, False, False),
    },
}


def read(collector: HiveCollector, *include: str, lean: bool = False) -> dict[str, RelationalAsset]:
    assets = list(collector.metadata(TableFilter(include or SCOPE), only_freshness_and_volume=lean))
    names = [asset.metadata.name for asset in assets]
    assert len(set(names)) == len(names)
    return dict(zip(names, assets, strict=True))


def fields(asset: RelationalAsset) -> list[tuple[Any, ...]]:
    return [(field.name, field.type, field.description) for field in asset.fields]


@pytest.mark.parametrize("server", ALL)
def test_a_table_with_all_there_is(on: MakeCollector, server: str) -> None:
    orders = read(on(server))["orders"]
    assert (orders.type, orders.metadata.database, orders.metadata.schema) == ("TABLE", "shop", "shop")
    assert orders.metadata.description == 'One row per order; it\'s "all" of them\nünïcode'
    assert fields(orders) == [
        ("id", "BIGINT", "the key"),
        ("total", "DECIMAL(12,2)", None),
        ("detail", "STRUCT<a:INT,list:ARRAY<STRING>,odd:MAP<STRING,DOUBLE>>", None),
        ("code", "CHAR(3)", None),
        ("at", "TIMESTAMP", None),
        ("day", "STRING", "of the order"),
        ("hr", "INT", None),
    ]
    created = orders.metadata.created_on
    assert isinstance(created, datetime)
    assert timedelta() <= datetime.now(UTC) - created < timedelta(minutes=30)


@pytest.mark.parametrize("server", ALL)
def test_comments_with_what_has_to_be_escaped(on: MakeCollector, server: str) -> None:
    assert fields(read(on(server), "shop.*.empty")["empty"]) == [("id", "INT", "tab\there, back\\slash")]


@pytest.mark.parametrize("server", ALL)
def test_tables_that_spark_made(on: MakeCollector, server: str) -> None:
    found = read(on(server), "shop")
    day, kind = ("Day", "Kind") if server == "spark" else ("day", "kind")
    assert fields(found["events"]) == [(kind, "STRING", "which one"), ("n", "INT", None), (day, "DATE", None)]
    assert found["events"].metadata.description == "by Spark"
    assert fields(found["clicks"]) == [
        ("Id", "BIGINT", None),
        ("v", "VARCHAR(10)", None),
        ("Nested", "STRUCT<X:INT,Y:ARRAY<MAP<STRING,DECIMAL(5,1)>>>", None),
    ]


@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("server", ALL)
def test_volume_and_freshness(on: MakeCollector, server: str, lean: bool) -> None:
    hourly = {"hourly_partitions": True} if lean and server == "metastore" else {}
    collector = on(server, **hourly)
    found = read(collector, "shop", lean=lean)
    known = {
        name: (
            asset.volume.row_count if asset.volume else None,
            asset.volume is not None and asset.volume.byte_count is not None,
            asset.freshness is not None,
        )
        for name, asset in found.items()
    }
    expected = VOLUMES[server]
    if lean:
        nothing = [name for name, facts in expected.items() if facts == (None, False, False)]
        assert collector.report.left_out["no_volume_or_freshness"] == len(nothing)
        expected = {name: facts for name, facts in expected.items() if name not in nothing}
    assert known == expected


def test_sizes_are_those_of_the_files(on: MakeCollector, metastore: Server) -> None:
    files = metastore.folder.joinpath("warehouse", "shop.db", "mixed").rglob("*")
    size = sum(path.stat().st_size for path in files if path.is_file() and not path.name.startswith("."))
    volume = read(on("metastore"), "shop.*.mixed")["mixed"].volume
    assert volume is not None
    assert volume.byte_count == size


def test_freshness_of_iceberg_is_that_of_its_snapshot(on: MakeCollector) -> None:
    freshness = read(on("metastore"), "shop.*.iceberg")["iceberg"].freshness
    assert freshness is not None
    assert freshness.last_update_time == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_insert_is_seen_after_an_alter(on: MakeCollector, hiveserver2: Server) -> None:
    hiveserver2.execute(
        "CREATE TABLE shop.moving AS SELECT 1 AS id FROM shop.loaded",
        "ALTER TABLE shop.moving SET TBLPROPERTIES ('a' = 'b')",
    )
    try:
        assert read(on("metastore"), "shop.*.moving")["moving"].freshness is None
        before = datetime.now(UTC) + timedelta(seconds=1)
        time.sleep(1.1)  # times are whole seconds
        hiveserver2.execute("INSERT INTO shop.moving SELECT 2 FROM shop.loaded")
        for server in ("metastore", "hiveserver2"):
            moved = read(on(server), "shop.*.moving")["moving"]
            assert moved.freshness is not None
            assert moved.freshness.last_update_time >= before.replace(microsecond=0)
            assert moved.volume is not None
            assert moved.volume.row_count == 6
    finally:
        hiveserver2.execute("DROP TABLE shop.moving")


def test_partitions_are_bounded(on: MakeCollector) -> None:
    collector = on("metastore", max_partitions=2)
    orders = read(collector, "shop.*.orders")["orders"]
    assert (orders.volume, orders.freshness) == (None, None)
    assert collector.report.left_out["too_many_partitions"] == 1
    collector = on("metastore", max_partitions=3)
    assert read(collector, "shop.*.orders")["orders"].volume is not None
    assert collector.report.counts["partitions"] == 3
    collector = on("metastore", max_partitions=0)
    assert read(collector, "shop.*.events")["events"].volume is not None  # Spark counted the table as a whole
    assert collector.report.counts["partitions"] == 0
    assert read(on("metastore", max_partitions=100_000), "shop.*.orders")["orders"].volume is not None


def test_partitioned_tables_are_left_to_full_collections(on: MakeCollector) -> None:
    collector = on("metastore")
    found = read(collector, "shop.*.orders", "shop.*.events", lean=True)
    assert list(found) == ["events"]  # Spark counted the table as a whole
    assert collector.report.counts["partitioned_tables_of_full_runs"] == 1
    assert collector.report.counts["partitions"] == 0
    assert "no_volume_or_freshness" not in collector.report.left_out


@pytest.mark.parametrize("server", ALL)
def test_views(on: MakeCollector, server: str) -> None:
    found = read(on(server), "mart")
    assert {asset.type for asset in found.values()} == {"VIEW"}
    revenue = found["revenue"]
    assert (revenue.volume, revenue.freshness, revenue.metadata.description) == (None, None, "by day")
    assert fields(revenue) == [("day", "STRING", None), ("revenue", "DECIMAL(22,2)", None)]
    text = revenue.metadata.view_query or ""
    assert text.splitlines()[1:3] == ["FROM `shop`.`orders` `o`", "GROUP BY `o`.`day`"] or "-- in euros" in text
    assert "`shop`.`orders`" in text
    assert fields(found["renamed"])[0] == ("one", "STRING", "first")
    assert found["by_spark"].metadata.view_query == "SELECT id, day FROM orders"
    assert found["by_spark"].fields[0].description == "of it"


@pytest.mark.parametrize("server", ALL)
def test_lean_leaves_out_views_and_columns(on: MakeCollector, server: str) -> None:
    collector = on(server)
    found = read(collector, lean=True)
    assert "revenue" not in found
    assert collector.report.counts["views_skipped"] == 5
    assert all(not asset.fields and asset.metadata.description is None for asset in found.values())


@pytest.mark.parametrize(("keep", "kind"), [(False, "TABLE"), (True, "EXTERNAL")])
@pytest.mark.parametrize("server", ALL)
def test_external_tables(on: MakeCollector, server: str, keep: bool, kind: str) -> None:
    found = read(on(server, keep_asset_types=keep), "shop")
    assert (found["ext"].type, found["empty"].type) == (kind, "TABLE")


@pytest.mark.parametrize("server", ALL)
@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (["SHOP.*.E*"], {"empty", "ext", "events"}),
        (["shop.shop.orders"], {"orders"}),
        (["shop.*.[lm]*"], {"loaded", "mixed"}),
        (["*.*.re?enue", "shop.*.loaded"], {"revenue", "loaded"}),
        (["shop.other*.orders"], set()),
    ],
)
def test_patterns(on: MakeCollector, server: str, include: list[str], expected: set[str]) -> None:
    assert set(read(on(server), *include)) == expected


def test_what_is_filtered_is_counted(on: MakeCollector) -> None:
    collector = on("metastore")
    found = list(collector.metadata(TableFilter("mart", exclude="*.*.re*")))
    assert {asset.metadata.name for asset in found} == {"everything", "constant", "by_spark"}
    assert collector.report.left_out["filtered"] == 2


@pytest.mark.parametrize("server", ALL)
def test_a_database_that_is_not_there(on: MakeCollector, server: str) -> None:
    with pytest.raises(AccessDeniedError, match=r"'nope'.* does not exist"):
        read(on(server), "shop", "nope.*.orders")


@pytest.mark.parametrize(
    ("pattern", "right"), [("shop.orders", "shop.*.orders"), ("shop.public.orders", "shop.*.orders")]
)
def test_a_table_in_the_place_of_the_schema(on: MakeCollector, pattern: str, right: str) -> None:
    with pytest.raises(ConfigurationError, match=f"Write {right}".replace("*", r"\*")):
        read(on("metastore"), pattern)
