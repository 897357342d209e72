from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from airflow_provider_montecarlo_push.collectors.snowflake.query_logs import _EXTRA, _FACTS
from airflow_provider_montecarlo_push.collectors.windows import chunks, explicit_window
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.collectors.snowflake.conftest import MakeCollector, on_wire
from tests.collectors.snowflake.wire import Wire

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = explicit_window("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")
COLUMNS = (*_FACTS, *_EXTRA)


def row(**facts: Any) -> tuple[Any, ...]:
    known = {
        "QUERY_ID": "01b2",
        "QUERY_TEXT": "SELECT 1",
        "USER_NAME": "ANNA",
        "START_TIME": END - timedelta(seconds=1),
        "END_TIME": END,
        "EXECUTION_STATUS": "SUCCESS",
    }
    return tuple((known | facts).get(name) for name in COLUMNS)


def collect(*rows: tuple[Any, ...]) -> tuple[list[QueryLogEntry], Any]:
    wire = Wire({"QUERY_HISTORY": list(rows)})
    collector = on_wire(wire)
    entries = list(collector.query_logs(WINDOW))
    assert wire.closed
    assert wire.open_cursors == 0
    return entries, collector.report


def test_what_an_entry_says() -> None:
    (entry,), report = collect(
        row(
            ROWS_PRODUCED=7,
            QUERY_TYPE="SELECT",
            QUERY_TAG="dbt",
            ROLE_NAME="R",
            WAREHOUSE_NAME="WH",
            WAREHOUSE_SIZE="X-Small",
            DATABASE_NAME="DB",
            SCHEMA_NAME="S",
            SESSION_ID=17,
            TOTAL_ELAPSED_TIME=Decimal(1000),
            BYTES_SCANNED=Decimal(2048),
            ROWS_INSERTED=0,
            QUERY_HASH="h",
            QUERY_PARAMETERIZED_HASH="p",
        )
    )
    assert entry == QueryLogEntry(
        start_time=END - timedelta(seconds=1),
        end_time=END,
        query_text="SELECT 1",
        query_id="01b2",
        user="ANNA",
        returned_rows=7,
        extra={
            "query_type": "SELECT",
            "query_tag": "dbt",
            "role": "R",
            "warehouse_name": "WH",
            "warehouse_size": "X-Small",
            "database": "DB",
            "schema": "S",
            "session_id": 17,
            "total_elapsed_time_ms": 1000,
            "bytes_scanned": 2048,
            "rows_inserted": 0,
            "query_hash": "h",
            "query_parameterized_hash": "p",
        },
    )
    encode_event(entry)
    assert not report.left_out


@pytest.mark.parametrize(
    ("facts", "code", "text", "status"),
    [
        ({"EXECUTION_STATUS": "FAIL", "ERROR_CODE": "002003", "ERROR_MESSAGE": "no"}, "002003", "no", "FAIL"),
        ({"EXECUTION_STATUS": "INCIDENT"}, None, "Execution status INCIDENT", "INCIDENT"),
        ({"ERROR_CODE": "", "ERROR_MESSAGE": ""}, None, None, None),
    ],
)
def test_failures(facts: dict[str, str], code: str | None, text: str | None, status: str | None) -> None:
    (entry,), _ = collect(row(**facts))
    assert (entry.error_code, entry.error_text) == (code, text)
    assert (entry.extra or {}).get("execution_status") == status


def test_the_window_is_half_open_bound_and_unlimited() -> None:
    wire = Wire({"QUERY_HISTORY": [row()]})
    list(on_wire(wire).query_logs(WINDOW))
    ((sql, values),) = wire.asked("QUERY_HISTORY")
    assert "END_TIME >= %s AND END_TIME < %s" in sql
    assert values == ("2026-11-20 12:00:00.000000+00:00", "2026-11-20 13:00:00.000000+00:00")
    assert "ORDER BY END_TIME, QUERY_ID" in sql
    assert "LIMIT" not in sql
    assert "CURRENT_TIMESTAMP" not in sql


def test_local_times_become_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    (entry,), _ = collect(row(START_TIME=END.astimezone(tokyo), END_TIME=END.astimezone(tokyo)))
    assert b'"end_time":"2026-11-20T12:00:00Z"' in encode_event(entry)[0]


