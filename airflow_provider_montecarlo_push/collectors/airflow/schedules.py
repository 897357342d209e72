"""When a DAG runs, from what the API says about its timetable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from airflow_provider_montecarlo_push.events import Schedule

_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
_CRON = re.compile(r"[^\s,]*[\d*?][^\s]*(\s+[\w*?/,#-]+){4,5}")
_DURATION = re.compile(r"(?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.\d+)?")
_NEVER = "Never, external triggers only"


def schedule_of(details: dict[str, Any], upstream_jobs: Iterable[str] = ()) -> Schedule | None:
    """Return the schedule of a DAG, or ``None`` where its timetable is none that Monte Carlo has a word for.

    :param details: of ``/dags/{dag_id}/details``.
    :param upstream_jobs: DAGs that update the assets which it waits for.
    """
    kind = _kind(details)
    if kind is None:
        return None
    summary = details.get("timetable_summary")
    description = details.get("timetable_description")
    return Schedule(
        kind=kind,
        cron_expression=_cron(summary) if kind == "cron" else None,
        interval_seconds=_seconds(summary) if kind == "interval" else None,
        timezone=details.get("timezone"),
        next_run_at=details.get("next_dagrun_run_after"),
        paused=details.get("is_paused"),
        event_trigger={"asset_expression": details["asset_expression"]} if details.get("asset_expression") else None,
        upstream_job_source_ids=sorted(upstream_jobs),
        raw={
            name: text
            for name, text in (("timetable_summary", summary), ("timetable_description", description))
            if text
        }
        or None,
    )


def _kind(details: dict[str, Any]) -> str | None:
    summary = details.get("timetable_summary")
    if details.get("asset_expression"):
        return "event"
    if summary in (None, "None", "@once") or details.get("timetable_description") == _NEVER:
        return "manual"
    if _cron(summary) is not None:
        return "cron"
    return "interval" if _seconds(summary) else None


def _cron(summary: str | None) -> str | None:
    if summary is None:
        return None
    return _PRESETS.get(summary) or (summary if _CRON.fullmatch(summary) else None)


def _seconds(summary: str | None) -> int | None:
    match = _DURATION.fullmatch(summary or "")
    if match is None:
        return None
    days, hours, minutes, seconds = (int(match[part] or 0) for part in ("days", "hours", "minutes", "seconds"))
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
