"""The state of detectors in real Airflow runs: what is told from kept manifests, and what the sandbox says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.events import (
    Flow,
)
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_dag
from tests.operators.detectors.past import DAY, UPDATED, Past, asset, edge, outcome, page_of, run

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_counts_the_log_and_the_page(sandbox: Sandbox, past: Past, task_log: Callable[[], str]) -> None:
    past.days(4, ["ORDERS", "ITEMS"])
    newest = past.push([asset("ORDERS", UPDATED, rows=7), asset("V", None, rows=None, kind="VIEW")], DAY / 24)
    MonteCarloIngestHook().push_events([asset("ORDERS"), asset("ITEMS")], resource_type="snowflake")
    found = outcome(f'manifest="{newest.uri}"')
    facts = {
        "resource_uuid": sandbox.warehouse_uuid, "manifests": 5, "tables": 2, "freshness": {"training": 2},
        "volume": {"training": 2}, "asked": 2, "freshness_status": {"TRAINING": 2}, "not_visible": 0, "left_out": {},
    }  # fmt: skip
    assert facts.items() <= found.items()
    assert [row["table"] for row in found["furthest"]] == ["DB.S.ITEMS", "DB.S.ORDERS"]
    items = found["furthest"][0]
    assert (items["freshness"]["samples"], items["freshness"]["samples_needed"]) == (4, 7)
    assert items["freshness"]["coverage"] == round(4 / 35, 3)
    assert items["freshness"]["needs"] == "3 more changed last_update_time, on 2 more days"
    assert items["volume"]["needs"] == "6 more samples, on 9 more days"
    assert found["report"].startswith(newest.folder.uri + "/detectors/")
    text = task_log()
    line = next(line for line in text.splitlines() if "DB.S.ITEMS" in line)
    assert re.search(r"DB\.S\.ITEMS\s+TRAINING\s+4/7\s+0\.11/0\.15\s+1\.0 d\s+TRAINING\s+4/10\s+0\.10/0\.30", line)
    page = page_of(found)
    assert "ITEMS" in page
    assert "0.11/0.15" in page
    assert not re.search(r"https?://|src=|href=|url\(|@import|<script", page), "nothing is fetched from anywhere"


def test_only_what_was_pushed_to_the_warehouse_by_the_connection_counts(sandbox: Sandbox, past: Past) -> None:
    past.days(3)
    past.days(2, ["LAKE"], to=sandbox.lake_uuid)
    past.days(2, ["OTHER"], conn="other")
    past.push([asset("COLLECTED")], DAY / 2, to=None)
    past.push([asset("ARRIVED"), asset("LOST")], DAY / 3, acknowledged=1)
    past.push([asset("LONG_AGO")], 43 * DAY)
    found = outcome(f'source_conn_id="shop", resource_uuid="{past.resource_uuid}", max_tables=0')
    assert {row["table"] for row in found["furthest"]} == {"DB.S.ORDERS", "DB.S.ARRIVED"}
    assert sandbox.requests("graphql") == []
    everything = outcome(f'resource_uuid="{past.resource_uuid}", max_tables=0')
    assert "DB.S.OTHER" in {row["table"] for row in everything["furthest"]}
    assert "DB.S.LAKE" not in {row["table"] for row in everything["furthest"]}


@pytest.mark.parametrize(
    ("options", "tables"),
    [
        ('include="DB.S.O*"', {"ORDERS"}),
        ('include="DB.S.*", exclude=["*.*.ITEMS"]', {"ORDERS", "STAGE"}),
        ('tables=["DB.S.ITEMS", "DB:S.ITEMS"]', {"ITEMS"}),
        ('tables={"database": "DB", "schema": "S", "name": "ITEMS"}', {"ITEMS"}),
        ('tables=["db.s.orders"]', {"ORDERS"}),
        ("manifest=URI", {"ORDERS", "ITEMS"}),
        ('manifest=URI, include="*"', {"ORDERS", "ITEMS", "STAGE"}),
    ],
)
def test_which_tables(past: Past, options: str, tables: set[str]) -> None:
    newest = past.days(2, ["ORDERS", "ITEMS", "STAGE"], scope={"include": ["*"], "exclude": ["*.*.STAGE"]})
    found = outcome(options.replace("URI", repr(newest.uri)) + ", max_tables=0")
    assert {row["table"] for row in found["furthest"]} == {f"DB.S.{name}" for name in tables}


def test_column_lineage_about_to_expire(sandbox: Sandbox, past: Past) -> None:
    past.days(1)
    for name, days in (("FRESH", 1), ("SOON", 8), ("GONE", 11), ("AGAIN", 11), ("AGAIN", 2)):
        past.push(
            [edge(name), edge("TABLES_ONLY", columns=False)], days * DAY + DAY / (100 + len(name)), flow=Flow.LINEAGE
        )
    past.push(
        [edge("ACROSS", resource_uuid=past.resource_uuid), edge("ELSEWHERE", resource_uuid=sandbox.lake_uuid)],
        9 * DAY,
        flow=Flow.LINEAGE,
        to="across",
    )
    found = outcome("max_tables=0")
    assert found["column_lineage"] == {"fresh": 2, "expiring": 2, "expired": 1}
    assert [row["table"] for row in found["expiring"]] == ["DB.S.ACROSS", "DB.S.SOON", "DB.S.GONE"]
    assert 1.9 < found["expiring"][1]["days_left"] < 2.1
    page = page_of(found)
    assert "SOON" in page
    assert "FRESH" not in page


class TestWhatMonteCarloSays:
    def test_a_table_that_it_does_not_show(self, sandbox: Sandbox, past: Past, task_log: Callable[[], str]) -> None:
        past.days(2, ["ORDERS", "HIDDEN"])
        MonteCarloIngestHook().push_events([asset("ORDERS")], resource_type="snowflake")
        found = outcome()
        assert (found["not_visible"], found["not_visible_tables"]) == (1, ["DB.S.HIDDEN"])
        assert "does not show 1 of the tables: DB.S.HIDDEN" in task_log()
        assert "not visible" in page_of(found)

    def test_the_furthest_tables_are_asked_about(self, sandbox: Sandbox, past: Past) -> None:
        past.days(9, [f"READY_{number}" for number in range(30)])
        past.days(1, ["NEW_1", "NEW_2"])
        found = outcome("max_tables='2'")
        assert found["tables"] == 32
        assert (found["asked"], found["not_visible_tables"]) == (2, ["DB.S.NEW_1", "DB.S.NEW_2"])
        assert len(sandbox.requests("graphql")) == 1
        sandbox.reset()
        assert outcome("max_tables=30")["asked"] == 30
        assert len(sandbox.requests("graphql")) == 2

    def test_a_table_that_was_deleted(self, sandbox: Sandbox, past: Past) -> None:
        past.days(1)
        MonteCarloIngestHook().push_events([asset()], resource_type="snowflake")
        mcon = sandbox.mcon("DB", "S", "ORDERS")
        sandbox.graphql("mutation($m: [String!]!) { deletePushIngestedTables(mcons: $m) { success } }", {"m": [mcon]})
        assert outcome()["deleted"] == 1

    def test_more_than_is_kept(self, sandbox: Sandbox, past: Past) -> None:
        for day in range(8):
            MonteCarloIngestHook().push_events([asset(updated=UPDATED + day * DAY)], resource_type="snowflake")
            sandbox.advance(DAY.total_seconds())
        past.days(1)
        found = outcome()
        assert (found["more_at_monte_carlo"], found["freshness_status"]) == (1, {"ACTIVE": 1})
        assert "more was pushed than is kept" in page_of(found)
        assert found["furthest"][0]["volume"]["status"] == "TRAINING"
        for day in range(8, 14):
            MonteCarloIngestHook().push_events([asset(updated=UPDATED + day * DAY)], resource_type="snowflake")
            sandbox.advance(DAY.total_seconds())
        assert outcome()["furthest"] == [], "Monte Carlo's word goes first"

    def test_a_partial_answer(self, sandbox: Sandbox, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
        from airflow_provider_montecarlo_push.graphql import detectors as module
        from airflow_provider_montecarlo_push.operators import detectors as operators

        monkeypatch.setattr(operators, "MOST_ASKED_AT_ONCE", 2)
        assert module.MOST_ASKED_AT_ONCE == 25
        names = ["A", "B", "C"]
        past.days(1, names)
        MonteCarloIngestHook().push_events([asset(name) for name in names], resource_type="snowflake")
        sandbox.inject("graphql_error", field="getTable", message="timed out", count=1)
        found = outcome()
        assert found["asked"] == 3
        assert 1 <= found["failed"] < 3
        assert found["failed"] + found["freshness_status"]["TRAINING"] == 3

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ({"action": "graphql_error", "field": "getTable", "message": "no luck"}, "no luck"),
            ({"action": "status", "flow": "graphql", "status": 401}, "401 from"),
            ({"action": "html", "flow": "graphql"}, "is not a GraphQL answer"),
        ],
    )
    def test_no_answer(
        self, sandbox: Sandbox, past: Past, task_log: Callable[[], str], fault: dict[str, Any], said: str
    ) -> None:
        past.days(1)
        sandbox.inject(**fault)
        assert run("retries=3").states() == {"detectors": "failed"}, "not retried"
        assert said in task_log()


def test_nothing_left_to_be_done(past: Past, task_log: Callable[[], str]) -> None:
    past.days(15)
    found = outcome("max_tables=0")
    assert (found["freshness"], found["volume"], found["furthest"]) == ({"ready": 1}, {"ready": 1}, [])
    assert "No table has anything left to be done" in task_log()
    assert "No table has anything left to be done" in page_of(found)


def test_templates_and_other_roots(past: Past, tmp_path: Path) -> None:
    past.days(1)
    options = 'source_conn_id="{{ params.conn }}", include="{{ params.include }}", resource_uuid="{{ none }}"'
    found = outcome(
        f'{options}, max_tables="{{{{ 0 }}}}", manifest_root="{tmp_path}"',
        dag_options='params={"conn": "shop", "include": ["DB"]}, render_template_as_native_obj=True',
    )
    assert found["tables"] == 1


def test_two_tasks_keep_a_page_each(past: Past) -> None:
    past.days(1)
    code = """
        from airflow_provider_montecarlo_push.operators.detectors import MonteCarloDetectorStatusOperator
        MonteCarloDetectorStatusOperator(task_id="one", max_tables=0)
        MonteCarloDetectorStatusOperator(task_id="two", max_tables=0)
        """
    result = run_dag(code)
    assert result.xcom("one")["report"] != result.xcom("two")["report"]
