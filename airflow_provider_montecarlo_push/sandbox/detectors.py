"""How far a table's freshness and volume detectors are from training.

Thresholds from the API page's FAQ. "Coverage" is read as the share of days in the training window that brought a
sample, which is the reading under which the page's own example (7 samples over about two weeks) activates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

ACTIVE, INACTIVE, TRAINING = "ACTIVE", "INACTIVE", "TRAINING"

_FRESHNESS_WINDOW = timedelta(days=35)
_FRESHNESS_SAMPLES = 7
_FRESHNESS_COVERAGE = 0.15
_FRESHNESS_GAP = timedelta(days=14)
_VOLUME_WINDOW = timedelta(days=42)
_VOLUME_COVERAGE = 0.30


@dataclass(frozen=True)
class Detector:
    """``status`` is ``ACTIVE``, ``INACTIVE`` or ``TRAINING``; ``reason`` says why it is not active.

    :param interval: seconds between samples, where there are enough to tell.
    """

    status: str
    reason: str | None = None
    interval: float | None = None


def freshness_detector(points: Sequence[tuple[datetime, float]], now: datetime) -> Detector:
    """Return the state of the freshness detector.

    :param points: (when pushed, last update time in seconds), oldest first. A repeated value is no new sample.
    """
    if not points:
        return Detector(INACTIVE, "No freshness was pushed for this table.")
    if now - points[-1][0] > _FRESHNESS_GAP:
        return Detector(INACTIVE, f"No freshness was pushed for {(now - points[-1][0]).days} days; 14 at most.")
    recent = [point for point in points if now - point[0] <= _FRESHNESS_WINDOW]
    samples = [at for index, (at, value) in enumerate(recent) if index == 0 or value != recent[index - 1][1]]
    interval = _interval(samples)
    if len(samples) < _FRESHNESS_SAMPLES:
        return Detector(
            TRAINING, f"{len(samples)} of {_FRESHNESS_SAMPLES} pushes with a changed last_update_time.", interval
        )
    coverage = _coverage(samples, _FRESHNESS_WINDOW)
    if coverage < _FRESHNESS_COVERAGE:
        return Detector(TRAINING, f"Coverage is {coverage:.2f} of {_FRESHNESS_COVERAGE:.2f}.", interval)
    return Detector(ACTIVE, None, interval)


def volume_detector(points: Sequence[tuple[datetime, float]], now: datetime) -> Detector:
    """Return the state of the volume detectors.

    :param points: (when pushed, rows or bytes), oldest first; one sample an hour counts.
    """
    if not points:
        return Detector(INACTIVE, "No row count or byte count was pushed for this table.")
    hours = {at.replace(minute=0, second=0, microsecond=0) for at, _ in points if now - at <= _VOLUME_WINDOW}
    samples = sorted(hours)
    if not samples:
        return Detector(INACTIVE, "No row count or byte count was pushed in the last 42 days.")
    interval = _interval(samples)
    needed = _samples_needed(interval)
    if len(samples) < needed:
        return Detector(TRAINING, f"{len(samples)} of {needed} samples.", interval)
    coverage = _coverage(samples, _VOLUME_WINDOW)
    if coverage < _VOLUME_COVERAGE:
        return Detector(TRAINING, f"Coverage is {coverage:.2f} of {_VOLUME_COVERAGE:.2f}.", interval)
    return Detector(ACTIVE, None, interval)


def _interval(samples: Sequence[datetime]) -> float | None:
    return median((after - before).total_seconds() for before, after in pairwise(samples)) if len(samples) > 1 else None


def _samples_needed(interval: float | None) -> int:
    if interval is not None and interval >= timedelta(days=4).total_seconds():
        return 5
    return 48 if interval is not None and interval < timedelta(hours=18).total_seconds() else 10


def _coverage(samples: Sequence[datetime], window: timedelta) -> float:
    return len({at.date() for at in samples}) / window.days
