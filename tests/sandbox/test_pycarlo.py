"""The vendor's own client against the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pycarlo.core import Client, Session
from pycarlo.features.ingestion import IngestionService
from pycarlo.features.ingestion import models as m

from airflow_provider_montecarlo_push.sandbox import Sandbox

pytestmark = pytest.mark.integration


@pytest.fixture
def service(sandbox: Sandbox) -> IngestionService:
    key = sandbox.ingest_key
    session = Session(mcd_id=key.id, mcd_token=key.secret, scope="Ingestion", endpoint=sandbox.url)
    return IngestionService(mc_client=Client(session=session))


def _asset(name: str, **more: Any) -> m.LineageAssetRef:
    return m.LineageAssetRef(type="TABLE", name=name, database="analytics", schema="public", **more)


def test_metadata(sandbox: Sandbox, service: IngestionService) -> None:
    asset = m.RelationalAsset(
        type="TABLE",
        metadata=m.AssetMetadata(name="orders", database="analytics", schema="public", description="Orders"),
        tags=[m.Tag("team", "data"), m.Tag("pii")],
        fields=[m.AssetField("id", "INTEGER"), m.AssetField("amount", "DECIMAL(10,2)", "Net")],
        volume=m.AssetVolume(row_count=10, byte_count=2000),
        freshness=m.AssetFreshness("2024-03-01T14:30:00Z"),
    )
    answer = service.send_metadata(sandbox.warehouse_uuid, "snowflake", [asset])
    (push,) = sandbox.pushes("metadata")
    assert service.extract_invocation_id(answer) == push["invocation_id"]
    assert push["trace_id"]
    table = sandbox.table(sandbox.mcon("analytics", "public", "orders"))
    assert (table["row_count"], table["byte_count"]) == (10, 2000)
    assert table["last_update_time"] == "2024-03-01T14:30:00.000000Z"
    assert table["tags"] == [{"key": "team", "value": "data"}, {"key": "pii"}]
    assert [field["name"] for field in table["versions"][0]["fields"]] == ["id", "amount"]


def test_column_lineage(sandbox: Sandbox, service: IngestionService) -> None:
    event = m.LineageEvent(
        destination=_asset("curated", asset_id="dest"),
        sources=[_asset("raw", asset_id="src")],
        fields=[m.ColumnLineageField("order_id", [m.ColumnLineageSourceField("src", "id")])],
    )
    answer = service.send_lineage(sandbox.warehouse_uuid, "snowflake", [event])
    assert service.extract_invocation_id(answer) == sandbox.pushes("lineage")[0]["invocation_id"]
    graph = sandbox.lineage()
    assert [(edge["source"][-3:], edge["destination"][-7:]) for edge in graph["edges"]] == [("raw", "curated")]
    assert graph["counts"]["column_pairs"] == 1


def test_lineage_across_warehouses(sandbox: Sandbox, service: IngestionService) -> None:
    event = m.LineageEvent(
        destination=_asset("here", resource_uuid=sandbox.warehouse_uuid, resource_type="snowflake"),
        sources=[_asset("there", resource_uuid=sandbox.lake_uuid, resource_type="data-lake")],
    )
    service.send_lineage(events=[event])
    (edge,) = sandbox.lineage()["edges"]
    assert edge["source"] == sandbox.mcon("analytics", "public", "there", resource_uuid=sandbox.lake_uuid)
    assert edge["destination"] == sandbox.mcon("analytics", "public", "here")


def test_query_logs(sandbox: Sandbox, service: IngestionService) -> None:
    entry = m.QueryLogEntry(
        start_time=datetime(2024, 3, 1, 12, tzinfo=UTC),
        end_time=datetime(2024, 3, 1, 12, 0, 5, tzinfo=UTC),
        query_text="select 1",
        query_id="q-1",
        user="someone",
        error_code=1003,
        error_text="syntax error",
        returned_rows=0,
        extra={"warehouse": "XS"},
    )
    answer = service.send_query_logs(sandbox.warehouse_uuid, "snowflake", [entry])
    assert service.extract_invocation_id(answer) == sandbox.pushes("query_logs")[0]["invocation_id"]
    (query,) = sandbox.queries(failed=True)
    assert (query["query_id"], query["duration_ms"], query["error_code"]) == ("q-1", 5000, "1003")


def test_graphql_with_pycarlo(sandbox: Sandbox) -> None:
    session = Session(mcd_id=sandbox.api_key.id, mcd_token=sandbox.api_key.secret, endpoint=sandbox.graphql_url)
    answer = Client(session=session)("query { getUser { account { warehouses { uuid connectionType } } } }")
    found = [(item.uuid, item.connection_type) for item in answer.get_user.account.warehouses]
    assert found == [(sandbox.warehouse_uuid, "SNOWFLAKE"), (sandbox.lake_uuid, "DATA_LAKE")]
