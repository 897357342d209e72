"""Lineage through the RedshiftSQLHook: recorded by table ids, and from texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.written_queries import first_schema
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, UnknownValueError
from tests.collectors.redshift.conftest import START, WINDOW, MakeCollector
from tests.collectors.redshift.warehouse import OTHER, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("redshift")]

ALL = TableFilter()
REVENUE = (
    "insert into mart.revenue select c.name, sum(o.total) from raw.orders o "
    "join raw.customers c on c.id = o.customer_id group by 1"
)


def edges(events: Iterable[LineageEvent]) -> dict[str, dict[str, Any]]:
    """Return the sources, and the columns that each column comes from, by destination."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        end = event.destination
        names = {ref.asset_id: f"{ref.database}.{ref.schema}.{ref.name}" for ref in event.sources}
        edge = found.setdefault(f"{end.database}.{end.schema}.{end.name}", {"sources": set(), "columns": {}})
        edge["sources"] |= set(names.values())
        for field in event.fields:
            sources = {f"{names[one.asset_id]}.{one.field_name}" for one in field.source_fields}
            edge["columns"].setdefault(field.name, set()).update(sources)
    return found


class Ids:
    def __init__(self, warehouse: Warehouse) -> None:
        self.orders = warehouse.table_id("raw.orders")
        self.customers = warehouse.table_id("raw.customers")
        self.revenue = warehouse.table_id("mart.revenue")
        self.daily = warehouse.table_id("public.daily")
        self.storage = warehouse.table_id("mart.mv_tbl__top__0")
        self.empty = warehouse.table_id("raw.empty")


@pytest.fixture(scope="module")
def ids(warehouse: Warehouse) -> Ids:
    return Ids(warehouse)


