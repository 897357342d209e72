"""Whose lineage it is."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from openlineage.client.facet_v2 import parent_run

from airflow_provider_montecarlo_push.manifests.model import RunReference
from airflow_provider_montecarlo_push.openlineage.runs import is_of_skipped_task, run_of, time_of
from tests.openlineage.events import event, run_id

AIRFLOW = {
    "airflow": {
        "dag": {"dag_id": "shop.daily"},
        "dagRun": {"run_id": "scheduled__1"},
        "task": {"task_id": "group.load"},
        "taskInstance": {"map_index": 3},
    }
}
NOT_MAPPED = {"airflow": {**AIRFLOW["airflow"], "taskInstance": {}}}
ENVIRONMENT = {
    "AIRFLOW_CTX_DAG_ID": "shop",
    "AIRFLOW_CTX_DAG_RUN_ID": "manual__2",
    "AIRFLOW_CTX_TASK_ID": "dbt",
}


def parent(name: str, root: str | None) -> dict[str, Any]:
    return {
        "parent": parent_run.ParentRunFacet(
            run=parent_run.Run(run_id(7)),
            job=parent_run.Job("airflow", name),
            root=parent_run.Root(parent_run.RootRun(run_id(8)), parent_run.RootJob("airflow", root)) if root else None,
        )
    }


@pytest.mark.parametrize(
    ("facets", "environment", "expected"),
    [
        (AIRFLOW, ENVIRONMENT, RunReference("shop.daily", "scheduled__1", "group.load", 3)),
        (NOT_MAPPED, ENVIRONMENT, RunReference("shop.daily", "scheduled__1", "group.load")),
        ({"airflow": {"dag": "shop"}}, {}, RunReference("etl", run_id(), "load")),
        ({"airflow": []}, {}, RunReference("etl", run_id(), "load")),
        ({}, ENVIRONMENT, RunReference("shop", "manual__2", "dbt")),
        ({}, {"AIRFLOW_CTX_DAG_ID": "shop"}, RunReference("etl", run_id(), "load")),
        (parent("shop.daily.load", "shop.daily"), {}, RunReference("shop.daily", run_id(7), "load")),
        (parent("dbt-run", None), {}, RunReference("dbt-run", run_id(7), "dbt-run")),
        ({}, {}, RunReference("etl", run_id(), "load")),
    ],
)  # fmt: skip
def test_run(facets: dict[str, Any], environment: dict[str, str], expected: RunReference) -> None:
    assert run_of(event(run_facets=facets), environment) == expected


def test_without_anything() -> None:
    assert run_of({"dataset": {}}, {}) == RunReference("openlineage", "static", "openlineage")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T12:00:00Z", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("2024-03-01T12:00:00.123456+02:00", datetime(2024, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2024-03-01T12:00:00", datetime(2024, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_time(text: str, expected: datetime) -> None:
    left_out: Counter[str] = Counter()

    assert time_of({"eventTime": text}, left_out) == expected
    assert not left_out


def test_only_a_thread_of_the_provider_emits_for_skipped_tasks() -> None:
    found = {}
    for name in ("openlineage-on_skipped", "openlineage-on_success"):
        thread = threading.Thread(target=lambda: found.update({threading.current_thread().name: is_of_skipped_task()}))
        thread.name = name
        thread.start()
        thread.join()

    assert found == {"openlineage-on_skipped": True, "openlineage-on_success": False}
    assert not is_of_skipped_task()
