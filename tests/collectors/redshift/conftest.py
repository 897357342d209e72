"""A warehouse that answers as Redshift does, and collectors that read it through the RedshiftSQLHook."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.redshift.collector import RedshiftCollector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from tests.collectors.postgres.server import is_installed
from tests.collectors.redshift.warehouse import HOME, NOON, Warehouse

CONN_ID = "redshift_test"

MakeCollector = Callable[..., RedshiftCollector]

START = NOON.replace(tzinfo=UTC)
WINDOW = explicit_window(START, START + timedelta(hours=1))


@pytest.fixture(scope="session")
def warehouse() -> Iterator[Warehouse]:
    if not is_installed():
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with Warehouse.running() as running:
        yield running


@pytest.fixture
def history(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The warehouse with an empty query history."""
    warehouse.clear_history()
    yield warehouse
    warehouse.clear_history()


@pytest.fixture
def on_warehouse(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the RedshiftSQLHook."""

    def make(user: str = "monitor", database: str = HOME, extra: str = "", **options: Any) -> RedshiftCollector:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", warehouse.uri(database, user, extra=extra))
        return RedshiftCollector(CONN_ID, report(), **options)

    return make


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.redshift"))