def test_rows_with_gaps_are_counted() -> None:
    entries, report = collect(
        row(QUERY_TEXT=None),
        row(QUERY_TEXT=""),
        row(USER_NAME=None),
        row(END_TIME=END - timedelta(hours=1)),
        row(START_TIME=datetime(2026, 11, 20, 11)),
        row(QUERY_TEXT="x" * 100_000),
        row(),
    )
    assert len(entries) == 3
    assert entries[0].user is None
    assert report.left_out == {"without_text": 2, "invalid": 2}
    assert report.counts == {"without_user": 1, "texts_cut_by_snowflake": 1}


def test_null_bytes_and_5_megabytes() -> None:
    entries, _ = collect(row(QUERY_TEXT="SELECT '\0'"), row(QUERY_TEXT="é" * 2_500_000))
    assert b"\\u0000" not in encode_event(entries[0])[0]
    assert len(encode_event(entries[1])[0]) > 5_000_000


def test_an_empty_window_is_noted() -> None:
    entries, report = collect()
    assert entries == []
    assert "no query that ended from 2026-11-20T12:00:00+00:00" in report.notes[0]


@pytest.mark.parametrize(
    "error",
    [
        ProgrammingError(msg="Object does not exist or not authorized.", errno=2003, sqlstate="42S02"),
        ProgrammingError(msg="Insufficient privileges to operate on schema", errno=3001, sqlstate="42501"),
    ],
)
def test_a_denied_view_names_the_grants(error: Exception) -> None:
    with pytest.raises(AccessDeniedError) as raised:
        list(on_wire(Wire({"QUERY_HISTORY": error})).query_logs(WINDOW))
    assert raised.value.grants == (
        'GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE "MC_ROLE";',
        'GRANT DATABASE ROLE SNOWFLAKE.GOVERNANCE_VIEWER TO ROLE "MC_ROLE";  -- enough by itself',
    )


# Against the embedded Snowflake, through the SnowflakeHook.


@pytest.mark.integration
def test_the_whole_history(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector, history: TimeWindow) -> None:
    entries = list(on_warehouse().query_logs(history))
    ((count, failed),) = warehouse.execute(
        "SELECT COUNT(*) AS A, COUNT_IF(EXECUTION_STATUS <> 'SUCCESS') AS B FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY"
    )
    assert len(entries) == int(count) > 100
    assert sum(entry.error_text is not None for entry in entries) == int(failed) > 0
    assert all(entry.error_code for entry in entries if entry.error_text)
    assert entries == sorted(entries, key=lambda entry: (entry.end_time, entry.query_id))
    assert any((entry.extra or {}).get("query_tag") for entry in entries)
    for entry in entries:
        encode_event(entry)


@pytest.mark.integration
def test_adjacent_windows_share_nothing_and_miss_nothing(on_warehouse: MakeCollector, history: TimeWindow) -> None:
    everything = [entry.query_id for entry in on_warehouse().query_logs(history)]
    ends = [entry.end_time for entry in on_warehouse().query_logs(history)]
    edge = ends[len(ends) // 2]  # an edge on which a query ended
    first = TimeWindow(history.start, edge)
    second = TimeWindow(edge, history.end)
    pieces = [[entry.query_id for entry in on_warehouse().query_logs(piece)] for piece in (first, second)]
    assert pieces[0] + pieces[1] == everything
    assert pieces[1][0] == everything[ends.index(edge)]
    hour = explicit_window(edge, edge + timedelta(hours=1))
    by_chunk = [e.query_id for part in chunks(hour, timedelta(minutes=7)) for e in on_warehouse().query_logs(part)]
    assert by_chunk == [entry.query_id for entry in on_warehouse().query_logs(hour)]


@pytest.mark.integration
@pytest.mark.parametrize("edition", ["no_account_usage", "no_grants"])
def test_without_account_usage(edition: Any, warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    with warehouse.as_edition(edition), pytest.raises(AccessDeniedError) as raised:
        list(on_warehouse().query_logs(WINDOW))
    assert 'GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE "MONTE_CARLO";' in str(raised.value)
