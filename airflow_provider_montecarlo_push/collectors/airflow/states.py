"""Airflow's states, kinds of runs and times, in Monte Carlo's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_montecarlo_push.events.timestamps import to_utc
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

_STATUSES = {
    "awaiting_input": "blocked",
    "deferred": "deferred",
    "failed": "failed",
    "queued": "queued",
    "removed": "removed",
    "restarting": "restarting",
    "running": "in_progress",
    "scheduled": "scheduled",
    "skipped": "skipped",
    "success": "success",
    "up_for_reschedule": "up_for_reschedule",
    "up_for_retry": "up_for_retry",
    "upstream_failed": "upstream_failed",
}
ENDED = frozenset({"failed", "removed", "skipped", "success", "upstream_failed"})
_BY_RUN_TYPE = {
    "asset_triggered": "EVENT",
    "backfill": "BACKFILL",
    "operator_triggered": "UPSTREAM",
    "scheduled": "SCHEDULE",
}
_BY_TRIGGER = {"operator": "UPSTREAM", "rest_api": "API"}


def status_of(state: str) -> str:
    """Return the status for a state of a run or task instance; ``unknown`` for one of a later Airflow."""
    return _STATUSES.get(state, "unknown")


def trigger_of(run: Mapping[str, Any]) -> str:
    """Return what set off a DAG run; what people do by hand is ``MANUAL``."""
    return _BY_RUN_TYPE.get(run["run_type"]) or _BY_TRIGGER.get(run.get("triggered_by") or "") or "MANUAL"


def moment(row: Mapping[str, Any], *names: str) -> datetime | None:
    """Return the first of these times that a row has."""
    return next((to_utc(row[name], field=name) for name in names if row.get(name)), None)


def falls_into(window: TimeWindow, *moments: datetime | None) -> bool:
    """Tell whether one of these times is in a window."""
    return any(at is not None and window.start <= at < window.end for at in moments)
