"""Nodes and edges from files, and records on object storage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_dag
from tests.operators.conftest import TaskLog
from tests.operators.lineage_graph.drawing import (
    DWH,
    record_of,
    run,
)
from tests.operators.object_storage import bucket
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


BOTH = {
    "nodes": [{"object_type": "model", "object_id": "m", "expire_at": "2999-01-01"}, {"table": "DB.S.T"}],
    "edges": [{"source": "DB.S.T", "destination": {"object_type": "model", "object_id": "m"}}],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("graph.json", json.dumps(BOTH)),
        ("graph.yaml", yaml.safe_dump(BOTH)),
        ("graph.yml", yaml.safe_dump(BOTH).replace("'2999-01-01'", "2999-01-01")),
        ("graph", "\ufeff" + yaml.safe_dump(BOTH)),
    ],
)
def test_one_file_for_nodes_and_edges(sandbox: Sandbox, tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    assert len(run("Nodes", f"nodes_file={file.as_uri()!r}, resource={DWH!r}").xcom("it")["mcons"]) == 2
    assert len(run("Edges", f"edges_file={str(file)!r}, resource={DWH!r}").xcom("it")["edges"]) == 1
    assert {row["expire_at"][:10] for row in sandbox.nodes()} == {"2999-01-01", "9999-12-31"}
    assert run("Delete", f"nodes_file={str(file)!r}, resource={DWH!r}").xcom("it")["done"] == 2
    assert sandbox.nodes() == []


def test_the_file_is_read_when_the_task_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "late.jsonl"
    body = f"""
        from pathlib import Path
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarloCreateLineageNodesOperator
        @task
        def write():
            Path({str(file)!r}).write_text('{{"object_type": "job", "object_id": "j"}}\\n\\n')
            return {str(file)!r}
        MonteCarloCreateLineageNodesOperator(task_id="it", nodes_file=write(), resource="{{{{ params.where }}}}")
        """
    outcome = run_dag(body, dag_options=f"params={{'where': {DWH!r}}}").xcom("it")
    assert [row["mcon"] for row in sandbox.nodes()] == outcome["mcons"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{", "a.json cannot be understood"),
        ("a.jsonl", '{"table": "A.B.C"}\n\n{"table"', "a.jsonl cannot be understood: line 3"),
        ("a.yaml", "a: [", "a.yaml cannot be understood"),
        ("a.yaml", "", "holds NoneType where a list of nodes is expected"),
        ("a.yaml", "node: []", "has node at its top; write a list, or one under 'nodes'"),
        ("a.yaml", "edges: []", "has edges at its top"),
        ("a.yaml", "- table: A.B", "a.yaml[0] names a table 'A.B'"),
        ("a.json", b"\xff\xfe", "is not a text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used(
    sandbox: Sandbox, tmp_path: Path, task_log: TaskLog, name: str, content: Any, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert failed_at_once(run("Nodes", f"retries=2, nodes_file={str(file)!r}, resource={DWH!r}"), "it")
    assert said in task_log.text
    assert sandbox.nodes() == []


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with bucket(monkeypatch) as uri:
        yield uri


@pytest.mark.parametrize("place", ["lineage.yaml", "team a/lineage.yaml"])
def test_file_and_record_on_object_storage(sandbox: Sandbox, store: str, task_log: TaskLog, place: str) -> None:
    path = ObjectStoragePath(f"{store}/{place}")
    path.fs.pipe_file(path.path, yaml.safe_dump(BOTH).encode())
    options = f"nodes_file='{store}/{place}', resource={DWH!r}, manifest_root='{store}/records'"
    outcome = run("Nodes", options).xcom("it")
    assert (outcome["done"], len(sandbox.nodes())) == (2, 2)
    assert outcome["record"].startswith(f"{store}/records/")
    assert run("Delete", f"nodes={outcome!r}").xcom("it")["mcons"] == outcome["mcons"]
    assert run("Nodes", options.replace(".yaml", ".yml")).state == "failed"
    assert f"There is no file {store}/{place[:-5]}.yml" in task_log.text


def test_many_nodes_in_few_requests_with_a_bounded_result(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(json.dumps([{"object_type": "job", "object_id": f"j{number}"} for number in range(1_205)]))
    outcome = run("Nodes", f"nodes_file={str(file)!r}, resource={DWH!r}").xcom("it")
    assert (outcome["done"], len(outcome["mcons"]), len(sandbox.nodes())) == (1_205, 500, 1_205)
    _, done = record_of(outcome["record"])
    assert [item["item"] for item in done] == [f"job 'j{number}' in '{DWH}'" for number in range(1_205)]
    assert [item["mcon"] for item in done[:500]] == outcome["mcons"]
    deleted = run("Delete", f"nodes={outcome!r}").xcom("it")
    assert (deleted["asked"], deleted["done"], deleted["absent"], sandbox.nodes()) == (1_205, 1_205, 0, [])
