"""Metadata through the DatabricksSqlHook."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import RelationalAsset
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, EmptyCatalogError, SourceUnavailableError
from tests.collectors.databricks.conftest import MakeCollector
from tests.collectors.databricks.server import USER, Warehouse
from tests.collectors.databricks.shop import ALTERED, CREATED, MODIFIED, WRITTEN

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("databricks")]
ODD = "odd `c` 50%.v1.2.it's `t` ? %s 表"
NOTHING_DENIED: set[str] = set()


def by_name(assets: list[RelationalAsset]) -> dict[str, RelationalAsset]:
    names = [f"{a.metadata.database}.{a.metadata.schema}.{a.metadata.name}" for a in assets]
    assert names == sorted(set(names))
    return dict(zip(names, assets, strict=True))


def test_everything(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    assets = by_name(list(collector.metadata(TableFilter())))
    assert {name: asset.type for name, asset in assets.items()} == {
        "main.mart.daily": "TABLE",
        "main.mart.metrics": "VIEW",
        "main.mart.revenue": "VIEW",
        "main.mart.secret": "VIEW",
        "main.raw.customers": "TABLE",
        "main.raw.events": "TABLE",
        "main.raw.files": "TABLE",
        "main.raw.landing": "TABLE",
        "main.raw.orders": "TABLE",
        "main.raw.quiet": "TABLE",
        "main.raw.tmp_1": "TABLE",
        ODD: "TABLE",
    }
    orders = assets["main.raw.orders"]
    assert orders.metadata.description == "one row per order; it's 100% complete"
    assert orders.metadata.created_on == CREATED
    assert [(field.name, field.type, field.description) for field in orders.fields] == [
        ("id", "BIGINT", None),
        ("customer_id", "INT", "who ordered"),
        ("total", "DECIMAL(12,2)", None),
        ("lines", "ARRAY<STRUCT<Sku:STRING,`unit price`:DECIMAL(9,2)>>", None),
    ]
    assert [(tag.key, tag.value) for tag in orders.tags] == [("pii", None), ("team", "shop")]
    assert assets[ODD].fields[0].name == "a b"
    revenue = assets["main.mart.revenue"]
    assert revenue.metadata.view_query is not None
    assert "Main.RAW.Orders" in revenue.metadata.view_query
    assert (revenue.volume, revenue.freshness) == (None, None)
    assert assets["main.mart.secret"].metadata.view_query is None
    assert assets["main.mart.daily"].metadata.view_query == "SELECT id, total FROM main.raw.orders"
    assert collector.report.left_out == {"foreign": 1, "details_failed": 1}
    assert collector.report.counts["system_catalogs_skipped"] == 3
    assert unity.sessions == 1
    assert not [path for path in unity.paths if not path.startswith("/sql/")]


def test_volume_and_freshness(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    assets = by_name(list(collector.metadata(TableFilter())))
    found = {
        name.rpartition(".")[2]: (
            asset.volume and asset.volume.byte_count,
            asset.freshness and asset.freshness.last_update_time,
        )
        for name, asset in assets.items()
        if asset.type == "TABLE"
    }
    written_long_ago = found.pop("customers")
    assert written_long_ago[0] is None
    assert found == {
        "daily": (None, None),
        "events": (7, WRITTEN),
        "files": (None, None),  # no Delta table, and no write in thirty days
        "landing": (400, MODIFIED),
        "orders": (2_000, WRITTEN),
        "quiet": (None, None),  # cannot be described
        "tmp_1": (500, MODIFIED),
        ODD.rpartition(".")[2]: (600, MODIFIED),
    }
    described = sorted(sql for sql in unity.statements if sql.startswith("DESCRIBE"))
    assert described == [
        "DESCRIBE DETAIL `main`.`raw`.`landing`",
        "DESCRIBE DETAIL `main`.`raw`.`quiet`",
        "DESCRIBE DETAIL `main`.`raw`.`tmp_1`",
        "DESCRIBE DETAIL `odd ``c`` 50%`.`v1.2`.`it's ``t`` ? %s 表`",
    ]
    assert unity.most_running > 1
    counts = collector.report.counts
    assert (counts["tables_described"], counts["details_unchanged"]) == (4, 1)


def test_hourly_mode_describes_nothing(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    assets = by_name(list(collector.metadata(TableFilter(), only_freshness_and_volume=True)))
    assert list(assets) == ["main.raw.customers", "main.raw.events", "main.raw.orders"]
    assert all(not asset.fields and not asset.tags for asset in assets.values())
    assert collector.report.left_out == {"foreign": 1, "no_volume_or_freshness": 6}
    assert not [sql for sql in unity.statements if "DESCRIBE" in sql or "columns" in sql]
    assert len(unity.statements) == 6


@pytest.mark.parametrize(
    ("options", "described", "left_out"),
    [({"detail_limit": 0}, 0, {}), ({"detail_limit": "2"}, 2, {"details_over_limit": 2, "details_failed": 1})],
)
def test_number_of_tables_described(
    on_warehouse: MakeCollector, options: dict[str, Any], described: int, left_out: dict[str, int]
) -> None:
    collector = on_warehouse(**options)
    assets = list(collector.metadata(TableFilter()))
    assert len(assets) == 12
    assert collector.report.counts["tables_described"] == described
    assert collector.report.left_out == {"foreign": 1, **left_out}


def test_freshness_by_option(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse(freshness="last_altered")
    assets = list(collector.metadata(TableFilter("main.raw.*"), only_freshness_and_volume=True))
    assert {asset.freshness.last_update_time for asset in assets if asset.freshness} == {ALTERED}
    assert len(assets) == 7
    assert not [sql for sql in unity.statements if "table_lineage" in sql]


def test_without_lineage_and_storage(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.denied |= {"system.access", "system.storage", "system.information_schema.table_tags"}
    collector = on_warehouse(keep_asset_types=True)
    assets = by_name(list(collector.metadata(TableFilter("main.raw"))))
    orders = assets["main.raw.orders"]
    assert orders.freshness is not None
    assert orders.freshness.last_update_time == ALTERED
    assert orders.tags == []
    assert assets["main.raw.landing"].type == "EXTERNAL"
    assert assets["main.raw.landing"].volume is not None
    assert assets["main.raw.landing"].volume.byte_count == 400
    notes = "\n".join(collector.report.notes)
    assert f"GRANT USE SCHEMA ON SCHEMA system.access TO `{USER}`;" in notes
    assert f"GRANT SELECT ON TABLE system.storage.table_metrics_history TO `{USER}`;" in notes
    assert "account admin must have enabled the schema system.storage" in notes
    assert f"GRANT SELECT ON TABLE system.information_schema.table_tags TO `{USER}`;" in notes
    assert len(collector.report.notes) == 3


def test_denied_details_are_counted(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.denied.add("main.raw.landing")
    collector = on_warehouse()
    assets = by_name(list(collector.metadata(TableFilter("main.raw.landing"))))
    assert assets["main.raw.landing"].volume is None
    assert collector.report.left_out == {"details_denied": 1}


def test_dropped_connection_while_describing(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.failures["DESCRIBE DETAIL"] = "[TEMPORARILY_UNAVAILABLE] The warehouse is stopping"
    with pytest.raises(SourceUnavailableError, match="TEMPORARILY_UNAVAILABLE"):
        list(on_warehouse().metadata(TableFilter()))


def test_fallback_to_each_catalog(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    everything = list(on_warehouse().metadata(TableFilter()))
    unity.denied |= {"system.information_schema", "remote.information_schema"}
    collector = on_warehouse()
    assert list(collector.metadata(TableFilter())) == everything
    assert not collector.report.complete
    assert f"GRANT BROWSE ON CATALOG `remote` TO `{USER}`;" in collector.report.notes[-1]


def test_catalog_that_is_named_must_be_readable(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.denied |= {"system.information_schema", "main.information_schema"}
    with pytest.raises(AccessDeniedError) as caught:
        list(on_warehouse().metadata(TableFilter("main")))
    assert f"GRANT BROWSE ON CATALOG `main` TO `{USER}`;" in caught.value.grants
    with pytest.raises(AccessDeniedError, match="'nowhere'") as caught:
        list(on_warehouse().metadata(TableFilter("nowhere.*.*")))
    assert f"GRANT USE CATALOG ON CATALOG `nowhere` TO `{USER}`;" in caught.value.grants


@pytest.mark.parametrize(
    ("include", "exclude", "names"),
    [
        ("MAIN.raw.O*", None, ["orders"]),
        (["*.raw"], ["*.*.tmp_*", "*.*.[a-l]*"], ["orders", "quiet"]),
        ("*.mart.r?venue", None, ["revenue"]),
        ('*."v1.2".*', None, ["it's `t` ? %s 表"]),
        ([f"main.raw.x{number}" for number in range(300)] + ["main.raw.orders"], None, ["orders"]),
    ],
)
def test_filters(on_warehouse: MakeCollector, include: Any, exclude: Any, names: list[str]) -> None:
    assets = list(on_warehouse().metadata(TableFilter(include, exclude)))
    assert [asset.metadata.name for asset in assets] == names


def test_filters_are_pushed_down(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    list(collector.metadata(TableFilter("main.raw.orders")))
    assert collector.report.left_out == {}
    reading = [sql for sql in unity.statements if "information_schema.columns" in sql]
    assert len(reading) == 1
    assert "LOWER(table_name) LIKE ? ESCAPE '^'" in reading[0]


def test_nothing_visible(on_warehouse: MakeCollector) -> None:
    with pytest.raises(EmptyCatalogError) as caught:
        list(on_warehouse().metadata(TableFilter("main.nothing.*")))
    assert f"GRANT USE CATALOG ON CATALOG `main` TO `{USER}`;" in caught.value.grants


def test_pages_are_small(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    list(on_warehouse().metadata(TableFilter("main.raw")))
    assert unity.page_sizes == {(10_000, 4 * 1024 * 1024)}


def test_times_are_utc(on_warehouse: MakeCollector) -> None:
    (asset,) = on_warehouse().metadata(TableFilter("main.raw.orders"))
    assert asset.freshness is not None
    assert type(asset.freshness.last_update_time) is datetime
    assert asset.freshness.last_update_time.tzinfo is UTC
