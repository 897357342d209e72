"""What rows of logs say, and what becomes of those that say it wrongly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, SourceError
from tests.collectors.files.conftest import WINDOW, collector, json_lines, query

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD = query("select 'good'")


def collect(path: Path, *rows: Any, **options: Any) -> tuple[list[QueryLogEntry], CollectionReport]:
    file = path / "queries.jsonl"
    file.write_bytes(json_lines(*rows))
    reading = collector(file, **options)
    entries = list(reading.query_logs(WINDOW))
    for entry in entries:
        encode_event(entry)
    return entries, reading.report


def test_what_an_entry_says(tmp_path: Path) -> None:
    (entry,), report = collect(
        tmp_path,
        {
            "event": {"sql": "select 1", "at": {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00+01:00"}},
            "who": ["anna", "root"],
            "a.b": 7,
            "db": "shop",
            "job": {"id": 12, "tags": ["x"]},
            "state": "FAILED",
            "query_id": 99,
            "error_text": {"cause": "disk"},
            "error_code": 42,
            "session_id": 5,
        },
        fields={
            "query_text": "event.sql",
            "start_time": "event.at.from",
            "end_time": "event.at.to",
            "user": "who.0",
            "returned_rows": "a.b",
            "default_database": "db",
            "extra.job": "job",
            "extra.absent": "nothing.here",
            "status": "state",
        },
    )
    assert entry == QueryLogEntry(
        start_time=START,
        end_time=START,
        query_text="select 1",
        query_id="99",
        user="anna",
        returned_rows=7,
        error_code=42,
        error_text='{"cause": "disk"}',
        extra={
            "database": "shop",
            "session_id": "5",
            "job": {"id": 12, "tags": ["x"]},
            "execution_status": "FAILED",
        },
    )
    assert not report.left_out


@pytest.mark.parametrize(
    ("times", "options", "expected"),
    [
        ({"end_time": "2026-11-20T12:00:00Z", "start_time": "2026-11-20T11:00:00Z"}, {}, (-3600, 0)),
        ({"end_time": "2026-11-20 12:59:59.999999+00:00"}, {}, (0, 3599.999999)),
        ({"end_time": "2026-11-20T13:00:00Z"}, {}, None),
        ({"end_time": "2026-11-20T11:59:59.999999Z", "start_time": "2026-11-20T11:00:00Z"}, {}, None),
        ({"end_time": ..., "duration_seconds": 1.5}, {}, (0, 1.5)),
        ({"end_time": ..., "duration_ms": "1500"}, {}, (0, 1.5)),
        ({"end_time": ..., "start_time": "2026-11-20T11:59:59Z", "duration_ms": 1000}, {}, (-1, 0)),
        ({"start_time": None, "end_time": "2026-11-20T12:00:10Z", "duration_seconds": 10}, {}, (0, 10)),
        (
            {"start_time": 1795176000, "end_time": "1795176001.5"},
            {"time_format": "epoch_seconds"},
            (0, 1.5),
        ),
        (
            {"start_time": 1795176000000, "end_time": "1795176001500"},
            {"time_format": "epoch_milliseconds"},
            (0, 1.5),
        ),
        (
            {"start_time": "20/Nov/2026:13:00:00 +0100", "end_time": "20/Nov/2026:12:00:01 +0000"},
            {"time_format": "%d/%b/%Y:%H:%M:%S %z"},
            (0, 1),
        ),
        (
            {"start_time": "2026-11-20 13:00:00,000", "end_time": " 2026-11-20 13:00:01,250 "},
            {"timezone": "Europe/Berlin"},
            (0, 1.25),
        ),
        (
            {"start_time": "20.11.2026 07:00:00", "end_time": "20.11.2026 07:00:02"},
            {"time_format": "%d.%m.%Y %H:%M:%S", "timezone": "America/New_York"},
            (0, 2),
        ),
    ],
)
def test_times(
    tmp_path: Path, times: dict[str, Any], options: dict[str, Any], expected: tuple[float, float] | None
) -> None:
    entries, report = collect(tmp_path, query(**times), **options)
    found = [((e.start_time - START).total_seconds(), (e.end_time - START).total_seconds()) for e in entries]
    assert found == ([] if expected is None else [expected])
    assert report.counts["rows_outside_window"] == (expected is None)
    assert not report.left_out


def test_an_hour_that_clocks_repeat(tmp_path: Path) -> None:
    """In Berlin, 2026-10-25 03:00 is followed by 02:00: 02:50 to 02:10 is twenty minutes."""
    from airflow_provider_montecarlo_push.collectors.windows import explicit_window

    file = tmp_path / "queries.jsonl"
    file.write_bytes(json_lines(query(start_time="2026-10-25T02:50:00", end_time="2026-10-25T02:10:00")))
    reading = collector(file, timezone="Europe/Berlin")
    (entry,) = reading.query_logs(explicit_window("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z"))
    assert entry.end_time - entry.start_time == timedelta(minutes=20)


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        (b'{"query_text": "select 1"', "not_json", "truncated"),
        (b"\xff\xfe\xfa rubbish", "encoding", "utf-8"),
        (b'{"query_text": "caf\xe9"}', "encoding", "utf-8"),
        (b"[1, 2]", "not_an_object", "list"),
        (b"[" * 10_000, "not_json", "deep"),
        (query(query_text=...), "missing_query_text", "there are: start_time, end_time"),
        (query(query_text="  "), "missing_query_text", "query_text"),
        (query(query_text=["select 1"]), "wrong_type", "list"),
        (query(start_time=...), "missing_start_time", "start_time"),
        (query(end_time=...), "missing_end_time", "duration"),
        (query(end_time=None, duration_ms="long"), "wrong_time", "'long'"),
        (query(end_time=None, duration_ms=-1), "wrong_time", "-1"),
        (query(end_time=None, duration_seconds=1e300), "wrong_time", "duration"),
        (query(end_time="yesterday"), "wrong_time", "'yesterday'"),
        (query(end_time=1795176000), "wrong_time", "iso8601"),
        (query(end_time={"a": 1}), "wrong_time", "end_time"),
        (query(start_time="0001-01-01T00:00:00+10:00"), "wrong_time", "start_time"),
        (query(end_time="2026-11-20T12:00:00"), "no_time_zone", "timezone"),
        (query(start_time="2026-11-20T12:30:00Z"), "invalid", "before it"),
    ],
)
def test_a_bad_row_is_counted_with_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, row: Any, reason: str, said: str
) -> None:
    entries, report = collect(tmp_path, GOOD, b"", row, GOOD)
    assert [entry.query_text for entry in entries] == ["select 'good'"] * 2
    assert report.left_out == {reason: 1}
    (message,) = [record.getMessage() for record in caplog.records if "Left out" in record.getMessage()]
    assert f"{tmp_path}/queries.jsonl:3: " in message
    assert said in message


@pytest.mark.parametrize(
    ("fact", "value", "kept", "wrong"),
    [
        ("returned_rows", "12", 12, False),
        ("returned_rows", 12.0, 12, False),
        ("returned_rows", "", None, False),
        ("returned_rows", "many", None, True),
        ("returned_rows", -1, None, True),
        ("returned_rows", 2**70, None, True),
        ("returned_rows", True, None, True),
        ("returned_rows", 1.5, None, True),
        ("user", 7, "7", False),
        ("user", {"name": "anna"}, None, True),
        ("error_code", 0, None, False),
        ("error_code", "42P01", "42P01", False),
        ("error_text", "", None, False),
        ("query_id", ["a"], None, True),
    ],
)
def test_an_optional_fact_of_a_wrong_type_costs_only_itself(
    tmp_path: Path, fact: str, value: Any, kept: Any, wrong: bool
) -> None:
    (entry,), report = collect(tmp_path, query(**{fact: value}))
    assert getattr(entry, fact) == kept
    assert report.left_out == ({"wrong_type": 1} if wrong else {})


def test_what_only_python_calls_json(tmp_path: Path) -> None:
    row = b'{"query_text": "select \\ud800", "start_time": "2026-11-20T12:00:00Z", "end_time": "2026-11-20T12:00:01Z"'
    (entry,), report = collect(tmp_path, row + b', "returned_rows": NaN, "x": Infinity}', fields={"extra.x": "x"})
    assert entry.returned_rows is entry.extra is None
    assert b"select \xef\xbf\xbd" in encode_event(entry)[0]
    assert not report.left_out


@pytest.mark.parametrize(
    ("status", "text"), [("Finished", None), ("SUCCESS", None), ("KILLED", "Execution status KILLED"), (None, None)]
)
def test_status(tmp_path: Path, status: str | None, text: str | None) -> None:
    (entry,), _ = collect(tmp_path, query(status=status), fields={"status": "status"})
    assert entry.error_text == text
    (entry,), _ = collect(tmp_path, query(status=status))
    assert entry.error_text is None


def test_rows_of_edges_are_no_bad_queries(tmp_path: Path) -> None:
    entries, report = collect(tmp_path, GOOD, {"destination": {}, "sources": []})
    assert len(entries) == 1
    assert report.counts["rows_without_query"] == 1
    assert not report.left_out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fields": {"query_text": "sql"}}, "there are: query_text, start_time, end_time"),
        ({"time_format": "epoch_seconds"}, "epoch_seconds"),
    ],
)
def test_when_no_row_fits_it_is_an_error(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SourceError, match="Not one of the 3 rows") as raised:
        collect(tmp_path, GOOD, GOOD, GOOD, **options)
    assert said in str(raised.value)
    assert "queries.jsonl:1" in str(raised.value)


@pytest.mark.parametrize(
    ("value", "time_format"), [(1795176000000, "epoch_seconds"), (1795176000, "epoch_milliseconds")]
)
def test_epochs_in_the_wrong_unit_are_noticed(tmp_path: Path, value: int, time_format: str) -> None:
    with pytest.raises(SourceError, match="are these the right units"):
        collect(tmp_path, query(start_time=value, end_time=value), time_format=time_format)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"path": ""}, "path"),
        ({"path": "logs/today"}, "absolute"),
        ({"format": "parquet"}, "jsonl, csv"),
        ({"fields": {"sql": "x"}}, "'sql'"),
        ({"fields": {"query_text": 3}}, "query_text"),
        ({"fields": ["a"]}, "mapping"),
        ({"time_format": "epoch"}, "epoch_seconds"),
        ({"time_format": "%H:%M"}, "year"),
        ({"timezone": "Berlin"}, "Europe/Berlin"),
        ({"encoding": "utf-9"}, "utf-9"),
        ({"csv_options": {"separator": ";"}}, "delimiter"),
        ({"csv_options": {"delimiter": ";;"}}, "one character"),
        ({"csv_options": {"header": "a,b"}}, "list"),
        ({"csv_options": {"header": ["a", "a"]}}, "'a'"),
        ({"success_values": "OK"}, "list"),
        ({"latency_minutes": "soon"}, "latency_minutes"),
        ({"use_modification_time": "perhaps"}, "use_modification_time"),
    ],
)
def test_an_option_that_cannot_be(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        collector(**({"path": "/logs"} | options))
