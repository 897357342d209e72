"""Nodes: what is made, what is refused."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_dag
from tests.operators.conftest import TaskLog
from tests.operators.lineage_graph.drawing import (
    DWH,
    JOB,
    LAKE,
    MODEL,
    REPORT,
    edges,
    graph,
    nodes,
    push,
    record_of,
    run,
)
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


DAY = 24 * 3600


def test_nodes_of_all_kinds_in_one_task(sandbox: Sandbox) -> None:
    outcome = nodes(MODEL, REPORT, JOB, "DB.S.T").xcom("it")
    account, dwh, lake = sandbox.config.account_uuid, sandbox.warehouse_uuid, sandbox.lake_uuid
    assert outcome["mcons"] == [
        f"MCON++{account}++{dwh}++model++shop.orders",
        f"MCON++{account}++{lake}++report++r1",
        f"MCON++{account}++{dwh}++job++nightly",
        f"MCON++{account}++{dwh}++table++DB:S.T",
    ]
    assert (outcome["asked"], outcome["done"]) == (4, 4)
    assert {row["mcon"] for row in sandbox.nodes(custom=True)} == set(outcome["mcons"])
    summary, done = record_of(outcome["record"])
    assert (summary["status"], summary["done"], summary["run"]["task_id"]) == ("done", 4, "it")
    assert [item["mcon"] for item in done] == outcome["mcons"]


def test_one_node_needs_no_list(sandbox: Sandbox) -> None:
    assert len(run("Nodes", f"nodes={MODEL!r}, resource={DWH!r}").xcom("it")["mcons"]) == 1
    assert len(run("Nodes", f"nodes='DB.S.T', resource={sandbox.lake_uuid!r}").xcom("it")["mcons"]) == 1


def test_nodes_do_not_expire_unless_told_to(sandbox: Sandbox) -> None:
    nodes(JOB, MODEL | {"expire_at": "2999-01-01"})
    assert sorted(row["expire_at"][:10] for row in sandbox.nodes()) == ["2999-01-01", "9999-12-31"]
    sandbox.advance(365 * DAY)
    assert len(sandbox.nodes()) == 2
    nodes(JOB, expire_at="2999-01-01")
    assert {row["expire_at"][:10] for row in sandbox.nodes()} == {"2999-01-01"}


def test_twice_is_the_same_as_once(sandbox: Sandbox) -> None:
    drawn = [MODEL | {"properties": {"owner": ["ann", "bob"]}}, "DB.S.T"]
    lines = [{"source": "DB.S.T", "destination": {"object_type": "model", "object_id": "shop.orders"}}]
    nodes(*drawn)
    edges(*lines)
    once = graph(sandbox)
    assert len(once[0]) == 2
    assert len(once[1]) == 1
    nodes(*drawn)
    edges(*lines)
    assert graph(sandbox) == once


def test_a_cleared_task_does_all_of_it_again(sandbox: Sandbox) -> None:
    body = f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarloCreateLineageNodesOperator
        @task(retries=1, retry_delay=timedelta(0))
        def again():
            from airflow.sdk import get_current_context
            from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
            make = MonteCarloCreateLineageNodesOperator(task_id="x", nodes=[{MODEL!r}], resource={DWH!r})
            context = get_current_context()
            first = make.execute(context)
            MonteCarloHook().execute('mutation($m:String!) {{ deleteLineageNode(mcon:$m) {{ nodesDeleted }} }}',
                {{"m": first["mcons"][0]}})
            return [first, make.execute(context)]
        again()
        """
    first, second = run_dag(body).xcom("again")
    assert first == second
    assert [row["mcon"] for row in sandbox.nodes()] == second["mcons"]


def test_a_table_that_monte_carlo_knows_is_drawn_as_what_it_is(sandbox: Sandbox) -> None:
    push("ORDERS")
    outcome = nodes("DB.S.ORDERS", {"table": "DB.S.OTHER", "object_type": "view"}).xcom("it")
    assert outcome["mcons"][0] == sandbox.mcon("DB", "S", "ORDERS")
    named = edges({"source": {"table": "DB.S.ORDERS", "object_type": "view"}, "destination": "DB.S.OTHER"}).xcom("it")
    assert named["edges"][0]["source"] == sandbox.mcon("DB", "S", "ORDERS")


def test_one_name_in_two_warehouses_is_two_nodes(sandbox: Sandbox) -> None:
    push("ORDERS")
    push("ORDERS", resource_type="data-lake", resource_uuid=sandbox.lake_uuid)
    here, there = {"table": "DB.S.ORDERS"}, {"table": "DB.S.ORDERS", "resource": LAKE}
    (edge,) = edges({"source": here, "destination": there}).xcom("it")["edges"]
    assert edge == {
        "source": sandbox.mcon("DB", "S", "ORDERS"),
        "destination": sandbox.mcon("DB", "S", "ORDERS", resource_uuid=sandbox.lake_uuid),
    }


def test_resources_that_are_not_there_are_made_when_wanted(sandbox: Sandbox, task_log: TaskLog) -> None:
    dbt = MODEL | {"resource": "dbt"}
    assert nodes(dbt).state == "failed"
    assert "Monte Carlo has no resource 'dbt'" in task_log.text
    for _ in range(2):
        assert nodes(dbt, create_resources=True).state == "success"
    assert [row["name"] for row in sandbox.resources() if not row["is_warehouse"]] == ["dbt"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "Give either nodes or nodes_file"),
        ("nodes=['A.B.C'], nodes_file='/x.json'", "Give either nodes or nodes_file"),
        ("nodes=['A.B.C']", "nodes[0] names no resource"),
        ("nodes=['A.B.C', 'A.B'], resource='x'", "nodes[1] names a table 'A.B'"),
        ("nodes='{{ [1] }}', resource='x'", "a list that a template turned into text"),
        ("nodes=7, resource='x'", "nodes is 7; give a list"),
        ("nodes=' ', resource='x'", "Give either nodes or nodes_file"),
        ("nodes=[' ', 'A.B.C'], resource='x'", "nodes[0] names a table"),
        ("nodes=['A.B.C'], resource='{{ none }}'", "nodes[0] names no resource"),
        ("nodes=['A.B.C'], resource='x', expire_at='soon'", "expire_at is 'soon'"),
        ("nodes=['A.B.C'], resource='Snowflake'", "Monte Carlo has no resource 'Snowflake'. Did you mean"),
        ("nodes=['A.B.C'], resource='x', create_resources='perhaps'", "create_resources is 'perhaps'"),
        ("nodes_file='/nowhere/nodes.yaml', resource='x'", "There is no file /nowhere/nodes.yaml"),
        ("nodes_file='nodes.yaml', resource='x'", "neither a URI nor an absolute path"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(
    sandbox: Sandbox, task_log: TaskLog, options: str, said: str
) -> None:
    assert failed_at_once(run("Nodes", f"retries=2, {options}"), "it")
    assert said in task_log.text
    assert sandbox.nodes() == []


def test_no_nodes_are_nothing_to_do(sandbox: Sandbox, task_log: TaskLog) -> None:
    assert nodes().xcom("it")["mcons"] == []
    assert "nodes holds no nodes: nothing to do." in task_log.text


def test_the_same_node_under_two_names_is_one_or_refused(sandbox: Sandbox, task_log: TaskLog) -> None:
    by_uuid = JOB | {"resource": sandbox.warehouse_uuid}
    assert nodes(JOB, by_uuid).xcom("it")["asked"] == 1
    assert nodes(JOB, by_uuid | {"name": "x"}).state == "failed"
    assert "are the same, with different facts" in task_log.text
