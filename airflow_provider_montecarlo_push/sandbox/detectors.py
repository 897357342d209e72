"""How far a table's freshness and volume detectors are from training.

Thresholds from the API page's FAQ. "Coverage" is read as the share of days in the training window that brought a
sample, which is the reading under which the page's own example (7 samples over about two weeks) activates. Samples are
counted by the hour, as the training pipeline does. A detector that never had enough is ``TRAINING``; one that had
enough at its last sample, and has not any more because the window moved on, is ``INACTIVE``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from airflow_provider_montecarlo_push.sandbox.clock import from_seconds, from_text
from airflow_provider_montecarlo_push.sandbox.store.catalog import BYTE_COUNT, LAST_UPDATED, ROW_COUNT, Catalog

ACTIVE, INACTIVE, TRAINING = "ACTIVE", "INACTIVE", "TRAINING"

_COUNTED = (ROW_COUNT, BYTE_COUNT)
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
    :param samples: how many samples of the training window count.
    """

    status: str
    reason: str | None = None
    interval: float | None = None
    samples: int = 0


@dataclass(frozen=True)
class TableDetectors:
    """The detectors of a table.

    :param metric: what the volume detectors look at: rows, or bytes where no push carried rows.
    :param last_update: the last update that a push told of.
    """

    freshness: Detector
    volume: Detector
    metric: str
    last_update: datetime | None


def table_detectors(catalog: Catalog, mcon: str, now: datetime) -> TableDetectors:
    """Return the state of a table's detectors from what was pushed."""
    points = {
        metric: [(from_text(point["measured_at"]), point["value"]) for point in catalog.measurements(mcon, metric)]
        for metric in (*_COUNTED, LAST_UPDATED)
    }
    metric = next((name for name in _COUNTED if points[name]), ROW_COUNT)
    updates = points[LAST_UPDATED]
    return TableDetectors(
        freshness_detector(updates, now),
        volume_detector(points[metric], now),
        metric,
        from_seconds(updates[-1][1]) if updates else None,
    )


def freshness_detector(points: Sequence[tuple[datetime, float]], now: datetime) -> Detector:
    """Return the state of the freshness detector.

    :param points: (when pushed, last update time in seconds), oldest first. A repeated value is no new sample.
    """
    if not points:
        return Detector(INACTIVE, "No freshness was pushed for this table.")
    last = points[-1][0]
    if now - last > _FRESHNESS_GAP:
        return Detector(INACTIVE, f"No freshness was pushed for {(now - last).days} days; 14 at most.")
    return _degraded(_freshness(points, now), _freshness(points, last))


def _freshness(points: Sequence[tuple[datetime, float]], now: datetime) -> Detector:
    by_hour = {_hour(at): (at, value) for at, value in points if now - at <= _FRESHNESS_WINDOW}
    recent = list(by_hour.values())
    samples = [at for index, (at, value) in enumerate(recent) if index == 0 or value != recent[index - 1][1]]
    return _judged(
        samples,
        needed=_FRESHNESS_SAMPLES,
        of="pushes with a changed last_update_time",
        window=_FRESHNESS_WINDOW,
        least=_FRESHNESS_COVERAGE,
    )


def volume_detector(points: Sequence[tuple[datetime, float]], now: datetime) -> Detector:
    """Return the state of the volume detectors.

    :param points: (when pushed, rows or bytes), oldest first; one sample an hour counts.
    """
    if not points:
        return Detector(INACTIVE, "No row count or byte count was pushed for this table.")
    current = _volume(points, now)
    if not current.samples:
        return Detector(INACTIVE, "No row count or byte count was pushed in the last 42 days.")
    return _degraded(current, _volume(points, points[-1][0]))


def _volume(points: Sequence[tuple[datetime, float]], now: datetime) -> Detector:
    samples = sorted({_hour(at) for at, _ in points if now - at <= _VOLUME_WINDOW})
    needed = _samples_needed(_interval(samples))
    return _judged(samples, needed=needed, of="samples", window=_VOLUME_WINDOW, least=_VOLUME_COVERAGE)


def _judged(samples: Sequence[datetime], *, needed: int, of: str, window: timedelta, least: float) -> Detector:
    interval, count = _interval(samples), len(samples)
    if count < needed:
        return Detector(TRAINING, f"{count} of {needed} {of}.", interval, count)
    coverage = _coverage(samples, window)
    if coverage < least:
        return Detector(TRAINING, f"Coverage is {coverage:.2f} of {least:.2f}.", interval, count)
    return Detector(ACTIVE, None, interval, count)


def _degraded(current: Detector, earlier: Detector) -> Detector:
    """Return ``current``; inactive where it had been active when the last sample came."""
    if current.status == TRAINING and earlier.status == ACTIVE:
        return replace(current, status=INACTIVE, reason=f"Not enough data any more: {current.reason}")
    return current


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _interval(samples: Sequence[datetime]) -> float | None:
    return median((after - before).total_seconds() for before, after in pairwise(samples)) if len(samples) > 1 else None


def _samples_needed(interval: float | None) -> int:
    if interval is not None and interval >= timedelta(days=4).total_seconds():
        return 5
    return 48 if interval is not None and interval < timedelta(hours=18).total_seconds() else 10


def _coverage(samples: Sequence[datetime], window: timedelta) -> float:
    return len({at.date() for at in samples}) / window.days
