"""ETL jobs and runs at the sandbox: what it takes, what it shows, and the vendor's own client against it."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest
from pycarlo.core import Client, Session
from pycarlo.features.ingestion import IngestionService, etl
from pycarlo.features.ingestion import models as m

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.validation import check_request

pytestmark = pytest.mark.integration

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
JOBS: dict[str, Any] = {
    "event_type": "ETL_METADATA",
    "resource": {"uuid": UUID, "resource_type": "airflow"},
    "events": [
        {
            "etl_asset": {
                "job_source_id": "shop",
                "name": "Shop",
                "is_paused": False,
                "schedule": {"kind": "cron", "cron_expression": "0 * * * *", "made_by": "us"},
                "owner": {"primary_name": "data", "slack": "#data"},
                "properties": [{"key": "team"}],
                "tasks": [
                    {"task_source_id": "shop/a", "name": "a"},
                    {
                        "task_source_id": "shop/b",
                        "name": "b",
                        "upstream_task_source_ids": ["shop/a"],
                        "outputs": [{"asset_type": "TABLE", "role": "OUTPUT", "fully_qualified_name": "A.B.C"}],
                    },
                ],
            }
        }
    ],
}
TASK_RUN = {
    "job_source_id": "shop",
    "task_source_id": "shop/a",
    "run_source_id": "shop/1/a/1",
    "status": "failed",
    "event_time": "2024-03-01T12:01:00Z",
    "attempt_number": 1,
    "error": {"message": "broken"},
}
RUNS: dict[str, Any] = {
    "event_type": "ETLRUN",
    "resource": {"uuid": UUID, "resource_type": "airflow"},
    "events": [
        {
            "job_source_id": "shop",
            "run_source_id": "shop/1",
            "status": "in_progress",
            "event_time": "2024-03-01T12:00:00Z",
            "start_time": "2024-03-01T12:00:00Z",
            "trigger": "SCHEDULE",
            "task_runs": [TASK_RUN],
        }
    ],
}
DELETE = object()


def _changed(document: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(document)
    inner: Any = made
    for step in place[:-1]:
        inner = inner[step]
    if value is DELETE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return made


_JOB = ("events", 0, "etl_asset")
_RUN = ("events", 0)


@pytest.mark.parametrize(("flow", "document"), [("etl_metadata", JOBS), ("etl_runs", RUNS)])
def test_good_requests_pass(flow: str, document: dict[str, Any]) -> None:
    assert check_request(flow, document).message is None
    assert check_request(flow, document | {"events": document["events"] * 100}).message is None


def test_runs_may_have_a_time_of_their_batch() -> None:
    assert check_request("etl_runs", RUNS | {"event_time": "2024-03-01T12:00:00Z"}).message is None


@pytest.mark.parametrize(
    ("flow", "place", "value", "loc", "message"),
    [
        ("etl_metadata", ("event_type",), "METADATA", "event_type", "must be one of ETL_METADATA"),
        ("etl_runs", ("event_type",), "ETL_RUNS", "event_type", "must be one of ETLRUN"),
        ("etl_runs", ("event_time",), "now", "event_time", "ISO 8601"),
        ("etl_metadata", ("event_time",), "2024-03-01T12:00:00Z", "event_time", "not a field"),
        ("etl_metadata", ("resource", "resource_type"), "bigquery", "resource.resource_type", "must be one of airflow"),
        ("etl_metadata", ("resource", "log_type"), "s3", "resource.log_type", "not a field"),
        ("etl_metadata", ("events",), [], "events", "must not be empty"),
        ("etl_metadata", ("events",), JOBS["events"] * 101, "events", "at most 100 items, not 101"),
        ("etl_runs", ("events",), RUNS["events"] * 101, "events", "at most 100 items, not 101"),
        ("etl_metadata", (*_JOB, "name"), DELETE, "events[0].etl_asset.name", "is required"),
        ("etl_metadata", (*_JOB, "name"), " ", "events[0].etl_asset.name", "must not be empty"),
        ("etl_metadata", (*_JOB, "is_paused"), "no", "events[0].etl_asset.is_paused", "must be a boolean"),
        ("etl_metadata", (*_JOB, "dag"), "x", "events[0].etl_asset.dag", "not a field"),
        ("etl_metadata", (*_JOB, "schedule", "kind"), "hourly", "events[0].etl_asset.schedule.kind", "one of cron"),
        ("etl_metadata", (*_JOB, "schedule", "paused"), 1, "events[0].etl_asset.schedule.paused", "a boolean"),
        ("etl_metadata", (*_JOB, "tasks", 1, "name"), DELETE, "events[0].etl_asset.tasks[1].name", "is required"),
        (
            "etl_metadata",
            (*_JOB, "tasks", 1, "outputs", 0, "fully_qualified_name"),
            DELETE,
            "events[0].etl_asset.tasks[1].outputs[0]",
            "needs mcon or fully_qualified_name",
        ),
        (
            "etl_metadata",
            (*_JOB, "tasks", 1, "outputs", 0, "role"),
            "WRITE",
            "events[0].etl_asset.tasks[1].outputs[0].role",
            "must be one of INPUT, OUTPUT",
        ),
        ("etl_runs", (*_RUN, "status"), "running", "events[0].status", "must be one of"),
        ("etl_runs", (*_RUN, "trigger"), "schedule", "events[0].trigger", "must be one of"),
        ("etl_runs", (*_RUN, "event_time"), DELETE, "events[0].event_time", "is required"),
        ("etl_runs", (*_RUN, "start_time"), "2024-03-01 12:00", "events[0].start_time", "ISO 8601"),
        ("etl_runs", (*_RUN, "end_time"), "2024-03-01T11:00:00Z", "events[0].end_time", "must not be before"),
        (
            "etl_runs",
            (*_RUN, "task_runs", 0, "attempt_number"),
            0,
            "events[0].task_runs[0].attempt_number",
            "must be 1 or more",
        ),
        ("etl_runs", (*_RUN, "task_runs", 0, "error"), {}, "events[0].task_runs[0].error.message", "is required"),
        (
            "etl_runs",
            (*_RUN, "task_runs", 0, "task_source_id"),
            DELETE,
            "events[0].task_runs[0].task_source_id",
            "is required of a task's run",
        ),
        (
            "etl_runs",
            (*_RUN, "task_runs", 0, "task_runs"),
            [TASK_RUN],
            "events[0].task_runs[0].task_runs",
            "must be empty",
        ),
    ],
)
def test_the_answer_names_the_field_that_is_wrong(
    flow: str, place: tuple[Any, ...], value: Any, loc: str, message: str
) -> None:
    checked = check_request(flow, _changed(JOBS if flow == "etl_metadata" else RUNS, place, value))
    assert checked.message is not None
    assert [(item["loc"], message in item["msg"]) for item in checked.details] == [(loc, True)]


@pytest.fixture
def service(sandbox: Sandbox) -> IngestionService:
    key = sandbox.ingest_key
    session = Session(mcd_id=key.id, mcd_token=key.secret, scope="Ingestion", endpoint=sandbox.url)
    return IngestionService(mc_client=Client(session=session))


def test_pycarlo_pushes_jobs(sandbox: Sandbox, service: IngestionService) -> None:
    job = etl.EtlAsset(
        job_source_id="shop",
        name="Shop",
        group=etl.EtlGroup("nightly", schedule=etl.Schedule("cron", cron_expression="0 3 * * *")),
        is_paused=True,
        owner=etl.Owner(primary_email="data@example.com", notification_emails=["oncall@example.com"]),
        properties=[m.Tag("team", "data"), m.Tag("pii")],
        attributes={"retries": 3},
        tasks=[etl.EtlTask("shop/a", "a", inputs=[etl.AssetRef("TABLE", "INPUT", fully_qualified_name="A.B.C")])],
        triggered_job_source_ids=["report"],
    )
    answer = service.send_etl_metadata(sandbox.etl_uuid, "airflow", [job])
    (push,) = sandbox.pushes("etl_metadata")
    assert service.extract_invocation_id(answer) == push["invocation_id"]
    assert push["event_type"] == "ETL_METADATA"
    (shown,) = sandbox.jobs()
    assert shown["mcon"].endswith(f"++{sandbox.etl_uuid}++job++shop")
    assert {key: shown[key] for key in job.to_dict()} == job.to_dict()
    assert (shown["runs"], shown["last_run"]) == (0, None)
    assert sandbox.state()["etl_containers"][0]["received"]["etl_metadata"]["invocation_id"] == push["invocation_id"]


def test_pycarlo_pushes_runs(sandbox: Sandbox, service: IngestionService) -> None:
    def send(status: str, at: str, *, end: str | None = None, tasks: list[etl.EtlRunEvent] | None = None) -> None:
        run = etl.EtlRunEvent(
            "shop", "shop/1", status, at, start_time="2024-03-01T12:00:00Z", end_time=end, trigger="SCHEDULE",
            task_runs=tasks or [],
        )  # fmt: skip
        service.send_etl_runs(sandbox.etl_uuid, "airflow", [run], event_time="2024-03-01T12:30:00Z")

    first = etl.EtlRunEvent("shop", "shop/1/a/1", "success", "2024-03-01T12:02:00Z", task_source_id="shop/a")
    failed = etl.EtlRunEvent(
        "shop", "shop/1/b/1", "failed", "2024-03-01T12:09:00Z", task_source_id="shop/b", error=etl.EtlError("broken")
    )
    send("in_progress", "2024-03-01T12:00:00Z", tasks=[first])
    send("failed", "2024-03-01T12:10:00Z", end="2024-03-01T12:10:00Z", tasks=[failed])
    send("in_progress", "2024-03-01T12:00:00Z")  # comes late, and undoes nothing
    (run,) = sandbox.runs("shop")
    assert (run["status"], run["events"], run["duration_ms"]) == ("failed", 3, 600_000)
    assert {task["task_source_id"]: task["status"] for task in sandbox.runs(parent="shop/1")} == {
        "shop/a": "success",
        "shop/b": "failed",
    }
    assert sandbox.runs(failed=False) == []
    assert sandbox.state()["runs"] == {"all": 1, "failed": 1}


def test_a_batch_of_more_than_a_hundred_is_refused(sandbox: Sandbox) -> None:
    key = sandbox.ingest_key
    document = JOBS | {"resource": {"uuid": sandbox.etl_uuid, "resource_type": "airflow"}}
    headers = {"x-mcd-id": key.id, "x-mcd-token": key.secret}
    url = f"{sandbox.url}/ingest/v1/etl/metadata"
    taken = httpx.post(url, json=document | {"events": JOBS["events"] * 100}, headers=headers, trust_env=False)
    refused = httpx.post(url, json=document | {"events": JOBS["events"] * 101}, headers=headers, trust_env=False)
    assert (taken.status_code, refused.status_code) == (202, 400)
    assert "at most 100" in refused.text


def test_jobs_go_to_containers_and_tables_to_warehouses(sandbox: Sandbox) -> None:
    key = sandbox.ingest_key
    headers = {"x-mcd-id": key.id, "x-mcd-token": key.secret}
    document = JOBS | {"resource": {"uuid": sandbox.warehouse_uuid, "resource_type": "airflow"}}
    answer = httpx.post(f"{sandbox.url}/ingest/v1/etl/metadata", json=document, headers=headers, trust_env=False)
    assert answer.status_code == 403
    assert "no ETL container" in answer.text
    table = {"relational_asset": {"type": "TABLE", "metadata": {"name": "t", "database": "d", "schema": "s"}}}
    document = {
        "event_type": "METADATA",
        "resource": {"uuid": sandbox.etl_uuid, "resource_type": "snowflake"},
        "events": [table],
    }
    answer = httpx.post(f"{sandbox.url}/ingest/v1/metadata", json=document, headers=headers, trust_env=False)
    assert answer.status_code == 403


def test_graphql_says_what_a_container_received(sandbox: Sandbox, service: IngestionService) -> None:
    other = sandbox.add_etl_container("dbt", "dbt")
    service.send_etl_metadata(other, "dbt", [etl.EtlAsset("models", "Models")])
    asked = """query { getUser { account { etlContainers { uuid name type jobCount
        pushEvents { eventType status lastInvocationId } } } } }"""
    containers = sandbox.graphql(asked)["getUser"]["account"]["etlContainers"]
    assert [(item["uuid"], item["type"], item["jobCount"]) for item in containers] == [
        (sandbox.etl_uuid, "AIRFLOW", 0),
        (other, "DBT", 1),
    ]
    (push,) = sandbox.pushes("etl_metadata")
    assert containers[1]["pushEvents"] == [
        {"eventType": "ETL_METADATA", "status": "ACTIVE", "lastInvocationId": push["invocation_id"]},
        {"eventType": "ETL_RUNS", "status": "NEVER_RECEIVED", "lastInvocationId": None},
    ]
    assert {event["status"] for event in containers[0]["pushEvents"]} == {"NEVER_RECEIVED"}


def test_pushes_wait_as_long_as_they_are_told_to(sandbox: Sandbox, service: IngestionService) -> None:
    sandbox.set_delay(600, "etl_metadata")
    service.send_etl_metadata(sandbox.etl_uuid, "airflow", [etl.EtlAsset("shop", "Shop")])
    assert sandbox.jobs() == []
    sandbox.advance(600)
    assert [job["job_source_id"] for job in sandbox.jobs()] == ["shop"]
    sandbox.reset()
    assert sandbox.jobs() == []


def test_a_container_needs_a_name(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="needs a name"):
        sandbox.add_etl_container("")
