"""The report as one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from airflow_provider_montecarlo_push.detectors import charts, thresholds, words
from airflow_provider_montecarlo_push.detectors.distance import STATES, Distance
from airflow_provider_montecarlo_push.detectors.report import BUCKETS, Report, Row

# What the states of a detector and of column lineage are called.
_LABELS = {
    "ready": "enough",
    "training": "on the way",
    "slow": "too seldom",
    "stale": "no push for 14 days",
    "none": "never pushed",
    "fresh": "fresh",
    "expiring": f"expires within {thresholds.COLUMN_LINEAGE_WARNING_DAYS} days",
    "expired": "expired",
}
_LIFETIMES = ("fresh", "expiring", "expired")
_LEFT_OUT = {
    "unreadable_manifests": "manifests that cannot be read",
    "unreadable_parts": "parts of manifests that are missing or damaged",
    "unreadable_events": "events that cannot be read",
    "unreadable_receipts": "receipts that cannot be read",
    "incomplete_receipts": "receipts of which a file is missing",
    "receipts_without_manifest": "receipts whose manifest is gone",
    "collected_anew_since": "receipts whose manifest was collected anew since",
    "out_of_order": "events that were pushed after those of a later push",
}


def page(report: Report, *, most: int) -> str:
    """Return the report as HTML.

    :param most: most tables to list.
    """
    rows = list(islice(report.training(), most))
    daily = charts.daily(report.pushes, report.frame)
    return _template().render(
        report=report,
        rows=[_shown(row) for row in rows],
        more=report.more_than(len(rows)),
        bars={detector: charts.stacked(report.states[detector], STATES) for detector in ("freshness", "volume")},
        lifetimes=charts.stacked(report.column_lifetimes, _LIFETIMES),
        outlook=charts.grouped(BUCKETS, report.outlook),
        groups=BUCKETS,
        daily=daily,
        missing=sum(column.kind == "missing" for column in daily),
        columns=report.columns[:most],
        more_columns=max(report.column_lifetimes["expiring"] + report.column_lifetimes["expired"] - most, 0),
        labels=_LABELS,
        left_out={_LEFT_OUT.get(reason, reason.replace("_", " ")): n for reason, n in report.left_out.items() if n},
        charts=charts,
        limits=thresholds,
        words=words,
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html")


def _shown(row: Row) -> dict[str, Any]:
    status = row.status
    said = "" if status is None or status.answered == "visible" else status.answered.replace("_", " ")
    return {
        "name": row.name,
        "left": words.days_left(row),
        "said": said,
        "days": row.pushed_days.bit_count(),
        "days_changed": row.changed_days.bit_count(),
        "pushed": charts.strip(row.pushed_days & ~row.changed_days, 14),
        "changed": charts.strip(row.changed_days, 14),
        "detectors": [
            _detector("Freshness", row.freshness, words.freshness_hint(row.freshness), thresholds.FRESHNESS_COVERAGE)
            | {"status": status and status.freshness, "reason": status and status.freshness_reason},
            _detector("Volume", row.volume, words.volume_hint(row.volume), thresholds.VOLUME_COVERAGE)
            | {"status": status and status.volume, "reason": status and status.volume_reason},
        ],
    }


def _detector(name: str, distance: Distance, hint: str, coverage: float) -> dict[str, Any]:
    return {
        "name": name,
        "distance": distance,
        "hint": hint,
        "coverage": coverage,
        "samples_share": min(distance.samples / distance.needed, 1),
        "coverage_share": min(distance.coverage / coverage, 1),
    }
