"""What a detector lacks, in words; for the log, the result and the page alike."""

from __future__ import annotations

from airflow_provider_montecarlo_push.detectors.distance import Distance
from airflow_provider_montecarlo_push.detectors.report import Row


def freshness_hint(distance: Distance) -> str:
    """Return what the freshness detector of a table still needs."""
    if distance.state == "none":
        return "no last_update_time is pushed"
    if distance.state == "slow":
        return f"changes every {pace(distance)}: too seldom for {distance.needed} within {distance.window_days} days"
    return _hint(distance, "changed last_update_time")


def volume_hint(distance: Distance) -> str:
    """Return what the volume detectors of a table still need."""
    if distance.state == "none":
        return "no row_count or byte_count is pushed"
    if distance.state == "slow":
        return f"pushed every {pace(distance)}: too seldom; push every hour"
    return _hint(distance, "sample")


def pace(distance: Distance) -> str:
    """Return the time between two samples, such as ``1 h`` or ``2.5 d``."""
    if distance.interval is None:
        return "?"
    return f"{distance.interval:g} h" if distance.interval < 48 else f"{distance.interval / 24:.3g} d"


def days(value: float | None) -> str:
    """Return a number of days for people, in hours when it is less than one; empty when it is unknown."""
    if value is None:
        return ""
    return f"{value:.1f} d" if value >= 0.95 else f"{value * 24:.0f} h"


def days_left(row: Row) -> str:
    """Return about how long a table's detectors need."""
    value = row.days_left
    if value is None:
        return "not at this pace"
    if row.is_active:
        return "ready"
    return "under a day" if value < 1 else f"about {value:.0f} day{'s' if round(value) != 1 else ''}"


def printable(name: str) -> str:
    """Return a name without characters that control how text is shown, which could make it look like another."""
    return "".join(character if character.isprintable() else "\ufffd" for character in name)


def _hint(distance: Distance, sample: str) -> str:
    if distance.state == "stale":
        return f"not pushed for {distance.gap_days:.0f} days"
    missing, missing_days = distance.needed - distance.samples, distance.days_needed - distance.days
    needs = []
    if missing > 0:
        needs.append(f"{missing} more {sample}{'s' if missing > 1 and sample == 'sample' else ''}")
    if missing_days > 0:
        needs.append(f"on {missing_days} more day{'s' if missing_days > 1 else ''}")
    return ", ".join(needs) or "enough"
