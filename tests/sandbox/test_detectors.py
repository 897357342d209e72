from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.sandbox.detectors import Detector, freshness_detector, volume_detector

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def _points(
    count: int, every: timedelta, *, same: bool = False, until: timedelta = timedelta()
) -> list[tuple[datetime, float]]:
    """Samples up to ``until`` before now, oldest first."""
    return [(NOW - until - every * index, 0.0 if same else float(-index)) for index in reversed(range(count))]


DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("points", "status", "reason"),
    [
        ([], "INACTIVE", "No freshness was pushed"),
        (_points(1, DAY), "TRAINING", "1 of 7 pushes"),
        (_points(6, DAY), "TRAINING", "6 of 7 pushes"),
        (_points(7, DAY), "ACTIVE", None),
        (_points(30, DAY, same=True), "TRAINING", "1 of 7 pushes"),
        (_points(24, HOUR), "TRAINING", "Coverage is 0.06 of 0.15"),
        (_points(24 * 6, HOUR), "ACTIVE", None),
        (_points(30, DAY, until=timedelta(days=13, hours=23)), "ACTIVE", None),
        (_points(30, DAY, until=timedelta(days=15)), "INACTIVE", "for 15 days; 14 at most"),
        (_points(8, timedelta(days=5)), "ACTIVE", None),
        (_points(8, timedelta(days=6)), "TRAINING", "6 of 7 pushes"),
        (_points(31, timedelta(minutes=10)), "TRAINING", "6 of 7 pushes"),
        (_points(7, timedelta(days=5), until=timedelta(days=6)), "INACTIVE", "Not enough data any more: 6 of 7"),
    ],
)
def test_freshness(points: list[tuple[datetime, float]], status: str, reason: str | None) -> None:
    _compare(freshness_detector(points, NOW), status, reason)


@pytest.mark.parametrize(
    ("points", "status", "reason"),
    [
        ([], "INACTIVE", "No row count or byte count"),
        (_points(9, DAY), "TRAINING", "9 of 10 samples"),
        (_points(12, DAY), "TRAINING", "Coverage is 0.29 of 0.30"),
        (_points(13, DAY), "ACTIVE", None),
        (_points(47, HOUR), "TRAINING", "47 of 48 samples"),
        (_points(100, HOUR), "TRAINING", "Coverage is 0.12 of 0.30"),
        (_points(24 * 13, HOUR), "ACTIVE", None),
        (_points(500, timedelta(minutes=5)), "TRAINING", "43 of 48 samples"),
        (_points(4, timedelta(days=7)), "TRAINING", "4 of 5 samples"),
        (_points(60, DAY, until=timedelta(days=43)), "INACTIVE", "in the last 42 days"),
        (_points(60, DAY, until=timedelta(days=35)), "INACTIVE", "Not enough data any more: 8 of 10 samples"),
        (_points(5, DAY, until=timedelta(days=20)), "TRAINING", "5 of 10 samples"),
    ],
)
def test_volume(points: list[tuple[datetime, float]], status: str, reason: str | None) -> None:
    _compare(volume_detector(points, NOW), status, reason)


def test_samples_are_counted_by_the_hour() -> None:
    assert volume_detector(_points(12, timedelta(minutes=5)), NOW).samples == 2
    assert freshness_detector(_points(12, timedelta(minutes=5)), NOW).samples == 2


def test_the_interval_is_that_of_the_pushes() -> None:
    assert freshness_detector(_points(10, DAY), NOW).interval == 86_400


def _compare(found: Detector, status: str, reason: str | None) -> None:
    assert found.status == status, found
    if reason is None:
        assert found.reason is None
    else:
        assert reason in (found.reason or "")
