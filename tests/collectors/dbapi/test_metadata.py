from __future__ import annotations

import os
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.dbapi import session
from airflow_provider_montecarlo_push.collectors.dbapi.collector import DbApiCollector
from airflow_provider_montecarlo_push.collectors.dbapi.drivers import driver_of
from airflow_provider_montecarlo_push.collectors.dbapi.session import Session
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import AssetField, RelationalAsset
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, ConfigurationError, SourceError
from tests.collectors.dbapi.conftest import PASSWORD, MakeCollector, MakeDuckDb, report

pytestmark = pytest.mark.xdist_group("dbapi")

# The three views as MySQL 8 has them, with what it says of a small shop.
MYSQL = (
    "CREATE SCHEMA mysql_is",
    """CREATE TABLE mysql_is.tables ("TABLE_CATALOG" text, "TABLE_SCHEMA" text, "TABLE_NAME" text, "TABLE_TYPE" text,
       "ENGINE" text, "TABLE_ROWS" bigint, "DATA_LENGTH" bigint, "TABLE_COMMENT" text)""",
    """INSERT INTO mysql_is.tables VALUES
       ('def', 'shop', 'orders', 'BASE TABLE', 'InnoDB', 3, 16384, 'all orders'),
       ('def', 'shop', 'numbers', 'SEQUENCE', 'InnoDB', 1, 1, ''),
       ('def', 'shop', 'v', 'VIEW', NULL, NULL, NULL, 'VIEW'),
       ('def', 'crm', 'people', 'BASE TABLE', 'InnoDB', 0, 0, ''),
       ('def', 'sys', 'hidden', 'BASE TABLE', 'InnoDB', 1, 1, ''),
       ('def', 'information_schema', 'TABLES', 'SYSTEM VIEW', NULL, NULL, NULL, '')""",
    """CREATE TABLE mysql_is.columns ("TABLE_CATALOG" text, "TABLE_SCHEMA" text, "TABLE_NAME" text, "COLUMN_NAME" text,
       "ORDINAL_POSITION" int, "DATA_TYPE" text, "COLUMN_TYPE" text, "CHARACTER_MAXIMUM_LENGTH" bigint,
       "COLUMN_COMMENT" text)""",
    """INSERT INTO mysql_is.columns VALUES
       ('def', 'shop', 'orders', 'size', 2, 'enum', 'enum(''Small'',''it''''s'')', 5, 'how big'),
       ('def', 'shop', 'orders', 'id', 1, 'bigint', 'bigint unsigned', NULL, ''),
       ('def', 'shop', 'v', 'id', 1, 'bigint', 'bigint unsigned', NULL, '')""",
    """CREATE TABLE mysql_is.views ("TABLE_CATALOG" text, "TABLE_SCHEMA" text, "TABLE_NAME" text,
       "VIEW_DEFINITION" text)""",
    "INSERT INTO mysql_is.views VALUES ('def', 'shop', 'v', 'select `id` from `shop`.`orders`')",
)


def collect(
    collector: DbApiCollector, include: str | None = None, exclude: str | None = None, **options: bool
) -> dict[str, RelationalAsset]:
    found = {}
    for asset in collector.metadata(TableFilter(include, exclude), **options):
        encode_event(asset)
        name = f"{asset.metadata.database}.{asset.metadata.schema}.{asset.metadata.name}"
        assert name not in found
        found[name] = asset
    return found


