"""Connecting, and what goes wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.databricks.collector import DatabricksCollector
from airflow_provider_montecarlo_push.collectors.databricks.session import connect_with_hook
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, SourceError, SourceUnavailableError
from tests.collectors.databricks.conftest import CONN_ID, MakeCollector, report
from tests.collectors.databricks.server import Warehouse
from tests.collectors.databricks.shop import DAY

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("databricks")]
HOUR = explicit_window(DAY, DAY + timedelta(hours=1))


def test_what_the_connection_turns_off(on_warehouse: MakeCollector) -> None:
    on_warehouse(extra={"enable_telemetry": True, "use_cloud_fetch": True, "use_inline_params": True})
    connection: Any = connect_with_hook(CONN_ID)
    try:
        assert not connection.enable_telemetry
        assert not connection.use_cloud_fetch
        assert not connection.use_inline_params
    finally:
        connection.close()


def test_wrong_token(on_warehouse: MakeCollector) -> None:
    with pytest.raises(SourceError, match="refused the login") as caught:
        list(on_warehouse(token="dapi-wrong").query_logs(HOUR))
    assert "dapi-wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "error"), [(404, ConfigurationError), (500, SourceUnavailableError), (503, SourceUnavailableError)]
)
def test_http_errors(unity: Warehouse, on_warehouse: MakeCollector, status: int, error: type[Exception]) -> None:
    unity.status = status
    with pytest.raises(error, match="Connecting to Databricks"):
        list(on_warehouse().query_logs(HOUR))


def test_nobody_listens(on_warehouse: MakeCollector) -> None:
    extra = {"_connection_uri": "http://127.0.0.1:9/sql", "_retry_delay_min": 0.01, "_retry_delay_max": 0.01}
    with pytest.raises(SourceUnavailableError):
        list(on_warehouse(extra=extra).query_logs(HOUR))


def test_connection_that_is_not_defined() -> None:
    with pytest.raises(Exception, match="databricks_nowhere") as caught:
        list(DatabricksCollector("databricks_nowhere", report()).query_logs(HOUR))
    assert type(caught.value).__module__.startswith("airflow.")


def test_session_is_closed_when_nobody_reads_on(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    assets = on_warehouse().metadata(TableFilter())
    next(assets)
    assert unity.open_sessions == 1
    assets.close()  # type: ignore[attr-defined]  # a generator
    assert unity.open_sessions == 0


def test_failure_while_reading(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.failures["system.query.history"] = "[TEMPORARILY_UNAVAILABLE] try again. SQLSTATE: 57000"
    with pytest.raises(SourceUnavailableError, match=r"Reading system\.query\.history"):
        list(on_warehouse().query_logs(HOUR))
