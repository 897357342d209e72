"""Weekly manifests, pushed tables, and runs of the operator that deletes what was dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from upath import UPath

from airflow_provider_montecarlo_push.events import AssetMetadata, RelationalAsset
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import AirflowRun, run_dag
from tests.operators.outcomes import NO_DELAY

SCOPE = {"include": ["*"], "exclude": [], "only_freshness_and_volume": False}
Week = Callable[..., ManifestReader]


def asset(name: str, database: str = "DB") -> RelationalAsset:
    return RelationalAsset(type="TABLE", metadata=AssetMetadata(name=name, database=database, schema="S"))


def push(*names: str, resource_uuid: str | None = None) -> None:
    MonteCarloIngestHook().push_events(
        [asset(name) for name in names], resource_type="snowflake", resource_uuid=resource_uuid
    )


def run(sandbox: Sandbox, options: str, **more: Any) -> AirflowRun:
    """Run the operator; the warehouse is the sandbox's first one unless ``options`` name another."""
    if "resource_uuid" not in options:
        options += f', resource_uuid="{sandbox.warehouse_uuid}"'
    return run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.deletion import MonteCarloDeletePushedTablesOperator
        MonteCarloDeletePushedTablesOperator(task_id="delete", {options})
        """,
        dag_options=NO_DELAY,
        **more,
    )


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["mcon"].rpartition(".")[2] for row in rows}


def record_of(outcome: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Return a record's summary and the names of the tables that it says were deleted."""
    summary = UPath(outcome["record"])
    deleted = [json.loads(line) for path in summary.parent.glob("deleted-*") for line in path.read_text().splitlines()]
    assert len(deleted) == len({row["mcon"] for row in deleted})
    return json.loads(summary.read_text()), names(deleted)


TEN = [f"T{number}" for number in range(10)]
