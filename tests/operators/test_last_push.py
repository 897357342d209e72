"""Is the last push too old? Real Airflow runs that push to the sandbox, and look."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import table, write_manifest
from tests.operators.airflow_runs import AirflowRun, run_dag, run_file
from tests.operators.conftest import TaskLog

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]
IMPORT = "from airflow_provider_montecarlo_push.operators.last_push import MonteCarloCheckLastPushOperator\n"
METADATA = """
collect = MonteCarloCollectMetadataOperator(task_id="collect", **SHOP, {collect})
MonteCarloPushMetadataOperator(task_id="push", manifest=collect.output, {push})
"""
QUERIES = 'collect_and_push("query_logs", source_conn_id="shop", collect_kwargs={"collector": SHOP["collector"]})'
DATABASES = """
collect = MonteCarloCollectMetadataOperator.partial(task_id="collect", **SHOP).expand(include=["RAW", "MARTS"])
MonteCarloPushMetadataOperator.partial(task_id="push").expand(manifest=collect.output)
"""
Files = Callable[[], dict[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "generic"}))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the manifest root keeps what was delivered."""
    return tmp_path / "push-state" / "delivered"


def metadata(collect: str = "", push: str = "", **options: Any) -> AirflowRun:
    return run_dag(METADATA.format(collect=collect, push=push), **options)


def check(options: str = "", **run_options: Any) -> AirflowRun:
    return run_dag(f'{IMPORT}MonteCarloCheckLastPushOperator(task_id="check", {options})', **run_options)


def age(state: Path, pattern: str = "*", **ago: float) -> None:
    """Let pushes be delivered some time ago."""
    paths = list(state.glob(pattern))
    assert paths
    for path in paths:
        facts = json.loads(path.read_text())
        path.write_text(json.dumps(facts | {"delivered_at": (datetime.now(UTC) - timedelta(**ago)).isoformat()}))


def test_a_push_is_fresh_and_then_stale(sandbox: Sandbox, state: Path, task_log: TaskLog) -> None:
    pushed = metadata('include="MARTS"')
    fresh = check()
    assert fresh.states() == {"check": "success"}
    (row,) = fresh.xcom("check")
    assert row["age_seconds"] < 60
    (file,) = state.iterdir()
    collected = json.loads(file.read_text())["run"]
    assert row | {"age_seconds": 0, "delivered_at": ""} == {
        "flow": "metadata",
        "source_conn_id": "shop",
        "collector": "shop",
        "scope": {"include": ["MARTS"], "exclude": []},
        "resource_uuid": sandbox.warehouse_uuid,
        "dag_id": collected["dag_id"],
        "task_id": "collect",
        "delivered_at": "",
        "age_seconds": 0,
        "stale": False,
        "events": 3,
        "manifest": pushed.xcom("push")["manifest"],
        "receipt": pushed.xcom("push")["receipt"],
        "state": file.as_uri(),
    }

    age(state, hours=1, minutes=59)
    assert check().states() == {"check": "success"}
    age(state, hours=26, minutes=10)
    stale = check("retries=3")
    assert stale.states() == {"check": "failed"}, "not retried"
    assert [row["stale"] for row in stale.xcom("check")] == [True]
    text = task_log.text
    assert "1 of 1 scopes were not delivered to Monte Carlo within 2 h" in text
    assert "metadata of shop (include ['MARTS'])" in text
    assert f"last delivered 1 d 2 h 10 min ago, {stale.xcom('check')[0]['delivered_at']}, 3 events" in text
    assert f"receipt {row['receipt']}, collected by {collected['dag_id']}.collect" in text
    assert f"forgotten when its file is deleted: {file.as_uri()}" in text


def test_manifests_are_not_looked_at(sandbox: Sandbox, tmp_path: Path) -> None:
    metadata()
    for path in tmp_path.rglob("manifest.json"):
        path.write_text("not read")
    for path in tmp_path.rglob("receipt.json"):
        path.write_text("not read")
    assert check().states() == {"check": "success"}


def test_a_push_that_the_hourly_rule_skips_is_no_new_one_and_no_alarm(sandbox: Sandbox, state: Path) -> None:
    metadata()
    (file,) = state.iterdir()
    before = file.read_text()
    assert metadata().states()["push"] == "skipped"
    assert file.read_text() == before
    assert check().states() == {"check": "success"}


def test_a_cleared_push_of_long_ago_is_no_new_one(sandbox: Sandbox, state: Path) -> None:
    first = metadata()
    (file,) = state.iterdir()
    before = file.read_text()
    manifest = first.xcom("push")["manifest"]
    assert run_dag(f'MonteCarloPushMetadataOperator(task_id="push", manifest="{manifest}")').state == "success"
    assert len(sandbox.pushes()) == 1
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("fault", "push", "fresh"),
    [
        ({"action": "status", "status": 401}, "", False),
        ({"action": "status", "status": 503, "headers": {"Retry-After": "9999"}, "skip": 2}, "max_events=1", False),
        (None, "dry_run=True", False),
        (None, "", True),
    ],
    ids=["bad key", "broken off", "dry run", "well"],
)
def test_only_a_complete_push_counts(
    sandbox: Sandbox, task_log: TaskLog, fault: dict[str, Any] | None, push: str, fresh: bool
) -> None:
    if fault:
        sandbox.inject(**fault)
    metadata(push=f"concurrency=1, {push}")
    assert check('flows="metadata", source_conn_id="shop"').states() == {"check": "success" if fresh else "failed"}
    assert ("metadata of shop: never delivered" in task_log.text) is not fresh