@pytest.mark.integration
def test_postgres(on_postgres: MakeCollector) -> None:
    collector = on_postgres()
    assets = collect(collector)
    assert {name: asset.type for name, asset in assets.items()} == {
        'shop.Odd %s schema.50% "off"': "TABLE",
        "shop.public.secret": "TABLE",
        "shop.raw.Orders": "TABLE",
        "shop.raw._first": "TABLE",
        "shop.raw.ids": "VIEW",
        "shop.raw.orders": "TABLE",
        "shop.raw.without_columns": "TABLE",
    }
    assert {field.name: field.type for field in assets["shop.raw.orders"].fields} == {
        "id": "BIGINT",
        "amount": "NUMERIC(10,2)",
        "rate": "NUMERIC",
        "name": "CHARACTER VARYING(20)",
        "code": "CHARACTER(3)",
        "bits": "BIT VARYING(5)",
        "made": "TIMESTAMP(6) WITH TIME ZONE",
        "day": "DATE",
        "at": "TIMESTAMP(3) WITHOUT TIME ZONE",
        "tags": "TEXT[]",
        "mood": "MOOD",
    }
    assert assets["shop.raw.Orders"].fields == [AssetField("a", "INTEGER")]
    assert assets["shop.raw.without_columns"].fields == []
    assert assets['shop.Odd %s schema.50% "off"'].fields == [AssetField("a.b", "INTEGER")]
    assert "FROM raw.orders" in (assets["shop.raw.ids"].metadata.view_query or "")
    assert all(asset.volume is None and asset.freshness is None for asset in assets.values())
    assert not collector.report.left_out
    assert not collector.report.notes


@pytest.mark.integration
@pytest.mark.parametrize(
    ("include", "exclude", "names", "filtered"),
    [
        ("shop.raw.ORDERS", None, {"Orders", "orders"}, 0),
        ("*.raw.*", "*.*.*order*", {"_first", "ids", "without_columns"}, 0),
        ("shop.*.[ab_]first", None, {"_first"}, 0),
        ("shop.raw.[!_]*", None, {"Orders", "ids", "orders", "without_columns"}, 1),
        ('shop."Odd %s schema".50%*', None, {'50% "off"'}, 0),
        ("elsewhere.*.*", None, set(), 0),
    ],
)
def test_filters_are_pushed_down(
    on_postgres: MakeCollector, include: str, exclude: str | None, names: set[str], filtered: int
) -> None:
    collector = on_postgres()
    assert {asset.metadata.name for asset in collect(collector, include, exclude).values()} == names
    assert collector.report.left_out["filtered"] == filtered


@pytest.mark.integration
@pytest.mark.parametrize("cursor", ["dictcursor", "namedtuplecursor"])
def test_rows_may_be_dicts_by_the_connection(on_postgres: MakeCollector, cursor: str) -> None:
    assert len(collect(on_postgres(extra={"cursor": cursor}))) == 7


