from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_montecarlo_push.collectors.dbapi.session import Session
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.sql_catalog.collector import SqlCatalogCollector
from airflow_provider_montecarlo_push.collectors.sql_catalog.parameters import parse, values_of
from airflow_provider_montecarlo_push.collectors.windows import chunks, explicit_window
from airflow_provider_montecarlo_push.events import Flow, QueryLogEntry
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, SourceError, SourceUnavailableError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from tests.collectors.dbapi.mariadb import MariaDb
from tests.collectors.postgres.server import Server
from tests.collectors.sql_catalog.conftest import QUERIES_SQL, MakeCollector

pytestmark = pytest.mark.xdist_group("sql_catalog")

WINDOW = explicit_window("2024-03-01T12:00:00Z", "2024-03-01T13:00:00Z")
BERLIN = ZoneInfo("Europe/Berlin")
LOG = (
    "CREATE TABLE log (started text, ended text, sql text)",
    """INSERT INTO log VALUES ('2024-03-01 11:00:00', '2024-03-01 11:59:59', 'before'),
       ('2024-03-01 11:00:00', '2024-03-01 12:00:00', 'first'),
       ('2024-03-01 12:00:00', '2024-03-01 12:59:59.9', 'last'),
       ('2024-03-01 12:00:00', '2024-03-01 13:00:00', 'after')""",
)
LOG_SQL = "SELECT started AS start_time, ended AS end_time, sql AS query_text FROM log"
IN_WINDOW = " WHERE ended >= :window_start AND ended < :window_end"


def collect(collector: SqlCatalogCollector, window: TimeWindow = WINDOW) -> list[QueryLogEntry]:
    entries = list(collector.query_logs(window))
    for entry in entries:
        encode_event(entry)
    return entries


@pytest.mark.integration
def test_a_log_in_postgres(on_postgres: MakeCollector) -> None:
    collector = on_postgres(query_logs_sql=QUERIES_SQL)
    first, second = collect(collector)
    assert first == QueryLogEntry(
        start_time=datetime(2024, 3, 1, 11, tzinfo=UTC),
        end_time=datetime(2024, 3, 1, 12, tzinfo=UTC),
        query_text="SELECT 100%",
        query_id="2",
        user="anna",
        returned_rows=2,
        extra={"job": "x2"},
    )
    assert (second.query_id, second.user, second.error_text, second.returned_rows) == ("3", None, "syntax error", None)
    assert collector.report.left_out == {"missing_query_text": 1, "missing_end_time": 1}
    assert not collector.report.counts
    assert collector.log_type == "s3"


