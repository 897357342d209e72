from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import AssetField, RelationalAsset, Tag
from airflow_provider_montecarlo_push.exceptions import EmptyCatalogError
from tests.collectors.bigquery.conftest import PROJECT, MakeCollector, make, point_to
from tests.collectors.bigquery.wire import Answer, Refusal, Wire

DAY = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def assets(bigquery: str) -> dict[str, RelationalAsset]:
    """All of the shop, by dataset and name."""
    with pytest.MonkeyPatch.context() as patch:
        point_to(patch, bigquery)
        collector = make()
        found = list(collector.metadata(TableFilter()))
    assert not collector.report.left_out
    assert collector.report.counts == {"date_shards": 4}
    assert {asset.metadata.database for asset in found} == {PROJECT}
    by_name = {f"{asset.metadata.schema}.{asset.metadata.name}": asset for asset in found}
    assert len(by_name) == len(found)
    return by_name


@pytest.mark.integration
@pytest.mark.xdist_group("bigquery")
class TestShop:
    def test_which_there_are(self, assets: dict[str, RelationalAsset]) -> None:
        assert {name: asset.type for name, asset in assets.items()} == {
            "mart.by_day": "TABLE",
            "mart.hits": "TABLE",
            "mart.revenue": "VIEW",
            "mart.top": "TABLE",
            "raw.empty": "TABLE",
            "raw.events_*": "TABLE",
            "raw.events_20269999": "TABLE",
            "raw.hits_*": "TABLE",
            "raw.iceberg_visits": "TABLE",
            "raw.orders": "TABLE",
        }

    def test_a_table_in_full(self, assets: dict[str, RelationalAsset]) -> None:
        orders = assets["raw.orders"]
        assert orders.metadata.description == "One row per order"
        assert orders.tags == [
            Tag("partitioned_by", "day"),
            Tag("clustered_by", "note,id"),
            Tag("team", "sales"),
            Tag("tier", "1"),
        ]
        assert [(field.name, field.type.split("<")[0]) for field in orders.fields] == [
            ("id", "INT64"),
            ("info", "STRUCT"),
            ("info.customer", "STRING"),
            ("info.lines", "ARRAY"),
            ("info.lines.price", "NUMERIC"),
            ("info.lines.sku", "STRING"),
            ("total", "NUMERIC"),
            ("note", "STRING"),
            ("day", "DATE"),
        ]
        assert orders.fields[0].description == 'Number of the "order"'
        assert orders.volume is not None
        assert orders.volume.row_count == 2
        assert (orders.volume.byte_count or 0) > 0
        assert orders.freshness is not None
        assert datetime.now(UTC) - orders.freshness.last_update_time < timedelta(hours=1)
        assert orders.metadata.created_on is not None

    def test_date_shards_are_one_table_with_the_newest_columns(self, assets: dict[str, RelationalAsset]) -> None:
        events = assets["raw.events_*"]
        assert events.fields == [AssetField("kind", "STRING"), AssetField("v", "INT64")]
        assert events.metadata.description == "second"
        assert events.volume is not None
        assert events.volume.row_count == 3

    def test_views(self, assets: dict[str, RelationalAsset]) -> None:
        revenue, by_day = assets["mart.revenue"], assets["mart.by_day"]
        assert revenue.metadata.view_query == "SELECT day, total AS revenue FROM raw.orders"
        assert revenue.volume is None
        assert revenue.freshness is None
        assert [field.name for field in revenue.fields] == ["day", "revenue"]
        assert (by_day.metadata.view_query or "").startswith("CREATE MATERIALIZED VIEW")

    @pytest.mark.parametrize(
        ("include", "exclude", "expected"),
        [
            (f"{PROJECT}.raw.*", "*.*.e*", ["hits_*", "iceberg_visits", "orders"]),
            ("*.MART", None, ["by_day", "hits", "top"]),
            ("*.*.events_*", None, ["events_*", "events_20269999"]),
            ("*.raw.[eo]*", "*.*.[e]*", ["orders"]),
            ("*.*.h?ts", ["*.raw", "other.mart"], ["hits"]),
        ],
    )
    def test_filters(self, on_server: MakeCollector, include: str, exclude: str | None, expected: list[str]) -> None:
        assets = on_server().metadata(TableFilter(include, exclude), only_freshness_and_volume=True)
        assert [asset.metadata.name for asset in assets] == expected

    def test_freshness_and_volume_alone(self, on_server: MakeCollector) -> None:
        collector = on_server()
        assets = list(collector.metadata(TableFilter("*.mart"), only_freshness_and_volume=True))
        assert [asset.metadata.name for asset in assets] == ["by_day", "hits", "top"]
        assert all(asset.volume and asset.freshness and not asset.fields for asset in assets)

    def test_iceberg_only(self, on_server: MakeCollector) -> None:
        (asset,) = on_server(iceberg_only="true").metadata(TableFilter())
        assert asset.metadata.name == "iceberg_visits"
        assert asset.fields == [AssetField("at", "TIMESTAMP")]
        assert asset.freshness is not None

    def test_wider_asset_types(self, on_server: MakeCollector) -> None:
        collector = on_server(keep_asset_types=True)
        assets = collector.metadata(TableFilter("*.raw.*_*"), only_freshness_and_volume=True)
        assert {asset.metadata.name: asset.type for asset in assets} == {
            "events_*": "WILDCARD_TABLE",
            "events_20269999": "TABLE",
            "hits_*": "WILDCARD_TABLE",
            "iceberg_visits": "TABLE",
        }

    def test_nothing_there(self, on_server: MakeCollector) -> None:
        with pytest.raises(EmptyCatalogError, match=r"looked in shop-project \(us\)") as caught:
            list(on_server().metadata(TableFilter("*.elsewhere"), only_freshness_and_volume=True))
        assert caught.value.grants == (
            (
                f"gcloud projects add-iam-policy-binding {PROJECT} "
                '--member="serviceAccount:<account of the connection>" --role="roles/bigquery.metadataViewer"'
            ),
        )

    def test_storage_of_each_dataset(self, on_server: MakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is read where TABLE_STORAGE is denied, on the server, which denies nothing."""
        from airflow_provider_montecarlo_push.collectors.bigquery.catalog import Catalog
        from airflow_provider_montecarlo_push.collectors.bigquery.places import places

        collector = on_server()
        with collector._session() as session:
            (place,) = places(session, collector.options)
            catalog = Catalog(session, place, TableFilter("*.*.*_*", "*.*.hits_*"))
            datasets = [row[0] for row in catalog.datasets()]
            legacy = list(catalog.legacy_storage(["mart", "raw"]))
            stored = list(catalog.storage())
        assert datasets == ["mart", "raw"]
        assert [row[:3] for row in legacy if row[1] in ("events_*", "iceberg_visits")] == [
            ("raw", "events_*", 3),
            ("raw", "iceberg_visits", 0),
        ]
        assert {row[:5] for row in stored} <= set(legacy)


TABLES = ["table_schema STRING", "asset STRING", "table_type STRING", "shards INTEGER", "created TIMESTAMP"]
STORAGE = ["table_schema STRING", "asset STRING", "n INTEGER", "b INTEGER", "modified TIMESTAMP"]
FIELDS = [
    *("table_schema STRING", "asset STRING", "path STRING", "type STRING", "description STRING"),
    *("partitions BOOLEAN", "position INTEGER", "hidden BOOLEAN"),
]


@pytest.mark.integration
class TestRecorded:
    @pytest.fixture(autouse=True)
    def catalog(self, wire: Wire) -> None:
        wire.answer(
            "COLUMN_FIELD_PATHS", Answer(FIELDS, [("d", "t", "_PARTITIONTIME", "TIMESTAMP", None, True, None, True)])
        )
        rows = [("d", "e", "EXTERNAL", 1, DAY), ("d", "t", "BASE TABLE", 1, DAY), ("d", "u", "CLONE", 1, DAY)]
        wire.answers.append(("MAX(t.table_type)", Answer(TABLES, rows)))

    def test_without_table_storage(self, wire: Wire) -> None:
        wire.answer("TABLE_STORAGE", Refusal(403, "accessDenied", "No bigquery.tables.get"))
        wire.answer("`d0`.`__TABLES__`", Answer(STORAGE, [("d", "t", 7, 70, DAY), ("d", "u", 0, 0, None)]))
        wire.answer("`d50`.`__TABLES__`", Answer(STORAGE))
        wire.answer("SELECT DISTINCT t.table_schema", Answer(["table_schema STRING"], [(f"d{n}",) for n in range(60)]))
        collector = make(keep_asset_types=True)
        external, table, clone = collector.metadata(TableFilter())
        assert (external.type, external.volume, external.freshness) == ("EXTERNAL", None, None)
        assert table.volume is not None
        assert table.freshness is not None
        assert (table.volume.row_count, table.freshness.last_update_time) == (7, DAY)
        assert clone.freshness is None
        assert collector.report.left_out == {"freshness_unknown": 1}
        assert "__TABLES__" in collector.report.notes[0]
        assert "roles/bigquery.metadataViewer" in collector.report.notes[0]
        assert table.tags == [Tag("partitioned_by", "_PARTITIONTIME")]
        assert table.fields == []
        assert len(wire.sent("__TABLES__")) == 2

    def test_a_dataset_that_is_closed(self, wire: Wire) -> None:
        denied = Refusal(403, "accessDenied", "Access Denied")
        wire.answer("TABLE_STORAGE", denied)
        wire.answer("`d2`.`__TABLES__`", denied)
        wire.answer("`d1`.`__TABLES__`", Answer(STORAGE, [("d", "t", 7, 70, DAY)]))
        wire.answer("SELECT DISTINCT t.table_schema", Answer(["table_schema STRING"], [("d1",), ("d2",)]))
        collector = make()
        list(collector.metadata(TableFilter()))
        assert collector.report.left_out == {"storage_not_visible": 1, "freshness_unknown": 1}

    def test_each_region_with_datasets(self, wire: Wire) -> None:
        wire.locations = ["EU", "europe-west1", "EU"]
        collector = make()
        assert len(list(collector.metadata(TableFilter(), only_freshness_and_volume=True))) == 0
        assert collector.report.left_out["no_volume_or_freshness"] == 6
        assert {statement.location for statement in wire.statements} == {"EU", "europe-west1"}
        assert len(wire.sent("`region-eu`.INFORMATION_SCHEMA.TABLES")) == 1

    def test_rows_come_in_pages(self, wire: Wire) -> None:
        wire.answers.clear()
        names = [("d", f"t{number:05d}", "BASE TABLE", 1, DAY) for number in range(12_000)]
        wire.answer("MAX(t.table_type)", Answer(TABLES, names))
        assert sum(1 for _ in make().metadata(TableFilter())) == 12_000
        (tables,) = wire.sent("MAX(t.table_type)")
        assert tables.page_rows == [5_000] * 3
