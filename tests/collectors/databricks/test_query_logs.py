"""Query logs through the DatabricksSqlHook."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from tests.collectors.databricks.conftest import MakeCollector
from tests.collectors.databricks.server import USER, Warehouse
from tests.collectors.databricks.shop import DAY, ran

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("databricks")]
HOUR = explicit_window(DAY, DAY + timedelta(hours=1))
ENABLED = "  -- an account admin must have enabled the schema system.query"
IN_HOUR = DAY + timedelta(minutes=30)


def test_facts(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    ran(
        unity,
        "q1",
        "SELECT 'é ? %s'",
        IN_HOUR,
        executed_as="robot",
        produced_rows=3,
        session_id="s",
        workspace_id="42",
        compute={"type": "WAREHOUSE", "cluster_id": None, "warehouse_id": "w1"},
        client_application="dbt",
        total_duration_ms=2_000,
        read_bytes=10**12,
        from_result_cache=False,
        written_rows=0,
    )
    (entry,) = on_warehouse().query_logs(HOUR)
    assert msgspec.to_builtins(entry) == {
        "start_time": "2026-11-20T12:29:58Z",
        "end_time": "2026-11-20T12:30:00Z",
        "query_text": "SELECT 'é ? %s'",
        "query_id": "q1",
        "user": "anna@example.com",
        "returned_rows": 3,
        "extra": {
            "statement_type": "SELECT",
            "session_id": "s",
            "workspace_id": "42",
            "executed_as": "robot",
            "compute_type": "WAREHOUSE",
            "warehouse_id": "w1",
            "client_application": "dbt",
            "total_duration_ms": 2_000,
            "read_bytes": 10**12,
            "written_rows": 0,
            "from_result_cache": False,
        },
    }
    msgspec.json.encode(entry)


@pytest.mark.parametrize(
    ("facts", "code", "text"),
    [
        (
            {"execution_status": "FAILED", "error_message": "[TABLE_OR_VIEW_NOT_FOUND] The table `x` …"},
            "TABLE_OR_VIEW_NOT_FOUND",
            "[TABLE_OR_VIEW_NOT_FOUND] The table `x` …",
        ),
        ({"execution_status": "FAILED", "error_message": "out of memory"}, None, "out of memory"),
        ({"execution_status": "CANCELED"}, None, "Execution status CANCELED"),
        ({}, None, None),
    ],
)
def test_failures(
    unity: Warehouse, on_warehouse: MakeCollector, facts: dict[str, str], code: str | None, text: str | None
) -> None:
    ran(unity, "q1", "SELECT 1", IN_HOUR, **facts)
    (entry,) = on_warehouse().query_logs(HOUR)
    assert (entry.error_code, entry.error_text) == (code, text)
    assert (entry.extra or {}).get("execution_status") == facts.get("execution_status")


def test_window_is_half_open_on_the_end(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    for name, end in {
        "before": DAY - timedelta(microseconds=1),
        "first": DAY,
        "last": HOUR.end - timedelta(microseconds=1),
        "after": HOUR.end,
    }.items():
        ran(unity, name, "SELECT 1", end, start_time=DAY - timedelta(days=1))
    assert [entry.query_id for entry in on_warehouse().query_logs(HOUR)] == ["first", "last"]


def test_many_pages_in_order(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    for number in (5, 1, 4, 2, 3, 0, 6, 7):
        ran(unity, f"q{number}", "SELECT 1", DAY + timedelta(minutes=number))
    assert [entry.query_id for entry in on_warehouse().query_logs(HOUR)] == [f"q{number}" for number in range(8)]


def test_what_is_left_out(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    ran(unity, "hidden", "", IN_HOUR)
    ran(unity, "backwards", "SELECT 1", IN_HOUR, start_time=IN_HOUR + timedelta(hours=1))
    ran(unity, "nobody", "SELECT 1", IN_HOUR, executed_by=None)
    collector = on_warehouse()
    assert [entry.query_id for entry in collector.query_logs(HOUR)] == ["nobody"]
    assert collector.report.left_out == {"without_text": 1, "invalid": 1}
    assert collector.report.counts["without_user"] == 1


def test_empty_and_denied(unity: Warehouse, on_warehouse: MakeCollector) -> None:
    collector = on_warehouse()
    assert list(collector.query_logs(HOUR)) == []
    assert "has no query that ended" in collector.report.notes[0]
    unity.denied.add("system.query")
    with pytest.raises(AccessDeniedError) as caught:
        list(on_warehouse().query_logs(HOUR))
    assert caught.value.grants == (
        f"GRANT USE CATALOG ON CATALOG system TO `{USER}`;",
        f"GRANT USE SCHEMA ON SCHEMA system.query TO `{USER}`;{ENABLED}",
        f"GRANT SELECT ON TABLE system.query.history TO `{USER}`;",
    )
