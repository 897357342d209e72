"""What is said of DAGs and tasks."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi
from airflow_provider_montecarlo_push.collectors.airflow.assets import AssetRefs, NamedAsset, UnnamedAssetError
from airflow_provider_montecarlo_push.collectors.airflow.jobs import jobs
from airflow_provider_montecarlo_push.collectors.airflow.schedules import schedule_of
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import EtlAsset

pytestmark = pytest.mark.integration


def named(uri: str) -> NamedAsset:
    if uri.startswith("odd"):
        raise UnnamedAssetError(f"{uri} is no table", reason="not_tables")
    return NamedAsset("TABLE", uri.rpartition("/")[2])


def read(api: AirflowApi, report: CollectionReport, **filters: Any) -> list[EtlAsset]:
    return list(jobs(api, JobFilter(**filters), AssetRefs(named, report), report, ui_url="https://ui"))


def serve(airflow: Any, *dags: str, details: dict[str, Any] | None = None, tasks: Any = (), assets: Any = ()) -> None:
    airflow.listing("/dags", "dags", [{"dag_id": dag_id} for dag_id in dags])
    airflow.listing("/assets", "assets", list(assets))
    for dag_id in dags:
        airflow.answers[f"/dags/{dag_id}/details"] = {"dag_id": dag_id, "is_paused": False} | (details or {})
        airflow.answers[f"/dags/{dag_id}/tasks"] = {"tasks": list(tasks)}


def test_a_dag_with_as_little_as_airflow_3_0_says(api: AirflowApi, airflow: Any, report: CollectionReport) -> None:
    serve(airflow, "shop", tasks=[{"task_id": "a", "downstream_task_ids": None}])
    (job,) = read(api, report)
    assert (job.job_source_id, job.name, job.job_url) == ("shop", "shop", "https://ui/dags/shop")
    assert (job.owner, job.properties, job.description, job.attributes) == (None, [], None, None)
    assert job.schedule is not None
    assert job.schedule.kind == "manual"
    assert [(task.task_source_id, task.name) for task in job.tasks] == [("shop/a", "a")]


def test_owners_and_texts(api: AirflowApi, airflow: Any, report: CollectionReport) -> None:
    details = {"owners": ["data", "shop"], "description": "  ", "doc_md": "x" * 20_000, "dag_display_name": "Shop"}
    serve(airflow, "shop", details=details)
    (job,) = read(api, report)
    assert job.owner is not None
    assert (job.owner.primary_name, job.owner.primary_email) == ("data", None)
    assert job.owner.raw == {"owners": ["data", "shop"]}
    assert job.description == "x" * 10_000
    assert job.name == "Shop"


def test_assets_go_to_the_tasks_that_name_them(api: AirflowApi, airflow: Any, report: CollectionReport) -> None:
    def asset(number: int, uri: str, **links: Any) -> dict[str, Any]:
        return {"id": number, "uri": uri, "scheduled_dags": [], "producing_tasks": []} | links

    mine, theirs = {"dag_id": "shop", "task_id": "a"}, {"dag_id": "crm", "task_id": "a"}
    assets = [
        asset(1, "w://s/out", producing_tasks=[mine, theirs], scheduled_dags=[{"dag_id": "next"}]),
        asset(2, "w://s/in", consuming_tasks=[mine, theirs]),
        asset(3, "w://s/awaited", producing_tasks=[theirs], scheduled_dags=[{"dag_id": "shop"}]),
        asset(4, "odd://thing", producing_tasks=[mine, {"dag_id": "shop", "task_id": "b"}]),
    ]
    serve(airflow, "shop", tasks=[{"task_id": "a", "downstream_task_ids": ["b"]}, {"task_id": "b"}], assets=assets)
    (job,) = read(api, report)
    first, second = job.tasks
    assert [(ref.fully_qualified_name, ref.role) for ref in first.outputs] == [("out", "OUTPUT")]
    assert [(ref.fully_qualified_name, ref.role) for ref in first.inputs] == [("in", "INPUT")]
    assert first.triggered_job_source_ids == ["next"]
    assert (second.outputs, second.upstream_task_source_ids) == ([], ["shop/a"])
    assert job.schedule is not None
    assert job.schedule.upstream_job_source_ids == ["crm"]
    assert report.left_out == {"not_tables": 1}


def test_filtered_and_vanished_dags_are_counted(api: AirflowApi, airflow: Any, report: CollectionReport) -> None:
    serve(airflow, "shop_a", "shop_b", "crm")
    airflow.answers["/dags/shop_b/details"] = 404
    assert [job.job_source_id for job in read(api, report, include="shop_*")] == ["shop_a"]
    assert report.left_out == {"filtered": 1, "vanished": 1}


@pytest.mark.parametrize(
    ("facts", "kind", "cron", "seconds"),
    [
        ({"timetable_summary": "0 3 * * *"}, "cron", "0 3 * * *", None),
        ({"timetable_summary": "*/5 2-4 * * MON-FRI"}, "cron", "*/5 2-4 * * MON-FRI", None),
        ({"timetable_summary": "@hourly"}, "cron", "0 * * * *", None),
        ({"timetable_summary": "1 day, 0:00:00"}, "interval", None, 86_400),
        ({"timetable_summary": "30 days, 1:02:03"}, "interval", None, 30 * 86_400 + 3_723),
        ({"timetable_summary": "0:00:30"}, "interval", None, 30),
        ({"timetable_summary": "None"}, "manual", None, None),
        ({"timetable_summary": None}, "manual", None, None),
        ({"timetable_summary": "@once"}, "manual", None, None),
        ({"timetable_summary": "Asset", "asset_expression": {"asset": {"uri": "x"}}}, "event", None, None),
        ({"timetable_summary": "Asset or 0 3 * * *", "asset_expression": {"any": []}}, "event", None, None),
    ],
)
def test_schedules(facts: dict[str, Any], kind: str, cron: str | None, seconds: int | None) -> None:
    schedule = schedule_of(facts | {"timezone": "Europe/Berlin", "is_paused": True})
    assert schedule is not None
    assert (schedule.kind, schedule.cron_expression, schedule.interval_seconds) == (kind, cron, seconds)
    assert (schedule.timezone, schedule.paused) == ("Europe/Berlin", True)


@pytest.mark.parametrize("summary", ["@continuous", "PartitionedAtRuntime", "WorkdayTimetable", "0 3 * * *, 0 4 * * *"])
def test_timetables_that_monte_carlo_has_no_word_for(summary: str) -> None:
    assert schedule_of({"timetable_summary": summary}) is None
