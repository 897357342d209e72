from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import psycopg2
import psycopg2.extras
import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.collector import PostgresCollector
from airflow_provider_montecarlo_push.collectors.postgres.metadata import type_name
from airflow_provider_montecarlo_push.events import AssetVolume, RelationalAsset
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, ConfigurationError
from tests.collectors.postgres.conftest import CONN_ID, MakeCollector, report
from tests.collectors.postgres.server import Server, standby_of

ALL = TableFilter()
ODD = 'it\'s "t" %s {x}'


def by_name(assets: Any) -> dict[str, RelationalAsset]:
    found: dict[str, RelationalAsset] = {}
    for asset in assets:
        name = f"{asset.metadata.schema}.{asset.metadata.name}"
        assert name not in found
        found[name] = asset
    return found


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("numeric(12,2)", "NUMERIC(12,2)"),
        ("timestamp(3) with time zone", "TIMESTAMP(3) WITH TIME ZONE"),
        ('raw."Mixed Case"[]', 'RAW."Mixed Case"[]'),
        ('"a""b"', '"a""b"'),
    ],
)
def test_types_are_in_upper_case_but_for_quoted_names(written: str, sent: str) -> None:
    assert type_name(written) == sent


@pytest.mark.integration
@pytest.mark.xdist_group("postgres")
class TestOnServer:
    def test_what_is_there(self, on_server: MakeCollector) -> None:
        collector = on_server()
        found = by_name(collector.metadata(ALL))
        assert {name: asset.type for name, asset in found.items()} == {
            "raw.orders": "TABLE",
            "raw.customers": "TABLE",
            "raw.empty": "TABLE",
            "raw.no_columns": "TABLE",
            "raw.events": "TABLE",
            "raw.no_partitions": "TABLE",
            "raw.dotted.name": "TABLE",
            "raw.imported": "TABLE",
            "mart.revenue": "VIEW",
            "mart.renamed": "VIEW",
            "mart.top": "VIEW",
            "mart.constant": "VIEW",
            "mart.catalog": "VIEW",
            "mart.recent": "VIEW",
            "mart.v.1": "VIEW",
            f'Odd "S" 50%.{ODD}': "TABLE",
            'Odd "S" 50%.V 1': "VIEW",
            "public.表": "TABLE",
        }
        assert {asset.metadata.database for asset in found.values()} == {"shop"}
        assert not collector.report.left_out
        assert collector.report.counts == {"partitions": 4}
        assert all(asset.freshness is None for asset in found.values())

    def test_columns_types_and_comments(self, on_server: MakeCollector) -> None:
        found = by_name(on_server().metadata(ALL))
        orders = found["raw.orders"]
        assert [(f.name, f.type, f.description) for f in orders.fields] == [
            ("id", "BIGINT", None),
            ("customer_id", "INTEGER", None),
            ("total", "NUMERIC(12,2)", "in euros, ünïcode"),
            ("note", "CHARACTER VARYING(40)", None),
            ("at", "TIMESTAMP(3) WITH TIME ZONE", None),
            ("tags", "TEXT[]", None),
            ("mood", "RAW.MOOD", None),
            ("mixed", 'RAW."Mixed Case"', None),
        ]
        assert orders.metadata.description == "One row per order; it's 100% complete"
        assert found["mart.revenue"].metadata.description == "by customer"
        assert found["raw.no_columns"].fields == []
        assert [(f.name, f.type) for f in found["raw.dotted.name"].fields] == [
            ("id", "BIGINT"),
            ("a.b", "RAW.POSITIVE"),
            ("list", "RAW.POSITIVE[]"),
            ("wait", "INTERVAL(3)"),
            ("doc", "JSONB"),
            ("twice", "INTEGER"),
        ]
        assert [f.name for f in found[f'Odd "S" 50%.{ODD}'].fields] == ["col umn", "ümlaut"]

    def test_view_sql_is_qualified(self, on_server: MakeCollector) -> None:
        found = by_name(on_server().metadata(ALL))
        assert "FROM mart.revenue" in (found["mart.renamed"].metadata.view_query or "")
        assert "FROM mart.revenue" in (found["mart.top"].metadata.view_query or "")
        assert {name for name, asset in found.items() if asset.metadata.view_query} == {
            name for name, asset in found.items() if asset.type == "VIEW"
        }

    def test_volume(self, server: Server, on_server: MakeCollector) -> None:
        found = by_name(on_server().metadata(ALL))
        rows = {name: asset.volume.row_count for name, asset in found.items() if asset.volume}
        assert rows == {
            "raw.orders": 1000,
            "raw.customers": 7,
            "raw.empty": 0,
            "raw.no_columns": 0,
            "raw.events": 60,
            "raw.no_partitions": 0,
            "raw.dotted.name": 0,
            "mart.top": 5,
            f'Odd "S" 50%.{ODD}': 0,
            "public.表": 0,
        }
        for name, sql in {
            "raw.orders": "SELECT pg_total_relation_size('raw.orders')",
            "raw.events": "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('raw.events')",
        }.items():
            ((size,),) = server.execute(sql, database="shop")
            volume = found[name].volume
            assert volume is not None
            assert volume.byte_count == size > 0

    @pytest.mark.parametrize(
        ("statements", "expected"),
        [
            (["INSERT INTO t SELECT generate_series(1, 50)"], 50),
            (["INSERT INTO t SELECT generate_series(1, 50)", "ANALYZE t"], 50),
            (["INSERT INTO t SELECT generate_series(1, 50)", "ANALYZE t", "DELETE FROM t WHERE x > 10"], 10),
            (["INSERT INTO t SELECT generate_series(1, 50)", "DELETE FROM t"], 0),
            (["INSERT INTO t SELECT generate_series(1, 50)", "TRUNCATE t"], 0),
            # The statistics were lost, as in a crash: what ANALYZE noted in the catalog is left.
            (["INSERT INTO t SELECT generate_series(1, 50)", "ANALYZE t", "SELECT pg_stat_reset()"], 50),
            # They were lost, and nothing else was noted.
            (["INSERT INTO t SELECT generate_series(1, 50)", "SELECT pg_stat_reset()"], None),
        ],
    )
    def test_rows_as_far_as_they_are_known(
        self, server: Server, on_server: MakeCollector, statements: list[str], expected: int | None
    ) -> None:
        flush = "SELECT pg_stat_force_next_flush()"
        each = [part for statement in statements for part in (statement, flush)]
        server.execute("CREATE TABLE t (x int)", *each, database="other")
        try:
            (table,) = on_server("other").metadata(TableFilter("other.public.t"))
        finally:
            server.execute("DROP TABLE t", database="other")
        assert isinstance(table.volume, AssetVolume)
        assert table.volume.row_count == expected

    def test_lean(self, on_server: MakeCollector) -> None:
        full = by_name(on_server().metadata(ALL))
        collector = on_server()
        lean = by_name(collector.metadata(ALL, only_freshness_and_volume=True))
        assert {name: asset.volume for name, asset in lean.items()} == {
            name: asset.volume for name, asset in full.items() if asset.volume
        }
        for asset in lean.values():
            assert (asset.fields, asset.metadata.description, asset.metadata.view_query) == ([], None, None)
        assert collector.report.left_out == {"no_volume_or_freshness": 1}

    @pytest.mark.parametrize(
        ("include", "exclude", "names"),
        [
            ("shop.RAW.cust*", None, {"raw.customers"}),
            ("shop.mart", "*.*.re*", {"mart.top", "mart.constant", "mart.catalog", "mart.v.1"}),
            ('shop."odd ""s"" 50%".*', None, {f'Odd "S" 50%.{ODD}', 'Odd "S" 50%.V 1'}),
            ("shop.public.表", None, {"public.表"}),
            ("shop.raw.events_2025", None, set()),
            ('shop.raw."dotted.*"', None, {"raw.dotted.name"}),
            ("shop.raw.e[mv]*", None, {"raw.empty", "raw.events"}),
        ],
    )
    def test_filters(self, on_server: MakeCollector, include: str, exclude: str | None, names: set[str]) -> None:
        assert set(by_name(on_server().metadata(TableFilter(include, exclude)))) == names

    def test_foreign_tables_are_external_on_request(self, on_server: MakeCollector) -> None:
        (asset,) = on_server(keep_asset_types=True).metadata(TableFilter("shop.raw.imported"))
        assert asset.type == "EXTERNAL"
        assert asset.volume is None

    def test_temporary_tables_are_left_out(self, server: Server, on_server: MakeCollector) -> None:
        with server.connect("other") as other:
            other.execute("CREATE TEMPORARY TABLE scratch (x int)")
            collector = on_server("other")
            assert set(by_name(collector.metadata(ALL))) == {"public.things", "public.seen"}
        assert collector.report.left_out == {"temporary": 1}

    @pytest.mark.parametrize("databases", [["shop", "other"], "*"])
    def test_several_databases(self, on_server: MakeCollector, databases: Any) -> None:
        collector = on_server("postgres", databases=databases)
        found = {asset.metadata.database for asset in collector.metadata(TableFilter(exclude="postgres"))}
        assert {"shop", "other"} == found

    def test_a_database_without_connect(self, on_server: MakeCollector) -> None:
        with pytest.raises(AccessDeniedError, match='GRANT CONNECT ON DATABASE "closed"'):
            list(on_server(user="reader", databases=["closed"]).metadata(ALL))
        collector = on_server(user="reader", databases="*")
        assert list(collector.metadata(ALL))
        assert collector.report.left_out["database_denied"] == 1

    def test_another_database_than_that_of_the_connection(self, on_server: MakeCollector) -> None:
        collector = on_server()
        assert list(collector.metadata(TableFilter("other"))) == []
        assert "name others with the option databases" in collector.report.notes[0]

    def test_whoever_may_connect_sees_the_catalog(self, on_server: MakeCollector) -> None:
        mine, theirs = on_server(user="reader"), on_server()
        assert by_name(mine.metadata(ALL)).keys() == by_name(theirs.metadata(ALL)).keys()

    def test_with_psycopg2(self, server: Server, on_server: MakeCollector) -> None:
        def connect(database: str | None) -> Any:
            return psycopg2.connect(server.uri(database or "shop"), cursor_factory=psycopg2.extras.DictCursor)

        through_hook = list(on_server(freshness="commit_timestamp").metadata(ALL))
        collector = PostgresCollector(CONN_ID, report(), connect=connect, freshness="commit_timestamp")
        assert list(collector.metadata(ALL)) == through_hook

    def test_a_dictionary_cursor_in_the_connection(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", server.uri("shop") + "?cursor=dictcursor")
        assert len(list(PostgresCollector(CONN_ID, report()).metadata(ALL))) == 18

    @pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
    @pytest.mark.parametrize("driver", [psycopg, psycopg2])
    def test_databases_in_another_encoding(self, server: Server, encoding: str, driver: Any) -> None:
        server.execute(f"CREATE DATABASE old ENCODING '{encoding}' TEMPLATE template0")
        try:
            server.execute('CREATE TABLE "ümlaut" ("ß" int)', database="old", client_encoding="UTF8")
            collector = PostgresCollector(CONN_ID, report(), connect=lambda _: driver.connect(server.uri("old")))
            (table,) = collector.metadata(ALL)
        finally:
            server.execute("DROP DATABASE old WITH (FORCE)")
        assert (table.metadata.name, [f.name for f in table.fields]) == ("ümlaut", ["ß"])

    def test_more_tables_than_a_batch(self, server: Server, on_server: MakeCollector) -> None:
        server.execute(
            "CREATE SCHEMA many",
            """DO $$ BEGIN FOR i IN 1..1201 LOOP
                 EXECUTE format('CREATE TABLE many.t%s (a%s int, b text)', i, i);
                 EXECUTE format('CREATE VIEW many.v%s AS SELECT a%s FROM many.t%s', i, i, i);
               END LOOP; END $$""",
            database="other",
        )
        try:
            found = by_name(on_server("other").metadata(TableFilter("other.many")))
        finally:
            server.execute("DROP SCHEMA many CASCADE", database="other")
        assert len(found) == 2402
        for number in range(1, 1202):
            assert [f.name for f in found[f"many.t{number}"].fields] == [f"a{number}", "b"]
            assert f"t{number}" in (found[f"many.v{number}"].metadata.view_query or "")

    def test_a_locked_table_has_no_size_and_holds_nobody_up(self, server: Server, on_server: MakeCollector) -> None:
        with server.connect("shop") as other, other.transaction(force_rollback=True):
            other.execute("ALTER TABLE raw.customers ADD COLUMN later int")
            collector = on_server()
            found = by_name(collector.metadata(ALL))
        assert found["raw.customers"].volume == AssetVolume(7, None)
        assert [f.name for f in found["raw.customers"].fields] == ["id", "name"]
        # The views that read it wait for it in vain, and others do not.
        assert found["mart.revenue"].metadata.view_query is None
        assert found["mart.recent"].metadata.view_query
        assert collector.report.left_out == {"size_locked": 1, "view_without_text": 1}

    def test_no_locks_are_kept(self, server: Server, on_server: MakeCollector) -> None:
        assets = on_server().metadata(ALL)
        next(assets)
        locked = server.execute(
            "SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            "WHERE c.relnamespace::regnamespace::text IN ('raw', 'mart')",
            database="shop",
        )
        assets.close()  # type: ignore[attr-defined]
        assert locked == []

    def test_nothing_but_one_snapshot_is_read(self, server: Server, on_server: MakeCollector) -> None:
        server.execute("CREATE TABLE dropped (a int)", "CREATE TABLE kept (b int)", database="other")
        try:
            assets = on_server("other").metadata(TableFilter("other.public"))
            first = next(assets)
            server.execute("DROP TABLE dropped", "CREATE TABLE added (c int)", database="other")
            names = {first.metadata.name, *(asset.metadata.name for asset in assets)}
        finally:
            server.execute("DROP TABLE IF EXISTS dropped, kept, added", database="other")
        assert "added" not in names
        assert "kept" in names

    def test_a_standby_which_keeps_no_statistics(self, server: Server) -> None:
        server.execute("CREATE TABLE analyzed AS SELECT generate_series(1, 70)", "ANALYZE analyzed", database="other")
        server.execute("CREATE TABLE never AS SELECT generate_series(1, 70)", database="other")
        try:
            with standby_of(server) as standby:

                def connect(_: str | None) -> Any:
                    return psycopg2.connect(standby.uri("other"))

                collector = PostgresCollector(CONN_ID, report(), connect=connect, freshness="commit_timestamp")
                found = by_name(collector.metadata(ALL))
        finally:
            server.execute("DROP TABLE analyzed, never", database="other")
        assert found["public.analyzed"].volume == AssetVolume(70, 8192)
        assert found["public.never"].volume == AssetVolume(None, 8192)
        assert found["public.never"].freshness is not None


@pytest.mark.integration
@pytest.mark.xdist_group("postgres")
class TestFreshness:
    def test_commit_times(self, server: Server, on_server: MakeCollector) -> None:
        before = datetime.now(UTC)
        server.execute(
            "CREATE TABLE t (x int)",
            "CREATE TABLE p (x int) PARTITION BY RANGE (x)",
            "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
            "INSERT INTO t VALUES (1)",
            "INSERT INTO p VALUES (1)",
            database="other",
        )
        after = datetime.now(UTC)
        try:
            collector = on_server("other", freshness="commit_timestamp")
            found = by_name(collector.metadata(ALL, only_freshness_and_volume=True))
        finally:
            server.execute("DROP TABLE t, p", database="other")
        for name in ("public.t", "public.p"):
            freshness = found[name].freshness
            assert freshness is not None
            assert before - timedelta(seconds=1) <= freshness.last_update_time <= after
        assert found["public.things"].freshness is None
        assert collector.report.left_out["freshness_unknown"] == 1

    def test_tables_that_may_not_be_read(self, on_server: MakeCollector) -> None:
        collector = on_server(user="reader", freshness="commit_timestamp")
        found = by_name(collector.metadata(TableFilter(["shop.raw", "shop.mart.top"])))
        assert found["raw.orders"].freshness is not None
        assert found["raw.customers"].freshness is None
        assert collector.report.left_out["freshness_not_granted"] == 7  # one for want of USAGE on its schema

    def test_without_tracking(self) -> None:
        with Server.running(track_commit_timestamp="off") as server:

            def connect(database: str | None) -> Any:
                return psycopg2.connect(server.uri(database or "postgres"))

            collector = PostgresCollector(CONN_ID, report(), connect=connect, freshness="commit_timestamp")
            with pytest.raises(ConfigurationError, match="ALTER SYSTEM SET track_commit_timestamp = on"):
                list(collector.metadata(ALL))
