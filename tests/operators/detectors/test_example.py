"""The example DAG as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.events import (
    Flow,
)
from tests.operators.airflow_runs import AirflowRun, run_file
from tests.operators.detectors.past import DAY, Past, asset, edge

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


class TestTheExample:
    @pytest.fixture
    def example(self) -> Iterator[Callable[[], AirflowRun]]:
        name = "montecarlo_detectors_daily"
        path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / f"{name}.py"
        shutil.copy(Path(__file__).parents[3] / "dags" / path.name, path)
        yield lambda: run_file(path, name)
        path.unlink()

    def test_all_is_well(self, past: Past, example: Callable[[], AirflowRun]) -> None:
        past.days(3, conn="snowflake_default")
        result = example()
        assert result.states() == {"detectors": "success", "alarm": "success"}
        assert result.xcom("detectors")["tables"] == 1

    def test_somebody_is_told(self, past: Past, example: Callable[[], AirflowRun], task_log: Callable[[], str]) -> None:
        past.push([asset()], 20 * DAY, conn="snowflake_default")
        past.push([edge("ORDERS")], 9 * DAY, conn="snowflake_default", flow=Flow.LINEAGE)
        assert example().states() == {"detectors": "success", "alarm": "failed"}
        text = task_log()
        assert "freshness and volume were pushed last at" in text
        assert "tables whose column lineage expires within 3 days: 1" in text
