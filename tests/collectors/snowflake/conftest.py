"""Collectors that read the embedded Snowflake or a fake wire."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.snowflake.collector import SnowflakeCollector
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.collectors.snowflake.wire import Wire

CONN_ID = "snowflake_test"

MakeCollector = Callable[..., SnowflakeCollector]


@pytest.fixture
def on_warehouse(warehouse: EmbeddedWarehouse, monkeypatch: pytest.MonkeyPatch) -> MakeCollector:
    """Make collectors that go through the SnowflakeHook."""
    for name, value in warehouse.environment(CONN_ID).items():
        monkeypatch.setenv(name, value)

    def make(**options: Any) -> SnowflakeCollector:
        return SnowflakeCollector(CONN_ID, report(), **options)

    return make


@pytest.fixture(scope="session")
def history(warehouse: EmbeddedWarehouse) -> TimeWindow:
    """A window that holds all of the seeded history."""
    ((first, last),) = warehouse.execute(
        "SELECT MIN(END_TIME)::VARCHAR AS A, MAX(END_TIME)::VARCHAR AS B FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY"
    )
    return explicit_window(_moment(first), _moment(last) + timedelta(microseconds=1))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def report() -> CollectionReport:
    return CollectionReport(logging.getLogger("tests.collectors.snowflake"))


def on_wire(wire: Wire, **options: Any) -> SnowflakeCollector:
    """Return a collector that reads ``wire``."""
    return SnowflakeCollector(CONN_ID, report(), connect=wire.connect, **options)
