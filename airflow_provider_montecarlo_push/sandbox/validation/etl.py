"""ETL events: jobs as ``{"etl_asset": {...}}``, and runs.

Written from pycarlo's ``features.ingestion.etl``: neither is on the API page. Schedules, owners and groups are open
there ("wire validation is loose"); here unknown fields in them pass as well, known ones have to fit.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_montecarlo_push.sandbox.validation.shapes import (
    Check,
    Place,
    Problems,
    count,
    each,
    kind,
    mapping,
    name,
    one_of,
    optional,
    parsed_timestamp,
    record,
    text,
    timestamp,
    truth,
)

MOST_EVENTS = {"etl_metadata": 100, "etl_runs": 100}
STATUSES = frozenset(
    {
        "success", "failed", "skipped", "cancelled", "cancelling", "in_progress", "error", "timed_out", "queued",
        "blocked", "inactive", "restarting", "up_for_retry", "up_for_reschedule", "upstream_failed", "removed",
        "scheduled", "deferred", "pass", "fail", "warn", "partial_success", "unknown",
    }
)  # fmt: skip
TRIGGERS = frozenset({"SCHEDULE", "MANUAL", "API", "UPSTREAM", "EVENT", "CYCLIC", "BACKFILL", "RETRY"})
_ASSET_TYPES = frozenset({"TABLE", "FILE", "VIEW", "TOPIC", "DATASET", "DASHBOARD"})
_asset_fields = record(
    {"asset_type": one_of(_ASSET_TYPES), "role": one_of({"INPUT", "OUTPUT"})},
    {"mcon": text, "fully_qualified_name": text},
)


def _asset(value: Any, place: Place, problems: Problems) -> None:
    _asset_fields(value, place, problems)
    if isinstance(value, dict) and not (value.get("mcon") or value.get("fully_qualified_name")):
        problems.add(place, "needs mcon or fully_qualified_name")


def _open(required: dict[str, Check], others: dict[str, Check]) -> Check:
    """Return a check for an object that may have further fields."""
    checks = {**required, **{key: optional(check) for key, check in others.items()}}

    def fields(value: Any, place: Place, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(place, f"must be an object, not {kind(value)}")
            return
        for key in required:
            if key not in value:
                problems.add((place, key), "is required")
        for key, item in value.items():
            if key in checks:
                checks[key](item, (place, key), problems)

    return fields


def _attempt(value: Any, place: Place, problems: Problems) -> None:
    count(value, place, problems)
    if value == 0 and not isinstance(value, bool):
        problems.add(place, "must be 1 or more")


_schedule = _open(
    {"kind": one_of({"cron", "interval", "event", "upstream", "manual"})},
    {
        "cron_expression": text,
        "interval_seconds": count,
        "timezone": text,
        "next_run_at": timestamp,
        "paused": truth,
        "event_trigger": mapping,
        "upstream_job_source_ids": each(name),
        "raw": mapping,
    },
)
_owner = _open(
    {},
    {
        "primary_email": text,
        "primary_name": text,
        "primary_external_id": text,
        "run_as_email": text,
        "notification_emails": each(text),
        "team": text,
        "raw": mapping,
    },
)
_group = _open({"source_id": name}, {"name": text, "group_type": text, "schedule": _schedule, "attributes": mapping})
_tags = each(record({"key": name}, {"value": text}))
_error = record(
    {"message": text},
    {
        "code": text,
        "retryable": truth,
        "failure_type": text,
        "upstream_failed_task_source_ids": each(name),
        "structured_fields": mapping,
    },
)
_task = record(
    {"task_source_id": name, "name": name},
    {
        "task_type": text,
        "description": text,
        "inputs": each(_asset),
        "outputs": each(_asset),
        "upstream_task_source_ids": each(name),
        "triggered_job_source_ids": each(name),
        "attributes": mapping,
    },
)

etl_metadata_event = record(
    {
        "etl_asset": record(
            {"job_source_id": name, "name": name},
            {
                "group": _group,
                "description": text,
                "folder": text,
                "is_paused": truth,
                "job_url": text,
                "schedule": _schedule,
                "owner": _owner,
                "properties": _tags,
                "attributes": mapping,
                "inputs": each(_asset),
                "outputs": each(_asset),
                "tasks": each(_task),
                "triggered_job_source_ids": each(name),
            },
        )
    }
)


def etl_run_event(event: Any, place: Place, problems: Problems) -> None:
    """Check one run with the runs of its tasks, which have none of their own and name their task."""
    _run(event, place, problems)
    if isinstance(event, dict):
        start, end = parsed_timestamp(event.get("start_time")), parsed_timestamp(event.get("end_time"))
        if start is not None and end is not None and end < start:
            problems.add((place, "end_time"), "must not be before start_time")


def _task_run(event: Any, place: Place, problems: Problems) -> None:
    etl_run_event(event, place, problems)
    if isinstance(event, dict):
        if not event.get("task_source_id"):
            problems.add((place, "task_source_id"), "is required of a task's run")
        if event.get("task_runs"):
            problems.add((place, "task_runs"), "must be empty: a task's run has no tasks")


_run = record(
    {"job_source_id": name, "run_source_id": name, "status": one_of(STATUSES), "event_time": timestamp},
    {
        "job_run_id": text,
        "group": _group,
        "task_source_id": name,
        "start_time": timestamp,
        "end_time": timestamp,
        "expected_end_time": timestamp,
        "queued_at": timestamp,
        "trigger": one_of(TRIGGERS),
        "triggered_by_run_source_id": name,
        "parent_attempt_run_source_id": name,
        "attempt_number": _attempt,
        "backfill_id": text,
        "error": _error,
        "run_url": text,
        "task_runs": each(_task_run),
        "inputs": each(_asset),
        "outputs": each(_asset),
        "properties": _tags,
        "attributes": mapping,
    },
)
