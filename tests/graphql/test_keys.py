"""Ingestion keys: made, put into an Airflow connection, never shown; and the list of warehouses."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    ConfigurationError,
    GatewayUnavailableError,
    GraphQLError,
    KeyNotStoredError,
)
from airflow_provider_montecarlo_push.graphql.keys import IngestionKey, delete_key, new_key, warehouses_of
from airflow_provider_montecarlo_push.graphql.keys import ingestion_keys as listed_keys
from airflow_provider_montecarlo_push.hooks import keys as stored
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import table
from tests.graphql.http_server import Answer, http_server
from tests.operators.airflow_runs import run_dag
from tests.operators.outcomes import NO_DELAY, failed_at_once

CONN_ID = "made_by_test"
UUID = "5f10a4e0-0000-4000-8000-000000000001"


def secret_of(key_id: str) -> str:
    """Return the secret that the connection got for a key."""
    connection = MonteCarloIngestHook.get_connection(CONN_ID)
    assert connection.login == key_id
    return str(connection.password)


def test_a_key_does_not_show_its_secret() -> None:
    key = IngestionKey("id-1", "s3cr3t")
    key_id, secret = key
    assert (key_id, secret) == ("id-1", "s3cr3t")
    for text in (repr(key), str(key), f"{key}", "%s" % (key,), repr([key])):  # noqa: UP031 - as logging does
        assert "s3cr3t" not in text
        assert "id-1" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("",), "needs a description"),
        (("  ", None), "needs a description"),
        (("d", []), r"warehouses is \[\]; give a list of UUIDs, or none"),
        (("d", UUID), "give a list of UUIDs"),
        (("d", ["prod"]), "'prod' is not a UUID"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        next(new_key(*arguments))


@pytest.mark.parametrize("key", [None, {}, {"id": "x", "secret": None}, {"id": None, "secret": "s3cr3t"}])
def test_an_answer_without_a_key_is_an_error_without_it(key: Any) -> None:
    conversation = new_key("d")
    next(conversation)
    with pytest.raises(GraphQLError, match="answer has no key") as caught:
        conversation.send({"createIntegrationKey": {"key": key}})
    assert caught.value.data is None


def test_warehouses_in_order_with_the_type_that_a_push_names() -> None:
    found = [
        {"uuid": "u2", "name": "b", "connectionType": "DATA_LAKE", "pushEvents": None},
        {"uuid": "u1", "name": "A", "connectionType": "LOOKER", "pushEvents": [{"eventType": "METADATA"}]},
    ]
    first, second = warehouses_of(found)
    assert (first.uuid, first.resource_type, second.resource_type) == ("u1", None, "data-lake")
    assert first.as_dict()["push_events"][0]["kind"] == "METADATA"
    assert json.loads(json.dumps(second.as_dict()))["push_events"] == []


@pytest.mark.integration
@pytest.mark.usefixtures("monte_carlo_connections")
class TestConversations:
    def test_a_key_is_made_listed_and_deleted(self, sandbox: Sandbox, converse: Any) -> None:
        key = converse(new_key("from Airflow", [sandbox.lake_uuid.upper()]))
        found = {one.id: one for one in converse(listed_keys())}
        assert found[key.id].description == "from Airflow"
        assert list(found[key.id].warehouses) == [sandbox.lake_uuid]
        assert found[key.id].created.tzinfo
        assert [one.id for one in converse(listed_keys(sandbox.lake_uuid))] == [key.id]
        assert converse(delete_key(key.id)) is True
        assert converse(delete_key(key.id)) is False
        assert key.id not in {one.id for one in converse(listed_keys())}

    def test_a_key_for_all_warehouses_names_none(self, converse: Any) -> None:
        key = converse(new_key("all"))
        assert next(one for one in converse(listed_keys()) if one.id == key.id).warehouses == {}


@pytest.fixture
def nothing_stored(airflow_database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No connection of the tests' own, before and after, in a process that reads the database as Airflow's own do."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    def clear() -> None:
        with create_session() as session:
            session.execute(delete(Connection).where(Connection.conn_id == CONN_ID))

    clear()
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    yield
    clear()


@pytest.mark.integration
@pytest.mark.usefixtures("monte_carlo_connections", "nothing_stored")
class TestConnections:
    def test_a_push_with_the_new_connection_arrives(self, sandbox: Sandbox) -> None:
        key_id, before = stored.create_ingestion_connection(
            MonteCarloHook(), "d", [sandbox.lake_uuid], conn_id=CONN_ID, host=sandbox.url
        )
        assert before is None
        connection = MonteCarloIngestHook.get_connection(CONN_ID)
        assert (connection.conn_type, connection.login) == ("montecarlo-ingest", key_id)
        assert connection.extra_dejson == {"resource_uuid": sandbox.lake_uuid}
        result = MonteCarloIngestHook(CONN_ID).push_events([table(1)], resource_type="data-lake")
        assert result.events == 1
        assert [row["resource_uuid"] for row in sandbox.tables()] == [sandbox.lake_uuid]

    def test_a_new_key_in_a_connection_leaves_the_rest_of_it(self, sandbox: Sandbox) -> None:
        hook = MonteCarloHook()
        options = {"conn_id": CONN_ID, "resource_uuid": sandbox.warehouse_uuid, "host": "https://proxy.example"}
        first, _ = stored.create_ingestion_connection(hook, "d", **options)
        with pytest.raises(ConfigurationError, match=f"Connection '{CONN_ID}' is there already. Give replace"):
            stored.create_ingestion_connection(hook, "d", conn_id=CONN_ID)
        second, before = stored.create_ingestion_connection(hook, "d", conn_id=CONN_ID, replace=True)
        assert before == first
        connection = MonteCarloIngestHook.get_connection(CONN_ID)
        assert (connection.login, connection.host) == (second, "https://proxy.example")
        assert connection.extra_dejson == {"resource_uuid": sandbox.warehouse_uuid}
        assert stored.delete_ingestion_key(hook, first)
        assert len(stored.ingestion_keys(hook)) == 2, "the default one and the second"

    def test_the_connection_of_the_api_key_is_not_overwritten(self, sandbox: Sandbox) -> None:
        from airflow.models.connection import Connection
        from airflow.utils.session import create_session

        with create_session() as session:
            session.add(Connection(conn_id=CONN_ID, conn_type="montecarlo", login="api", password="key"))
        with pytest.raises(ConfigurationError, match="there already, of type 'montecarlo'"):
            stored.create_ingestion_connection(MonteCarloHook(), "d", conn_id=CONN_ID, replace=True)
        assert len(sandbox.keys()) == 2

    def test_a_connection_that_would_be_hidden_is_not_written(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", "{}")
        with pytest.raises(ConfigurationError, match=f"variable AIRFLOW_CONN_{CONN_ID.upper()} defines"):
            stored.create_ingestion_connection(MonteCarloHook(), "d", conn_id=CONN_ID)
        assert len(sandbox.keys()) == 2, "no key was made"

    def test_nor_one_that_a_secrets_backend_hides(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        class Vault:
            def get_connection(self, conn_id: str) -> object:
                return object()

        monkeypatch.setattr("airflow.configuration.ensure_secrets_loaded", lambda: [Vault()])
        with pytest.raises(ConfigurationError, match="The secrets backend Vault defines"):
            stored.create_ingestion_connection(MonteCarloHook(), "d", conn_id=CONN_ID)
        assert len(sandbox.keys()) == 2, "no key was made"

    def test_without_the_database_no_key_is_made(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*arguments: object) -> None:
            raise OSError("no route to host\nsecond line")

        monkeypatch.setattr("airflow.utils.session.create_session", broken)
        with pytest.raises(ConfigurationError, match=r"cannot be read here \(OSError: no route to host\)"):
            stored.create_ingestion_connection(MonteCarloHook(), "d", conn_id=CONN_ID)
        assert len(sandbox.keys()) == 2, "no key was made"

    def test_a_key_that_cannot_be_stored_is_taken_back_and_never_told(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        secrets = watch_secrets(monkeypatch)

        def broken(conn_id: str, key: IngestionKey, *rest: Any, **more: Any) -> None:
            raise RuntimeError(f"INSERT failed: [parameters: {key.secret}]")

        monkeypatch.setattr(stored, "_write", broken)
        with pytest.raises(
            KeyNotStoredError, match=r"could not be written \(RuntimeError\). Key .* was deleted"
        ) as caught:
            stored.create_ingestion_connection(MonteCarloHook(), "d", conn_id=CONN_ID)
        (secret,) = secrets
        assert secret not in "".join(traceback.format_exception(caught.value))
        assert secret not in caplog.text
        assert caught.value.__context__ is None
        assert in_force(sandbox, "d") == [False]

    def test_a_key_that_cannot_be_taken_back_is_named(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*arguments: object, **more: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(stored, "_write", broken)
        sandbox.inject("graphql_error", field="deleteIntegrationKey")
        with pytest.raises(KeyNotStoredError, match=r"Key \w+ is in force, and its secret is lost: delete it"):
            stored.create_ingestion_connection(MonteCarloHook(), "d", conn_id=CONN_ID)

    def test_what_is_logged_has_no_secret(
        self, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        key_id, _ = stored.create_ingestion_connection(MonteCarloHook(), "d", conn_id=CONN_ID)
        text = caplog.text + "".join(capsys.readouterr())
        assert f"Ingestion key {key_id} is in connection" in text
        assert secret_of(key_id) not in text

    def test_a_task_cannot_write_a_connection_and_is_told_so(self, sandbox: Sandbox) -> None:
        body = f"""
            @task
            def make():
                import sys
                from airflow_provider_montecarlo_push.exceptions import ConfigurationError
                from airflow_provider_montecarlo_push.hooks import keys
                from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
                try:
                    keys.create_ingestion_connection(MonteCarloHook(), "d", conn_id="{CONN_ID}")
                except ConfigurationError as error:
                    return str(error)
            make()
            """
        assert "A task cannot write connections in Airflow 3" in run_dag(body).xcom("make")
        assert len(sandbox.keys()) == 2, "no key was made"


def in_force(sandbox: Sandbox, description: str) -> list[bool]:
    """Tell of each key with a description whether it is in force."""
    every = sandbox.keys()
    return [row["in_force"] for row in every if row["description"] == description]


def watch_secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the secrets that are masked in logs."""
    secrets: list[str] = []
    monkeypatch.setattr(stored, "mask_secret", secrets.append)
    return secrets


