"""Events of dbt-ol, made by its own processor from the artifacts of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.client import OpenLineageClient
from openlineage.common.provider.dbt.local import DbtLocalArtifactProcessor

from airflow_provider_montecarlo_push.assets.names import table_of
from tests.openlineage.conftest import TYPE
from tests.openlineage.events import shown, spooled

SQL = (
    "select o.id as order_id, c.name as customer "
    "from ANALYTICS.STAGING.STG_ORDERS o join RAW.SHOP.CUSTOMERS c on o.c = c.id"
)
PROFILES = """
shop:
  target: prod
  outputs:
    prod: {type: snowflake, account: org-account, database: ANALYTICS, schema: MARTS}
"""


def node(kind: str, database: str, schema: str, name: str) -> dict[str, Any]:
    return {
        "unique_id": f"{kind}.shop.{name}",
        "database": database,
        "schema": schema,
        "name": name,
        "identifier": name,
        "alias": name,
        "description": "",
        "columns": {},
        "tags": [],
        "meta": {},
        "config": {},
        "compiled_code": SQL,
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A dbt project after ``dbt run``: one model was built, one failed."""
    model, failed = (node("model", "ANALYTICS", "MARTS", name) for name in ("FCT_ORDERS", "FCT_BROKEN"))
    staging, source = node("model", "ANALYTICS", "STAGING", "STG_ORDERS"), node("source", "RAW", "SHOP", "CUSTOMERS")
    parents = [staging["unique_id"], source["unique_id"]]
    timing = [
        {"name": "execute", "started_at": "2024-03-01T12:00:00.000000Z", "completed_at": "2024-03-01T12:01:00.000000Z"}
    ]
    results = [
        {"unique_id": one["unique_id"], "status": status, "timing": timing, "adapter_response": {"query_id": "01-q"}}
        for one, status in ((model, "success"), (failed, "error"))
    ]
    artifacts = {
        "manifest": {
            "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
            "nodes": {one["unique_id"]: one for one in (model, failed, staging)},
            "sources": {source["unique_id"]: source},
            "parent_map": {model["unique_id"]: parents, failed["unique_id"]: parents},
        },
        "run_results": {
            "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"},
            "args": {"which": "run", "profiles_dir": str(tmp_path)},
            "results": results,
        },
    }
    (tmp_path / "target").mkdir()
    for name, content in artifacts.items():
        (tmp_path / "target" / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    return tmp_path


def test_models_that_were_built(project: Path) -> None:
    events = DbtLocalArtifactProcessor(str(project), producer="test", job_namespace="dbt").parse().events()
    client = OpenLineageClient(config={"transport": {"type": TYPE, "manifest_root": str(project)}})
    for event in events:
        client.emit(event)

    (observation,) = spooled(project)
    (edge,) = observation.edges
    assert table_of(edge.destination) == ("ANALYTICS", "MARTS", "FCT_ORDERS")
    assert {table_of(source) for source in edge.sources} == {
        ("ANALYTICS", "STAGING", "STG_ORDERS"),
        ("RAW", "SHOP", "CUSTOMERS"),
    }
    assert shown(edge)[2] == {
        "order_id": ["ANALYTICS.STAGING.STG_ORDERS.id"],
        "customer": ["RAW.SHOP.CUSTOMERS.name"],
    }
    assert observation.updated == [edge.destination]
    assert observation.run.task_id