@pytest.mark.parametrize(("on_rejected", "fresh"), [("fail", False), ("skip", True)])
def test_refused_events(sandbox: Sandbox, tmp_path: Path, on_rejected: str, fresh: bool) -> None:
    broken = table(1)
    broken.type = "NONSENSE"
    reader = write_manifest(Folder(UPath((tmp_path / "m").as_uri())), [table(0), broken], root=tmp_path.as_uri())
    run_dag(
        f'MonteCarloPushMetadataOperator(task_id="push", manifest="{reader.folder.uri}", on_rejected="{on_rejected}")'
    )
    assert len(sandbox.events("metadata")) == 1
    assert (check().state == "success") is fresh


def test_a_manifest_without_events_shows_that_the_way_is_open(sandbox: Sandbox, tmp_path: Path) -> None:
    reader = write_manifest(Folder(UPath((tmp_path / "m").as_uri())), [], Flow.QUERY_LOGS, root=tmp_path.as_uri())
    run_dag(f'MonteCarloPushQueryLogsOperator(task_id="push", manifest="{reader.folder.uri}")')
    (row,) = check('flows="query_logs"').xcom("check")
    assert (row["events"], row["stale"], row["dag_id"]) == (0, False, None)


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ("", [("metadata", True), ("query_logs", False)]),
        ('flows=["metadata", "query_logs"], source_conn_id="shop"', [("metadata", True), ("query_logs", False)]),
        ('flows="query_logs"', [("query_logs", False)]),
        ('flows=["lineage", "query_logs"]', [("lineage", True), ("query_logs", False)]),
        ('source_conn_id="other"', [(None, True)]),
        ('flows="metadata", source_conn_id="other"', [("metadata", True)]),
        ('resource_uuid="{warehouse}"', [("metadata", True), ("query_logs", False)]),
        ('resource_uuid="00000000-0000-4000-8000-000000000009"', [(None, True)]),
        ("max_age=timedelta(hours=4)", [("metadata", False), ("query_logs", False)]),
        ("max_age=4 * 3600", [("metadata", False), ("query_logs", False)]),
        ("max_age='{{{{ 4 * 3600 }}}}'", [("metadata", False), ("query_logs", False)]),
        ('flows="", source_conn_id="{{{{ none }}}}"', [("metadata", True), ("query_logs", False)]),
        ('manifest_root="/nowhere/at/all"', [(None, True)]),
    ],
)
def test_what_is_looked_at(sandbox: Sandbox, state: Path, options: str, rows: list[tuple[str | None, bool]]) -> None:
    metadata()
    run_dag(QUERIES)
    age(state, "metadata-*", hours=3)
    found = check(options.format(warehouse=sandbox.warehouse_uuid)).xcom("check")
    assert [(row["flow"], row["stale"]) for row in found] == rows


def test_of_mapped_tasks_each_one_is_looked_at(sandbox: Sandbox, state: Path, task_log: TaskLog) -> None:
    run_dag(DATABASES)
    (raw,) = [path for path in state.iterdir() if '"RAW"' in path.read_text()]
    age(state, raw.name, hours=3)
    found = check().xcom("check")
    assert [(row["scope"]["include"], row["stale"]) for row in found] == [(["RAW"], True), (["MARTS"], False)]
    assert "1 of 2 scopes" in task_log.text


FILTERED = """
from airflow.sdk import DAG
from airflow_provider_montecarlo_push.operators.collect import MonteCarloCollectMetadataOperator
from airflow_provider_montecarlo_push.operators.push import MonteCarloPushMetadataOperator

with DAG("filtered", schedule=None, params={"include": "RAW"}):
    collect = MonteCarloCollectMetadataOperator(
        task_id="collect",
        source_conn_id="shop",
        collector="tests.operators.collectors.ShopCollector",
        include="{{ params.include }}",
    )
    MonteCarloPushMetadataOperator(task_id="push", manifest=collect.output)
"""


def test_a_task_whose_filters_were_changed_is_looked_at_once(sandbox: Sandbox, state: Path, task_log: TaskLog) -> None:
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / "filtered.py"
    path.write_text(FILTERED)
    try:
        run_file(path, "filtered")
        age(state, hours=3)
        run_file(path, "filtered", run_conf={"include": "MARTS"})
    finally:
        path.unlink()
    assert len(list(state.iterdir())) == 2
    done = check()
    assert done.state == "success"
    assert [row["scope"]["include"] for row in done.xcom("check")] == [["MARTS"]]
    said = "Not watched, as its task has pushed with other filters since: metadata of shop (include ['RAW'])"
    assert said in task_log.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('flows="metdata"', "flows is 'metdata'; give one or a list of metadata, lineage, query_logs"),
        ("flows=\"['metadata']\"", "Set render_template_as_native_obj=True"),
        ("max_age=0", "max_age is 0; give a timedelta or a number of seconds above 0"),
        ("max_age=timedelta(hours=-1)", "give a timedelta"),
        ('max_age="two hours"', "max_age is 'two hours'"),
        ('max_age="nan"', "max_age is 'nan'"),
        ('resource_uuid="prod"', "is not a UUID"),
        ('manifest_root="relative/path"', "neither a URI nor an absolute path"),
        ("", "Of what was never delivered"),
    ],
)
def test_bad_input_fails_at_once(task_log: TaskLog, options: str, said: str) -> None:
    assert check(f"retries=3, {options}").states() == {"check": "failed"}
    assert said in task_log.text


def test_a_damaged_file_is_an_error_not_a_silence(sandbox: Sandbox, state: Path, task_log: TaskLog) -> None:
    metadata()
    (file,) = state.iterdir()
    file.write_text('{"flow": "meta')
    assert check("retries=3").states() == {"check": "failed"}
    assert f"{file.as_uri()} cannot be read" in task_log.text