@pytest.mark.integration
@pytest.mark.usefixtures("monte_carlo_connections")
class TestCreation:
    def test_the_secret_is_masked_in_logs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        masked = watch_secrets(monkeypatch)
        key = stored.create_ingestion_key(MonteCarloHook(), "d")
        assert masked == [key.secret]

    @pytest.mark.usefixtures("airflow_database")
    def test_a_key_does_not_get_into_xcom(self) -> None:
        run = run_dag(
            """
            @task
            def make():
                from airflow_provider_montecarlo_push.hooks import keys
                from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
                return keys.create_ingestion_key(MonteCarloHook(), "d")
            make()
            """
        )
        assert (run.state, run.xcom("make")) == ("failed", None)

    def test_a_lost_answer_does_not_make_a_second_key(self, sandbox: Sandbox) -> None:
        sandbox.inject("truncate", field="createIntegrationKey")
        with pytest.raises(GatewayUnavailableError, match=r"A key may have been made all the same.*look for 'lost'"):
            stored.create_ingestion_key(MonteCarloHook(), "lost")
        assert in_force(sandbox, "lost") == [True]

    def test_a_secret_beside_errors_is_dropped(self, sandbox: Sandbox) -> None:
        data = {"createIntegrationKey": {"key": {"id": "x", "secret": "s3cr3t"}}}
        body = {"errors": [{"message": "half of it"}], "data": data}
        sandbox.inject("status", status=200, body=body, field="createIntegrationKey")
        with pytest.raises(GraphQLError, match="half of it") as caught:
            stored.create_ingestion_key(MonteCarloHook(), "d")
        assert caught.value.data is None

    def test_a_secret_in_an_answer_that_is_cut_off_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        cut = b'{"data": {"createIntegrationKey": {"key": {"id": "x", "secret": "n3w-s3cr3t'
        with http_server() as server:
            server.connect(monkeypatch)
            server.always(Answer(200, cut, {"Content-Type": "application/json"}))
            with pytest.raises(GatewayUnavailableError, match="A key may have been made all the same") as caught:
                stored.create_ingestion_key(MonteCarloHook(), "lost")
            assert len(server.asked) == 1
        assert "n3w" not in f"{caught.value}{caught.value.__cause__}"

    def test_an_unknown_warehouse_is_what_monte_carlo_says(self, sandbox: Sandbox) -> None:
        unknown = "0b6f0000-0000-4000-8000-00000000dead"
        with pytest.raises(GraphQLError, match=f"no warehouse {unknown}"):
            stored.create_ingestion_key(MonteCarloHook(), "d", [unknown])

    def test_a_wrong_api_key_is_said(self, sandbox: Sandbox) -> None:
        sandbox.revoke_key(sandbox.api_key)
        with pytest.raises(AuthenticationError, match="401"):
            stored.warehouses(MonteCarloHook())


