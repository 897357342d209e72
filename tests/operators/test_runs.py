"""The operators in real Airflow runs, against the sandbox."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.conftest import table, write_manifest
from tests.operators.airflow_runs import run_dag
from tests.operators.conftest import TaskLog

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "generic"}))


@pytest.mark.parametrize("flow", [flow for flow in Flow if not flow.is_etl])
def test_each_flow_in_one_line(sandbox: Sandbox, flow: Flow) -> None:
    run = run_dag(
        f'collect_and_push("{flow.value}", source_conn_id="shop", collect_kwargs={{"collector": SHOP["collector"]}})'
    )
    assert run.states() == {f"{flow.value}.collect": "success", f"{flow.value}.push": "success"}
    collected, pushed = run.xcom(f"{flow.value}.collect"), run.xcom(f"{flow.value}.push")
    assert collected["events"] == pushed["events"] == len(sandbox.events(flow.value)) > 0
    assert pushed["invocation_ids"] == [push["invocation_id"] for push in sandbox.pushes(flow.value)]
    receipt = Folder(UPath(pushed["receipt"].rsplit("/", 1)[0])).read("receipt.json")
    assert json.loads(receipt)["status"] == "delivered"


def test_filters_options_and_types_reach_manifest_and_gateway(sandbox: Sandbox) -> None:
    run = run_dag(
        """
        collect = MonteCarloCollectMetadataOperator(
            task_id="collect", **SHOP, include="MARTS", exclude=["*.*.TMP_*"], only_freshness_and_volume="True")
        MonteCarloPushMetadataOperator(
            task_id="push", manifest=collect.output, max_events=1, resource_type="snowflake")
        """
    )
    assert run.xcom("collect")["left_out"] == {"filtered": 4}
    names = [event["relational_asset"]["metadata"] for event in sandbox.events("metadata")]
    assert sorted(name["name"] for name in names) == ["A", "B"]
    assert all("description" not in name for name in names)
    assert [push["resource_type"] for push in sandbox.pushes()] == ["snowflake", "snowflake"]


@pytest.mark.parametrize(
    ("value", "text"), [("True", "SELECT 0"), ('"{{ 1 == 1 }}"', "SELECT 0"), ('"false"', "SELECT 1")]
)
def test_literals_are_redacted_before_anything_is_written(
    sandbox: Sandbox, folder: Folder, value: str, text: str
) -> None:
    run = run_dag(
        f"""
        logs = MonteCarloCollectQueryLogsOperator(task_id="collect", redact_literals={value}, **SHOP)
        MonteCarloPushQueryLogsOperator(task_id="push", manifest=logs.output)
        """
    )
    assert run.state == "success"
    (event,) = sandbox.events("query_logs")
    assert event["query_text"] == text
    manifest = json.loads((UPath(run.xcom("collect")["uri"]) / "manifest.json").read_text())
    assert manifest.get("scope", {}).get("redact_literals", False) is (text == "SELECT 0")


def test_mapped_collection_feeds_mapped_pushes(sandbox: Sandbox) -> None:
    run = run_dag(
        """
        collect = MonteCarloCollectMetadataOperator.partial(task_id="collect", **SHOP).expand(include=["RAW", "MARTS"])
        MonteCarloPushMetadataOperator.partial(task_id="push").expand(manifest=collect.output)
        """
    )
    assert run.states() == {
        "collect[0]": "success",
        "collect[1]": "success",
        "push[0]": "success",
        "push[1]": "success",
    }
    assert [run.xcom("push", map_index=index)["events"] for index in (0, 1)] == [3, 3]
    assert run.xcom("collect", map_index=1)["uri"].endswith("/collect/1")
    assert len(sandbox.tables()) == 6


PUSH_TWICE = """
    first = MonteCarloCollectMetadataOperator(task_id="collect", **SHOP)
    again = MonteCarloCollectMetadataOperator(task_id="again", **SHOP)
    push = MonteCarloPushMetadataOperator(task_id="push", manifest=first.output)
    hasty = MonteCarloPushMetadataOperator(task_id="hasty", manifest=again.output, {options})
    push >> hasty
