"""Which runs and attempts belong to a window, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi
from airflow_provider_montecarlo_push.collectors.airflow.assets import AssetRefs, by_uri
from airflow_provider_montecarlo_push.collectors.airflow.runs import TASK_RUNS_OF_EVENT, runs
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import EtlRunEvent

pytestmark = pytest.mark.integration

WINDOW = explicit_window("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")
Read = Callable[..., list[EtlRunEvent]]


def at(clock: str | None) -> str | None:
    return None if clock is None else f"2026-11-20T{clock}:00Z"


def run(start: str | None, end: str | None = None, **changes: Any) -> dict[str, Any]:
    state = ("success" if end else "running") if start else "queued"
    return {
        "dag_id": "shop", "dag_run_id": "r1", "state": state, "start_date": at(start), "end_date": at(end),
        "queued_at": at("11:00"), "run_after": at("11:00"), "run_type": "scheduled", "triggered_by": "timetable",
    } | changes  # fmt: skip


def task(start: str | None, end: str | None = None, **changes: Any) -> dict[str, Any]:
    state = ("success" if end else "running") if start else None
    return {
        "dag_id": "shop", "dag_run_id": "r1", "task_id": "a", "map_index": -1, "state": state, "start_date": at(start),
        "end_date": at(end), "try_number": 1 if start else 0, "max_tries": 0, "queued_when": None,
        "run_after": at("11:00"), "note": None,
    } | changes  # fmt: skip


@pytest.fixture
def read(api: AirflowApi, airflow: Any, report: CollectionReport) -> Read:
    def reading(listed: list[dict[str, Any]], tasks: list[dict[str, Any]], **filters: Any) -> list[EtlRunEvent]:
        airflow.listing("/dags/~/dagRuns", "dag_runs", listed)
        for item in listed:
            path = f"/dags/{item['dag_id']}/dagRuns/{item['dag_run_id']}/taskInstances"
            airflow.listing(path, "task_instances", tasks)
        refs = AssetRefs(by_uri, report)
        return list(runs(api, JobFilter(**filters), WINDOW, refs, report, ui_url="https://ui"))

    return reading


@pytest.mark.parametrize(
    ("told", "start", "end"),
    [
        (True, "12:00", None),
        (True, "12:59", "13:30"),
        (True, "11:00", "12:00"),
        (True, "12:10", "12:20"),
        (False, "11:00", None),
        (False, "11:00", "13:00"),
        (False, "13:00", "13:01"),
    ],
)
def test_runs_of_a_window_started_or_ended_in_it(read: Read, told: bool, start: str, end: str | None) -> None:
    assert len(read([run(start, end)], [])) == told


def test_a_run_that_goes_on_is_told_of_when_one_of_its_tasks_ended(read: Read) -> None:
    (event,) = read([run("11:00")], [task("11:10", "12:10"), task("11:10", task_id="b"), task("11:05", "11:09")])
    assert event.status == "in_progress"
    assert event.event_time == datetime.fromisoformat("2026-11-20T11:00:00Z")
    assert [(item.task_source_id, item.status) for item in event.task_runs] == [("shop/a", "success")]


def test_the_event_has_the_time_at_which_the_state_began(read: Read) -> None:
    (running,) = read([run("12:00")], [])
    (ended,) = read([run("12:00", "12:30", state="failed")], [])
    assert (running.run_source_id, running.start_time) == (ended.run_source_id, ended.start_time)
    assert (running.status, ended.status) == ("in_progress", "failed")
    assert ended.event_time == ended.end_time > running.event_time == running.start_time
    assert ended.error is not None
    assert ended.error.message == "Run r1 of DAG shop failed."


def test_what_has_not_started_is_counted_and_told_of_later(read: Read, report: CollectionReport) -> None:
    assert read([run(None)], []) == []
    assert report.counts["runs_not_started"] == 1
    (event,) = read([run("12:00")], [task(None, state="queued", queued_when=at("12:01"))])
    assert event.task_runs == []


def test_tasks_that_never_ran_are_counted(read: Read, report: CollectionReport) -> None:
    removed = task(None, state="removed", task_id="b")
    (event,) = read([run("12:00", "12:10", state="failed")], [task(None), removed])
    assert [(item.task_source_id, item.status, item.attempt_number) for item in event.task_runs] == [
        ("shop/b", "removed", None)
    ]
    assert report.counts["tasks_never_run"] == 1


def test_earlier_attempts_are_told_of_in_the_window_of_theirs(read: Read, airflow: Any) -> None:
    path = "/dags/shop/dagRuns/r1/taskInstances"
    attempts = [
        task("11:00", "11:30", try_number=1, state="failed"),
        task("11:40", "12:10", try_number=2, state="failed"),
        task("12:20", "12:40", try_number=3),
    ]
    airflow.answers[f"{path}/a/tries"] = {"task_instances": attempts}
    mapped = [task("12:00", "12:05", try_number=1, state="failed", map_index=4)]
    airflow.answers[f"{path}/a/4/tries"] = {"task_instances": [*mapped, task("12:50", try_number=2, map_index=4)]}
    current = [attempts[-1] | {"max_tries": 3}, task("12:50", try_number=2, map_index=4)]
    (event,) = read([run("11:00")], current)
    assert [(item.run_source_id, item.status, item.attempt_number) for item in event.task_runs] == [
        ("shop/r1/a/2", "failed", 2),
        ("shop/r1/a/3", "success", 3),
        ("shop/r1/a[4]/1", "failed", 1),
        ("shop/r1/a[4]/2", "in_progress", 2),
    ]
    assert event.task_runs[1].parent_attempt_run_source_id == "shop/r1/a/2"
    assert event.task_runs[3].run_url == "https://ui/dags/shop/runs/r1/tasks/a/mapped/4?try_number=2"


def test_a_cleared_task_keeps_what_it_had_done(read: Read, airflow: Any) -> None:
    done = task("12:10", "12:20")
    airflow.answers["/dags/shop/dagRuns/r1/taskInstances/a/tries"] = {"task_instances": [done]}
    (event,) = read([run("12:00")], [task(None, try_number=1)])
    assert [(item.run_source_id, item.status) for item in event.task_runs] == [("shop/r1/a/1", "success")]


def test_a_task_between_two_attempts(read: Read) -> None:
    waiting = task("12:10", "12:20", state="up_for_retry", max_tries=2)
    (event,) = read([run("12:00")], [waiting])
    (attempt,) = event.task_runs
    assert attempt.status == "up_for_retry"
    assert attempt.error is not None
    assert (attempt.error.message, attempt.error.retryable) == ("Task a failed in attempt 1 of 3.", True)


def test_no_event_grows_with_the_number_of_tasks(read: Read) -> None:
    many = [task("12:10", "12:20", map_index=number) for number in range(2 * TASK_RUNS_OF_EVENT + 1)]
    events = read([run("12:00", "12:30")], many)
    assert [len(event.task_runs) for event in events] == [TASK_RUNS_OF_EVENT, TASK_RUNS_OF_EVENT, 1]
    assert len({event.run_source_id for event in events}) == 1
    assert len({item.run_source_id for event in events for item in event.task_runs}) == len(many)


def test_runs_that_are_filtered_are_counted(read: Read, report: CollectionReport) -> None:
    listed = [run("12:00"), run("12:00", dag_id="crm")]
    assert [event.job_source_id for event in read(listed, [], exclude="shop")] == ["crm"]
    assert report.left_out == {"filtered": 1}


def test_ids_with_odd_characters(read: Read, airflow: Any) -> None:
    airflow.answers["/dags/shop/dagRuns/manual__2026%2F11%3F/taskInstances"] = {
        "task_instances": [],
        "total_entries": 0,
    }
    (event,) = read([run("12:00", dag_run_id="manual__2026/11?")], [])
    assert event.run_source_id == "shop/manual__2026/11?"
    assert event.run_url == "https://ui/dags/shop/runs/manual__2026%2F11%3F"


@pytest.mark.parametrize(
    ("changes", "trigger"),
    [
        ({"run_type": "scheduled"}, "SCHEDULE"),
        ({"run_type": "backfill"}, "BACKFILL"),
        ({"run_type": "asset_triggered"}, "EVENT"),
        ({"run_type": "operator_triggered"}, "UPSTREAM"),
        ({"run_type": "manual", "triggered_by": "operator"}, "UPSTREAM"),
        ({"run_type": "manual", "triggered_by": "rest_api"}, "API"),
        ({"run_type": "manual", "triggered_by": "ui"}, "MANUAL"),
        ({"run_type": "manual", "triggered_by": None}, "MANUAL"),
    ],
)
def test_what_set_off_a_run(read: Read, changes: dict[str, Any], trigger: str) -> None:
    (event,) = read([run("12:00") | changes], [])
    assert event.trigger == trigger


def test_the_run_and_the_assets_that_set_off_a_run(read: Read, airflow: Any) -> None:
    def event(second: int, uri: str, source: str | None) -> dict[str, Any]:
        return {
            "uri": uri,
            "timestamp": f"2026-11-20T12:00:0{second}Z",
            "source_dag_id": source,
            "source_run_id": source and "r9",
        }

    events = [event(3, "x://c", None), event(2, "x://b", "load"), event(1, "x://a", "other"), event(0, "x://a", "load")]
    airflow.answers["/dags/shop/dagRuns/r1/upstreamAssetEvents"] = {"asset_events": events}
    (found,) = read([run("12:05", run_type="asset_triggered")], [])
    assert found.triggered_by_run_source_id == "load/r9"
    assert [(ref.fully_qualified_name, ref.role) for ref in found.inputs] == [
        ("x://a", "INPUT"),
        ("x://b", "INPUT"),
        ("x://c", "INPUT"),
    ]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("awaiting_input", "blocked"),
        ("deferred", "deferred"),
        ("restarting", "restarting"),
        ("skipped", "skipped"),
        ("up_for_reschedule", "up_for_reschedule"),
        ("a_state_of_airflow_4", "unknown"),
    ],
)
def test_states_of_tasks(read: Read, state: str, status: str) -> None:
    (event,) = read([run("12:00")], [task("12:10", state=state)])
    assert [item.status for item in event.task_runs] == [status]
