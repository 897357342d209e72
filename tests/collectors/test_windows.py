from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from airflow_provider_montecarlo_push.collectors.windows import (
    chunks,
    contains_midnight,
    explicit_window,
    window_of_run,
)
from airflow_provider_montecarlo_push.exceptions import InvalidWindowError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (NOON, NOON, "is not after"),
        (NOON, NOON - HOUR, "is not after"),
        (NOON.replace(tzinfo=None), NOON, "window_start .* has no time zone"),
        ("soon", NOON, "window_start 'soon' is not an ISO 8601"),
    ],
)
def test_impossible_windows_are_refused(start: datetime | str, end: datetime | str, said: str) -> None:
    with pytest.raises(InvalidWindowError, match=said):
        explicit_window(start, end)


def test_bounds_are_taken_in_any_zone() -> None:
    assert explicit_window("2024-03-01T12:00:00+01:00", "2024-03-01T12:00:00Z") == TimeWindow(NOON - HOUR, NOON)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((NOON - 3 * HOUR, NOON), (NOON - 4 * HOUR, NOON - HOUR)),
        (None, (NOON - HOUR, NOON)),
        ((NOON, NOON), (NOON - HOUR, NOON)),
    ],
    ids=["interval", "none", "no length"],
)
def test_a_runs_window_is_moved_back_by_the_latency(
    interval: tuple[datetime, datetime] | None, expected: tuple[datetime, datetime]
) -> None:
    assert window_of_run(interval, NOON + HOUR, latency=HOUR) == TimeWindow(*expected)


def test_consecutive_runs_leave_no_gap_and_no_overlap() -> None:
    windows = [
        window_of_run((NOON + n * HOUR, NOON + (n + 1) * HOUR), NOON, latency=timedelta(minutes=45)) for n in range(3)
    ]
    assert all(one.end == two.start for one, two in pairwise(windows))


def test_chunks_cover_a_window_exactly() -> None:
    window = TimeWindow(NOON, NOON + timedelta(hours=5))
    pieces = list(chunks(window, timedelta(hours=2)))
    assert [piece.start for piece in pieces] == [NOON, NOON + 2 * HOUR, NOON + 4 * HOUR]
    assert pieces[-1].end == window.end
    assert all(one.end == two.start for one, two in pairwise(pieces))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-20T00:00:00Z", "2026-11-20T01:00:00Z", True),
        ("2026-11-19T23:00:00Z", "2026-11-20T00:00:00Z", False),
        ("2026-11-19T23:00:00Z", "2026-11-20T00:00:00.000001Z", True),
        ("2026-11-20T00:00:00.000001Z", "2026-11-20T23:59:59Z", False),
        ("2026-11-20T12:00:00Z", "2026-11-23T12:00:00Z", True),
        ("2026-11-20T00:30:00+02:00", "2026-11-20T01:30:00+02:00", False),
        ("2026-11-20T01:30:00+02:00", "2026-11-20T02:30:00+02:00", True),
    ],
)
def test_contains_midnight(start: str, end: str, expected: bool) -> None:
    assert contains_midnight(explicit_window(start, end)) is expected