"""


def test_a_second_push_within_the_hour_is_skipped_with_a_reason(sandbox: Sandbox, task_log: TaskLog) -> None:
    run = run_dag(PUSH_TWICE.format(options=""))
    assert run.states()["hasty"] == "skipped"
    assert len(sandbox.pushes()) == 1
    assert "Monte Carlo takes them once in 60 min" in task_log.text


@pytest.mark.parametrize("options", ["force=True", "min_interval=0"])
def test_a_second_push_may_be_forced(sandbox: Sandbox, options: str) -> None:
    assert run_dag(PUSH_TWICE.format(options=options)).states()["hasty"] == "success"
    assert len(sandbox.pushes()) == 2


def test_pushing_the_same_manifest_again_is_no_second_push(sandbox: Sandbox) -> None:
    run = run_dag(
        """
        collect = MonteCarloCollectMetadataOperator(task_id="collect", **SHOP)
        one = MonteCarloPushMetadataOperator(task_id="one", manifest=collect.output)
        two = MonteCarloPushMetadataOperator(task_id="two", manifest=collect.output)
        one >> two
        """
    )
    assert run.states()["two"] == "success"
    assert run.xcom("two")["invocation_ids"] == run.xcom("one")["invocation_ids"]
    assert len(sandbox.pushes()) == 1


def test_a_dry_run_says_what_would_be_sent(sandbox: Sandbox, task_log: TaskLog) -> None:
    run = run_dag(
        """
        collect = MonteCarloCollectMetadataOperator(task_id="collect", **SHOP)
        MonteCarloPushMetadataOperator(task_id="push", manifest=collect.output, dry_run=True)
        """
    )
    assert run.xcom("push")["events"] == 6
    assert "would send 6 events in 1 requests" in task_log.text
    assert sandbox.requests() == []


def test_the_window_is_the_runs_interval_moved_back_by_the_latency(sandbox: Sandbox) -> None:
    run_dag(
        'collect_and_push("query_logs", source_conn_id="shop", collect_kwargs={"collector": SHOP["collector"]})',
        dag_options='schedule=CronDataIntervalTimetable("@hourly", timezone="UTC")',
        logical_date=datetime(2024, 3, 1, 12, tzinfo=UTC),
    )
    (event,) = sandbox.events("query_logs")
    # A manual run at 12:00 gets the last whole interval, 11:00 to 12:00.
    assert (event["start_time"], event["end_time"]) == ("2024-03-01T10:50:00Z", "2024-03-01T11:50:00Z")


def test_a_run_without_an_interval_takes_the_hour_before_it_was_due(sandbox: Sandbox) -> None:
    run_dag(
        'collect_and_push("query_logs", source_conn_id="shop", collect_kwargs={"collector": SHOP["collector"]})',
        logical_date=None,
        run_after=datetime(2024, 3, 1, 12, 30, tzinfo=UTC),
    )
    (event,) = sandbox.events("query_logs")
    assert (event["start_time"], event["end_time"]) == ("2024-03-01T11:20:00Z", "2024-03-01T12:20:00Z")


def test_parameters_of_a_manual_run_arrive_typed(sandbox: Sandbox) -> None:
    run = run_dag(
        """
        collect_and_push(
            "query_logs", source_conn_id="shop",
            collect_kwargs={"collector": SHOP["collector"], "window_start": "{{ params.start }}",
                            "window_end": "{{ params.end }}"},
            push_kwargs={"dry_run": "{{ params.dry_run }}"})
        """,
        dag_options='render_template_as_native_obj=True, params={"start": None, "end": None, "dry_run": False}',
        run_conf={"start": "2024-03-01T00:00:00+01:00", "end": "2024-03-01T01:00:00+01:00"},
    )
    assert run.xcom("query_logs.push")["dry_run"] is False
    assert sandbox.events("query_logs")[0]["start_time"] == "2024-02-29T23:00:00Z"


MANIFEST_OF_QUERIES = """
    collect = MonteCarloCollectQueryLogsOperator(task_id="collect", **SHOP)
    MonteCarloPushLineageOperator(task_id="push", manifest=collect.output)