@pytest.mark.integration
def test_rows_stream_from_postgres(
    on_postgres: MakeCollector, metastore: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server keeps the rows; when the session is ended, those not fetched yet never come."""
    sql = """SELECT TIMESTAMPTZ '2024-03-01 12:00Z' AS start_time, TIMESTAMPTZ '2024-03-01 12:00Z' AS end_time,
             n::text AS query_text FROM generate_series(1, 100000) n"""
    entries = on_postgres(query_logs_sql=sql).query_logs(WINDOW)
    assert next(entries).query_text == "1"
    metastore.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'metastore' AND pid <> pg_backend_pid()"
    )
    with pytest.raises(SourceUnavailableError, match="Running query_logs_sql"):
        list(entries)


@pytest.mark.integration
def test_connections_are_closed(on_postgres: MakeCollector, metastore: Server) -> None:
    entries: Any = on_postgres(query_logs_sql=QUERIES_SQL).query_logs(WINDOW)
    next(entries)
    assert sessions(metastore) == 1
    entries.close()
    assert sessions(metastore) == 0


def sessions(server: Server) -> int:
    number = -1
    for _ in range(50):  # a server process ends shortly after its client has gone
        ((found,),) = server.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = 'metastore'")
        before, number = number, int(found)
        if before == number:
            break
        time.sleep(0.1)
    return number


def test_sqlite_compares_texts(on_sqlite: MakeCollector) -> None:
    collector = on_sqlite(*LOG, query_logs_sql=LOG_SQL + IN_WINDOW, timezone="UTC")
    assert [entry.query_text for entry in collect(collector)] == ["first", "last"]
    assert not collector.report.counts


def test_sql_without_a_window_is_cut_to_it(on_sqlite: MakeCollector) -> None:
    collector = on_sqlite(*LOG, query_logs_sql=LOG_SQL, timezone="UTC")
    assert [entry.query_text for entry in collect(collector)] == ["first", "last"]
    assert collector.report.counts == {"rows_outside_window": 2}


def test_local_times_when_clocks_are_set_back(on_sqlite: MakeCollector) -> None:
    """02:30 happens twice; it is collected once, whatever the pieces of the night."""
    ends = [f"('2024-10-27 {hour:02}:{minute:02}:00', 'q{hour}{minute}')" for hour in range(5) for minute in (0, 30)]
    collector = on_sqlite(
        "CREATE TABLE log (ended text, sql text)",
        f"INSERT INTO log VALUES {', '.join(ends)}",
        query_logs_sql="SELECT ended AS start_time, ended AS end_time, sql AS query_text FROM log" + IN_WINDOW,
        timezone="Europe/Berlin",
    )
    night = explicit_window("2024-10-26T22:00:00Z", "2024-10-27T04:00:00Z")
    found = [entry.query_text for piece in chunks(night, timedelta(hours=1)) for entry in collect(collector, piece)]
    assert sorted(found) == sorted(f"q{hour}{minute}" for hour in range(5) for minute in (0, 30))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("end_time", "'2024-03-01 12:00:00'", "'end_time' is a time without a time zone"),
        ("start_time", "5", "'start_time' is of type int, not a time"),
        ("query_text", "5", "'query_text' is of type int, not a text"),
        ("returned_rows", "'5'", "'returned_rows' is of type str, not an integer"),
        ("query_id", "1.5", "'query_id' is of type float"),
        ("error_code", "1.5", "'error_code' is of type float"),
        ("extra_x", "x'00'", "'extra_x' is of type bytes"),
    ],
)
def test_values_of_a_wrong_type(on_sqlite: MakeCollector, column: str, value: str, message: str) -> None:
    row = {"start_time": "'2024-03-01 12:00Z'", "end_time": "'2024-03-01 12:00Z'", "query_text": "'q'", column: value}
    sql = "SELECT " + ", ".join(f"{value} AS {name}" for name, value in row.items())
    with pytest.raises(SourceError, match=f"query_logs_sql, row 1: the column {message}"):
        collect(on_sqlite(query_logs_sql=sql))


def test_a_query_that_ends_before_it_starts(on_sqlite: MakeCollector) -> None:
    row = "SELECT '2024-03-01 12:00Z' AS start_time, '2024-03-01 12:00Z' AS end_time, 'q' AS query_text"
    invalid = row.replace("12:00Z", "12:30Z", 1)
    collector = on_sqlite(query_logs_sql=f"{row} UNION ALL {invalid}")
    assert len(collect(collector)) == 1
    assert collector.report.left_out == {"invalid": 1}
    with pytest.raises(SourceError, match=r"Not one of the 1 rows .* before it starts"):
        collect(on_sqlite(query_logs_sql=invalid))


def test_codes_and_extra(on_sqlite: MakeCollector) -> None:
    sql = """SELECT '2024-03-01 12:00Z' AS START_TIME, '2024-03-01 12:00Z' AS end_time, 'q' AS query_text,
             1064 AS error_code, -5 AS returned_rows, 1.5 AS EXTRA_Cost, NULL AS extra_none"""
    collector = on_sqlite(query_logs_sql=sql)
    (entry,) = collect(collector)
    assert (entry.error_code, entry.returned_rows, entry.extra) == (1064, None, {"cost": 1.5})
    assert collector.report.left_out == {"negative_returned_rows": 1}


def test_columns_that_are_missing(on_sqlite: MakeCollector) -> None:
    with pytest.raises(ConfigurationError, match="query_logs_sql returns no column 'end_time', 'query_text'"):
        collect(on_sqlite(query_logs_sql="SELECT 1 AS start_time"))


def test_access(on_sqlite: MakeCollector) -> None:
    collector = on_sqlite(*LOG, query_logs_sql=LOG_SQL + IN_WINDOW, lineage_sql="SELECT 1 AS x", timezone="UTC")
    checks = {check.name: (check.readable, check.flows) for check in collector.access(TableFilter())}
    assert checks == {
        "lineage_sql": (False, frozenset({Flow.LINEAGE})),
        "query_logs_sql": (True, frozenset({Flow.QUERY_LOGS})),
    }


def test_latency(on_sqlite: MakeCollector) -> None:
    collector = on_sqlite(query_logs_sql="SELECT 1", latency_minutes="30")
    assert collector.latency == {Flow.LINEAGE: timedelta(minutes=30), Flow.QUERY_LOGS: timedelta(minutes=30)}


@pytest.mark.parametrize(
    ("sql", "pieces", "names"),
    [
        ("a >= :window_start and b<:window_end;", ["a >= ", " and b<", ""], ["window_start", "window_end"]),
        ("x between:window_start", ["x between:window_start"], []),
        ("x > :window_start::date ; \n", ["x > ", "::date "], ["window_start"]),
        ("'it''s :window_start' :window_end", ["'it''s :window_start' ", ""], ["window_end"]),
        ('":window_start" `:window_start` :window_end', ['":window_start" `:window_start` ', ""], ["window_end"]),
        ("-- :window_end\n:window_end /* ':window_end */", ["-- :window_end\n", " /* ':window_end */"], ["window_end"]),
        ("$$ :window_start $$ :window_end", ["$$ :window_start $$ ", ""], ["window_end"]),
        ("$a$ $$ :window_start $a$ :window_end", ["$a$ $$ :window_start $a$ ", ""], ["window_end"]),
        ("x::window_start, a:window_end, a:b", ["x::window_start, a:window_end, a:b"], []),
        ("'a' || :window_end || 'b;'", ["'a' || ", " || 'b;'"], ["window_end"]),
    ],
)  # fmt: skip
def test_parameters_in_sql(sql: str, pieces: list[str], names: list[str]) -> None:
    assert parse(sql) == (pieces, names)


@pytest.mark.parametrize("name", ["window_strt", "window_END", "window_ends"])
def test_parameters_that_do_not_exist(on_sqlite: MakeCollector, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"query_logs_sql .* names :{name}; a window has :window_start and"):
        collect(on_sqlite(query_logs_sql=f"SELECT 1 WHERE 1 < :window_start AND 1 > :{name}"))


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        (None, WINDOW.start, WINDOW.end),
        (ZoneInfo("UTC"), datetime(2024, 3, 1, 12), datetime(2024, 3, 1, 13)),
        (BERLIN, datetime(2024, 3, 1, 13), datetime(2024, 3, 1, 14)),
    ],
)
def test_values_of_the_window(zone: ZoneInfo | None, start: datetime, end: datetime) -> None:
    assert values_of(WINDOW, zone) == {"window_start": start, "window_end": end}


LOCAL = f"SELECT started AS start_time, ended AS end_time, text AS query_text FROM local_log{IN_WINDOW} ORDER BY ended"
LOCAL_LOG = (
    "CREATE TABLE local_log (started {type}, ended {type}, text varchar(20))",
    """INSERT INTO local_log VALUES ('2024-03-01 12:59:59', '2024-03-01 12:59:59', 'before'),
       ('2024-03-01 12:59:59', '2024-03-01 13:00:00', 'first'),
       ('2024-03-01 13:59:59', '2024-03-01 13:59:59', 'last'),
       ('2024-03-01 13:59:59', '2024-03-01 14:00:00', 'after')""",
)


def of_type(kind: str) -> list[str]:
    return [statement.replace("{type}", kind) for statement in LOCAL_LOG]


@pytest.mark.integration
def test_local_times_in_postgres(on_postgres: MakeCollector, metastore: Server) -> None:
    """The session's own time zone is another."""
    metastore.execute(*of_type("timestamp"), database="metastore")
    try:
        collector = on_postgres(query_logs_sql=LOCAL, timezone="Europe/Berlin")
        assert [entry.query_text for entry in collect(collector)] == ["first", "last"]
        moments = "SELECT started AT TIME ZONE 'CET' AS started, ended AT TIME ZONE 'CET' AS ended, text FROM local_log"
        collector = on_postgres(query_logs_sql=LOCAL.replace("local_log", f"({moments}) AS moments"))
        assert [entry.query_text for entry in collect(collector)] == ["first", "last"]
        assert not collector.report.counts
        with pytest.raises(SourceError, match="'end_time' is a time without a time zone"):
            collect(on_postgres(query_logs_sql=LOCAL.replace("ended >=", "1 = 1 OR ended >=")))
    finally:
        metastore.execute("DROP TABLE local_log", database="metastore")


@pytest.mark.integration
def test_local_times_in_mariadb(on_mariadb: MakeCollector, mariadb_server: MariaDb) -> None:
    mariadb_server.execute("USE lake", *of_type("datetime(6)"))
    try:
        collector = on_mariadb(query_logs_sql=LOCAL, timezone="Europe/Berlin")
        assert [entry.query_text for entry in collect(collector)] == ["first", "last"]
        assert not collector.report.counts
    finally:
        mariadb_server.execute("DROP TABLE lake.local_log")


def test_times_in_duckdb(on_duckdb: MakeCollector) -> None:
    collector = on_duckdb(*of_type("timestamp"), query_logs_sql=LOCAL, timezone="Europe/Berlin")
    assert [entry.query_text for entry in collect(collector)] == ["first", "last"]
    assert not collector.report.counts


@pytest.mark.integration
def test_a_time_zone_for_times_that_have_one(on_postgres: MakeCollector) -> None:
    """Local times of the window would be compared in the zone of the session, and rows be missed."""
    sql = QUERIES_SQL.replace("ended >=", "1 = 1 OR ended >=")
    with pytest.raises(ConfigurationError, match=r"row 1: the column 'end_time' has a time zone of its own"):
        collect(on_postgres(query_logs_sql=sql, timezone="Europe/Berlin"))


@pytest.mark.integration
def test_rows_stream_from_mariadb(on_mariadb: MakeCollector, mariadb_server: MariaDb) -> None:
    """The server is still sending when the first row is there."""
    sql = """SELECT CAST('2024-03-01 12:00:00' AS DATETIME) AS start_time, CAST(:window_start AS DATETIME) AS end_time,
             CONCAT(seq, REPEAT('x', 1000)) AS query_text FROM lake.seq_1_to_100000"""
    entries = on_mariadb(query_logs_sql=sql, timezone="UTC").query_logs(WINDOW)
    assert next(entries).query_text.startswith("1x")
    assert len(mariadb_server.sessions("Query")) == 1
    assert sum(1 for _ in entries) == 99_999
    assert not mariadb_server.sessions()


def test_a_value_that_cannot_be_used(on_sqlite: MakeCollector) -> None:
    noon = "2024-03-01 12:00Z"
    rows = [(noon, noon, "q", 1), ("soon", noon, "q", 1), (noon, "24:00", "q", 1), (noon, noon, "", 1)]
    values = ", ".join(map(str, [*rows, (noon, noon, "r", 1.5)]))
    sql = f"WITH t(start_time, end_time, query_text, returned_rows) AS (VALUES {values}) SELECT * FROM t"
    collector = on_sqlite(query_logs_sql=sql)
    assert [(entry.query_text, entry.returned_rows) for entry in collect(collector)] == [("q", 1), ("r", None)]
    assert collector.report.left_out == {
        "wrong_start_time": 1,
        "wrong_end_time": 1,
        "missing_query_text": 1,
        "wrong_returned_rows": 1,
    }


@pytest.mark.integration
def test_a_hundred_rows_are_held_at_a_time(on_postgres: MakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    fetch = Session._fetch

    def counted(self: Session, cursor: Any, fetch_rows: int, doing: str) -> Any:
        batch = fetch(self, cursor, fetch_rows, doing)
        sizes.append(len(batch))
        return batch

    monkeypatch.setattr(Session, "_fetch", counted)
    sql = """SELECT TIMESTAMPTZ '2024-03-01 12:00Z' AS start_time, TIMESTAMPTZ '2024-03-01 12:00Z' AS end_time,
             n::text AS query_text FROM generate_series(1, 250) n"""
    assert len(collect(on_postgres(query_logs_sql=sql))) == 250
    assert sizes == [100, 50, 0]