@pytest.mark.integration
@pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")
class TestWarehouses:
    def test_warehouses_with_what_they_received(self, sandbox: Sandbox) -> None:
        result = MonteCarloIngestHook().push_events([table(1)], resource_type="snowflake")
        lake, dwh = stored.warehouses(MonteCarloHook())
        assert (dwh.uuid, dwh.connection_type, dwh.resource_type) == (sandbox.warehouse_uuid, "SNOWFLAKE", "snowflake")
        assert (lake.uuid, lake.resource_type) == (sandbox.lake_uuid, "data-lake")
        received = {events.kind: events for events in dwh.push_events}
        assert received["METADATA"].status == "ACTIVE"
        assert received["METADATA"].last_invocation_id == result.invocation_ids[0]
        assert {events.status for events in lake.push_events} == {"NEVER_RECEIVED"}

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ({"action": "html"}, "is not a GraphQL answer: a web page"),
            ({"action": "status", "status": 401}, "wrong, expired or deleted"),
            ({"action": "status", "status": 302, "headers": {"Location": "/login"}}, "redirect to /login"),
            ({"action": "graphql_error", "field": "Warehouse.pushEvents", "message": "boom"}, "the query: boom"),
        ],
    )
    def test_what_a_retry_does_not_mend_fails_at_once(
        self, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capsys: Any, fault: dict[str, Any], said: str
    ) -> None:
        caplog.set_level(logging.INFO)
        sandbox.inject(**fault)
        run = run_dag(
            """
            from airflow_provider_montecarlo_push.operators.resources import MonteCarloListWarehousesOperator
            MonteCarloListWarehousesOperator(task_id="found", retries=3)
            """,
            dag_options=NO_DELAY,
        )
        assert failed_at_once(run, "found")
        assert said in caplog.text + "".join(capsys.readouterr())
        assert len(sandbox.requests("graphql")) == 1

    def test_a_task_lists_them_for_others(
        self, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.INFO)
        run = run_dag(
            """
            from airflow_provider_montecarlo_push.operators.resources import MonteCarloListWarehousesOperator
            found = MonteCarloListWarehousesOperator(task_id="found")
            @task
            def each(warehouse):
                return warehouse["uuid"]
            each.expand(warehouse=found.output)
            """
        )
        assert run.xcom("each", map_index=1) == sandbox.warehouse_uuid
        text = caplog.text + "".join(capsys.readouterr())
        assert f"{sandbox.lake_uuid}  Data lake (sandbox)  DATA_LAKE  nothing" in text
