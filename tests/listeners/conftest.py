"""A task instance as Airflow gives it to listeners, and Airflow's own collector of what hooks record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import lineage as airflow_lineage
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.sdk.lineage import HookLineageCollector

TaskInstance = Callable[..., Any]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookLineageCollector]:
    """The collector of a process whose plugins have a reader."""
    made = HookLineageCollector()
    monkeypatch.setattr(airflow_lineage, "get_hook_lineage_collector", lambda: made)
    return made


@pytest.fixture
def task_instance() -> TaskInstance:
    """Make a task instance that has succeeded."""

    def make(*, inlets: list[Any] | None = None, outlets: list[Any] | None = None, **facts: Any) -> Any:
        context = {"outlet_events": OutletEventAccessors()}
        task = SimpleNamespace(task_id="load", inlets=inlets or [], outlets=outlets or [], **facts)
        return SimpleNamespace(
            dag_id="etl",
            run_id="run-1",
            task_id="load",
            map_index=None,
            end_date=datetime(2024, 3, 1, 12, tzinfo=UTC),
            task=task,
            get_template_context=lambda: context,
        )

    return make
