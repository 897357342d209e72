"""How figures are put into words."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.detectors import words
from airflow_provider_montecarlo_push.detectors.distance import Distance, State


def distance(state: State = "training", samples: int = 3, days: int = 3, **facts: float | None) -> Distance:
    given = {"interval": 24.0, "gap_days": 1.0, **facts}
    return Distance(state, samples, 7, days, 6, 35, max(7 - samples, 0), 4.0, **given)


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        (distance(), "4 more changed last_update_time, on 3 more days"),
        (distance(samples=6, days=5), "1 more changed last_update_time, on 1 more day"),
        (distance(samples=60, days=5), "on 1 more day"),
        (distance("ready", 9, 9), "enough"),
        (distance("stale", 9, 9, gap_days=20.4), "not pushed for 20 days"),
        (distance("none", 0, 0, gap_days=None), "no last_update_time is pushed"),
        (distance("slow", interval=144.0), "changes every 6 d: too seldom for 7 within 35 days"),
    ],
)
def test_freshness(found: Distance, hint: str) -> None:
    assert words.freshness_hint(found) == hint


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        (distance(samples=6, days=6), "1 more sample"),
        (distance(samples=5, days=6), "2 more samples"),
        (distance("none", 0, 0), "no row_count or byte_count is pushed"),
        (distance("slow", interval=168.0), "pushed every 7 d: too seldom; push every hour"),
    ],
)
def test_volume(found: Distance, hint: str) -> None:
    assert words.volume_hint(found) == hint


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0.04, "1 h"), (0.99, "1.0 d"), (14.26, "14.3 d")])
def test_days(value: float | None, text: str) -> None:
    assert words.days(value) == text


@pytest.mark.parametrize(("name", "text"), [("線上 😀", "線上 😀"), ("a\u202eb\x1b[31m\n", "a\ufffdb\ufffd[31m\ufffd")])
def test_names_cannot_control_what_shows_them(name: str, text: str) -> None:
    assert words.printable(name) == text
