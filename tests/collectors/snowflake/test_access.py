"""What the role can read, and which grants give the rest."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.access import access_table
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.collectors.snowflake.conftest import MakeCollector

pytestmark = pytest.mark.integration


def test_everything_is_readable(on_warehouse: MakeCollector) -> None:
    checks = list(on_warehouse().access(TableFilter()))
    assert all(check.readable for check in checks)
    names = [check.name for check in checks]
    assert "SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY" in names
    assert {"SNOWFLAKE.ACCOUNT_USAGE.TABLES", "SNOWFLAKE.ACCOUNT_USAGE.COLUMNS"} <= set(names)
    assert "ANALYTICS" in names
    assert "SNOWFLAKE" not in names
    assert not any(check.grants for check in checks)


def test_without_access_history(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    with warehouse.as_edition("standard"):
        missing = [check for check in collector.access(TableFilter()) if not check.readable]
    (check,) = missing
    assert check.name == "SNOWFLAKE.ACCOUNT_USAGE.ACCESS_HISTORY"
    assert check.flows == {Flow.LINEAGE}
    assert "parsed" in check.needed
    assert 'GRANT DATABASE ROLE SNOWFLAKE.GOVERNANCE_VIEWER TO ROLE "MONTE_CARLO"' in check.grants[1]
    table = access_table(missing)
    assert "NO" in table
    assert check.grants[0] in table


def test_without_account_usage(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    with warehouse.as_edition("no_account_usage"):
        checks = list(collector.access(TableFilter("ANALYTICS")))
    assert [check.name for check in checks if check.readable] == ["ANALYTICS"]
    assert all(check.grants for check in checks if not check.readable)


def test_without_any_grant(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    with warehouse.as_edition("no_grants"), pytest.raises(AccessDeniedError, match="GHOST") as raised:
        list(collector.access(TableFilter("GHOST.*.*")))
    assert 'GRANT USAGE ON DATABASE "GHOST"' in raised.value.grants[0]
