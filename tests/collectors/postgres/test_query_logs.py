from __future__ import annotations

import gzip
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import QueryLogEntry
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, ConfigurationError, SourceError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from tests.collectors.postgres.conftest import MakeCollector
from tests.collectors.postgres.records import line
from tests.collectors.postgres.server import Server

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("postgres")]

WINDOW = explicit_window("2026-11-20T12:00:00Z", "2026-11-20T13:00:00Z")


def since(start: datetime) -> TimeWindow:
    return TimeWindow(start, datetime.now(UTC) + timedelta(seconds=1))


def texts(entries: list[QueryLogEntry]) -> list[str]:
    return [entry.query_text for entry in entries]


def test_without_a_log_it_says_why(on_server: MakeCollector) -> None:
    with pytest.raises(ConfigurationError, match="pg_stat_statements sums up all runs of a statement"):
        list(on_server().query_logs(WINDOW))


class TestRealLog:
    """What a server writes, read while it goes on writing."""

    def test_statements_and_errors(self, server: Server, on_server: MakeCollector) -> None:
        start = datetime.now(UTC)
        with server.connect("shop", user="reader", application_name='report, "daily"') as session:
            session.execute("SELECT 'line\none'',\"two\"' AS x -- ünïcode 表")
            session.execute("SELECT id FROM raw.orders WHERE id > %s AND note IS DISTINCT FROM %s", [990, "it's"])
            for statement in ("SELECT 1/0", "SELECT * FROM raw.customers", "SELEC 1"):
                with pytest.raises(psycopg.Error):
                    session.execute(statement)
            session.execute("SELECT pg_sleep(0.3)")
        collector = on_server(log_path=str(server.log))
        entries = [e for e in collector.query_logs(since(start)) if e.user == "reader"]
        assert texts(entries) == [
            "SELECT 'line\none'',\"two\"' AS x -- ünïcode 表",
            "SELECT id FROM raw.orders WHERE id > $1 AND note IS DISTINCT FROM $2",
            "SELECT 1/0",
            "SELECT * FROM raw.customers",
            "SELEC 1",
            "SELECT pg_sleep(0.3)",
        ]
        assert [(e.error_code, e.error_text) for e in entries[2:5]] == [
            ("22012", "division by zero"),
            ("42501", "permission denied for table customers"),
            ("42601", 'syntax error at or near "SELEC"'),
        ]
        assert entries[1].extra is not None
        assert entries[1].extra["application"] == 'report, "daily"'
        assert entries[1].extra["database"] == "shop"
        slept = entries[5].end_time - entries[5].start_time
        assert timedelta(seconds=0.3) <= slept < timedelta(seconds=5)
        # The server writes local times of Berlin.
        assert all(start - timedelta(seconds=1) <= e.start_time <= datetime.now(UTC) for e in entries)
        assert len({e.query_id for e in entries}) == len(entries)
        for entry in entries:
            encode_event(entry)
        assert collector.report.complete

    def test_bound_values_are_not_kept(self, server: Server, on_server: MakeCollector) -> None:
        start = datetime.now(UTC)
        with server.connect("shop") as session:
            session.execute("SELECT id FROM raw.orders WHERE id = %s", [424242])
        entries = list(on_server(log_path=str(server.log)).query_logs(since(start)))
        assert entries
        assert all(b"424242" not in encode_event(entry)[0] for entry in entries)

    def test_log_statement_with_log_duration(self, server: Server, on_server: MakeCollector) -> None:
        start = datetime.now(UTC)
        options = "-c log_min_duration_statement=-1 -c log_statement=all -c log_duration=on"
        with server.connect("shop", options=options) as session:
            session.execute("SELECT pg_sleep(0.2), 'both'")
            session.execute("SELECT %s::int, 'bound'", [5])
            with pytest.raises(psycopg.Error):
                session.execute("SELECT 1/0, 'failed'")
        entries = [e for e in on_server(log_path=str(server.log)).query_logs(since(start)) if "'" in e.query_text]
        assert texts(entries) == ["SELECT pg_sleep(0.2), 'both'", "SELECT $1::int, 'bound'", "SELECT 1/0, 'failed'"]
        assert entries[0].end_time - entries[0].start_time >= timedelta(seconds=0.2)
        assert [e.error_code for e in entries] == [None, None, "22012"]

    def test_log_statement_without_durations(self, server: Server, on_server: MakeCollector) -> None:
        start = datetime.now(UTC)
        options = "-c log_min_duration_statement=-1 -c log_statement=all"
        with server.connect("shop", options=options) as session:
            session.execute("SELECT 'first'")
            session.execute("SELECT 'last'")
        collector = on_server(log_path=str(server.log))
        entries = [e for e in collector.query_logs(since(start)) if e.query_text in ("SELECT 'first'", "SELECT 'last'")]
        assert texts(entries) == ["SELECT 'first'", "SELECT 'last'"]
        assert all(e.start_time == e.end_time for e in entries)
        assert collector.report.counts["statements_without_duration"] >= 2

    def test_windows_share_nothing_and_miss_nothing(self, server: Server, on_server: MakeCollector) -> None:
        start = datetime.now(UTC)
        server.execute(*(f"SELECT {number}, 'w'" for number in range(200)), database="shop")
        whole = since(start)

        def collect(window: TimeWindow) -> list[str | None]:
            return [e.query_id for e in on_server(log_path=str(server.log)).query_logs(window) if "'w'" in e.query_text]

        everything = collect(whole)
        assert len(everything) == 200
        ends = [
            e.end_time
            for e in on_server(log_path=str(server.log)).query_logs(whole)
            if e.query_text == "SELECT 100, 'w'"
        ]
        first, second = collect(TimeWindow(start, ends[0])), collect(TimeWindow(ends[0], whole.end))
        assert first + second == everything
        assert first
        assert second

    def test_rotated_and_compressed_files(self, server: Server, on_server: MakeCollector, tmp_path: Path) -> None:
        start = datetime.now(UTC)
        server.execute("SELECT 'before rotation'", database="shop")
        old = server.rotate()
        server.execute("SELECT 'after rotation'", database="shop")
        with old.open("rb") as plain, gzip.open(tmp_path / f"{old.name}.gz", "wb") as packed:
            shutil.copyfileobj(plain, packed)
        shutil.copy(server.log_files()[-1], tmp_path)
        (tmp_path / "postgresql.log").write_text("2026-11-20 12:00:00 UTC [17] LOG:  for people\n")
        collector = on_server(log_path=tmp_path.as_uri())
        found = [text for text in texts(list(collector.query_logs(since(start)))) if "rotation'" in text]
        assert found == ["SELECT 'before rotation'", "SELECT 'after rotation'"]
        assert collector.report.counts["files_read"] == 2
        by_glob = on_server(log_path=f"{tmp_path}/*.csv*")
        assert [t for t in texts(list(by_glob.query_logs(since(start)))) if "rotation'" in t] == found

    def test_a_database_in_another_encoding(self, server: Server, on_server: MakeCollector) -> None:
        start = datetime.now(UTC)
        server.execute("CREATE DATABASE western ENCODING 'WIN1252' TEMPLATE template0")
        try:
            server.execute("SELECT 'ü€'", database="western", client_encoding="UTF8")
            collector = on_server("western", log_path=str(server.log), databases=["western", "shop"])
            server.execute("SELECT 'ü€ of shop'", database="shop")
            found = [text for text in texts(list(collector.query_logs(since(start)))) if "€" in text]
        finally:
            server.execute("DROP DATABASE western WITH (FORCE)")
        assert found == ["SELECT 'ü€'", "SELECT 'ü€ of shop'"]
        assert collector.report.counts["records_in_another_encoding"] > 0

    def test_its_own_statements_are_left_out(self, server: Server, on_server: MakeCollector) -> None:
        start = datetime.now(UTC)
        list(on_server().metadata(TableFilter()))
        collector = on_server(log_path=str(server.log))
        entries = list(collector.query_logs(since(start)))
        assert not any("montecarlo" in entry.query_text for entry in entries)
        assert collector.report.counts["statements_of_this_collector"] > 5


