"""Tasks of real Airflow with its OpenLineage provider; what they do reaches the spool."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.openlineage.conftest import OpenLineage
from tests.openlineage.events import shown
from tests.operators.airflow_runs import run_dag
from tests.operators.object_storage import bucket

pytestmark = pytest.mark.integration

ASSETS = """
    from airflow.sdk import Asset
    A, B = Asset("snowflake://org-account/DB/S/A"), Asset("s3://lake/raw/b")
    T = Asset("snowflake://org-account/DB/S/T")
"""
SQL = """
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
    SQLExecuteQueryOperator(task_id="load", conn_id="shop", sql={sql!r})
"""
HOOK = """
    @task
    def load():
        from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook
        SnowflakeHook("shop").run({sql!r})
    load()
"""
ONE = "CREATE OR REPLACE TABLE OL_A AS SELECT ID AS ORDER_ID, STATUS FROM RAW.SHOP.ORDERS"


@pytest.fixture
def shop(warehouse: EmbeddedWarehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The connection; tables that tasks write are dropped, for other tests count what is there."""
    for name, value in warehouse.environment("shop").items():
        monkeypatch.setenv(name, value)
    yield
    for name in ("OL_A", "OL_C"):
        warehouse.execute(f"DROP TABLE IF EXISTS ANALYTICS.MARTS.{name}")


class TestDeclared:
    """Tasks with inlets and outlets."""

    @pytest.mark.parametrize("way", ["thread", "fork"])
    def test_success(self, openlineage: OpenLineage, way: str) -> None:
        if way == "fork":
            openlineage.fork()
        run = run_dag(ASSETS + "    @task(inlets=[A, B], outlets=[T])\n    def load(): pass\n    load()")

        assert run.states() == {"load": "success"}
        (found,) = openlineage.observations()
        (edge,) = found.edges
        assert edge.destination == Dataset("snowflake://org-account", "DB.S.T")
        assert edge.sources == [Dataset("snowflake://org-account", "DB.S.A"), Dataset("s3://lake", "raw/b")]
        assert found.updated == [edge.destination]
        assert (found.run.dag_id[:5], found.run.task_id, found.run.map_index) == ("test_", "load", -1)
        assert found.run.run_id.startswith("manual__")

    @pytest.mark.parametrize("way", ["thread", "fork"])
    def test_a_skipped_task_wrote_nothing(self, openlineage: OpenLineage, way: str) -> None:
        """The provider emits the event of a task that succeeded."""
        if way == "fork":
            openlineage.fork()
        body = """
    from airflow.sdk.exceptions import AirflowSkipException
    @task(inlets=[A], outlets=[T])
    def load():
        raise AirflowSkipException
    load()"""

        assert run_dag(ASSETS + body).states() == {"load": "skipped"}
        assert openlineage.observations() == []

    def test_a_failed_task_wrote_nothing(self, openlineage: OpenLineage) -> None:
        body = "    @task(inlets=[A], outlets=[T])\n    def load(): raise ValueError\n    load()"

        assert run_dag(ASSETS + body).states() == {"load": "failed"}
        assert openlineage.observations() == []

    def test_mapped_tasks(self, openlineage: OpenLineage) -> None:
        body = "    @task(inlets=[A], outlets=[T])\n    def load(n): pass\n    load.expand(n=[1, 2])"
        run_dag(ASSETS + body)

        assert sorted(found.run.map_index for found in openlineage.observations()) == [0, 1]

    def test_a_broken_store_does_not_fail_the_task(
        self, openlineage: OpenLineage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", "file:///proc/no/such/place")
        body = "    @task(inlets=[A], outlets=[T])\n    def load(): pass\n    load()"

        assert run_dag(ASSETS + body).states() == {"load": "success"}

    def test_a_broken_extractor(self, openlineage: OpenLineage) -> None:
        """The provider emits what it knows without it; the task and what comes after it go on."""
        body = """
    from airflow.sdk import BaseOperator
    class Load(BaseOperator):
        def execute(self, context): pass
        def get_openlineage_facets_on_complete(self, ti): raise ValueError("broken")
    @task(inlets=[T], outlets=[A])
    def after(): pass
    Load(task_id="load", inlets=[A], outlets=[T]) >> after()"""

        assert run_dag(ASSETS + body).states() == {"load": "success", "after": "success"}
        assert {found.run.task_id for found in openlineage.observations()} >= {"after"}


@pytest.mark.usefixtures("shop")
class TestSql:
    """SQL on the embedded Snowflake."""

    @pytest.mark.parametrize("body", [SQL, HOOK], ids=["operator", "hook"])
    def test_one_statement(self, openlineage: OpenLineage, body: str) -> None:
        assert run_dag(body.format(sql=ONE)).states() == {"load": "success"}

        (found,) = openlineage.observations()
        assert [shown(edge) for edge in found.edges] == [
            (
                "ANALYTICS.MARTS.OL_A",
                ["RAW.SHOP.ORDERS"],
                {"ORDER_ID": ["RAW.SHOP.ORDERS.ID"], "STATUS": ["RAW.SHOP.ORDERS.STATUS"]},
            )
        ]
        assert found.edges[0].destination.namespace.startswith("snowflake://")
        assert found.run.task_id == "load"
        assert found.run.run_id.startswith("manual__")

    def test_several_statements_go_to_the_lineage_engine(self, openlineage: OpenLineage) -> None:
        """The event has all tables and all columns at each output."""
        statements = [ONE, "CREATE OR REPLACE TABLE OL_C AS SELECT ID AS C FROM RAW.SHOP.CUSTOMERS"]
        assert run_dag(SQL.format(sql=statements)).states() == {"load": "success"}

        (found,) = openlineage.observations()
        assert found.edges == []
        (statement,) = found.statements
        assert "OL_A" in statement.sql
        assert "OL_C" in statement.sql
        assert statement.conn_type == "snowflake"
        assert {dataset.name for dataset in found.updated} == {"ANALYTICS.MARTS.OL_A", "ANALYTICS.MARTS.OL_C"}

    def test_reading_writes_nothing(self, openlineage: OpenLineage) -> None:
        run_dag(SQL.format(sql="SELECT COUNT(*) FROM RAW.SHOP.ORDERS"))

        assert openlineage.observations() == []


def test_a_spool_on_s3_from_a_fork(openlineage: OpenLineage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task has used the bucket by the same connection; its file system refuses to work in a fork."""
    with bucket(monkeypatch) as uri:
        openlineage.fork()
        monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", f"{uri}/manifests")
        body = f"""
    from airflow.sdk import ObjectStoragePath
    @task(inlets=[A], outlets=[T])
    def load():
        (ObjectStoragePath("{uri}") / "data").write_text("rows")
    load()"""

        assert run_dag(ASSETS + body).states() == {"load": "success"}
        names = [path.name for path in ObjectStoragePath(f"{uri}/manifests/spool/incoming").rglob("*.json.gz")]
        assert len(names) == 1
