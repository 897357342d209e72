"""Metadata through the RedshiftSQLHook from a server that answers as Redshift does."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import RelationalAsset
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, EmptyCatalogError
from tests.collectors.redshift.conftest import MakeCollector
from tests.collectors.redshift.warehouse import HOME, NOON, OTHER, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("redshift")]

MEGABYTE = 1024 * 1024


def by_name(assets: Any) -> dict[str, RelationalAsset]:
    return {f"{one.metadata.database}.{one.metadata.schema}.{one.metadata.name}": one for one in assets}


class TestEverything:
    def test_lists_tables_and_views_of_all_databases_once(self, on_warehouse: MakeCollector) -> None:
        collector = on_warehouse()

        assets = list(collector.metadata(TableFilter()))

        types = {name: asset.type for name, asset in by_name(assets).items()}
        assert len(types) == len(assets)
        assert types == {
            "closed.public.secret": "TABLE",
            'dev.Odd "S" 50%.it\'s {x}': "TABLE",
            "dev.mart.by_customer": "VIEW",
            "dev.mart.constant": "VIEW",
            "dev.mart.late": "VIEW",
            "dev.mart.revenue": "TABLE",
            "dev.mart.top": "VIEW",
            "dev.public.daily": "TABLE",
            "dev.raw.customers": "TABLE",
            "dev.raw.empty": "TABLE",
            "dev.raw.orders": "TABLE",
            "dev.spectrum.sales": "TABLE",
            "partner.public.rates": "TABLE",
            "sales.emea.big_deals": "TABLE",
            "sales.emea.deals": "TABLE",
            "sales.emea.seen": "VIEW",
        }
        assert collector.report.counts["materialized_view_storage"] == 1

    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            (
                "dev.raw.orders",
                [
                    ("id", "BIGINT", None),
                    ("customer_id", "INTEGER", None),
                    ("total", "NUMERIC(12,2)", "in euros, ünïcode"),
                    ("note", "CHARACTER VARYING(40)", None),
                    ("at", "TIMESTAMP WITH TIME ZONE", None),
                ],
            ),
            ("dev.mart.late", [("id", "BIGINT", None), ("amount", "NUMERIC(10,2)", None)]),
            (
                "dev.spectrum.sales",
                [("id", "BIGINT", None), ("amount", "DECIMAL(10,2)", None), ("t", "STRUCT<A:INT>", None)],
            ),
            ('dev.Odd "S" 50%.it\'s {x}', [("col umn", "INTEGER", None)]),
            ("sales.emea.deals", [("id", "INTEGER", None), ("amount", "NUMERIC(18,4)", None)]),
            ("partner.public.rates", [("rate", "DOUBLE PRECISION", None)]),
        ],
    )
    def test_gives_columns(self, on_warehouse: MakeCollector, name: str, fields: list[Any]) -> None:
        asset = by_name(on_warehouse().metadata(TableFilter()))[name]

        assert [(one.name, one.type, one.description) for one in asset.fields] == fields

    @pytest.mark.parametrize(
        ("name", "begins"),
        [
            ("dev.mart.by_customer", "SELECT c.name"),
            ("dev.mart.late", 'create view "mart"."late" (id, amount) as select'),
            ("sales.emea.seen", "SELECT deals.id"),
        ],
    )
    def test_gives_the_sql_of_views(self, on_warehouse: MakeCollector, name: str, begins: str) -> None:
        asset = by_name(on_warehouse().metadata(TableFilter()))[name]

        assert asset.metadata.view_query is not None
        assert asset.metadata.view_query.startswith(begins)
        assert asset.volume is None

    def test_gives_comments_and_creation(self, on_warehouse: MakeCollector) -> None:
        assets = by_name(on_warehouse().metadata(TableFilter()))

        assert assets["dev.raw.orders"].metadata.description == "One row per order; it's 100% complete"
        assert assets["dev.raw.customers"].metadata.description is None
        assert str(assets["dev.raw.orders"].metadata.created_on) == "2025-01-02 03:04:05+00:00"

    @pytest.mark.parametrize(
        ("name", "rows", "megabytes"),
        [
            ("dev.raw.orders", 990, 12),  # not those that are deleted
            ("dev.mart.revenue", 5, 2),  # not estimated: all of them
            ("dev.raw.empty", 0, 0),  # SVV_TABLE_INFO hides it
            ("sales.emea.deals", 50, 40),  # from inside another database
        ],
    )
    def test_gives_volume(self, on_warehouse: MakeCollector, name: str, rows: int, megabytes: int) -> None:
        volume = by_name(on_warehouse().metadata(TableFilter()))[name].volume

        assert volume is not None
        assert (volume.row_count, volume.byte_count) == (rows, megabytes * MEGABYTE)

    def test_says_why_volumes_are_missing(self, on_warehouse: MakeCollector) -> None:
        collector = on_warehouse()

        assets = by_name(collector.metadata(TableFilter()))

        assert assets["closed.public.secret"].volume is None
        assert assets["partner.public.rates"].volume is None
        assert assets["dev.spectrum.sales"].volume is None
        assert collector.report.counts["without_volume"] == 2
        assert not collector.report.complete
        closed, shared = collector.report.notes
        assert "database closed" in closed
        assert "permission denied" in closed
        assert "partner is shared" in shared

    def test_external_tables_keep_their_type_when_asked(self, on_warehouse: MakeCollector) -> None:
        assets = by_name(on_warehouse(keep_asset_types=True).metadata(TableFilter("dev")))

        assert assets["dev.spectrum.sales"].type == "EXTERNAL"


class TestFreshness:
    def test_is_the_last_step_that_wrote(self, history: Warehouse, on_warehouse: MakeCollector) -> None:
        orders, customers = history.table_id("raw.orders"), history.table_id("raw.customers")
        deals = history.table_id("emea.deals", OTHER)
        history.ran("insert …", minutes=1, writes=[orders])
        history.ran("insert …", minutes=5, writes=[orders], reads=[customers])
        history.ran("delete …", minutes=7, deletes=[orders])
        history.ran("insert …", minutes=9, writes=[orders], status="failed")
        history.ran("vacuum", minutes=11, writes=[orders], user_id=1)
        history.ran("select …", minutes=12, reads=[orders])
        history.ran("insert …", minutes=3, writes=[deals], database=OTHER)
        collector = on_warehouse()

        assets = by_name(collector.metadata(TableFilter([HOME, OTHER]), only_freshness_and_volume=True))

        found = {name: asset.freshness.last_update_time for name, asset in assets.items() if asset.freshness}
        noon = NOON.replace(tzinfo=UTC)
        assert found == {"dev.raw.orders": noon + timedelta(minutes=7), "sales.emea.deals": noon + timedelta(minutes=3)}
        assert collector.report.counts["not_written_lately"] == 4
        assert collector.report.complete

    def test_is_none_when_asked(self, history: Warehouse, on_warehouse: MakeCollector) -> None:
        history.ran("insert …", writes=[history.table_id("raw.orders")])
        collector = on_warehouse(freshness="none")

        assets = list(collector.metadata(TableFilter(HOME)))

        assert assets
        assert not any(asset.freshness for asset in assets)
        assert not collector.report.notes

    def test_is_noted_when_only_own_queries_are_seen(self, history: Warehouse, on_warehouse: MakeCollector) -> None:
        history.ran("insert …", writes=[history.table_id("raw.orders")])
        collector = on_warehouse("reader")

        assets = by_name(collector.metadata(TableFilter(HOME)))

        assert assets["dev.raw.orders"].freshness is None
        assert assets["dev.raw.orders"].volume is not None
        (note,) = collector.report.notes
        assert 'GRANT ROLE sys:monitor TO "reader";' in note

    def test_is_noted_when_detail_is_denied(self, history: Warehouse, on_warehouse: MakeCollector) -> None:
        history.execute("REVOKE SELECT ON rs.sys_query_detail FROM PUBLIC")
        try:
            collector = on_warehouse()
            assets = by_name(collector.metadata(TableFilter(HOME)))
        finally:
            history.execute("GRANT SELECT ON rs.sys_query_detail TO PUBLIC")

        assert assets["dev.raw.orders"].volume is not None
        (note,) = collector.report.notes
        assert "permission denied" in note
        assert "GRANT SELECT ON pg_catalog.sys_query_detail" in note


class TestLean:
    def test_leaves_out_everything_else(self, on_warehouse: MakeCollector) -> None:
        collector = on_warehouse()

        assets = by_name(collector.metadata(TableFilter([HOME, "partner"]), only_freshness_and_volume=True))

        assert set(assets) == {
            'dev.Odd "S" 50%.it\'s {x}',
            "dev.mart.revenue",
            "dev.public.daily",
            "dev.raw.customers",
            "dev.raw.empty",
            "dev.raw.orders",
        }
        assert not any(asset.fields or asset.metadata.description for asset in assets.values())
        # an external table, and one of a shared database
        assert collector.report.left_out == {"no_volume_or_freshness": 2}


class TestScope:
    @pytest.mark.parametrize(
        ("include", "exclude", "names"),
        [
            ("sales", None, {"sales.emea.deals", "sales.emea.big_deals", "sales.emea.seen"}),
            (["*.raw.*"], ["*.*.CUST*"], {"dev.raw.orders", "dev.raw.empty"}),
            ("*.*.[do]*s", ["dev"], {"sales.emea.deals"}),
            ('dev."Odd ""S"" 50%".*', None, {'dev.Odd "S" 50%.it\'s {x}'}),
            ("dev.pg_temp_7.*", "nothing", set()),
        ],
    )
    def test_is_what_was_asked_for(
        self, on_warehouse: MakeCollector, include: Any, exclude: Any, names: set[str]
    ) -> None:
        collector = on_warehouse()
        assets = collector.metadata(TableFilter(include, exclude))

        if names:
            assert set(by_name(assets)) == names
        else:
            with pytest.raises(EmptyCatalogError, match="not one table"):
                list(assets)

    def test_an_empty_catalog_names_the_grants(self, on_warehouse: MakeCollector) -> None:
        with pytest.raises(EmptyCatalogError) as caught:
            list(on_warehouse().metadata(TableFilter("dev.nowhere")))

        assert caught.value.grants == (
            'GRANT USAGE FOR SCHEMAS IN DATABASE "dev" TO "monitor";',
            'GRANT SELECT FOR TABLES IN DATABASE "dev" TO "monitor";',
        )


@pytest.mark.parametrize("view", ["svv_redshift_databases", "svv_all_tables", "svv_all_columns", "svv_table_info"])
def test_a_view_that_is_denied_names_its_grant(warehouse: Warehouse, on_warehouse: MakeCollector, view: str) -> None:
    warehouse.execute(f"REVOKE SELECT ON rs.{view} FROM PUBLIC")
    try:
        with pytest.raises(AccessDeniedError, match="permission denied") as caught:
            list(on_warehouse().metadata(TableFilter(HOME)))
    finally:
        warehouse.execute(f"GRANT SELECT ON rs.{view} TO PUBLIC")

    assert caught.value.grants[0] == f'GRANT SELECT ON pg_catalog.{view} TO "monitor";'


def test_volumes_of_a_database_that_shows_none_are_not_taken_for_zero(
    warehouse: Warehouse, on_warehouse: MakeCollector
) -> None:
    warehouse.execute("ALTER TABLE rs.svv_table_info ENABLE ROW LEVEL SECURITY")
    try:
        collector = on_warehouse("reader", freshness="none")
        assets = by_name(collector.metadata(TableFilter(HOME)))
    finally:
        warehouse.execute("ALTER TABLE rs.svv_table_info DISABLE ROW LEVEL SECURITY")

    assert assets["dev.raw.orders"].volume is None
    assert "shows nothing of database dev" in collector.report.notes[0]


def test_a_late_binding_view_over_a_table_that_is_gone_costs_columns_only(
    warehouse: Warehouse, on_warehouse: MakeCollector
) -> None:
    warehouse.execute("ALTER FUNCTION rs.pg_get_late_binding_view_cols() RENAME TO gone")
    try:
        collector = on_warehouse()
        assets = by_name(collector.metadata(TableFilter(HOME)))
    finally:
        warehouse.execute("ALTER FUNCTION rs.gone() RENAME TO pg_get_late_binding_view_cols")

    assert assets["dev.mart.late"].fields == []
    assert assets["dev.mart.late"].metadata.view_query
    assert "Late-binding views of dev may come without columns" in collector.report.notes[0]
