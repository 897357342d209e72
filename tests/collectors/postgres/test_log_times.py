from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_montecarlo_push.collectors.postgres.log_times import LogTimes
from airflow_provider_montecarlo_push.collectors.text_files.problems import RowError


@pytest.mark.parametrize(
    ("zone", "text", "utc"),
    [
        ("Europe/Berlin", "2026-11-20 13:00:00.123 UTC", "2026-11-20T13:00:00.123"),
        ("Europe/Berlin", "2026-11-20 13:00:00.123 CET", "2026-11-20T12:00:00.123"),
        ("Europe/Berlin", "2026-07-20 13:00:00.123 CEST", "2026-07-20T11:00:00.123"),
        # The hour that comes twice.
        ("Europe/Berlin", "2026-10-25 02:30:00.000 CEST", "2026-10-25T00:30:00"),
        ("Europe/Berlin", "2026-10-25 02:30:00.000 CET", "2026-10-25T01:30:00"),
        # One abbreviation, three countries.
        ("Asia/Kolkata", "2026-11-20 13:00:00.000 IST", "2026-11-20T07:30:00"),
        ("Asia/Jerusalem", "2026-11-20 13:00:00.000 IST", "2026-11-20T11:00:00"),
        ("Europe/Dublin", "2026-07-20 13:00:00.000 IST", "2026-07-20T12:00:00"),
        ("America/Sao_Paulo", "2026-11-20 13:00:00.000 -03", "2026-11-20T16:00:00"),
        ("UTC", "2026-11-20 13:00:00.000 +0545", "2026-11-20T07:15:00"),
    ],
)
def test_times(zone: str, text: str, utc: str) -> None:
    assert LogTimes(ZoneInfo(zone)).read(text) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-20 13:00:00.000 EST", "wrong_time_zone"),
        ("2026-11-31 13:00:00.000 CET", "wrong_time"),
        ("0001-01-01 00:00:00.000 +14", "wrong_time"),
        ("", "wrong_time"),
    ],
)
def test_what_is_none(text: str, reason: str) -> None:
    with pytest.raises(RowError) as raised:
        LogTimes(ZoneInfo("Europe/Berlin")).read(text)
    assert raised.value.reason == reason
