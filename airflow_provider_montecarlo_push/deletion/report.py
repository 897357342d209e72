"""A deletion's record as people read it in the log, and as the next task gets it."""

from __future__ import annotations

from typing import Any

from airflow_provider_montecarlo_push.deletion.record import DeletionRecord

_SHOWN = 50
_REASONS = {
    "unknown": "unknown to Monte Carlo",
    "already_deleted": "deleted already",
    "not_push_ingested": "not push-ingested",
    "pushed_since": "pushed again since",
}


def deletion_table(record: DeletionRecord) -> str:
    """Return which tables are to be deleted and which are left alone, as a table."""
    summary = record.summary
    rows = [
        (table.table, f"{table.last_observed:%Y-%m-%d %H:%M}" if table.last_observed else "", "to delete")
        for table in record.planned(_SHOWN)
    ]
    more = [(summary.planned - len(rows), "to delete")]
    for reason, count in summary.left_alone.items():
        names = summary.examples.get(reason, [])
        rows += [(name, "", f"left alone: {_REASONS.get(reason, reason)}") for name in names]
        more.append((count - len(names), f"left alone: {_REASONS.get(reason, reason)}"))
    width = max((len(name) for name, _, _ in rows), default=0)
    width = max(width, len("table"))
    lines = [f"{'table':<{width}}  {'last pushed':<16}  outcome"]
    lines += [f"{name:<{width}}  {observed:<16}  {outcome}" for name, observed, outcome in rows]
    lines += [f"… and {count:,} more {outcome}" for count, outcome in more if count > 0]
    if not rows:
        lines = ["There is nothing to delete."]
    return "\n".join(lines)


def result_of(record: DeletionRecord, only_report: bool) -> dict[str, Any]:
    """Return the XCom result."""
    summary = record.summary
    return {
        "dry_run": only_report,
        "status": summary.status,
        "resource_uuid": summary.resource_uuid,
        "manifest": summary.manifest,
        "previous": summary.previous,
        "older": summary.older,
        "newer": summary.newer,
        "databases_gone": summary.databases_gone,
        "asked": summary.asked,
        "to_delete": summary.planned,
        "deleted": summary.deleted,
        "left_alone": summary.left_alone,
        "tables": [table.table for table in record.planned(_SHOWN)],
        "record": record.uri,
    }
