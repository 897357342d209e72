from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from airflow_provider_montecarlo_push.collectors.text_files.naming import format_of, is_hidden, places_of
from airflow_provider_montecarlo_push.collectors.windows import explicit_window


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("logs/queries.jsonl", "jsonl"),
        ("queries.NDJSON", "jsonl"),
        ("queries.json.gz", "jsonl"),
        ("queries.jsonl.3.gz", "jsonl"),
        ("queries.csv-2026.json", "jsonl"),
        ("queries.csv.2026-11-20", "csv"),
        ("queries.tsv", "csv"),
        ("json/queries.log", None),
        ("jsonl", None),
    ],
)
def test_format(name: str, expected: str | None) -> None:
    assert format_of(name) == expected


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("a/b.jsonl", False),
        ("_SUCCESS", True),
        ("_temporary/0/a.jsonl", True),
        ("a/.a.crc", True),
        ("_p=1/a.csv", False),
    ],
)
def test_hidden(name: str, hidden: bool) -> None:
    assert is_hidden(name) is hidden


@pytest.mark.parametrize(
    ("path", "start", "end", "zone", "expected"),
    [
        ("logs/*.csv", "2026-11-20T12:00Z", "2026-11-20T13:00Z", None, ["logs/*.csv"]),
        (
            "%Y-%m-%d/%H",
            "2026-11-20T23:00Z",
            "2026-11-21T00:00Z",
            None,
            ["2026-11-20/22", "2026-11-20/23", "2026-11-21/00", "2026-11-21/01"],
        ),
        (
            "d=%Y%m%d",
            "2026-11-20T12:00Z",
            "2026-11-20T13:00Z",
            None,
            ["d=20261119", "d=20261120", "d=20261121"],
        ),
        ("%y.%j", "2026-01-01T00:30Z", "2026-01-01T01:00Z", None, ["25.365", "26.001", "26.002"]),
        ("%Y/%m", "2026-12-31T12:00Z", "2026-12-31T13:00Z", None, ["2026/11", "2026/12", "2027/01"]),
        ("%Y", "2028-02-29T12:00Z", "2028-02-29T13:00Z", None, ["2027", "2028", "2029"]),
        ("%H%M", "2026-01-01T00:00Z", "2026-01-01T00:02Z", None, ["2359", "0000", "0001", "0002", "0003"]),
        ("100%%-%H", "2026-01-01T12:00Z", "2026-01-01T13:00Z", None, ["100%-11", "100%-12", "100%-13", "100%-14"]),
        ("%d", "2026-11-20T23:30Z", "2026-11-20T23:40Z", "Asia/Tokyo", ["20", "21", "22"]),
        ("%H", "2026-10-25T00:30Z", "2026-10-25T01:15Z", "Europe/Berlin", ["01", "02", "03"]),
    ],
)
def test_places(path: str, start: str, end: str, zone: str | None, expected: list[str]) -> None:
    window = explicit_window(start.replace("Z", ":00Z"), end.replace("Z", ":00Z"))
    found = list(places_of(path, window, ZoneInfo(zone) if zone else None))
    assert found == expected
