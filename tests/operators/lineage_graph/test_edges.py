"""Edges: across resources, to tables that are not visible yet, to nodes that are not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_dag
from tests.operators.conftest import TaskLog
from tests.operators.lineage_graph.drawing import (
    DWH,
    MODEL,
    REPORT,
    edges,
    nodes,
    push,
    records,
)
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_edges_across_resources(sandbox: Sandbox) -> None:
    push("ORDERS")
    bare = [{key: item[key] for key in item if key != "name"} for item in (MODEL, REPORT)]
    made = nodes(MODEL, REPORT).xcom("it")["mcons"]
    outcome = edges({"source": "DB.S.ORDERS", "destination": bare[0], "edge_type": "MODIFIES"}, bare).xcom("it")
    assert outcome["edges"] == [
        {"source": sandbox.mcon("DB", "S", "ORDERS"), "destination": made[0]},
        {"source": made[0], "destination": made[1]},
    ]
    found = {(row["source"], row["destination"]): row for row in sandbox.edges(custom=True)}
    assert {row["expire_at"][:10] for row in found.values()} == {"9999-12-31"}
    assert found[sandbox.mcon("DB", "S", "ORDERS"), made[0]]["edge_type"] == "MODIFIES"


def test_an_edge_goes_when_it_expires(sandbox: Sandbox) -> None:
    push("A", "B")
    edges(["DB.S.A", "DB.S.B"])
    assert len(sandbox.edges()) == 1
    edges(["DB.S.A", "DB.S.B"], expire_at="2020-01-01")
    assert sandbox.edges() == []


def test_an_edge_to_a_table_that_is_not_visible_yet_is_tried_again(sandbox: Sandbox, task_log: TaskLog) -> None:
    sandbox.set_delay(3600)
    push("A")
    sandbox.set_delay(0)
    push("B", "C")
    outcome = run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarloCreateLineageEdgesOperator
        from airflow_provider_montecarlo_push.sandbox import SandboxClient
        MonteCarloCreateLineageEdgesOperator(
            task_id="it", edges=[["DB.S.A", "DB.S.B"], ["DB.S.B", "DB.S.C"]], resource={DWH!r},
            retries=1, retry_delay=timedelta(0),
            on_retry_callback=lambda context: SandboxClient({sandbox.url!r}).advance(3600))
        """
    ).xcom("it")
    text = task_log.text
    assert "1 edges lead to tables that Monte Carlo does not show: DB.S.A." in text
    assert "1 of 2 edges are done" in text
    assert "1 of 2 were done by an earlier attempt" in text
    assert [edge["source"][-1] for edge in outcome["edges"]] == ["A", "B"]
    assert len(sandbox.edges()) == 2


def test_an_edge_to_a_node_that_is_not_there_fails_for_good_after_the_others(
    sandbox: Sandbox, task_log: TaskLog, tmp_path: Path
) -> None:
    push("A", "B")
    bare = {"object_type": "model", "object_id": "unknown"}
    assert failed_at_once(edges(["DB.S.A", bare], ["DB.S.A", "DB.S.B"], retries=2), "it")
    text = task_log.text
    assert "Monte Carlo refused 1 edges: table 'DB:S.A' in 'Snowflake (sandbox)' → model 'unknown'" in text
    assert "1 of 2 edges are done" in text
    assert len(sandbox.edges()) == 1
    (summary,) = records(tmp_path)
    assert (summary["status"], summary["done"], summary["refused"]) == ("incomplete", 1, 1)
    (refused,) = (json.loads(path.read_text()) for path in tmp_path.rglob("refused.jsonl"))
    assert refused["position"] == 0
    assert "does not exist" in refused["message"]
