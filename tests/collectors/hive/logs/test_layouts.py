"""How lines begin, and what their times mean."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_montecarlo_push.collectors.hive.logs.layouts import Clock, start_of, thread_of

POOL = "HiveServer2-Background-Pool: Thread-44"
SESSION = "df0b9db4-9d53-4ae5-a585-07a0c2ddc232"


@pytest.mark.parametrize(
    ("line", "level", "thread", "session"),
    [
        (f"2022-08-16 18:58:45,638 INFO  [{POOL}] ql.Driver: x", "INFO", POOL, None),
        (f"2022-01-21T00:52:33,134  INFO [{SESSION} {POOL}] ql.Driver: x", "INFO", POOL, SESSION),
        (f"2021-10-08 18:52:35,764 ERROR org.apache.hadoop.hive.ql.Driver: [{POOL}]: x", "ERROR", POOL, None),
        (f"2019-11-25T15:27:47,244 INFO  [{POOL}]: ql.Driver (:()) - x", "INFO", POOL, None),
        (f"25/10/23 06:50:00 [{POOL}]: WARN ql.Driver: x", "WARN", POOL, None),
        (f"2018-04-10 08:41:53.098 INFO  ql.Driver: (Driver.java:run(13)) [{POOL}] - x", "INFO", POOL, None),
        (f"2026-11-21T12:00:00.123456+01:00 DEBUG [{POOL}] ql.Driver: x", "DEBUG", POOL, None),
        (
            (
                '<14>1 2021-11-10T12:08:29.011Z hiveserver2-0 hiveserver2 1 3f2c [mdc@18060 class="ql.Driver" '
                f'level="INFO" sessionId="{SESSION}" thread="{POOL}"] x'
            ),
            "INFO",
            POOL,
            SESSION,
        ),
        ("2026-11-21 12:00:00,123 INFO ql.Driver: x", "INFO", "", None),
    ],
)
def test_beginnings(line: str, level: str, thread: str, session: str | None) -> None:
    start = start_of(line.encode())
    assert start is not None
    assert start.level.decode() == level
    assert thread_of(line.encode(), len(line)) == (thread, session)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "SELECT 1",
        "  FROM orders",
        "2026-11-21 12:00:00,123",
        "2026-11-21 12:00:00 is what INFO says",
        "-- 2026-11-21T12:00:00,000  INFO [x] a comment",
        "\tat org.apache.hadoop.hive.ql.Driver.run(Driver.java:1)",
        "Caused by: java.lang.Exception: INFO",
        "INFO  : Compiling command(queryId=x): SELECT 1",
    ],
)
def test_lines_that_go_on(line: str) -> None:
    assert start_of(line.encode()) is None


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("UTC", "2026-11-21T12:00:00,123", "2026-11-21T12:00:00.123000+00:00"),
        ("Europe/Berlin", "2026-11-21 12:00:00,123", "2026-11-21T11:00:00.123000+00:00"),
        ("Europe/Berlin", "2026-07-21 12:00:00", "2026-07-21T10:00:00+00:00"),
        ("Europe/Berlin", "2026-07-21T12:00:00.5Z", "2026-07-21T12:00:00.500000+00:00"),
        ("Europe/Berlin", "2026-07-21T12:00:00-0700", "2026-07-21T19:00:00+00:00"),
        ("America/New_York", "26/11/21 07:00:00", "2026-11-21T12:00:00+00:00"),
        ("UTC", "2026-11-21T12:00:00.123456789Z", "2026-11-21T12:00:00.123456+00:00"),
    ],
)
def test_times(zone: str, text: str, expected: str) -> None:
    assert Clock(UTC if zone == "UTC" else ZoneInfo(zone)).read(text.encode()).isoformat() == expected


def test_the_hour_that_comes_twice() -> None:
    clock = Clock(ZoneInfo("Europe/Berlin"))
    texts = ["01:30:00", "02:10:00", "02:50:00", "02:49:59", "02:05:00", "02:59:00", "03:00:00"]
    times = [f"{clock.read(f'2026-10-25 {text},000'.encode()):%H:%M:%S}" for text in texts]
    assert times == ["23:30:00", "00:10:00", "00:50:00", "00:49:59", "01:05:00", "01:59:00", "02:00:00"]


@pytest.mark.parametrize("text", ["2026-13-21T12:00:00,123", "2026-11-31 12:00:00", "26/02/30 12:00:00"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Clock(UTC).read(text.encode())