class TestRecorded:
    def test_has_tables_by_id_and_columns_by_text(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(REVENUE, reads=[ids.orders, ids.customers], writes=[ids.revenue])
        collector = on_warehouse()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found == {
            "dev.mart.revenue": {
                "sources": {"dev.raw.orders", "dev.raw.customers"},
                "columns": {"name": {"dev.raw.customers.name"}, "revenue": {"dev.raw.orders.total"}},
            }
        }
        assert collector.report.counts["edges_native"] == 1
        assert not collector.report.left_out

    def test_needs_no_readable_text(self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids) -> None:
        history.ran("execute my_prepared_statement(1, 2)", reads=[ids.orders], writes=[ids.revenue])
        history.ran("insert into ((( not sql", reads=[ids.customers], writes=[ids.daily])
        collector = on_warehouse()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found == {
            "dev.mart.revenue": {"sources": {"dev.raw.orders"}, "columns": {}},
            "dev.public.daily": {"sources": {"dev.raw.customers"}, "columns": {}},
        }
        assert collector.report.counts["edges_without_columns"] == 2

    def test_knows_schemas_that_the_text_does_not(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(
            "insert into revenue select c.name, o.total from orders o join customers c on c.id = o.customer_id",
            reads=[ids.orders, ids.customers],
            writes=[ids.revenue],
        )
        collector = on_warehouse()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found["dev.mart.revenue"]["sources"] == {"dev.raw.orders", "dev.raw.customers"}
        assert set(found) == {"dev.mart.revenue"}
        assert collector.report.counts["schemas_corrected"] == 3

    def test_has_the_names_that_tables_have_now(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran("insert into public.daily_new (day, total) select at::date, total from raw.orders",
                    reads=[ids.orders], writes=[ids.daily])  # fmt: skip
        history.ran("alter table public.daily rename to daily_old", kind="DDL", minutes=1)
        history.ran("alter table public.daily_new rename to daily", kind="DDL", minutes=2)
        history.ran("drop table public.daily_old", kind="DDL", minutes=3)

        found = edges(on_warehouse().lineage(ALL, WINDOW))

        assert found == {
            "dev.public.daily": {
                "sources": {"dev.raw.orders"},
                "columns": {"day": {"dev.raw.orders.at"}, "total": {"dev.raw.orders.total"}},
            }
        }

    def test_has_only_columns_that_tables_have_now(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran("insert into public.daily_new select at::date, total from raw.orders", reads=[ids.orders],
                    writes=[ids.daily])  # fmt: skip
        history.ran("alter table public.daily_new rename to daily", kind="DDL", minutes=2)
        collector = on_warehouse()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found["dev.public.daily"]["columns"] == {"total": {"dev.raw.orders.total"}}
        assert collector.report.counts["columns_not_found"] == 1

    def test_is_resolved_through_temporary_tables(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        temporary = 4_000_001
        history.ran("create temp table t as select customer_id as c, total from raw.orders", kind="CTAS",
                    reads=[ids.orders], writes=[temporary])  # fmt: skip
        history.ran("insert into public.daily (total) select total from t", minutes=1, reads=[temporary],
                    writes=[ids.daily])  # fmt: skip
        collector = on_warehouse()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found == {
            "dev.public.daily": {
                "sources": {"dev.raw.orders"},
                "columns": {"total": {"dev.raw.orders.total"}},
            }
        }
        assert collector.report.counts["staging_tables_written"] == 1

    def test_is_resolved_through_temporary_tables_without_text(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran("execute a", reads=[ids.orders, ids.customers], writes=[4_000_002])
        history.ran("execute b", minutes=1, reads=[4_000_002], writes=[4_000_003])
        history.ran("execute c", minutes=2, reads=[4_000_003, 4_000_009], writes=[ids.daily])
        collector = on_warehouse()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found["dev.public.daily"]["sources"] == {"dev.raw.orders", "dev.raw.customers"}
        assert collector.report.counts["sources_gone"] == 1

    def test_names_views_rather_than_what_they_read(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(
            "insert into mart.revenue select name, total from mart.by_customer",
            reads=[ids.orders, ids.customers],
            writes=[ids.revenue],
        )
        collector = on_warehouse()

        (event,) = collector.lineage(ALL, WINDOW)

        assert [(ref.name, ref.type) for ref in event.sources] == [("by_customer", "VIEW")]
        assert {field.name for field in event.fields} == {"name", "revenue"}
        assert collector.report.counts["sources_through_views"] == 2

    def test_a_view_in_one_query_hides_nothing_of_another_that_cannot_be_read(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran("insert into mart.revenue select name, 1 from mart.by_customer", reads=[ids.orders, ids.customers],
                    writes=[ids.revenue])  # fmt: skip
        history.ran("execute x", minutes=1, reads=[ids.empty], writes=[ids.revenue])

        found = edges(on_warehouse().lineage(ALL, WINDOW))

        assert "dev.raw.empty" in found["dev.mart.revenue"]["sources"]
        assert "dev.mart.by_customer" in found["dev.mart.revenue"]["sources"]

    def test_the_storage_of_a_materialized_view_is_the_view(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran("refresh materialized view mart.top", kind="COMMAND", reads=[ids.orders], writes=[ids.storage])

        found = edges(on_warehouse().lineage(ALL, WINDOW))

        assert found == {"dev.mart.top": {"sources": {"dev.raw.orders"}, "columns": {}}}

    def test_a_source_that_does_not_exist_is_no_source(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(
            "insert into mart.revenue select o.note, o.total from raw.orders o join raw.gone g on g.id = o.id",
            reads=[ids.orders],
            writes=[ids.revenue],
        )
        collector = on_warehouse()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found["dev.mart.revenue"]["sources"] == {"dev.raw.orders"}
        assert collector.report.counts["sources_not_found"] == 1

    def test_an_external_table_is_a_source_though_it_has_no_id(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(
            "insert into mart.revenue select 'x', s.amount from spectrum.sales s join raw.orders o on o.id = s.id",
            reads=[ids.orders],
            writes=[ids.revenue],
        )

        found = edges(on_warehouse().lineage(ALL, WINDOW))

        assert found["dev.mart.revenue"]["sources"] == {"dev.raw.orders", "dev.spectrum.sales"}
        assert found["dev.mart.revenue"]["columns"] == {"revenue": {"dev.spectrum.sales.amount"}}

    def test_updates_are_no_source_of_themselves(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(
            "update mart.revenue set revenue = o.total from raw.orders o where o.note = mart.revenue.name",
            kind="UPDATE",
            reads=[ids.revenue, ids.orders],
            writes=[ids.revenue],
            deletes=[ids.revenue],
        )

        found = edges(on_warehouse().lineage(ALL, WINDOW))

        assert found["dev.mart.revenue"]["sources"] == {"dev.raw.orders"}

    def test_reads_each_database_from_inside(self, history: Warehouse, on_warehouse: MakeCollector) -> None:
        deals, big = (history.table_id(f"emea.{name}", OTHER) for name in ("deals", "big_deals"))
        history.ran("insert into emea.big_deals select id from emea.deals", reads=[deals], writes=[big], database=OTHER)

        found = edges(on_warehouse().lineage(ALL, WINDOW))

        assert found == {
            "sales.emea.big_deals": {"sources": {"sales.emea.deals"}, "columns": {"id": {"sales.emea.deals.id"}}}
        }

    def test_a_database_that_lets_nobody_in_is_noted(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(REVENUE, reads=[ids.orders, ids.customers], writes=[ids.revenue])
        history.ran("execute x", reads=[1_000_001], writes=[1_000_002], database="closed", minutes=1)
        collector = on_warehouse()

        assert set(edges(collector.lineage(ALL, WINDOW))) == {"dev.mart.revenue"}
        assert collector.report.counts["databases_not_read"] == 1
        assert "database closed cannot be told by their ids" in collector.report.notes[0]

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("copy raw.orders from 's3://bucket/orders/' iam_role default", "COPY"),
            ("insert into raw.orders values (1)", "INSERT"),
            ("delete from raw.orders", "DELETE"),
            ("truncate raw.orders", "DDL"),
        ],
    )
    def test_writes_from_no_table_are_counted(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids, text: str, kind: str
    ) -> None:
        history.ran(text, kind=kind, writes=[ids.orders])
        collector = on_warehouse()

        assert list(collector.lineage(ALL, WINDOW)) == []
        assert collector.report.counts["statements_without_edges"] == 1
        assert collector.report.left_out == ({"external": 1} if kind == "COPY" else {})

    def test_ddl_that_moves_rows_has_no_steps(self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids) -> None:
        history.ran("insert into raw.orders values (1)", writes=[ids.orders])
        history.ran("alter table public.daily append from mart.revenue", kind="DDL", minutes=1)
        collector = on_warehouse()

        assert edges(collector.lineage(ALL, WINDOW))["dev.public.daily"]["sources"] == {"dev.mart.revenue"}
        assert collector.report.counts["edges_from_text_alone"] == 1

    def test_failed_queries_and_those_outside_of_the_window_do_not_count(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        steps: dict[str, Any] = {"reads": [ids.orders], "writes": [ids.revenue]}
        history.ran(REVENUE, status="failed", **steps)
        history.ran(REVENUE, minutes=60, **steps)
        history.ran(REVENUE, minutes=-0.001, **steps)
        history.ran("select 1", kind="SELECT", minutes=1, reads=[ids.orders])

        assert list(on_warehouse(lineage_source="query_detail").lineage(ALL, WINDOW)) == []


class TestParsed:
    @pytest.fixture
    def parsing(self, history: Warehouse, on_warehouse: MakeCollector) -> Any:
        return lambda: on_warehouse(lineage_source="query_history")

    def test_follows_texts(self, history: Warehouse, parsing: Any, ids: Ids) -> None:
        history.ran(REVENUE, reads=[ids.orders, ids.customers], writes=[ids.revenue])
        collector = parsing()

        found = edges(collector.lineage(ALL, WINDOW))

        assert found["dev.mart.revenue"]["columns"]["revenue"] == {"dev.raw.orders.total"}
        assert collector.report.counts["edges_parsed"] == 1

    def test_follows_each_session_by_itself(self, history: Warehouse, parsing: Any) -> None:
        for session, source in ((1, "raw.orders"), (2, "raw.customers")):
            history.ran(f"create temp table t as select id from {source}", kind="CTAS", session=session)
        history.ran("create table public.a as select id from t", kind="CTAS", session=1, minutes=1)
        history.ran("select id into public.b from t", kind="SELECT", session=2, minutes=2)

        found = edges(parsing().lineage(ALL, WINDOW))

        assert {name: edge["sources"] for name, edge in found.items()} == {
            "dev.public.a": {"dev.raw.orders"},
            "dev.public.b": {"dev.raw.customers"},
        }

    def test_follows_search_paths(self, history: Warehouse, parsing: Any) -> None:
        history.ran('set search_path to "$user", mart;', kind="UTILITY", session=5)
        history.ran("insert into revenue select name, 1 from raw.customers", session=5, minutes=1)
        history.ran("insert into daily select null, 1 from raw.customers", session=6, minutes=2)

        assert set(edges(parsing().lineage(ALL, WINDOW))) == {"dev.mart.revenue", "dev.public.daily"}

    def test_reads_texts_of_any_length(self, history: Warehouse, parsing: Any) -> None:
        history.ran("insert into public.daily (total)\nselect " + "1 + " * 3000 + "total -- x\nfrom raw.orders")

        found = edges(parsing().lineage(ALL, WINDOW))

        assert found["dev.public.daily"]["columns"] == {"total": {"dev.raw.orders.total"}}

    def test_new_views_come_from_the_statement_that_makes_them(self, history: Warehouse, parsing: Any) -> None:
        history.ran("create view public.v as select id from raw.orders with no schema binding", kind="DDL")

        (event,) = parsing().lineage(ALL, WINDOW)

        assert (event.destination.name, event.destination.type) == ("v", "VIEW")

    def test_what_cannot_be_read_is_counted(self, history: Warehouse, parsing: Any) -> None:
        history.ran("insert into mart.revenue select from from where (")
        collector = parsing()

        assert list(collector.lineage(ALL, WINDOW)) == []
        assert collector.report.left_out == {"syntax": 1}


class TestSource:
    def test_is_the_text_where_nothing_was_recorded(self, history: Warehouse, on_warehouse: MakeCollector) -> None:
        history.ran(REVENUE)
        collector = on_warehouse()

        assert set(edges(collector.lineage(ALL, WINDOW))) == {"dev.mart.revenue"}
        assert collector.report.counts["edges_parsed"] == 1

    def test_is_the_text_where_detail_is_denied(
        self, history: Warehouse, on_warehouse: MakeCollector, ids: Ids
    ) -> None:
        history.ran(REVENUE, reads=[ids.orders], writes=[ids.revenue])
        history.execute("REVOKE SELECT ON rs.sys_query_detail FROM PUBLIC")
        try:
            collector = on_warehouse()
            found = edges(collector.lineage(ALL, WINDOW))
            with pytest.raises(AccessDeniedError, match="sys_query_detail"):
                list(on_warehouse(lineage_source="query_detail").lineage(ALL, WINDOW))
        finally:
            history.execute("GRANT SELECT ON rs.sys_query_detail TO PUBLIC")

        assert set(found) == {"dev.mart.revenue"}
        assert "lineage comes from the text of queries alone" in collector.report.notes[0]

    @pytest.mark.parametrize("option", ["lineage_source", "freshness"])
    def test_is_one_that_exists(self, on_warehouse: MakeCollector, option: str) -> None:
        with pytest.raises(UnknownValueError, match=f"Unknown {option} 'x'"):
            on_warehouse(**{option: "x"})


class TestViews:
    def test_are_read_at_midnight(self, history: Warehouse, on_warehouse: MakeCollector) -> None:
        window = explicit_window(START - timedelta(hours=13), START - timedelta(hours=11))
        collector = on_warehouse()

        found = edges(collector.lineage(TableFilter(["dev", "sales"], "*.rs"), window))

        assert found == {
            "dev.mart.by_customer": {
                "sources": {"dev.raw.orders", "dev.raw.customers"},
                "columns": {"name": {"dev.raw.customers.name"}, "total": {"dev.raw.orders.total"}},
            },
            "dev.mart.late": {
                "sources": {"dev.raw.orders", "dev.spectrum.sales"},
                "columns": {"id": {"dev.spectrum.sales.id"}, "amount": {"dev.spectrum.sales.amount"}},
            },
            "dev.mart.top": {"sources": {"dev.mart.revenue"}, "columns": {"name": {"dev.mart.revenue.name"}}},
            "sales.emea.seen": {"sources": {"sales.emea.deals"}, "columns": {"id": {"sales.emea.deals.id"}}},
        }
        assert collector.report.counts["edges_views"] == 4
        assert collector.report.counts["views_without_source"] == 1

    def test_of_a_database_that_lets_nobody_in_are_missing(
        self, history: Warehouse, on_warehouse: MakeCollector
    ) -> None:
        window = explicit_window(START - timedelta(hours=13), START - timedelta(hours=11))
        collector = on_warehouse()

        assert list(collector.lineage(TableFilter("closed"), window)) == []
        assert not collector.report.complete


def test_destinations_out_of_scope_are_counted(history: Warehouse, on_warehouse: MakeCollector, ids: Ids) -> None:
    history.ran(REVENUE, reads=[ids.orders, ids.customers], writes=[ids.revenue])
    collector = on_warehouse()

    assert list(collector.lineage(TableFilter("dev.public"), WINDOW)) == []
    assert collector.report.left_out == {"filtered": 1}


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("mart", "mart"),
        ("MART, raw", "mart"),
        ('"Odd ""S"" 50%", raw', 'Odd "S" 50%'),
        ("'$user', mart", "mart"),
        ('"$user"', "public"),
        ("default", "public"),
        ("$user,mart , raw", "mart"),
    ],
)
def test_the_first_schema_of_a_search_path(path: str, schema: str) -> None:
    assert first_schema(path) == schema
