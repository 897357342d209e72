"""The preflight through the DatabricksSqlHook."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.access import access_table
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from tests.collectors.databricks.conftest import MakeCollector
from tests.collectors.databricks.server import USER, Warehouse

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("databricks")]


def test_checks(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    unity.denied |= {"system.access.column_lineage", "remote.information_schema"}
    checks = list(on_warehouse().access(TableFilter()))
    assert {check.name: check.readable for check in checks} == {
        "system.query.history": True,
        "system.access.table_lineage": True,
        "system.access.column_lineage": False,
        "system.storage.table_metrics_history": True,
        "system.information_schema.tables": True,
        "system.information_schema.table_tags": True,
        "main": True,
        "odd `c` 50%": True,
        "remote": False,
    }
    text = access_table(checks)
    assert f"GRANT SELECT ON TABLE system.access.column_lineage TO `{USER}`;" in text
    assert f"GRANT BROWSE ON CATALOG `remote` TO `{USER}`;" in text
    assert all(check.needed and check.flows for check in checks)
    assert all(check.grants and check.problem for check in checks if not check.readable)
