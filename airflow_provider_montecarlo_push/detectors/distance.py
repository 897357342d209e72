"""From a table's counters to what its detectors still lack."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from airflow_provider_montecarlo_push.detectors.counters import TableCounters, TimeFrame, hours_of
from airflow_provider_montecarlo_push.detectors.thresholds import (
    DAY,
    FRESHNESS_COVERAGE,
    FRESHNESS_SAMPLES,
    FRESHNESS_WINDOW_DAYS,
    LONGEST_GAP_DAYS,
    VOLUME_COVERAGE,
    VOLUME_WINDOW_DAYS,
    days_needed,
    volume_samples_needed,
)

State = Literal["ready", "training", "slow", "stale", "none"]
STATES: tuple[State, ...] = ("ready", "training", "slow", "stale", "none")


@dataclass(frozen=True)
class Distance:
    """How far a detector is from training.

    :param state: ``ready``; ``training``; ``slow``, when samples come too seldom to ever be enough within the window;
        ``stale``, when none was pushed for more than 14 days; ``none``, when none was pushed at all.
    :param samples: how many count, of ``needed``.
    :param days: on how many days of the window there is a sample, of ``days_needed``.
    :param window_days: length of the training window.
    :param left: at least so many more samples are needed; 0 when there are enough.
    :param days_left: about how many days that takes at the pace of the samples so far, one a day where there are fewer
        than two; ``None`` when it will not come at this pace.
    :param interval: median hours between two samples; ``None`` when there are fewer than two.
    :param gap_days: days since the last push.
    :param longest_gap_days: most days between two pushes, or since the last one; known for freshness only.
    """

    state: State
    samples: int
    needed: int
    days: int
    days_needed: int
    window_days: int
    left: int
    days_left: float | None
    interval: float | None = None
    gap_days: float | None = None
    longest_gap_days: float | None = None

    @property
    def coverage(self) -> float:
        """Share of the window's days with a sample."""
        return self.days / self.window_days


def freshness_distance(counters: TableCounters, frame: TimeFrame) -> Distance:
    """Return how far the freshness detector is from training."""
    gap = None if counters.last_freshness is None else (frame.now - counters.last_freshness) / DAY
    return _distance(
        hours_of(counters.changed),
        window_days=FRESHNESS_WINDOW_DAYS,
        coverage=FRESHNESS_COVERAGE,
        samples_needed=FRESHNESS_SAMPLES,
        gap_days=gap,
        # A push after so long a pause is needed, even where there are samples enough.
        is_paused=gap is not None and gap > LONGEST_GAP_DAYS,
        longest_gap_days=None if gap is None else max(gap, counters.longest_gap / DAY),
    )


def volume_distance(counters: TableCounters, frame: TimeFrame) -> Distance:
    """Return how far the volume detectors are from training: by row counts, by bytes where there are none."""
    gap = None if counters.last_volume is None else (frame.now - counters.last_volume) / DAY
    return _distance(
        hours_of(counters.rows or counters.sizes),
        window_days=VOLUME_WINDOW_DAYS,
        coverage=VOLUME_COVERAGE,
        samples_needed=None,
        gap_days=gap,
    )


def _distance(
    hours: list[int],
    *,
    window_days: int,
    coverage: float,
    samples_needed: int | None,
    gap_days: float | None,
    is_paused: bool = False,
    longest_gap_days: float | None = None,
) -> Distance:
    samples, days = len(hours), len({hour // 24 for hour in hours})
    interval = median(after - before for before, after in pairwise(hours)) if samples > 1 else None
    needed = samples_needed or volume_samples_needed(interval)
    least_days = days_needed(coverage, window_days)
    missing, missing_days = max(needed - samples, 0), max(least_days - days, 0)
    left = max(missing, missing_days, int(is_paused))
    pace = (interval or 24) / 24
    most = int(window_days / pace) + 1
    is_slow = left > 0 and pace >= 1 and most < max(needed, least_days)
    state: State = "training"
    if gap_days is None:
        state = "none"
    elif not left:
        state = "ready"
    elif gap_days > LONGEST_GAP_DAYS:
        state = "stale"
    elif is_slow:
        state = "slow"
    days_left = max(missing * pace, missing_days * max(pace, 1), pace if is_paused else 0)
    return Distance(
        state,
        samples,
        needed,
        days,
        least_days,
        window_days,
        left,
        None if state in ("none", "slow", "stale") else days_left,
        interval,
        gap_days,
        longest_gap_days,
    )
