"""Runs of the operators that draw into the lineage graph, and what they left there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from upath import UPath

from airflow_provider_montecarlo_push.events import AssetMetadata, RelationalAsset
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import AirflowRun, run_dag
from tests.operators.outcomes import NO_DELAY

DWH = "Snowflake (sandbox)"
LAKE = "Data lake (sandbox)"
FIVE = [{"object_type": "job", "object_id": f"j{number}"} for number in range(5)]
MODEL = {"object_type": "model", "object_id": "shop.orders", "name": "Orders"}
REPORT = {"object_type": "report", "object_id": "r1", "name": "Revenue", "resource": LAKE}
JOB = {"object_type": "job", "object_id": "nightly"}


def run(verb: str, options: str, **more: Any) -> AirflowRun:
    """Run one operator, ``Nodes``, ``Edges`` or ``Delete``, as the task ``it``."""
    name = {"Nodes": "CreateLineageNodes", "Edges": "CreateLineageEdges", "Delete": "DeleteLineageNodes"}[verb]
    return run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarlo{name}Operator
        MonteCarlo{name}Operator(task_id="it", {options})
        """,
        dag_options=NO_DELAY,
        **more,
    )


def nodes(*written: Any, resource: str = DWH, **options: Any) -> AirflowRun:
    return run("Nodes", f"nodes={list(written)!r}, resource={resource!r}, " + _source(options))


def edges(*written: Any, resource: str = DWH, **options: Any) -> AirflowRun:
    return run("Edges", f"edges={list(written)!r}, resource={resource!r}, " + _source(options))


def delete(*written: Any, resource: str = DWH, **options: Any) -> AirflowRun:
    return run("Delete", f"nodes={list(written)!r}, resource={resource!r}, " + _source(options))


def _source(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def push(*names: str, **where: Any) -> None:
    """Push tables ``DB.S.<name>``."""
    metadata = [AssetMetadata(name=name, database="DB", schema="S") for name in names]
    assets = [RelationalAsset(type="TABLE", metadata=one) for one in metadata]
    MonteCarloIngestHook().push_events(assets, **({"resource_type": "snowflake"} | where))


def graph(sandbox: Sandbox) -> tuple[list[Any], list[Any]]:
    """Return the whole graph without its times of creation."""
    node = [(row["mcon"], row["name"], row["expire_at"], row["properties"]) for row in sandbox.nodes()]
    edge = [(row["source"], row["destination"], row["expire_at"], row["edge_type"]) for row in sandbox.edges()]
    return sorted(node, key=str), sorted(edge, key=str)


def record_of(uri: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a record's summary, and what it says was done."""
    folder = UPath(uri).parent
    done = [json.loads(line) for path in sorted(folder.glob("done-*")) for line in path.read_text().splitlines()]
    return json.loads(UPath(uri).read_text()), done


def records(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in tmp_path.rglob("graph.json")]
