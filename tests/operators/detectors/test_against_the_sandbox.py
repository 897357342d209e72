"""What was pushed to the sandbox is in manifests as well: both come to the same end, in real Airflow runs."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.events import (
    Event,
)
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import run_dag
from tests.operators.detectors.past import DAY, UPDATED, Past, asset, outcome

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


class TestAgainstTheSandbox:
    """What was pushed to the sandbox day by day is in manifests as well; both must come to the same end."""

    def history(self, sandbox: Sandbox, past: Past, events: list[list[Event]], ahead: timedelta) -> dict[str, Any]:
        """Keep what the sandbox received as if its time were ours, and run the operator."""
        received = [datetime.fromisoformat(push["received_at"]) for push in sandbox.pushes("metadata")]
        shutil.rmtree(past.root / "hourly", ignore_errors=True)
        for at, pushed in zip(received, events, strict=True):
            past.push(pushed, datetime.now(UTC) - (at - ahead))
        return outcome('source_conn_id="shop"')

    def test_nothing_is_left_on_the_day_on_which_the_detector_turns_active(self, sandbox: Sandbox, past: Past) -> None:
        events: list[list[Event]] = []
        ahead = timedelta()
        turned: dict[str, int] = {}
        for day in range(14):
            events.append([asset("CHANGED", UPDATED + day * DAY, rows=day), asset("STILL", UPDATED)])
            MonteCarloIngestHook().push_events(events[-1], resource_type="snowflake")
            if day in (5, 6, 11, 12, 13):
                found = self.history(sandbox, past, events, ahead)
                assert found["asked"] == found["tables"] == 2
                assert (found["more_at_monte_carlo"], found["less_at_monte_carlo"]) == (0, 0), (day, found)
                for detector in ("freshness", "volume"):
                    active = found[f"{detector}_status"].get("ACTIVE", 0)
                    assert found[detector].get("ready", 0) == active
                    if active:
                        turned.setdefault(detector, day + 1)
            sandbox.advance(DAY.total_seconds())
            ahead += DAY
        assert turned == {"freshness": 7, "volume": 13}
        still = next(row for row in found["furthest"] if row["table"] == "DB.S.STILL")
        assert still["freshness"]["samples"] == 1
        assert still["freshness"]["status"] == "TRAINING"
        assert still["volume"]["status"] == "ACTIVE"

    def test_fourteen_days_without_a_push_end_it(self, sandbox: Sandbox, past: Past) -> None:
        events: list[list[Event]] = []
        ahead = timedelta()
        for day in range(8):
            events.append([asset("CHANGED", UPDATED + day * DAY)])
            MonteCarloIngestHook().push_events(events[-1], resource_type="snowflake")
            step = DAY if day < 7 else 15 * DAY
            sandbox.advance(step.total_seconds())
            ahead += step
        found = self.history(sandbox, past, events, ahead)
        assert (found["freshness"], found["freshness_status"]) == ({"stale": 1}, {"INACTIVE": 1})
        assert "14 at most" in found["furthest"][0]["freshness"]["reason"]
        assert 14.9 < found["furthest"][0]["freshness"]["longest_gap_days"] < 15.1


def test_after_a_real_collect_and_push(sandbox: Sandbox) -> None:
    result = run_dag(
        """
        from airflow_provider_montecarlo_push.operators.detectors import MonteCarloDetectorStatusOperator
        collect = MonteCarloCollectMetadataOperator(task_id="collect", **SHOP)
        push = MonteCarloPushMetadataOperator(task_id="push", manifest=collect.output)
        push >> MonteCarloDetectorStatusOperator(task_id="detectors", manifest=collect.output)
        """
    )
    found = result.xcom("detectors")
    assert found["manifests"] == 1
    assert found["tables"] > 0
    assert found["asked"] - found["not_visible"] == found["freshness_status"].get("TRAINING", 0) + found[
        "freshness_status"
    ].get("INACTIVE", 0)
    assert (found["not_visible"], found["more_at_monte_carlo"], found["less_at_monte_carlo"]) == (0, 0, 0)
    assert found["report"].startswith(result.xcom("collect")["uri"])