@pytest.mark.integration
def test_psycopg2_streams_as_well(on_postgres: MakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PostgresHook uses it where SQLAlchemy is older than 2."""
    from airflow.providers.postgres.hooks import postgres

    monkeypatch.setattr(postgres, "USE_PSYCOPG3", False)
    drivers: set[str] = set()
    cursor = session.streaming_cursor

    def seen(connection: Any) -> Any:
        drivers.add(driver_of(connection))
        connection.autocommit = True  # which a hook may have set
        found = cursor(connection)
        assert found.name
        return found

    monkeypatch.setattr(session, "streaming_cursor", seen)
    assert len(collect(on_postgres(extra={"cursor": "realdictcursor"}))) == 7
    assert drivers == {"psycopg2"}


@pytest.mark.integration
def test_only_what_the_user_may_see(on_postgres: MakeCollector) -> None:
    collector = on_postgres(user="reader")
    assets = collect(collector)
    assert list(assets) == ["shop.raw.ids"]
    assert assets["shop.raw.ids"].metadata.view_query is None
    assert collector.report.left_out == {"hidden_text": 1}
    assert collect(on_postgres(user="blind")) == {}


@pytest.mark.integration
def test_the_number_of_statements_is_fixed(on_postgres: MakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def counted(name: str) -> None:
        method = getattr(Session, name)

        def call(self: Session, statement: Any, **options: Any) -> Any:
            sent.append("".join(statement.pieces))
            return method(self, statement, **options)

        monkeypatch.setattr(Session, name, call)

    counted("ask")
    counted("stream")
    collect(on_postgres(), "shop.raw._first")
    few = len(sent)
    collect(on_postgres())
    assert len(sent) == 2 * few
    assert few == 8  # three views and the order probed, databases, three streams


@pytest.mark.integration
def test_hourly_runs_need_a_size(on_postgres: MakeCollector) -> None:
    with pytest.raises(ConfigurationError, match=r"information_schema.tables .* only_freshness_and_volume"):
        collect(on_postgres(), only_freshness_and_volume=True)


@pytest.mark.integration
@pytest.mark.parametrize("schema", ["no_such_schema", "nowhere.information_schema", '"Information_Schema"'])
def test_an_information_schema_that_is_not_there(on_postgres: MakeCollector, schema: str) -> None:
    with pytest.raises(AccessDeniedError, match="SqlCatalogCollector"):
        collect(on_postgres(information_schema=schema))
    (check,) = on_postgres(information_schema=schema).access(TableFilter())
    assert not check.readable
    assert schema.strip('"') in check.problem


@pytest.mark.integration
def test_a_denied_view_names_the_grant(shop: Any, on_postgres: MakeCollector) -> None:
    shop.execute(
        "CREATE SCHEMA closed",
        "CREATE VIEW closed.tables AS SELECT * FROM information_schema.tables",
        database="shop",
    )
    try:
        with pytest.raises(AccessDeniedError) as raised:
            collect(on_postgres(user="reader", information_schema="closed"))
        assert raised.value.grants == (
            'GRANT USAGE ON SCHEMA closed TO "reader";',
            'GRANT SELECT ON closed.tables TO "reader";',
        )
    finally:
        shop.execute("DROP SCHEMA closed CASCADE", database="shop")


@pytest.mark.integration
def test_without_views_there_is_a_note(shop: Any, on_postgres: MakeCollector) -> None:
    shop.execute(
        "CREATE SCHEMA partial",
        "CREATE VIEW partial.tables AS SELECT * FROM information_schema.tables",
        "CREATE VIEW partial.columns AS SELECT * FROM information_schema.columns",
        database="shop",
    )
    try:
        collector = on_postgres(information_schema="shop.partial")
        assets = collect(collector, "shop.raw.ids")
        assert assets["shop.raw.ids"].metadata.view_query is None
        assert "shop.partial.views" in collector.report.notes[0]
        checks = {
            check.name: check.readable for check in on_postgres(information_schema="partial").access(TableFilter())
        }
        assert checks == {"partial.tables": True, "partial.columns": True, "partial.views": False}
    finally:
        shop.execute("DROP SCHEMA partial CASCADE", database="shop")


@pytest.mark.integration
def test_a_wrong_password_is_final_and_not_repeated(
    on_postgres: MakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = on_postgres()
    monkeypatch.setenv("AIRFLOW_CONN_PG_TEST", os.environ["AIRFLOW_CONN_PG_TEST"].replace(PASSWORD, "wr0ng-password"))
    with pytest.raises(SourceError, match="Connecting over connection 'pg_test' failed") as raised:
        collect(collector)
    assert not isinstance(raised.value, AccessDeniedError)
    assert "wr0ng-password" not in str(raised.value)


def test_duckdb(duckdb_connection: MakeDuckDb) -> None:
    conn_id = duckdb_connection(
        "CREATE SCHEMA mart",
        """CREATE TABLE mart.t (price DECIMAL(10,2), s STRUCT(a INTEGER, b VARCHAR), e ENUM('Small', 'big'),
           l INTEGER[], made TIMESTAMP WITH TIME ZONE)""",
        "COMMENT ON TABLE mart.t IS 'goods'",
        "COMMENT ON COLUMN mart.t.price IS 'in euros'",
        'CREATE TABLE mart."T 2%" (x INTEGER)',
        "CREATE VIEW mart.v AS SELECT price FROM mart.t",
    )
    collector = DbApiCollector(conn_id, report())
    assets = collect(collector)
    assert list(assets) == ["house.mart.T 2%", "house.mart.t", "house.mart.v"]
    table = assets["house.mart.t"]
    assert table.metadata.description == "goods"
    assert table.fields[0] == AssetField("price", "DECIMAL(10,2)", "in euros")
    assert [field.type for field in table.fields[1:]] == [
        "STRUCT(A INTEGER, B VARCHAR)",
        "ENUM('Small', 'big')",
        "INTEGER[]",
        "TIMESTAMP WITH TIME ZONE",
    ]
    assert "SELECT price FROM" in (assets["house.mart.v"].metadata.view_query or "")


def test_mysql_has_no_databases_above_schemas(duckdb_connection: MakeDuckDb) -> None:
    conn_id = duckdb_connection(*MYSQL)
    collector = DbApiCollector(conn_id, report(), information_schema="mysql_is")
    assets = collect(collector)
    assert list(assets) == ["crm.crm.people", "shop.shop.orders", "shop.shop.v"]
    orders = assets["shop.shop.orders"]
    assert orders.fields == [
        AssetField("id", "BIGINT UNSIGNED"),
        AssetField("size", "ENUM('Small','it''s')", "how big"),
    ]
    assert orders.metadata.description == "all orders"
    assert orders.volume is not None
    assert (orders.volume.row_count, orders.volume.byte_count) == (3, 16384)
    view = assets["shop.shop.v"]
    assert (view.metadata.description, view.volume) == (None, None)
    assert view.metadata.view_query == "select `id` from `shop`.`orders`"
    assert collector.report.left_out == {"no_table": 1}


def test_mysql_by_the_hour(duckdb_connection: MakeDuckDb) -> None:
    conn_id = duckdb_connection(*MYSQL)
    assets = collect(
        DbApiCollector(conn_id, report(), information_schema="mysql_is"), "crm", only_freshness_and_volume=True
    )
    assert list(assets) == ["crm.crm.people"]
    assert assets["crm.crm.people"].volume is not None
    assert assets["crm.crm.people"].fields == []


def test_a_database_called_def_is_none_of_mysql(duckdb_connection: MakeDuckDb) -> None:
    conn_id = duckdb_connection(*MYSQL, 'ALTER TABLE mysql_is.tables DROP COLUMN "ENGINE"')
    assets = collect(DbApiCollector(conn_id, report(), information_schema="mysql_is"), "def.shop.*")
    assert list(assets) == ["def.shop.orders", "def.shop.v"]


def test_what_temporary_and_foreign_tables_are(duckdb_connection: MakeDuckDb) -> None:
    conn_id = duckdb_connection(
        *MYSQL,
        """INSERT INTO mysql_is.tables VALUES ('def', 'shop', 'away', 'FOREIGN', NULL, NULL, NULL, NULL),
           ('def', 'shop', 'gone', 'LOCAL TEMPORARY', NULL, NULL, NULL, NULL)""",
    )
    collector = DbApiCollector(conn_id, report(), information_schema="mysql_is", keep_asset_types=True)
    assert collect(collector, "shop")["shop.shop.away"].type == "EXTERNAL"
    assert collector.report.left_out == {"no_table": 1, "temporary": 1}
    collector = DbApiCollector(conn_id, report(), information_schema="mysql_is")
    assert collect(collector, "shop")["shop.shop.away"].type == "TABLE"


def test_views_that_are_not_those_of_the_standard(duckdb_connection: MakeDuckDb) -> None:
    conn_id = duckdb_connection("CREATE SCHEMA own", "CREATE TABLE own.tables (table_schema text, table_name text)")
    with pytest.raises(AccessDeniedError, match=r"own\.tables has no column TABLE_CATALOG"):
        collect(DbApiCollector(conn_id, report(), information_schema="own"))
