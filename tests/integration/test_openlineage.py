"""A running Airflow with its OpenLineage provider: real tasks, the spool on S3, the push, the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.demo.__main__ import connections
from airflow_provider_montecarlo_push.sandbox.demo.airflow_server import AirflowServer
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.openlineage.conftest import TYPE
from tests.operators.object_storage import bucket

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("running_airflow")]
LOAD = """
from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset, ObjectStoragePath, task
from airflow.sdk.exceptions import AirflowSkipException
from sqlalchemy.orm import context

# snowflake-sqlalchemy 1 knows only the names of SQLAlchemy 2.0.
context.ORMSelectCompileState = getattr(context, "_ORMSelectCompileState", None)

with DAG("load", schedule=None, start_date=datetime(2024, 1, 1)):
    SQLExecuteQueryOperator(
        task_id="one",
        conn_id="shop",
        sql="CREATE OR REPLACE TABLE OL_ALONE AS SELECT ID AS ORDER_ID, STATUS FROM RAW.SHOP.ORDERS",
    )
    SQLExecuteQueryOperator(
        task_id="several",
        conn_id="shop",
        sql=[
            "CREATE OR REPLACE TABLE OL_ORDERS AS SELECT ID AS ORDER_ID, STATUS FROM RAW.SHOP.ORDERS",
            "CREATE OR REPLACE TABLE OL_CUSTOMERS AS SELECT ID AS CUSTOMER_ID FROM RAW.SHOP.CUSTOMERS",
        ],
    )

    @task
    def hook():
        from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

        SnowflakeHook("shop").run("CREATE OR REPLACE TABLE OL_HOOK AS SELECT NAME FROM RAW.SHOP.PRODUCTS")

    @task(inlets=[Asset("snowflake://org-account/RAW/SHOP/IN")], outlets=[Asset("snowflake://org-account/RAW/SHOP/OUT")])
    def declared():
        # The file system of the spool, used here, is of no use in the fork that emits.
        (ObjectStoragePath(ROOT) / "data").write_text("rows")

    @task(inlets=[Asset("s3://lake/raw")], outlets=[Asset("snowflake://org-account/RAW/SHOP/FROM_LAKE")])
    def not_mapped():
        pass

    @task(inlets=[Asset("snowflake://org-account/RAW/SHOP/IN")], outlets=[Asset("snowflake://org-account/RAW/SHOP/NO")])
    def skipped():
        raise AirflowSkipException

    hook(), declared(), not_mapped(), skipped()
"""
PUSH = """
from datetime import datetime

from airflow.sdk import DAG

from airflow_provider_montecarlo_push.operators.spool import MonteCarloPushSpoolOperator

with DAG("push", schedule=None, start_date=datetime(2024, 1, 1)):
    MonteCarloPushSpoolOperator(task_id="push")
"""


@pytest.fixture(scope="module")
def airflow(
    own_sandbox: Sandbox, changed_warehouse: EmbeddedWarehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AirflowServer]:
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    dags.mkdir()
    resource = {"resource_uuid": own_sandbox.warehouse_uuid, "resource_type": "snowflake"}
    with pytest.MonkeyPatch.context() as patch, bucket(patch) as uri:
        for name, text in (("load", LOAD), ("push", PUSH)):
            (dags / f"{name}.py").write_text(f"ROOT = {uri!r}\n{text}")
        variables = {
            **connections(own_sandbox),
            **changed_warehouse.environment("shop"),
            "AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT": f"{uri}/manifests",
            "AIRFLOW__MONTECARLO_PUSH__RESOURCES": json.dumps({"snowflake": resource}),
            "AIRFLOW__OPENLINEAGE__EXECUTION_TIMEOUT": "60",
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": TYPE, "timeout": 30}),
        }
        with AirflowServer.running(home, dags, variables) as server:
            server.wait_for_dags(["load", "push"])
            yield server


def run(airflow: AirflowServer, dag_id: str) -> dict[str, dict[str, Any]]:
    """Run a DAG; return its task instances by task."""
    airflow.unpause(dag_id)
    airflow.trigger(dag_id)
    finished = airflow.wait_for_run(dag_id)
    return {task["task_id"]: task for task in airflow.tasks(dag_id, finished["dag_run_id"])}


def test_from_tasks_to_monte_carlo(airflow: AirflowServer, own_sandbox: Sandbox) -> None:
    loaded = run(airflow, "load")
    assert {name: task["state"] for name, task in loaded.items()} == {
        "one": "success",
        "several": "success",
        "hook": "success",
        "declared": "success",
        "not_mapped": "success",
        "skipped": "skipped",
    }

    (push,) = run(airflow, "push").values()
    assert push["state"] == "success", airflow.log_of(push)
    found = {
        event["destination"]["name"]: (
            [source["name"] for source in event["sources"]],
            {
                column["name"]: [source["field_name"] for source in column["source_fields"]]
                for column in event.get("fields", [])
            },
        )
        for event in own_sandbox.events("lineage")
    }
    logs = "\n".join(airflow.log_of(task) for task in loaded.values())
    assert found == {
        "OL_ALONE": (["ORDERS"], {"ORDER_ID": ["ID"], "STATUS": ["STATUS"]}),
        "OL_ORDERS": (["ORDERS"], {"ORDER_ID": ["ID"], "STATUS": ["STATUS"]}),
        "OL_CUSTOMERS": (["CUSTOMERS"], {"CUSTOMER_ID": ["ID"]}),
        "OL_HOOK": (["PRODUCTS"], {"NAME": ["NAME"]}),
        "OUT": (["IN"], {}),
    }, logs
    result = airflow.xcom(push)
    assert (result["events"], result["observations"], result["waiting"]) == (5, 5, 0)
    assert result["left_out"] == {"unmapped": 1}
