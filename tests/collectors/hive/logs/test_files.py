"""Which files are read, on a local disk and on S3, and what becomes of those that are rotated or damaged."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from airflow_provider_montecarlo_push.collectors.hive.logs import files
from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.reader import HiveLogs, check_logs
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from benchmarks.hive_logs import GeneratedLogs, lines
from benchmarks.wires import DAY, Size
from tests.collectors.hive.logs.conftest import OTHER_SESSION, Log, Reading

pytestmark = pytest.mark.integration
S3 = "hive_logs_s3"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "secret",
        "extra": {"endpoint_url": endpoint, "region_name": "us-east-1"},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"AIRFLOW_CONN_{S3.upper()}", json.dumps(connection))
        from airflow.sdk import ObjectStoragePath

        name = f"logs-{uuid.uuid4().hex[:8]}"
        ObjectStoragePath(f"s3://{S3}@{name}/").mkdir()
        yield name
    server.stop()


def modified(path: Path, time: datetime) -> Path:
    os.utime(path, (time.timestamp(), time.timestamp()))
    return path


def split_in_two(folder: Path, name: str = "hive.log", rotated: str = "hive.log.1") -> Path:
    """Write a query that begins in the file before, and one that is told about in both."""
    log = Log().at(-50)
    query, other = log.new_id(), log.new_id()
    log.compile(query, "SELECT 'began\nbefore'").execute(query, "SELECT 'began\nbefore'")
    log.at(-1).compile(other, "SELECT 2", OTHER_SESSION, 40)
    modified(log.write(folder / rotated), log.time)
    log.lines.clear()
    log.at(2).execute(other, "SELECT 2", 140)
    log.add("FAILED: Execution Error", "HiveServer2-Background-Pool: Thread-44", level="ERROR")
    log.complete(query).complete(other, 140)
    modified(log.write(folder / name), log.time)
    return folder


@pytest.mark.parametrize(
    ("name", "rotated"),
    [
        ("hive.log", "hive.log.1"),
        ("hive.log", "hive.log.2026-11-21-11"),
        ("hive.log.2026-11-21-12", "hive.log.2026-11-21-11"),
        ("12/hive.log", "11/hive.log"),
        ("hiveserver2.log.1.gz", "hiveserver2.log.2.gz"),
    ],
)
def test_a_query_over_two_files(tmp_path: Path, name: str, rotated: str) -> None:
    split_in_two(tmp_path, name, rotated)
    for path in tmp_path.rglob("*.gz"):
        time = path.stat().st_mtime
        path.write_bytes(gzip.compress(path.read_bytes()))
        os.utime(path, (time, time))
    reading = Reading(tmp_path)
    assert {entry.query_text: entry.error_text for entry in reading.queries()} == {
        "SELECT 'began\nbefore'": "FAILED: Execution Error",
        "SELECT 2": None,
    }


def test_lookback(tmp_path: Path) -> None:
    split_in_two(tmp_path)
    reading = Reading(tmp_path, log_lookback_hours=0)
    assert reading.texts() == ["SELECT 2"]
    assert reading.report.left_out == {"queries_without_beginning": 1}
    assert reading.report.counts["files_older_than_window"] == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("/logs/host1/hive.log", "/logs/host1/hive.log"),
        ("/logs/host1/hive.log.2026-11-20-08", "/logs/host1/hive.log"),
        ("/logs/host1/hive.log.2026-11-20.gz", "/logs/host1/hive.log"),
        ("/logs/host1/hive.log.12.gz", "/logs/host1/hive.log"),
        ("bucket/host1/2026/11/20/hive.log", "bucket/host1/hive.log"),
        ("bucket/dt=2026-11-20/hour=8/host1-hive.log", "bucket/host1-hive.log"),
        ("bucket/host1/hive-20261120.log", "bucket/host1/hive.log"),
        ("bucket/host2/hive_2026-11-20T08.log.gz", "bucket/host2/hive.log"),
        (
            "/var/log/hive/hadoop-cmf-hive-HIVESERVER2-node7.log.out.3",
            "/var/log/hive/hadoop-cmf-hive-HIVESERVER2-node7.log.out",
        ),
    ],
)
def test_files_of_one_server(name: str, source: str) -> None:
    assert files.source_of(name) == source


def test_servers_are_followed_in_the_order_of_time(tmp_path: Path) -> None:
    """The second server writes what the first reads, though its file comes later by name and time."""
    first, second = Log(), Log().at(1)
    second._number = 100
    second.run("CREATE TABLE mart.staged AS SELECT a FROM shop.s")
    first.at(2).run("CREATE TABLE mart.t AS SELECT a FROM mart.staged")
    second.at(3).run("DROP TABLE mart.staged")
    modified(first.write(tmp_path / "a" / "hive.log"), first.time)
    modified(second.write(tmp_path / "b" / "hive.log"), second.time)
    assert Reading(tmp_path).edges() == ["mart.t<shop.s: a(shop.s.a)"]


def test_rotated_while_read(tmp_path: Path) -> None:
    log = Log()
    for number in range(3_000):
        log.run(f"SELECT {number} -- {'x' * 200}")
    path = log.write(tmp_path / "hive.log")
    reading = Reading(tmp_path)
    entries = reading.logs.query_logs()
    found = [next(entries).query_text]
    path.rename(tmp_path / "hive.log.1")
    later = Log().at(20)
    later._number = 10_000
    later.run("SELECT 'new'")
    later.write(path)
    found += [entry.query_text for entry in entries]
    assert len(found) == 3_000
    assert not reading.report.left_out
    assert Reading(tmp_path).texts()[-1] == "SELECT 'new'"


def test_rotated_between_listing_and_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    log.run("SELECT 1")
    path = log.write(tmp_path / "hive.log")
    reading = Reading(tmp_path)
    opened = []
    storage = files.Storage
    original = storage.open

    def rotate_first(self: Any, entry: Any) -> Any:
        if not opened:
            path.rename(tmp_path / "hive.log.1")
            path.write_text("")
        opened.append(entry.name)
        return original(self, entry)

    monkeypatch.setattr(storage, "open", rotate_first)
    assert reading.texts() == ["SELECT 1"]
    assert reading.report.complete


def test_damaged_files_cost_themselves_alone(tmp_path: Path) -> None:
    log = Log()
    for number in range(50):
        log.run(f"SELECT {number} -- {uuid.uuid4()}")
    packed = gzip.compress(log.text().encode())
    (tmp_path / "cut.log.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "damaged.log.gz").write_bytes(packed[:200] + b"\xff" * 50 + packed[250:])
    (tmp_path / "core").write_bytes(b"\x7fELF\0\0\0\1" * 100)
    (tmp_path / "notes.txt").write_text("These are no logs.\n")
    (tmp_path / "empty.log").write_text("")
    good = Log()
    good._number = 1000
    good.run("SELECT 'good'")
    good.write(tmp_path / "hive.log")
    reading = Reading(tmp_path)
    texts = reading.texts()
    assert "SELECT 'good'" in texts
    assert 5 < len(texts) < 51
    assert {"file_truncated", "file_damaged", "file_binary", "no_log"} <= set(reading.report.left_out)
    assert reading.report.counts["files_empty"] == 1
    assert not reading.report.complete


def test_a_record_that_breaks_off(tmp_path: Path, log: Log) -> None:
    log.run("SELECT 1")
    query = log.new_id()
    log.compile(query, "SELECT 2").execute(query, "SELECT\n2")
    (tmp_path / "hive.log").write_text(log.text()[:-4])
    reading = Reading(tmp_path)
    assert reading.texts() == ["SELECT 1"]
    assert reading.report.counts["queries_unfinished"] == 1


@pytest.mark.parametrize(
    ("encoding", "option", "text", "strange"),
    [
        ("utf-8", None, "SELECT 'größe 大小'", 0),
        ("utf-8-sig", None, "SELECT 'größe 大小'", 0),
        ("utf-16", None, "SELECT 'größe 大小'", 0),
        ("latin-1", "latin-1", "SELECT 'größe'", 0),
        ("latin-1", None, "SELECT 'größe'", 2),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, option: str | None, text: str, strange: int, log: Log) -> None:
    log.run(text)
    log.run("SELECT 2")
    (tmp_path / "hive.log").write_bytes(log.text().encode(encoding))
    reading = Reading(tmp_path, log_encoding=option)
    texts = reading.texts()
    assert texts[1] == "SELECT 2"
    assert (texts[0] == text) is (strange == 0)
    assert reading.report.counts["records_in_another_encoding"] == strange


def test_windows_line_ends_and_holes(tmp_path: Path, log: Log) -> None:
    log.run("SELECT\n1")
    content = log.text().replace("\n", "\r\n").encode()
    (tmp_path / "hive.log").write_bytes(b"\0" * 5000 + content)
    assert Reading(tmp_path).texts() == ["SELECT\n1"]


def test_time_zone(tmp_path: Path) -> None:
    log = Log().at(0)
    log.run("SELECT 1")
    log.at(60).run("SELECT 2")
    log.write(tmp_path / "hive.log")
    assert Reading(tmp_path).texts() == ["SELECT 1"]
    assert Reading(tmp_path, log_timezone="Europe/Berlin").texts() == ["SELECT 2"]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="log_path"):
        Reading(tmp_path / "nowhere").queries()
    reading = Reading(f"{tmp_path}/%Y-%m-%d/hive.log")
    assert reading.queries() == []
    assert len(reading.report.notes) == 1


def test_no_log(tmp_path: Path) -> None:
    (tmp_path / "hive.log").write_text("INFO  : Compiling command(queryId=x): SELECT 1\nINFO  : OK\n")
    with pytest.raises(SourceError, match=r"hive-log4j2\.properties"):
        Reading(tmp_path).queries()


def test_denied(tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write(tmp_path / "hive.log")
    log.run("SELECT 1")
    path = log.write(tmp_path / "hive.log")

    def refuse(self: Any, name: str) -> Any:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(files.Storage, "_open", refuse)
    with pytest.raises(AccessDeniedError, match="may be read"):
        Reading(path).queries()
    (check,) = check_logs(LogOptions(log_path=str(path)))
    assert not check.readable


def test_access(tmp_path: Path, log: Log) -> None:
    log.write(tmp_path / "logs" / "hive.log")
    options = LogOptions(log_path=str(tmp_path / "logs"), operation_log_path=str(tmp_path / "operations"))
    logs, operations = check_logs(options)
    assert (logs.readable, logs.flows) == (True, {Flow.LINEAGE, Flow.QUERY_LOGS})
    assert (operations.readable, operations.flows) == (False, {Flow.QUERY_LOGS})


@pytest.mark.parametrize("below", ["/%Y/%m/%d/*/hive.log*", "", "/2026/11/21/host1", "/2026/11/2?/**/hive.log.*"])
def test_s3(bucket: str, tmp_path: Path, below: str) -> None:
    from airflow.sdk import ObjectStoragePath

    folder = f"case-{uuid.uuid4().hex[:6]}"
    root = ObjectStoragePath(f"s3://{S3}@{bucket}/{folder}")
    log = Log().at(30)
    log.run("CREATE TABLE mart.t AS\nSELECT a FROM shop.s")
    target = root / "2026" / "11" / "21" / "host1" / "hive.log.2026-11-21-12.gz"
    with target.open("wb") as file:
        file.write(gzip.compress(log.text().encode()))
    path = f"s3://{S3}@{bucket}/{folder}{below}"
    assert Reading(path).texts() == ["CREATE TABLE mart.t AS\nSELECT a FROM shop.s"]
    assert Reading(path).edges() == ["mart.t<shop.s: a(shop.s.a)"]
    if "%" not in below:
        assert [check.readable for check in check_logs(LogOptions(log_path=path))] == [True]


@pytest.mark.parametrize("flow", ["query_logs", "lineage"])
def test_memory_does_not_grow_with_the_log(flow: str) -> None:
    def peak(queries: int) -> int:
        size = Size(queries=queries)
        reading = Reading("/unused", TimeWindow(DAY, DAY + timedelta(days=1)))
        storage = GeneratedLogs(lambda: lines(size, native=True, noise=1))
        logs = HiveLogs(reading.logs._options, reading.report, reading.logs._window, storage=storage)
        tracemalloc.start()
        count = sum(1 for _ in (logs.query_logs() if flow == "query_logs" else logs.lineage(None)))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        failed = -(-queries // 50)
        assert count == (queries if flow == "query_logs" else queries - failed)
        return used

    # The ends of the last hundred thousand queries are remembered, 200 bytes each.
    small, large = peak(300), peak(2_000)
    assert large - small < 1_700 * 300


def test_the_window_ends_the_reading() -> None:
    """Of a backfill, what comes long after the window is not read."""
    size = Size(queries=20_000)
    storage = GeneratedLogs(lambda: lines(size, noise=1))
    reading = Reading("/unused")
    window = TimeWindow(DAY + timedelta(hours=1), DAY + timedelta(hours=2))
    logs = HiveLogs(reading.logs._options, reading.report, window, storage=storage)
    assert 800 < sum(1 for _ in logs.query_logs()) < 850
    assert storage.calls < 40
