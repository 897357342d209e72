"""Nodes that are deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_dag
from tests.operators.conftest import TaskLog
from tests.operators.lineage_graph.drawing import (
    DWH,
    JOB,
    MODEL,
    delete,
    edges,
    nodes,
    push,
    run,
)
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_nodes_are_deleted_with_their_edges_and_twice_is_the_same(sandbox: Sandbox) -> None:
    push("A")
    (mcon,) = nodes(MODEL).xcom("it")["mcons"]
    bare = {"object_type": "model", "object_id": "shop.orders"}
    edges(["DB.S.A", bare])
    first = delete(mcon, retries=2).xcom("it")
    assert (first["done"], first["absent"], first["edges_deleted"], first["mcons"]) == (1, 0, 1, [mcon])
    assert [row["custom"] for row in sandbox.nodes()] == [False]
    second = delete(bare).xcom("it")
    assert (second["done"], second["absent"], second["edges_deleted"], second["mcons"]) == (1, 1, 0, [])


def test_what_a_task_made_another_takes_out(sandbox: Sandbox) -> None:
    outcome = run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import (
            MonteCarloCreateLineageNodesOperator, MonteCarloDeleteLineageNodesOperator)
        make = MonteCarloCreateLineageNodesOperator(task_id="make", nodes={[MODEL, JOB]!r}, resource={DWH!r})
        MonteCarloDeleteLineageNodesOperator(task_id="delete", nodes=make.output)
        """
    )
    assert outcome.xcom("delete")["mcons"] == outcome.xcom("make")["mcons"]
    assert sandbox.nodes() == []


def test_pushed_tables_are_not_deleted_by_mistake(sandbox: Sandbox, task_log: TaskLog) -> None:
    push("A", "B")
    edges(["DB.S.A", "DB.S.B"])
    (mcon,) = nodes(MODEL).xcom("it")["mcons"]
    assert failed_at_once(delete(mcon, "DB.S.A", retries=2), "it")
    assert "1 of 2 nodes were not made over the API, but pushed or collected" in task_log.text
    assert len(sandbox.nodes()) == 3
    assert delete(mcon, "DB.S.A", only_custom=False).xcom("it")["done"] == 2
    assert [row["mcon"] for row in sandbox.nodes()] == [sandbox.mcon("DB", "S", "B")]


def test_a_deletion_whose_answer_was_lost_is_no_failure(sandbox: Sandbox) -> None:
    (mcon,) = nodes(MODEL).xcom("it")["mcons"]
    sandbox.inject("truncate", field="deleteLineageNode", count=1)
    assert delete(mcon).xcom("it")["done"] == 1
    assert sandbox.nodes() == []


def test_a_deletion_that_is_refused_fails(sandbox: Sandbox, task_log: TaskLog) -> None:
    first, second = nodes(MODEL, JOB).xcom("it")["mcons"]
    sandbox.inject("graphql_error", field="deleteLineageNode", count=1, message="graph is busy", store=False)
    assert delete(first, second).state == "failed"
    text = task_log.text
    assert "Monte Carlo refused 1 nodes" in text
    assert "graph is busy" in text
    assert [row["mcon"] for row in sandbox.nodes()] == [first]


def test_an_mcon_of_another_account_is_refused(sandbox: Sandbox, task_log: TaskLog) -> None:
    assert delete("MCON++0b6f0000-0000-4000-8000-000000000001++r++table++x").state == "failed"
    assert "belongs to another account" in task_log.text


def test_a_record_that_is_not_there_names_the_setting(task_log: TaskLog, tmp_path: Path) -> None:
    uri = (tmp_path / "nowhere" / "graph.json").as_uri()
    assert run("Delete", f"nodes={{'record': {uri!r}}}").state == "failed"
    assert "manifest_root to a place that all of them share" in task_log.text
