"""What Monte Carlo's freshness and volume detectors need before they are active.

Source: "Anomaly detection" in the FAQ of the Push Ingest API page. The page does not say what "coverage" is; here it is
the share of the days of the training window that brought a sample, by which the page's own example (seven samples over
about two weeks) activates the detector.
"""

from __future__ import annotations

HOUR = 3_600.0
DAY = 24 * HOUR

FRESHNESS_WINDOW_DAYS = 35
FRESHNESS_SAMPLES = 7
FRESHNESS_COVERAGE = 0.15
LONGEST_GAP_DAYS = 14

VOLUME_WINDOW_DAYS = 42
VOLUME_COVERAGE = 0.30
VOLUME_SAMPLES_DAILY = 10
VOLUME_SAMPLES_SUB_DAILY = 48
VOLUME_SAMPLES_WEEKLY = 5
# The page names the three paces without limits: between a day and less than that, between a day and a week.
_SUB_DAILY_BELOW_HOURS = 18
_WEEKLY_FROM_HOURS = 96

# Source: "Column lineage expires after 10 days" of the same page.
COLUMN_LINEAGE_DAYS = 10
COLUMN_LINEAGE_WARNING_DAYS = 3


def volume_samples_needed(interval: float | None) -> int:
    """Return how many volume samples are needed at a pace.

    :param interval: median hours between two samples; ``None`` when there are fewer than two.
    """
    if interval is not None and interval >= _WEEKLY_FROM_HOURS:
        return VOLUME_SAMPLES_WEEKLY
    if interval is not None and interval < _SUB_DAILY_BELOW_HOURS:
        return VOLUME_SAMPLES_SUB_DAILY
    return VOLUME_SAMPLES_DAILY


def days_needed(coverage: float, window_days: int) -> int:
    """Return on how many days of a window there must be a sample to reach a coverage."""
    return next(days for days in range(window_days + 1) if days / window_days >= coverage)
