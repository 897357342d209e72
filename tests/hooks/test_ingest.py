"""The Ingestion key's hook against the sandbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from pycarlo.features.ingestion import models as pycarlo

from airflow_provider_montecarlo_push.events import LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidEventError, RejectedEventsError
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import table

pytestmark = pytest.mark.integration


@pytest.fixture
def connect(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(*, extra: dict[str, Any] | None = None, **fields: Any) -> MonteCarloIngestHook:
        connection = {
            "conn_type": "montecarlo-ingest",
            "host": sandbox.url,
            "login": sandbox.ingest_key.id,
            "password": sandbox.ingest_key.secret,
            "extra": {"resource_uuid": sandbox.warehouse_uuid} | (extra or {}),
        }
        monkeypatch.setenv("AIRFLOW_CONN_MC", json.dumps(connection | fields))
        return MonteCarloIngestHook("mc")

    return make


def test_our_events_pycarlo_models_and_dicts_are_the_same_to_it(sandbox: Sandbox, connect: Any) -> None:
    ours = table()
    facts = {
        "type": "TABLE",
        "metadata": {"name": "ORDERS_0", "database": "ANALYTICS", "schema": "PUBLIC"},
        "fields": [{"name": "ID", "type": "NUMBER(38,0)"}, {"name": "AMOUNT", "type": "NUMBER(10,2)"}],
        "volume": {"row_count": 0, "byte_count": 0},
        "freshness": {"last_update_time": "2024-03-01T12:00:00Z"},
    }
    theirs = pycarlo.RelationalAsset.from_dict(facts)
    hook = connect()
    for event in (ours, theirs, facts, {"relational_asset": facts}):
        flow = "metadata" if isinstance(event, dict) else None
        result = hook.push_events([event], flow=flow, resource_type="snowflake")
        assert (result.events, len(result.invocation_ids)) == (1, 1)
    assert [event["relational_asset"] for event in sandbox.events("metadata")] == [facts] * 4


def test_the_vendors_client_works_with_the_same_connection(sandbox: Sandbox, connect: Any) -> None:
    service = connect().get_conn()
    moment = datetime(2024, 3, 1, tzinfo=UTC)
    entry = pycarlo.QueryLogEntry(start_time=moment, end_time=moment, query_text="SELECT 1")
    answer = service.send_query_logs(sandbox.warehouse_uuid, "snowflake", [entry])
    assert service.extract_invocation_id(answer) == sandbox.pushes("query_logs")[0]["invocation_id"]


def test_edges_across_warehouses_need_no_resource(sandbox: Sandbox, connect: Any) -> None:
    def ref(name: str, resource: str, kind: str) -> LineageAssetRef:
        return LineageAssetRef(
            type="TABLE", name=name, database="D", schema="S", resource_uuid=resource, resource_type=kind
        )

    edge = LineageEvent(
        destination=ref("A", sandbox.lake_uuid, "data-lake"), sources=[ref("B", sandbox.warehouse_uuid, "snowflake")]
    )
    assert connect(extra={"resource_uuid": None}).push_events([edge]).events == 1


@pytest.mark.parametrize(
    ("events", "options", "cause", "said"),
    [
        ([], {}, ConfigurationError, "no events to push"),
        ([{"type": "TABLE"}], {"flow": "metadata"}, InvalidEventError, "nested"),
        ([{"type": "TABLE"}], {}, InvalidEventError, "does not say what it is"),
        ([table()], {}, ConfigurationError, "needs a resource_type"),
        ([table()], {"flow": "lineage"}, InvalidEventError, "does not belong to the flow"),
        ([table()], {"resource_type": "snowflake", "resource_uuid": "x"}, ConfigurationError, "is not a UUID"),
    ],
)
def test_bad_input_fails_the_task_at_once(
    sandbox: Sandbox, connect: Any, events: Any, options: Any, cause: type[Exception], said: str
) -> None:
    with pytest.raises(cause, match=said) as caught:
        connect().push_events(events, **options)
    assert isinstance(caught.value, AirflowFailException)
    assert sandbox.requests() == []


def test_rejected_events_are_counted_or_fail(sandbox: Sandbox, connect: Any) -> None:
    sandbox.inject("reject", pattern="ORDERS_1$")
    events = [table(number) for number in range(4)]
    with pytest.raises(RejectedEventsError, match="refused 1 events, 3 others") as caught:
        connect().push_events(events, resource_type="snowflake")
    assert isinstance(caught.value, AirflowFailException)
    assert caught.value.rejected == 1
    assert connect().push_events(events, resource_type="snowflake", on_rejected="skip").rejected == 1


@pytest.mark.parametrize(
    ("fields", "extra", "said"),
    [
        ({}, {}, "The key is good for resource"),
        ({}, {"resource_uuid": ""}, "The key is good. No resource UUID is set"),
        ({"password": "wrong"}, {}, "is wrong or deleted"),
        ({"password": None}, {}, "has no key id or no secret"),
        ({}, {"resource_uuid": "00000000-0000-4000-8000-00000000000f"}, "is not allowed for this"),
        ({}, {"resource_uuid": "warehouse"}, "is not a UUID"),
        ({"host": "http://127.0.0.1:9"}, {}, "Cannot reach"),
        ({"host": "ftp://example.com"}, {}, "is not an http"),
        ({}, {"timeout": "soon"}, "is not a positive number of seconds"),
        ({}, {"timeout": "nan"}, "is not a positive number of seconds"),
        ({}, {"timeout": "inf"}, "is not a positive number of seconds"),
        ({"password": "wro\nng"}, {}, "has characters that no key has"),
        ({"password": "wröng"}, {}, "has characters that no key has"),
        ({"login": "k é y"}, {}, "The key id of connection 'mc' has characters"),
    ],
)
def test_the_connection_test_tells_what_is_wrong(connect: Any, fields: Any, extra: Any, said: str) -> None:
    works, message = connect(extra=extra, **fields).test_connection()
    assert said in message
    assert works is message.startswith("The key is good")
    assert not any(f"'{secret}" in message for secret in ("wrong", "wro", "wröng"))


def test_testing_the_connection_pushes_nothing(sandbox: Sandbox, connect: Any) -> None:
    connect().test_connection()
    assert sandbox.pushes() == []


def test_host_and_port_may_be_fields_of_their_own(sandbox: Sandbox, connect: Any) -> None:
    scheme, _, rest = sandbox.url.partition("://")
    host, _, port = rest.partition(":")
    assert connect(host=host, port=int(port), schema=scheme).test_connection()[0]