"""
COLLECT = 'MonteCarloCollect{flow}Operator(task_id="push", **SHOP, {options})'
PUSH = 'MonteCarloPush{flow}Operator(task_id="push", {options})'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (MANIFEST_OF_QUERIES, "holds query_logs events, not lineage"),
        (PUSH.format(flow="Metadata", options='manifest="/nowhere/at/all"'), "does not share storage"),
        (PUSH.format(flow="Metadata", options="manifest=None"), "No manifest was given"),
        (PUSH.format(flow="Metadata", options='manifest="relative/path"'), "neither a URI nor an absolute path"),
        (COLLECT.format(flow="Metadata", options='resource_type="hive"'), "Unknown resource_type 'hive'"),
        (COLLECT.format(flow="QueryLogs", options='log_type="hive"'), "Did you mean 'hive-s3'"),
        (
            COLLECT.format(
                flow="Lineage", options='window_start="2024-03-02T00:00:00Z", window_end="2024-03-01T00:00:00Z"'
            ),
            "is not after window_start",
        ),
        (COLLECT.format(flow="Lineage", options='window_start="2024-03-02T00:00:00Z"'), "give both or neither"),
        (
            COLLECT.format(flow="Lineage", options='window_start="2024-03-01T00:00:00", window_end="2024-03-02"'),
            "has no time zone",
        ),
        (COLLECT.format(flow="Metadata", options='include="a.b.c.d"'), "has 4 parts"),
        (COLLECT.format(flow="Metadata", options='include="NOWHERE"'), "shows not one table"),
        (COLLECT.format(flow="Metadata", options='collector_kwargs={"colour": "red"}'), "collector_kwargs do not fit"),
        (
            'MonteCarloCollectMetadataOperator(task_id="push", source_conn_id="shop")',
            "is of type 'generic'",
        ),
        (
            'MonteCarloCollectMetadataOperator(task_id="push", source_conn_id="shop", collector="no.such.Thing")',
            "cannot be imported",
        ),
    ],
)
def test_bad_input_fails_at_once_with_a_clear_error(sandbox: Sandbox, task_log: TaskLog, body: str, said: str) -> None:
    run = run_dag(body, dag_options='default_args={"retries": 3}')
    assert run.states()["push"] == "failed", "final errors are not retried"
    assert said in task_log.text
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('resource_uuid="not-a-uuid"', "is not a UUID"),
        ('resource_type="snow"', "Unknown resource_type 'snow'"),
        ('on_rejected="ignore"', "give 'fail' or 'skip'"),
        ("max_events=0", "give a whole number from 1"),
        ('montecarlo_conn_id="no_such_connection"', "no_such_connection"),
        ('dry_run="perhaps"', "give true or false"),
    ],
)
def test_wrong_push_options_fail_before_anything_is_sent(
    sandbox: Sandbox, task_log: TaskLog, folder: Folder, options: str, said: str
) -> None:
    write_manifest(folder, [table()])
    run = run_dag(PUSH.format(flow="Metadata", options=f'manifest="{folder.uri}", {options}'))
    assert run.states()["push"] == "failed"
    assert said in task_log.text
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "wrong-secret"}, "401 from"),
        ({"extra": {"resource_uuid": "00000000-0000-4000-8000-000000000009"}}, "403 from"),
        ({"extra": {}}, "No resource_uuid"),
        ({"login": ""}, "has no key id or no secret"),
        ({"host": "no scheme or host://"}, "is not a"),
    ],
    ids=["wrong key", "key for another resource", "no resource", "no key", "no host"],
)
def test_a_wrong_connection_fails_at_once(
    task_log: TaskLog, folder: Folder, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    connection = json.loads(os.environ["AIRFLOW_CONN_MONTECARLO_INGEST_DEFAULT"]) | changes
    monkeypatch.setenv("AIRFLOW_CONN_MONTECARLO_INGEST_DEFAULT", json.dumps(connection))
    write_manifest(folder, [table()])
    run = run_dag(PUSH.format(flow="Metadata", options=f'manifest="{folder.uri}", retries=3'))
    assert run.states() == {"push": "failed"}, "not retried"
    text = task_log.text
    assert said in text
    assert "wrong-secret" not in text


def test_an_outage_is_retried_and_resumed_by_airflow(sandbox: Sandbox, folder: Folder) -> None:
    write_manifest(folder, [table(number) for number in range(6)])
    # A Retry-After this long is left to Airflow's own retries.
    sandbox.inject("status", status=503, headers={"Retry-After": "9999"}, skip=2, count=1)
    retries = "retries=2, retry_delay=timedelta(0)"
    options = f'manifest="{folder.uri}", max_events=1, concurrency=1, {retries}'
    run = run_dag(PUSH.format(flow="Metadata", options=options))
    assert run.states() == {"push": "success"}
    result = run.xcom("push")
    assert (result["events"], result["resumed"]) == (6, 2)
    assert len(sandbox.events("metadata")) == 6


def test_a_collection_that_breaks_leaves_no_manifest(sandbox: Sandbox, folder: Folder) -> None:
    run = run_dag(
        COLLECT.format(flow="Metadata", options=f'collector_kwargs={{"fail": True}}, manifest_root="{folder.uri}"')
    )
    assert run.states()["push"] == "failed"
    assert not list(UPath(folder.uri).rglob("manifest.json"))


def test_no_secret_is_left_anywhere(sandbox: Sandbox, task_log: TaskLog, folder: Folder) -> None:
    run = run_dag(
        f"""
        collect = MonteCarloCollectMetadataOperator(task_id="collect", **SHOP, manifest_root="{folder.uri}")
        MonteCarloPushMetadataOperator(task_id="push", manifest=collect.output)
        """
    )
    secret = sandbox.ingest_key.secret
    assert run.states()["push"] == "success"
    assert secret not in json.dumps([run.xcom("collect"), run.xcom("push")])
    assert secret not in task_log.text
    files = [path for path in UPath(folder.uri).rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert all(secret.encode() not in path.read_bytes() for path in files)


def test_secrets_among_a_collectors_options_stay_out_of_the_manifest(folder: Folder) -> None:
    options = 'collector_kwargs={"fail": False, "api_token": "hush-hush"}'
    run_dag(COLLECT.format(flow="Metadata", options=f'{options}, manifest_root="{folder.uri}"'))
    (manifest,) = UPath(folder.uri).rglob("manifest.json")
    assert json.loads(manifest.read_text())["scope"]["collector_kwargs"] == {"fail": False, "api_token": "***"}


def test_the_receipt_is_linked(sandbox: Sandbox, folder: Folder) -> None:
    write_manifest(folder, [table()])
    run = run_dag(PUSH.format(flow="Metadata", options=f'manifest="{folder.uri}"'))
    assert run.xcom("push", key="montecarlo_receipt")["uri"] == run.xcom("push")["receipt"]
    assert run.xcom("push")["receipt"] in unquote(run.xcom("push", key="_link_MonteCarloReceiptLink"))


def test_windows_of_long_ago_and_length_are_taken(sandbox: Sandbox) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    options = f'window_start="{start.isoformat()}", window_end="{(start + timedelta(days=400)).isoformat()}"'
    assert run_dag(COLLECT.format(flow="QueryLogs", options=options)).states()["push"] == "success"


def test_access_is_checked_and_shown(
    warehouse: EmbeddedWarehouse, monkeypatch: pytest.MonkeyPatch, task_log: TaskLog
) -> None:
    for name, value in warehouse.environment("snowflake_check").items():
        monkeypatch.setenv(name, value)
    with warehouse.as_edition("standard"):
        run = run_dag(
            'MonteCarloCheckAccessOperator(task_id="check", source_conn_id="snowflake_check", include="RAW.*.*")'
        )
    assert run.state == "success"
    checks = {check["name"]: check for check in run.xcom("check")}
    assert checks["RAW"]["readable"] is True
    denied = checks["SNOWFLAKE.ACCOUNT_USAGE.ACCESS_HISTORY"]
    assert denied["readable"] is False
    assert denied["flows"] == ["lineage"]
    assert denied["grants"][0] in task_log.text


def test_a_collector_that_cannot_tell_its_access_says_so(task_log: TaskLog) -> None:
    run = run_dag('MonteCarloCheckAccessOperator(task_id="check", **SHOP)')
    assert run.state == "failed"
    assert "shop collector cannot tell" in task_log.text
