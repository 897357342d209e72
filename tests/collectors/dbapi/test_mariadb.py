"""MariaDB through a hook that a user wrote: schemas are databases, sizes are known."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import AssetField, AssetVolume
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError, SourceUnavailableError
from tests.collectors.dbapi.conftest import PASSWORD, MakeCollector
from tests.collectors.dbapi.mariadb import MariaDb
from tests.collectors.dbapi.test_metadata import collect

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("dbapi")]


def test_everything(on_mariadb: MakeCollector) -> None:
    collector = on_mariadb()
    assets = collect(collector)
    assert list(assets) == [
        "Crm.Crm.people",
        "shop.shop.50% `off`",
        "shop.shop.Zoo",
        "shop.shop._first",
        "shop.shop.orders",
        "shop.shop.v",
        "shop.shop.übel",
    ]
    orders = assets["shop.shop.orders"]
    assert orders.fields == [
        AssetField("id", "BIGINT(20) UNSIGNED", "the 'key'"),
        AssetField("amount", "DECIMAL(10,2)"),
        AssetField("size", "ENUM('Small','it''s')"),
        AssetField("made", "DATETIME(3)"),
        AssetField("name", "VARCHAR(20)"),
    ]
    assert orders.metadata.description == "all orders"
    assert orders.volume == AssetVolume(3, 16384)
    assert assets["shop.shop.50% `off`"].fields == [AssetField("a.b", "INT(11)")]
    view = assets["shop.shop.v"]
    assert (view.type, view.volume, view.metadata.description) == ("VIEW", None, None)
    assert "`shop`.`orders`" in (view.metadata.view_query or "")
    assert collector.report.left_out == {"no_table": 1}
    assert not collector.report.notes


def test_by_the_hour(on_mariadb: MakeCollector) -> None:
    collector = on_mariadb()
    assets = collect(collector, "shop.shop.*", "*.*._*", only_freshness_and_volume=True)
    assert {name.rpartition(".")[2] for name in assets} == {"50% `off`", "Zoo", "orders", "übel"}
    assert assets["shop.shop.orders"].volume == AssetVolume(3, 16384)
    assert not assets["shop.shop.orders"].fields
    assert not collector.report.left_out["filtered"]


@pytest.mark.parametrize(
    ("include", "names"),
    [("SHOP.*.ZOO", {"Zoo"}), ("shop.shop.Ü*", {"übel"}), ("*.*.50%*", {"50% `off`"}), ("crm", {"people"})],
)
def test_filters(on_mariadb: MakeCollector, include: str, names: set[str]) -> None:
    assert {asset.metadata.name for asset in collect(on_mariadb(), include).values()} == names


def test_only_what_the_user_may_see(on_mariadb: MakeCollector) -> None:
    collector = on_mariadb(user="reader", password=PASSWORD)
    assets = collect(collector)
    assert list(assets) == ["shop.shop.v"]
    assert assets["shop.shop.v"].fields == [AssetField("id", "BIGINT(20) UNSIGNED", "the 'key'")]
    assert assets["shop.shop.v"].metadata.view_query is None
    assert collector.report.left_out == {"hidden_text": 1}


def test_a_wrong_password(on_mariadb: MakeCollector) -> None:
    with pytest.raises(SourceError, match=r"Access denied for user .* Correct the host, database, user or password"):
        collect(on_mariadb(user="reader", password="wr0ng"))


def test_connections_are_closed(on_mariadb: MakeCollector, mariadb_server: MariaDb) -> None:
    assets = on_mariadb().metadata(TableFilter("shop"))
    next(assets)
    assert len(mariadb_server.sessions()) == 4  # one to ask, and one for each stream
    assert sum(1 for _ in assets) == 5
    assert not mariadb_server.sessions()


def test_a_view_that_may_not_be_read(on_mariadb: MakeCollector, mariadb_server: MariaDb) -> None:
    mariadb_server.execute(
        "CREATE DATABASE own_is", "CREATE VIEW own_is.tables AS SELECT * FROM information_schema.tables"
    )
    try:
        with pytest.raises(AccessDeniedError) as raised:
            collect(on_mariadb(user="reader", password=PASSWORD, information_schema="own_is"))
        assert 'GRANT SELECT ON own_is.tables TO "reader";' in raised.value.grants
    finally:
        mariadb_server.execute("DROP DATABASE own_is")


def test_nobody_listens(on_mariadb: MakeCollector, monkeypatch: pytest.MonkeyPatch, mariadb_server: MariaDb) -> None:
    monkeypatch.setattr(mariadb_server, "port", 1)
    with pytest.raises(SourceUnavailableError, match="Connecting over connection 'maria_test' failed"):
        collect(on_mariadb())
