"""``check``, ``warehouses`` and ``create-key``."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.cli.conftest import Run

pytestmark = pytest.mark.integration
CONN_ID = "montecarlo_by_command"


def statuses(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["check"]: row["status"] for row in rows}


def connection(kind: str, sandbox: Sandbox, *, key: Any, **extra: str) -> str:
    return json.dumps({"conn_type": kind, "host": sandbox.url, "login": key.id, "password": key.secret, "extra": extra})


class TestCheck:
    def test_everything_in_place(self, run: Run, sandbox: Sandbox) -> None:
        ended = run("check", "-o", "json")
        assert ended.code == 0
        assert statuses(ended.json) == dict.fromkeys(
            ("ingestion key", "API key", "scope", "resource", "manifest root"), "ok"
        )
        details = {row["check"]: row["detail"] for row in ended.json}
        assert sandbox.warehouse_uuid in details["resource"]
        assert "all warehouses" in details["scope"]

    @pytest.mark.parametrize(
        ("break_it", "failed", "words"),
        [
            ("unknown_key", {"ingestion key", "scope"}, "scope Ingestion"),
            ("api_key_for_pushing", {"ingestion key", "scope"}, "GraphQL API key"),
            ("ingestion_key_for_queries", {"API key"}, "needs an API key"),
            ("key_for_another_warehouse", {"ingestion key"}, "not allowed"),
            ("unknown_resource", {"ingestion key", "resource"}, "has no warehouse"),
            ("no_resource", {"resource"}, "names no resource_uuid"),
            ("no_connection", {"ingestion key", "scope", "resource"}, "isn't defined"),
            ("root_is_a_file", {"manifest root"}, "manifest_root"),
        ],
    )
    def test_what_is_wrong_is_named(
        self,
        run: Run,
        sandbox: Sandbox,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        break_it: str,
        failed: set[str],
        words: str,
    ) -> None:
        resource = sandbox.warehouse_uuid
        arguments: list[str] = []
        ingest = connection("montecarlo-ingest", sandbox, key=sandbox.ingest_key, resource_uuid=resource)
        if break_it == "unknown_key":
            ingest = ingest.replace(sandbox.ingest_key.id, "nobody")
        elif break_it == "api_key_for_pushing":
            ingest = connection("montecarlo-ingest", sandbox, key=sandbox.api_key, resource_uuid=resource)
        elif break_it == "ingestion_key_for_queries":
            monkeypatch.setenv(
                "AIRFLOW_CONN_MONTECARLO_DEFAULT", connection("montecarlo", sandbox, key=sandbox.ingest_key)
            )
        elif break_it == "key_for_another_warehouse":
            key = sandbox.add_key("ingestion", warehouses=[sandbox.lake_uuid])
            ingest = connection("montecarlo-ingest", sandbox, key=key, resource_uuid=resource)
        elif break_it == "unknown_resource":
            arguments = ["--resource-uuid", str(uuid.uuid4())]
        elif break_it == "no_resource":
            ingest = connection("montecarlo-ingest", sandbox, key=sandbox.ingest_key)
        elif break_it == "no_connection":
            arguments = ["--ingest-conn-id", "nowhere"]
        elif break_it == "root_is_a_file":
            (tmp_path / "file").write_text("")
            arguments = ["--manifest-root", str(tmp_path / "file")]
        monkeypatch.setenv("AIRFLOW_CONN_MONTECARLO_INGEST_DEFAULT", ingest)

        ended = run("check", *arguments, "-o", "json")
        assert ended.code == 1
        assert {check for check, status in statuses(ended.json).items() if status == "failed"} == failed
        assert words in ended.out
        assert sandbox.ingest_key.secret not in ended.out + ended.err

    def test_checks_that_need_the_api_key_are_skipped_without_it(self, run: Run) -> None:
        ended = run("check", "--api-conn-id", "nowhere", "-o", "json")
        assert (ended.code, statuses(ended.json)["scope"], statuses(ended.json)["resource"]) == (
            1,
            "skipped",
            "skipped",
        )

    def test_a_warehouse_as_well(self, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_EMPTY", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "db")}))
        ended = run("check", "--source-conn-id", "empty", "-o", "json")
        rows = statuses(ended.json)
        assert ended.code == 1
        assert (rows["source"], rows["information_schema"]) == ("ok", "failed")


class TestWarehouses:
    def test_as_a_table(self, run: Run, sandbox: Sandbox) -> None:
        ended = run("warehouses")
        assert ended.code == 0
        assert all(text in ended.out for text in (sandbox.warehouse_uuid, "SNOWFLAKE", "data-lake", "nothing"))

    def test_for_scripts(self, run: Run, sandbox: Sandbox) -> None:
        as_json = run("warehouses", "--output", "json").json
        assert yaml.safe_load(run("warehouses", "--output", "yaml").out) == as_json
        lake = next(row for row in as_json if row["uuid"] == sandbox.lake_uuid)
        assert (lake["resource_type"], lake["push_events"][0]["kind"]) == ("data-lake", "METADATA")


class TestCreateKey:
    def test_printed_once(self, run: Run, sandbox: Sandbox) -> None:
        ended = run("create-key", "--description", "CI", "--warehouse", sandbox.lake_uuid, "-o", "json")
        assert ended.code == 0
        assert ended.json["secret"] not in ended.err
        key = next(key for key in sandbox.state()["keys"] if key["id"] == ended.json["id"])
        assert key["warehouses"] == [sandbox.lake_uuid]

    @pytest.mark.usefixtures("airflow_database")
    def test_into_a_connection(self, run: Run, sandbox: Sandbox, collected: str) -> None:
        from airflow.models.connection import Connection
        from airflow.utils.session import create_session
        from sqlalchemy import delete

        options = ("--conn-id", CONN_ID, "--host", sandbox.url, "--resource-uuid", sandbox.lake_uuid)
        try:
            ended = run("create-key", "--description", "CI", *options, "-o", "json", "--verbose")
            assert (ended.code, ended.json["conn_id"], ended.json["previous_id"]) == (0, CONN_ID, None)
            # A connection in the database is found outside of tasks too.
            assert run("push", collected, "--ingest-conn-id", CONN_ID).code == 0
            assert {row["resource_uuid"] for row in sandbox.tables()} == {sandbox.lake_uuid}
            assert "Give replace" in run("create-key", "--description", "CI", *options).err
            again = run("create-key", "--description", "CI", *options, "--replace", "-o", "json")
            assert again.json["previous_id"] == ended.json["id"]
            with create_session() as session:
                secret = session.query(Connection).filter_by(conn_id=CONN_ID).one().password
            assert secret
            assert secret not in ended.out + ended.err + again.out + again.err
        finally:
            with create_session() as session:
                session.execute(delete(Connection).where(Connection.conn_id == CONN_ID))

    def test_options_of_a_connection_need_one(self, run: Run, sandbox: Sandbox) -> None:
        before = len(sandbox.state()["keys"])
        ended = run("create-key", "--description", "CI", "--replace")
        assert (ended.code, "--conn-id" in ended.err, len(sandbox.state()["keys"])) == (1, True, before)


def test_the_default_root_is_below_airflow_home(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", "")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    assert (tmp_path / "home" / "montecarlo_push").as_uri() in run("check", "-o", "json").out
