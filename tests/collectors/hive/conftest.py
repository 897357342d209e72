"""A metastore with a shop in it, HiveServer2 and Spark on it, and collectors that read it through Airflow's hooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.hive.collector import HiveCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from tests.collectors.hive import server as servers
from tests.collectors.hive.install import is_installed
from tests.collectors.hive.server import Server
from tests.collectors.hive.shop import BY_HIVE, BY_SPARK

CONN_ID = "hive_test"
MakeCollector = Callable[..., HiveCollector]


@pytest.fixture(scope="session")
def metastore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not is_installed():
        pytest.skip("Hive's jars are not installed (python -m tests.prerequisites)")
    with servers.metastore() as running:
        yield running


@pytest.fixture(scope="session")
def hiveserver2(metastore: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """HiveServer2, after it has made the shop."""
    folder = tmp_path_factory.mktemp("hive")
    folder.joinpath("lines").write_text("one\ntwo\nthree\n")
    with servers.hiveserver2(metastore) as running:
        running.execute(*(text.replace("FOLDER", str(folder)) for text in BY_HIVE))
        yield running


@pytest.fixture(scope="session")
def spark(metastore: Server, hiveserver2: Server) -> Iterator[Server]:
    """Spark's Thrift Server, after it has added to the shop."""
    with servers.spark_thrift_server(metastore) as running:
        running.execute(*BY_SPARK)
        yield running


@pytest.fixture
def on(metastore: Server, hiveserver2: Server, spark: Server, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors for a server, whose name is that of its fixture."""
    uris = {
        "metastore": metastore.uri("hive-metastore"),
        "hiveserver2": hiveserver2.uri(),
        "spark": spark.uri(),
    }

    def make(server: str, **options: Any) -> HiveCollector:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", uris[server])
        return HiveCollector(CONN_ID, report(), **options)

    return make


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.hive"))