class TestFiles:
    """Files as they may be found, in a folder of the test's own."""

    def collect(
        self, on_server: MakeCollector, path: Path, **options: Any
    ) -> tuple[list[QueryLogEntry], CollectionReport]:
        collector = on_server(log_path=str(path), **options)
        return list(collector.query_logs(WINDOW)), collector.report

    def write(self, path: Path, *lines: str, name: str = "postgresql.csv") -> Path:
        file = path / name
        file.write_text("".join(lines), newline="")
        return file

    def test_the_window_is_half_open_on_the_end(self, on_server: MakeCollector, tmp_path: Path) -> None:
        times = ("11:59:59.999", "12:00:00.000", "12:59:59.999", "13:00:00.000")
        self.write(
            tmp_path,
            *(line(f"duration: 5000.000 ms  statement: SELECT '{t}'", log_time=f"2026-11-20 {t} UTC") for t in times),
        )
        entries, _ = self.collect(on_server, tmp_path)
        assert texts(entries) == ["SELECT '12:00:00.000'", "SELECT '12:59:59.999'"]
        assert entries[0].start_time == datetime(2026, 11, 20, 11, 59, 55, tzinfo=UTC)

    def test_text_from_before_the_window_and_in_another_file(self, on_server: MakeCollector, tmp_path: Path) -> None:
        first = self.write(
            tmp_path, line("statement: INSERT long", log_time="2026-11-20 11:10:00.000 UTC"), name="a.csv"
        )
        self.write(
            tmp_path,
            line("duration: 3600000.000 ms", log_time="2026-11-20 12:10:00.000 UTC", session_line_num=2),
            name="b.csv",
        )
        os.utime(first, (1, datetime(2026, 11, 20, 11, 30, tzinfo=UTC).timestamp()))
        (entry,), _ = self.collect(on_server, tmp_path)
        assert (entry.query_text, entry.start_time) == ("INSERT long", datetime(2026, 11, 20, 11, 10, tzinfo=UTC))
        os.utime(first, (1, datetime(2026, 11, 20, 10, 59, tzinfo=UTC).timestamp()))
        entries, report = self.collect(on_server, tmp_path)
        assert entries == []
        assert report.counts["files_older_than_window"] == 1
        assert report.counts["durations_without_statement"] == 1

    def test_a_statement_that_still_runs_is_left_to_the_window_of_its_end(
        self, on_server: MakeCollector, tmp_path: Path
    ) -> None:
        self.write(tmp_path, line("statement: SELECT pg_sleep(9999)"))
        entries, report = self.collect(on_server, tmp_path)
        assert entries == []
        assert report.counts["statements_running"] == 1

    def test_where_only_some_are_timed_a_record_after_the_window_tells_what_still_ran(
        self, server: Server, on_server: MakeCollector, tmp_path: Path
    ) -> None:
        self.write(
            tmp_path,
            line("statement: SELECT 'short'", session_id="a.1", database_name="other"),
            line("statement: SELECT 'long'", log_time="2026-11-20 12:59:00.000 UTC", database_name="other"),
            line("duration: 120000.000 ms", log_time="2026-11-20 13:01:00.000 UTC", database_name="other"),
        )
        server.execute("ALTER DATABASE other SET log_min_duration_statement = -1")
        try:
            collector = on_server("other", log_path=str(tmp_path))
            assert texts(list(collector.query_logs(WINDOW))) == ["SELECT 'short'"]
        finally:
            server.execute("ALTER DATABASE other RESET log_min_duration_statement")
        assert "The server logs no statements to this role" in collector.report.notes[0]

    def test_a_record_that_breaks_off_costs_itself_only(self, on_server: MakeCollector, tmp_path: Path) -> None:
        good = [line(f"duration: 1.000 ms  statement: SELECT {n}", session_line_num=n) for n in range(3)]
        broken = line("duration: 1.000 ms  statement: SELECT 'cut\nin the middle'")
        embedded = line("duration: 1.000 ms  statement: COPY t FROM stdin\n" + good[0])
        self.write(tmp_path, good[0], broken[: broken.index("middle")] + "\n", good[1], embedded, good[2])
        entries, report = self.collect(on_server, tmp_path)
        assert texts(entries) == ["SELECT 0", "SELECT 1", "COPY t FROM stdin\n" + good[0], "SELECT 2"]
        assert report.left_out == {"truncated": 1}

    def test_the_last_record_may_be_unfinished(self, on_server: MakeCollector, tmp_path: Path) -> None:
        good = line("duration: 1.000 ms  statement: SELECT 1")
        self.write(tmp_path, good, good[:150])
        entries, report = self.collect(on_server, tmp_path)
        assert len(entries) == 1
        assert report.counts["records_unfinished"] == 1
        assert not report.left_out

    @pytest.mark.parametrize("columns", [23, 24, 26])
    def test_columns_of_older_servers(self, on_server: MakeCollector, tmp_path: Path, columns: int) -> None:
        self.write(tmp_path, line("duration: 1.000 ms  statement: SELECT 1", columns=columns, query_id="-77"))
        (entry,), _ = self.collect(on_server, tmp_path)
        assert (entry.extra or {}).get("query_hash") == ("-77" if columns == 26 else None)

    def test_text_in_another_encoding(self, on_server: MakeCollector, tmp_path: Path) -> None:
        self.write(tmp_path).write_bytes(line("duration: 1.000 ms  statement: SELECT 'ü'").encode("latin-1"))
        (entry,), report = self.collect(on_server, tmp_path)
        assert entry.query_text == "SELECT '�'"
        assert report.counts["records_in_another_encoding"] == 1

    def test_a_megabyte_of_text(self, on_server: MakeCollector, tmp_path: Path) -> None:
        text = "SELECT '" + "ü\n" * 500_000 + "'"
        self.write(tmp_path, line("duration: 1.000 ms  statement: " + text))
        (entry,), _ = self.collect(on_server, tmp_path)
        assert entry.query_text == text

    def test_a_packed_file_that_breaks_off(self, on_server: MakeCollector, tmp_path: Path) -> None:
        lines = "".join(line(f"duration: 1.000 ms  statement: SELECT {n * 7919}") for n in range(20_000))
        packed = gzip.compress(lines.encode())
        (tmp_path / "postgresql.csv.gz").write_bytes(packed[: len(packed) // 2])
        entries, report = self.collect(on_server, tmp_path)
        assert 1000 < len(entries) < 20_000
        assert report.left_out["file_truncated"] == 1
        assert not report.complete

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"2026-11-20 12:00:00 UTC [17] LOG:  statement: SELECT 1\n" * 3, "has to be the CSV log"),
            (b"\x00\x01\x02" * 1000, "it is no text"),
        ],
    )
    def test_what_is_no_log(self, on_server: MakeCollector, tmp_path: Path, content: bytes, message: str) -> None:
        (tmp_path / "postgresql.csv").write_bytes(content)
        with pytest.raises(SourceError, match=message):
            self.collect(on_server, tmp_path)

    def test_no_file(self, on_server: MakeCollector, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="no CSV log file at"):
            self.collect(on_server, tmp_path)

    def test_another_time_zone_than_the_server_says(self, on_server: MakeCollector, tmp_path: Path) -> None:
        at = "2026-11-20 07:30:00.000 EST"
        self.write(tmp_path, line("duration: 1.000 ms  statement: SELECT 1", log_time=at))
        with pytest.raises(SourceError, match="not in time zone Europe/Berlin, the server's log_timezone"):
            self.collect(on_server, tmp_path)

    def test_a_file_that_is_being_compressed(self, on_server: MakeCollector, tmp_path: Path) -> None:
        text = line("duration: 1.000 ms  statement: SELECT 1")
        self.write(tmp_path, text)
        (tmp_path / "postgresql.csv.gz").write_bytes(gzip.compress(text.encode())[:20])
        entries, report = self.collect(on_server, tmp_path)
        assert len(entries) == 1
        assert report.complete

    def test_files_that_may_not_be_read(
        self, on_server: MakeCollector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.write(tmp_path, line("duration: 1.000 ms  statement: SELECT 1"))

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError("no")

        collector = on_server(log_path=str(tmp_path))
        monkeypatch.setattr("airflow_provider_montecarlo_push.collectors.text_files.storage.Storage._open", refuse)
        with pytest.raises(AccessDeniedError, match="may be read"):
            list(collector.query_logs(WINDOW))
