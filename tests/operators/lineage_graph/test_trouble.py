"""What goes wrong on the way, and what a retry goes on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.hooks.graphql import Session
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_dag
from tests.operators.conftest import TaskLog
from tests.operators.lineage_graph.drawing import (
    DWH,
    FIVE,
    JOB,
    nodes,
    run,
)
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


@pytest.fixture
def attempts() -> Callable[..., list[Any]]:
    """Run the same task several times, as Airflow's retries do; return what each attempt returned or raised."""

    def run_all(verb: str, number: int, options: str) -> list[Any]:
        body = f"""
            from airflow_provider_montecarlo_push.operators import lineage_graph
            @task
            def all_attempts():
                from airflow.sdk import get_current_context
                from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError
                outcomes = []
                for attempt in range({number}):
                    it = lineage_graph.{verb}(task_id="x", {options})
                    try:
                        outcomes.append(it.execute(get_current_context()))
                    except MonteCarloPushError as error:
                        outcomes.append(f"{{type(error).__name__}}: {{error}}")
                return outcomes
            all_attempts()
            """
        return list(run_dag(body).xcom("all_attempts"))

    return run_all


def test_a_refused_node_is_tried_again_alone(sandbox: Sandbox, attempts: Any) -> None:
    sandbox.inject("graphql_error", field="createOrUpdateLineageNode", skip=2, count=1, message="graph is busy")
    first, second = attempts("MonteCarloCreateLineageNodesOperator", 2, f"nodes={FIVE!r}, resource={DWH!r}")
    assert first.startswith("LineageRefusedError: Monte Carlo refused 1 nodes: job 'j2'")
    assert "graph is busy" in first
    assert "4 of 5 nodes are done" in first
    assert (second["asked"], second["done"]) == (5, 5)
    assert [mcon.rpartition("++")[2] for mcon in second["mcons"]] == ["j0", "j1", "j2", "j3", "j4"]
    assert len(sandbox.nodes()) == 5


def test_a_key_that_ends_on_the_way_costs_nothing_that_was_done(sandbox: Sandbox, attempts: Any) -> None:
    many = [{"object_type": "job", "object_id": f"j{number:02}"} for number in range(25)]
    sandbox.inject("status", field="createOrUpdateLineageNode", status=401, skip=1, count=1)
    first, second = attempts("MonteCarloCreateLineageNodesOperator", 2, f"nodes={many!r}, resource={DWH!r}")
    assert first.startswith("AuthenticationError: 401")
    assert (second["done"], len(second["mcons"]), len(sandbox.nodes())) == (25, 25, 25)
    assert [mcon.rpartition("++")[2] for mcon in second["mcons"]] == [item["object_id"] for item in many]


def test_a_server_that_takes_one_at_a_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task_log: TaskLog
) -> None:
    execute = Session.execute

    def strict(self: Session, query: str, variables: Any = None) -> dict[str, Any]:
        if query.count("createOrUpdateLineageNode") > 1:
            raise GraphQLError("Too many operations", errors=[{"message": "Too many operations"}])
        return execute(self, query, variables)

    monkeypatch.setattr(Session, "execute", strict)
    assert nodes(*FIVE).xcom("it")["done"] == 5
    assert "one by one only" in task_log.text


def test_when_everything_is_refused_the_rest_is_not_tried(sandbox: Sandbox, task_log: TaskLog, tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(json.dumps([{"object_type": "job", "object_id": f"j{number}"} for number in range(100)]))
    sandbox.inject("graphql_error", field="createOrUpdateLineageNode", message="no permission")
    assert run("Nodes", f"nodes_file={str(file)!r}, resource={DWH!r}").state == "failed"
    text = task_log.text
    assert "Monte Carlo refused 50 nodes" in text
    assert "50 more were not tried" in text


def test_a_page_instead_of_an_answer_is_said_and_what_was_done_kept(sandbox: Sandbox, task_log: TaskLog) -> None:
    sandbox.inject("html", field="createOrUpdateLineageNode")
    assert failed_at_once(nodes(JOB, retries=2), "it")
    text = task_log.text
    assert "is not a GraphQL answer" in text
    assert "0 of 1 are done" in text


def test_an_unknown_resource_uuid_is_what_monte_carlo_says(sandbox: Sandbox, task_log: TaskLog) -> None:
    unknown = "0b6f0000-0000-4000-8000-00000000dead"
    assert nodes(JOB | {"resource": unknown}).state == "failed"
    assert f"has no resource {unknown}" in task_log.text


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"action": "html"}, "is not a GraphQL answer: a web page"),
        ({"action": "status", "status": 401}, "wrong, expired or deleted"),
        ({"action": "graphql_error", "field": "getResources", "message": "boom"}, "refused the query: boom"),
    ],
)
def test_before_anything_is_sent_it_fails_at_once(
    sandbox: Sandbox, task_log: TaskLog, fault: dict[str, Any], said: str
) -> None:
    sandbox.inject(**fault, flow="graphql")
    assert failed_at_once(nodes(JOB, retries=2), "it")
    assert said in task_log.text
    assert sandbox.nodes() == []


def test_a_table_that_is_answered_with_not_found_is_drawn_as_it_is_named(sandbox: Sandbox) -> None:
    sandbox.inject("graphql_error", field="getTable", message="Unable to find the table")
    assert nodes("DB.S.T").xcom("it")["mcons"] == [sandbox.mcon("DB", "S", "T")]


def test_a_catalog_that_errs_is_not_taken_for_an_empty_one(sandbox: Sandbox, task_log: TaskLog) -> None:
    sandbox.inject("graphql_error", field="getTable", message="timed out", skip=1)
    assert failed_at_once(nodes("DB.S.T", "DB.S.U", retries=2), "it")
    assert "refused the query: timed out (DB:S.U)" in task_log.text
    assert sandbox.nodes() == []
