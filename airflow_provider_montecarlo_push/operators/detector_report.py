"""The state of detectors as people read it in the log, and as the next task gets it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from airflow_provider_montecarlo_push.detectors import words
from airflow_provider_montecarlo_push.detectors.distance import Distance
from airflow_provider_montecarlo_push.detectors.report import Report, Row

SHOWN = 50
_NAME_WIDTH = 60


def log_table(report: Report) -> str:
    """Return the tables furthest from training as a table, and the counts of all."""
    lines = [_totals(report, detector) for detector in ("freshness", "volume")]
    lifetimes = report.column_lifetimes
    if lifetimes:
        lines.append(
            f"Column lineage into {lifetimes.total():,} tables: {lifetimes['expiring']:,} about to expire, "
            f"{lifetimes['expired']:,} expired"
        )
    rows = list(islice(report.training(), SHOWN))
    if not rows:
        return "\n".join((*lines, "No table has anything left to be done."))
    width = min(max(len(str(row.name)) for row in rows), _NAME_WIDTH)
    head = ("table", "freshness", "changed", "coverage", "gap", "volume", "samples", "coverage", "left")
    widths = (width, 10, 7, 9, 7, 10, 7, 9, 16)
    lines.append("  ".join(f"{name:<{size}}" for name, size in zip(head, widths, strict=True)).rstrip())
    for row in rows:
        cells = (_fitted(str(row.name), width), *_cells(row))
        lines.append("  ".join(f"{cell:<{size}}" for cell, size in zip(cells, widths, strict=True)).rstrip())
    more = report.more_than(len(rows))
    if more > 0:
        lines.append(f"… and {more:,} more")
    return "\n".join(lines)


def result_of(report: Report, uri: str) -> dict[str, Any]:
    """Return the XCom result.

    :param uri: of the HTML page.
    """
    asked = report.asked
    return {
        "resource_uuid": report.resource_uuid,
        "as_of": report.frame.moment.isoformat(),
        "manifests": report.manifests,
        "since": report.since.isoformat() if report.since else None,
        "last_push": report.last_push.isoformat() if report.last_push else None,
        "tables": report.tables,
        "freshness": dict(report.states["freshness"]),
        "volume": dict(report.states["volume"]),
        "asked": asked.tables,
        "freshness_status": dict(asked.freshness),
        "volume_status": dict(asked.volume),
        "not_visible": len(asked.not_visible),
        "not_visible_tables": asked.not_visible[:SHOWN],
        "deleted": asked.deleted,
        "failed": asked.failed,
        "more_at_monte_carlo": asked.more,
        "less_at_monte_carlo": asked.less,
        "column_lineage": {name: report.column_lifetimes[name] for name in ("fresh", "expiring", "expired")},
        "expiring": [
            {"table": str(item.name), "days_left": round(item.days_left, 2), "pushed": item.pushed.isoformat()}
            for item in report.columns[:SHOWN]
        ],
        "furthest": [_row(row) for row in islice(report.training(), SHOWN)],
        "left_out": dict(report.left_out),
        "report": uri,
    }


def _totals(report: Report, detector: str) -> str:
    states = report.states[detector]
    counts = ", ".join(f"{states[state]:,} {state}" for state in ("ready", "training", "slow", "stale", "none"))
    asked = getattr(report.asked, detector)
    said = ", ".join(f"{count:,} {status}" for status, count in sorted(asked.items()))
    return f"{detector.capitalize()} of {report.tables:,} tables: {counts}" + (f"; Monte Carlo: {said}" if said else "")


def _cells(row: Row) -> tuple[str, ...]:
    status, freshness, volume = row.status, row.freshness, row.volume
    said = status.answered.replace("_", " ") if status and status.answered != "visible" else None
    gap = words.days(freshness.longest_gap_days)
    return (
        (status and (status.freshness or said)) or freshness.state,
        f"{freshness.samples}/{freshness.needed}",
        f"{freshness.coverage:.2f}/0.15",
        gap,
        (status and (status.volume or said)) or volume.state,
        f"{volume.samples}/{volume.needed}",
        f"{volume.coverage:.2f}/0.30",
        words.days_left(row),
    )


def _fitted(name: str, width: int) -> str:
    shown = words.printable(name)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def _row(row: Row) -> dict[str, Any]:
    status = row.status
    return {
        "table": str(row.name),
        "days_left": None if row.days_left is None else round(row.days_left, 1),
        "freshness": _distance(row.freshness)
        | {
            "longest_gap_days": _rounded(row.freshness.longest_gap_days),
            "needs": words.freshness_hint(row.freshness),
            "status": status.freshness if status else None,
            "reason": status.freshness_reason if status else None,
            "expected": status.expected if status else None,
        },
        "volume": _distance(row.volume)
        | {
            "needs": words.volume_hint(row.volume),
            "status": status.volume if status else None,
            "reason": status.volume_reason if status else None,
        },
        "answered": status.answered if status else None,
    }


def _distance(distance: Distance) -> dict[str, Any]:
    return {
        "state": distance.state,
        "samples": distance.samples,
        "samples_needed": distance.needed,
        "coverage": round(distance.coverage, 3),
        "left": distance.left,
        "gap_days": _rounded(distance.gap_days),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
