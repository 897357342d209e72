"""How far detectors are from training: against the sandbox's own reckoning, and case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_montecarlo_push.detectors.counters import TableCounters, TimeFrame, hours_of
from airflow_provider_montecarlo_push.detectors.distance import Distance, freshness_distance, volume_distance
from airflow_provider_montecarlo_push.detectors.thresholds import days_needed, volume_samples_needed
from airflow_provider_montecarlo_push.sandbox.detectors import ACTIVE, freshness_detector, volume_detector

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Points = list[tuple[datetime, float]]


def points(count: int, every: timedelta, *, same: bool = False, until: timedelta = timedelta()) -> Points:
    """Pushes up to ``until`` before now, oldest first, each with a last update time."""
    return [(NOW - until - every * index, 0.0 if same else float(-index)) for index in reversed(range(count))]


def counted(pushes: Points, now: datetime = NOW, *, rows: bool = True, sizes: bool = False) -> TableCounters:
    frame, counters = TimeFrame(now), TableCounters()
    for at, value in pushes:
        counters.add_freshness(frame, at.timestamp(), value)
        counters.add_volume(frame, at.timestamp(), rows=rows, sizes=sizes)
    return counters


def freshness(pushes: Points, now: datetime = NOW) -> Distance:
    return freshness_distance(counted(pushes, now), TimeFrame(now))


def volume(pushes: Points, now: datetime = NOW) -> Distance:
    return volume_distance(counted(pushes, now), TimeFrame(now))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Points, datetime]:
    """Pushes at some pace with holes, some of which repeat the time before, and a moment after the last one."""
    now = NOW + timedelta(minutes=draw(st.integers(0, 3 * 24 * 60)))
    pace = draw(st.sampled_from([20, 60, 61, 6 * 60, 17 * 60, 18 * 60, 24 * 60, 96 * 60, 97 * 60, 7 * 24 * 60]))
    number = draw(st.integers(0, min(60 * 24 * 60 // pace, 400)))
    at = now - timedelta(minutes=draw(st.integers(0, 20 * 24 * 60)))
    found: Points = []
    for _ in range(number):
        found.append((at, float(draw(st.integers(0, 2)) or len(found) + 10)))
        at -= timedelta(minutes=pace * draw(st.sampled_from([1, 1, 1, 1, 2, 5])))
    return found[::-1], now


@settings(max_examples=600, deadline=None)
@given(histories())
def test_nothing_is_left_exactly_when_the_sandboxs_detector_is_active(history: tuple[Points, datetime]) -> None:
    pushes, now = history
    expected = freshness_detector(pushes, now)
    found = freshness(pushes, now)
    assert (found.left == 0) is (expected.status == ACTIVE), (found, expected)
    recent = [point for point in pushes if now - point[0] <= timedelta(days=42)]
    expected, found = volume_detector(recent, now), volume(pushes, now)
    assert (found.left == 0) is (expected.status == ACTIVE), (found, expected)
    assert found.samples == expected.samples


@settings(max_examples=200, deadline=None)
@given(histories())
def test_freshness_samples_are_those_that_the_sandbox_counts(history: tuple[Points, datetime]) -> None:
    pushes, now = history
    expected = freshness_detector(pushes, now)
    if expected.samples:
        assert freshness(pushes, now).samples == expected.samples


@pytest.mark.parametrize(
    ("pushes", "state", "samples", "days", "left", "days_left"),
    [
        ([], "none", 0, 0, 7, None),
        (points(1, DAY), "training", 1, 1, 6, 6),
        (points(6, DAY), "training", 6, 6, 1, 1),
        (points(7, DAY), "ready", 7, 7, 0, 0),
        (points(30, DAY, same=True), "training", 1, 1, 6, 6),
        (points(24, HOUR), "training", 24, 2, 4, 4),
        (points(4, 4 * DAY), "training", 4, 4, 3, 12),
        (points(5, 6 * DAY), "slow", 5, 5, 2, None),
        (points(8, 5 * DAY), "ready", 8, 8, 0, 0),
        (points(30, DAY, until=15 * DAY), "stale", 21, 21, 1, None),
        (points(3, DAY, until=39 * DAY), "stale", 0, 0, 7, None),
    ],
)
def test_freshness(pushes: Points, state: str, samples: int, days: int, left: int, days_left: float | None) -> None:
    found = freshness(pushes)
    assert (found.state, found.samples, found.days, found.left, found.days_left) == (
        state,
        samples,
        days,
        left,
        days_left,
    )


@pytest.mark.parametrize(
    ("pushes", "state", "samples", "needed", "left", "days_left"),
    [
        ([], "none", 0, 10, 13, None),
        (points(1, DAY), "training", 1, 10, 12, 12),
        (points(9, DAY), "training", 9, 10, 4, 4),
        (points(3, 2 * DAY), "training", 3, 10, 10, 20),
        (points(13, DAY), "ready", 13, 10, 0, 0),
        (points(47, HOUR), "training", 47, 48, 10, 10),
        (points(24 * 13, HOUR), "ready", 312, 48, 0, 0),
        (points(12, timedelta(hours=17)), "training", 12, 48, 36, 36 * 17 / 24),
        (points(4, 7 * DAY), "slow", 4, 5, 9, None),
        (points(3, DAY, until=20 * DAY), "stale", 3, 10, 10, None),
        (points(30, DAY, until=20 * DAY), "ready", 23, 10, 0, 0),
    ],
)
def test_volume(pushes: Points, state: str, samples: int, needed: int, left: int, days_left: float | None) -> None:
    found = volume(pushes)
    assert (found.state, found.samples, found.needed, found.left) == (state, samples, needed, left)
    assert found.days_left == (None if days_left is None else pytest.approx(days_left))


def test_the_longest_gap_is_between_pushes_or_since_the_last_one() -> None:
    pushes = points(3, DAY, until=20 * DAY) + points(3, DAY, until=2 * DAY)
    found = freshness(pushes)
    assert (found.longest_gap_days, found.gap_days) == (16, 2)
    assert freshness(points(3, DAY, until=9 * DAY)).longest_gap_days == 9


def test_bytes_count_where_no_rows_are_pushed() -> None:
    by_rows = counted(points(3, DAY))
    by_size = counted(points(5, DAY), rows=False, sizes=True)
    assert volume_distance(by_size, TimeFrame(NOW)).samples == 5
    by_rows.sizes = by_size.sizes
    assert volume_distance(by_rows, TimeFrame(NOW)).samples == 3


def test_a_push_that_comes_late_is_not_taken_for_a_change() -> None:
    frame, counters = TimeFrame(NOW), TableCounters()
    at = NOW.timestamp()
    assert counters.add_freshness(frame, at - 3 * 3600, 1.0)
    assert counters.add_freshness(frame, at, 2.0)
    assert not counters.add_freshness(frame, at - 2 * 3600, 1.0)
    assert freshness_distance(counters, frame).samples == 2


def test_memory_of_a_table_does_not_grow_with_its_pushes() -> None:
    import sys

    def size(counters: TableCounters) -> int:
        return sys.getsizeof(counters) + sum(sys.getsizeof(getattr(counters, name)) for name in TableCounters.__slots__)

    assert size(counted(points(24 * 42 * 4, HOUR / 4))) < 1_000


def test_bits_are_hours() -> None:
    assert hours_of(0) == []
    assert hours_of(0b1011) == [0, 1, 3]


def test_the_figures_of_the_api_page() -> None:
    assert (days_needed(0.15, 35), days_needed(0.30, 42)) == (6, 13)
    assert [volume_samples_needed(hours) for hours in (None, 1, 17.5, 18, 95.5, 96)] == [10, 48, 48, 10, 10, 5]
