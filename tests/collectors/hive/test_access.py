"""What a user sees who may not read everything, and servers that are not there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.hive.collector import HiveCollector
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    SourceUnavailableError,
)
from tests.collectors.hive import server as servers
from tests.collectors.hive.conftest import CONN_ID, MakeCollector, report
from tests.collectors.hive.server import Server

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("hive")]

_STRICT = {
    "hive.security.authorization.enabled": "true",
    "hive.security.authorization.manager": "org.apache.hadoop.hive.ql.security.authorization.plugin.sqlstd."
    "SQLStdHiveAuthorizerFactory",
    "hive.security.authenticator.manager": "org.apache.hadoop.hive.ql.security.SessionStateUserAuthenticator",
}


@pytest.fixture(scope="module")
def strict(metastore: Server, hiveserver2: Server) -> Iterator[Server]:
    """HiveServer2 that lets nobody read the tables of others."""
    with servers.hiveserver2(metastore, _STRICT) as running:
        yield running


def collector(uri: str, monkeypatch: pytest.MonkeyPatch) -> HiveCollector:
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", uri)
    return HiveCollector(CONN_ID, report())


def test_tables_of_others(strict: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = collector(strict.uri(), monkeypatch)
    assert list(made.metadata(TableFilter("shop"))) == []
    assert made.report.left_out["denied"] >= 8
    assert not made.report.complete


def test_the_check_says_what_to_grant(strict: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = collector(strict.uri(), monkeypatch).access(TableFilter("shop"))
    assert not check.readable
    assert check.grants == ("GRANT SELECT ON DATABASE `shop` TO USER `tests`",)
    assert "shop" in check.problem


@pytest.mark.parametrize("server", ["metastore", "hiveserver2", "spark"])
def test_the_check_of_databases(on: MakeCollector, hiveserver2: Server, server: str) -> None:
    checks = list(on(server, log_path=str(hiveserver2.logs)).access(TableFilter(["shop", "mart"])))
    assert [check.readable for check in checks] == [True] * len(checks)
    assert [check.name for check in checks][:2] == ["mart", "shop"]
    assert len(checks) > 2  # the log


def test_the_check_of_a_database_that_is_not_there(on: MakeCollector) -> None:
    with pytest.raises(AccessDeniedError, match="nope"):
        list(on("hiveserver2").access(TableFilter("nope")))


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of something that hangs up on everybody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("kind", ["hive-metastore", "hiveserver2"])
def test_servers_that_hang_up(silent: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceUnavailableError, match=CONN_ID):
        list(collector(f"{kind}://127.0.0.1:{silent}", monkeypatch).metadata(TableFilter()))


@pytest.mark.parametrize("kind", ["hive-metastore", "hiveserver2"])
def test_nobody_there(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(SourceUnavailableError, match=CONN_ID):
        list(collector(f"{kind}://127.0.0.1:{port}", monkeypatch).metadata(TableFilter()))


@pytest.mark.parametrize(
    ("kind", "extra", "said"),
    [
        ("hiveserver2", "?auth_mechanism=NOSASL", "auth_mechanism"),
        ("hiveserver2", "?auth_mechanism=PLAIN", "auth_mechanism"),
        ("postgres", "", "hive_metastore and hiveserver2"),
    ],
)
def test_a_wrong_connection(
    hiveserver2: Server, kind: str, extra: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = collector(f"{kind}://tests@127.0.0.1:{hiveserver2.port}/{extra}", monkeypatch)
    with pytest.raises(ConfigurationError, match=said):
        list(made.metadata(TableFilter()))


def test_a_password_without_ldap(hiveserver2: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = collector(f"hiveserver2://tests:hushhush@127.0.0.1:{hiveserver2.port}/", monkeypatch)
    with pytest.raises(ConfigurationError, match="LDAP") as caught:
        list(made.metadata(TableFilter()))
    assert "hushhush" not in str(caught.value)


def test_a_metastore_in_the_place_of_hiveserver2(metastore: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = collector(f"hiveserver2://127.0.0.1:{metastore.port}/?auth_mechanism=NOSASL", monkeypatch)
    with pytest.raises(ConfigurationError, match="its type"):
        list(made.metadata(TableFilter()))
