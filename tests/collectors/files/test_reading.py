"""Which files are read, on a local disk and on S3, and what becomes of those that move meanwhile."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.files.collector import FilesCollector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.text_files import reading
from airflow_provider_montecarlo_push.collectors.text_files.storage import Storage, split_path, translate
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)
from tests.collectors.files.conftest import CONN_ID, WINDOW, Store, collector, json_lines, query, set_modified

pytestmark = pytest.mark.integration


def texts(reading: FilesCollector) -> list[str]:
    return sorted(entry.query_text for entry in reading.query_logs(WINDOW))


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("", ["1", "2", "3", "4", "5"]),
        ("/", ["1", "2", "3", "4", "5"]),
        ("/dt=1", ["1", "2"]),
        ("/dt=1/a.jsonl", ["1"]),
        ("/*.csv", ["4"]),
        ("/dt=*", ["1", "2", "3"]),
        ("/dt=*/a.jsonl*", ["1", "3"]),
        ("/**/a.jsonl*", ["1", "3"]),
        ("/dt=[2-9]/*", ["3"]),
        ("/odd?[1].jsonl", ["5"]),
    ],
)
def test_folder_file_and_glob(store: Store, below: str, expected: list[str]) -> None:
    store.put("dt=1/a.jsonl", query("1"))
    store.put("dt=1/deep/b.jsonl.gz", query("2"), packed=True)
    store.put("dt=2/a.jsonl.1.gz", query("3"), packed=True)
    store.put("c.csv", b"query_text,start_time,end_time\n4,2026-11-20T12:00:00Z,2026-11-20T12:00:00Z\n")
    store.put("odd?[1].jsonl", query("5"))
    for hidden in ("_SUCCESS", ".c.csv.crc", "_temporary/0/x.jsonl"):
        store.put(hidden, query("hidden"))
    reading = store.collector(below)
    assert texts(reading) == expected
    assert reading.report.counts["files_read"] == len(expected)
    assert not reading.report.left_out


def test_a_connection_in_the_path(s3: Store) -> None:
    s3.put("a.jsonl", query("1"))
    path = s3.path.replace("s3://", f"s3://{CONN_ID}@")
    assert texts(collector(path, "no_such_connection")) == ["1"]
    reading = collector(path + "/*")
    list(reading.query_logs(explicit_window("2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z")))
    assert reading.report.counts["rows_outside_window"] == 1


def test_a_local_uri(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(json_lines(query("1")))
    assert texts(collector(f"file://{tmp_path}", "a connection that is not there")) == ["1"]


def test_what_is_listed_is_listed_anew(store: Store) -> None:
    store.put("a.jsonl", query("1"))
    reading = store.collector()
    assert texts(reading) == ["1"]
    store.put("b.jsonl", query("2"))
    assert texts(reading) == ["1", "2"]


def test_files_last_modified_before_the_window_are_not_opened(tmp_path: Path) -> None:
    for name, moment in (("old", -timedelta(minutes=1)), ("just", timedelta(0)), ("new", timedelta(days=30))):
        file = tmp_path / f"{name}.jsonl"
        file.write_bytes(json_lines(query(name)))
        set_modified(file, WINDOW.start + moment)
    (tmp_path / "old.jsonl").chmod(0)
    reading = collector(tmp_path)
    assert texts(reading) == ["just", "new"]
    assert reading.report.counts["files_older_than_window"] == 1
    (tmp_path / "old.jsonl").chmod(0o600)
    assert texts(collector(tmp_path, use_modification_time="False")) == ["just", "new", "old"]


def test_objects_uploaded_before_the_window_are_not_opened(s3: Store) -> None:
    s3.put("a.jsonl", query("1"))
    reading = s3.collector()
    future = explicit_window("2126-11-20T12:00:00Z", "2126-11-20T13:00:00Z")
    assert list(reading.query_logs(future)) == []
    assert reading.report.counts == {"files_older_than_window": 1}


def test_only_the_places_of_the_window_are_looked_at(store: Store) -> None:
    for hour in (9, 10, 11, 12, 13, 14, 15):
        store.put(f"2026-11-20/{hour:02}/a.jsonl", query(str(hour)))
    reading = store.collector("/%Y-%m-%d/%H/*.jsonl")
    assert texts(reading) == ["11", "12", "13", "14"]
    assert texts(store.collector("/%Y-%m-%d")) == ["10", "11", "12", "13", "14", "15", "9"]
    # A place that is not there yet is no error.
    empty = store.collector("/none-%Y")
    assert texts(empty) == []
    assert "no file" in empty.report.notes[0]


def test_nothing_there(store: Store) -> None:
    for below in ("/none", "/none.jsonl", "/none-*.jsonl"):
        with pytest.raises(SourceError, match=r"There is no file at .*none"):
            texts(store.collector(below))


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with pytest.raises(SourceError, match="There is no file"):
        texts(collector(tmp_path / "logs"))


def test_empty_files_are_counted(store: Store) -> None:
    store.put("a.jsonl", b"")
    store.put("b.jsonl", query("1"))
    reading = store.collector()
    assert texts(reading) == ["1"]
    assert reading.report.counts == {"files_empty": 1, "files_read": 1}


def test_bad_files_cost_only_themselves(store: Store) -> None:
    store.put("a.jsonl", query("1"))
    store.put("b.jsonl", os.urandom(20_000))
    store.put(
        "c.jsonl.gz", gzip.compress(json_lines(*[query("2", user=str(uuid.uuid4())) for _ in range(5_000)]))[:-50]
    )
    store.put("d.parquet", b"PAR1")
    reading = store.collector()
    found = texts(reading)
    assert set(found) == {"1", "2"}
    assert len(found) > 4_000
    assert reading.report.left_out == {"file_binary": 1, "file_truncated": 1, "file_unknown_format": 1}
    assert not reading.report.complete


def test_when_no_file_can_be_read_it_is_an_error(store: Store) -> None:
    store.put("a.jsonl", os.urandom(20_000))
    store.put("b.log", query("1"))
    with pytest.raises(SourceError, match=r"None of the files .* 1 file_binary") as raised:
        texts(store.collector())
    assert "1 file_unknown_format" in str(raised.value)
    assert texts(store.collector("/b.log", format="jsonl")) == ["1"]


def test_links_and_what_is_no_file(tmp_path: Path) -> None:
    """A link to a file that is there as well is the same file; a pipe would be waited for without end."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_bytes(json_lines(query("1")))
    (tmp_path / "elsewhere.jsonl").write_bytes(json_lines(query("2")))
    (tmp_path / "logs" / "current.jsonl").symlink_to("a.jsonl")
    (tmp_path / "logs" / "other.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    (tmp_path / "logs" / "dangling.jsonl").symlink_to("nowhere")
    os.mkfifo(tmp_path / "logs" / "pipe.jsonl")
    (tmp_path / "link").symlink_to("logs")
    reading = collector(tmp_path / "link")
    assert texts(reading) == ["1", "2"]
    assert reading.report.left_out == {"file_vanished": 1}


def when_opened(monkeypatch: pytest.MonkeyPatch, name: str, do: Callable[[], None]) -> None:
    """Do something once, after the files were listed and just before one of them is opened."""
    original = Storage.open
    done = []

    def watched(self: Storage, entry: Any) -> Any:
        if entry.name.endswith(name) and not done:
            done.append(1)
            do()
        return original(self, entry)

    monkeypatch.setattr(Storage, "open", watched)


def when_read(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None], *, size: int = 100) -> None:
    """Do something once, after the first bytes of a file were read."""
    original = Storage.read
    calls = []

    def watched(self: Storage, stream: Any, wanted: int, name: str) -> bytes:
        calls.append(1)
        if len(calls) == 2:
            do()
        return original(self, stream, min(size, wanted), name)

    monkeypatch.setattr(Storage, "read", watched)


def rotated(folder: Path, *names: str) -> None:
    """Give each file the name of the next, as logrotate does, and begin a new first one."""
    for old, new in reversed(list(pairwise(names))):
        (folder / old).rename(folder / new)
    (folder / names[0]).write_bytes(json_lines(query("new")))


@pytest.mark.parametrize("opened", ["log.jsonl", "log.jsonl.1"])
def test_files_that_are_rotated_between_listing_and_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: str
) -> None:
    for minutes, name in enumerate(["log.jsonl.2", "log.jsonl.1", "log.jsonl"]):
        (tmp_path / name).write_bytes(json_lines(query(name)))
        set_modified(tmp_path / name, WINDOW.start + timedelta(minutes=minutes))
    names = ("log.jsonl", "log.jsonl.1", "log.jsonl.2", "log.jsonl.3")
    when_opened(monkeypatch, opened, lambda: rotated(tmp_path, *names))
    reading = collector(tmp_path)
    assert texts(reading) == ["log.jsonl", "log.jsonl.1", "log.jsonl.2", "new"]
    assert reading.report.complete


def test_a_file_that_is_rotated_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log.jsonl").write_bytes(json_lines(*[query(f"{number:03}") for number in range(100)]))
    when_read(monkeypatch, lambda: rotated(tmp_path, "log.jsonl", "log.jsonl.1"))
    assert texts(collector(tmp_path)) == [f"{number:03}" for number in range(100)]


def test_a_file_that_is_deleted_before_it_is_opened(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("a.jsonl", query("1"))
    store.put("b.jsonl", query("2"))
    when_opened(monkeypatch, "a.jsonl", lambda: (store._root / "a.jsonl").unlink())
    reading = store.collector()
    assert texts(reading) == ["2"]
    assert reading.report.left_out == {"file_vanished": 1}
    assert not reading.report.complete


def test_a_file_that_grows_is_read_to_the_end_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.jsonl"
    begun = json_lines(query("begun"))
    file.write_bytes(json_lines(query("1"), query("2")) + begun[:20])

    def grow() -> None:
        with file.open("ab") as stream:
            stream.write(begun[20:] + json_lines(query("later")))

    when_read(monkeypatch, grow)
    reading = collector(tmp_path)
    assert texts(reading) == ["1", "2", "begun"]
    assert not reading.report.left_out


def test_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(json_lines(query("1")) + b'{"query_text": "sel')
    reading = collector(tmp_path)
    assert texts(reading) == ["1"]
    assert reading.report.left_out == {"truncated": 1}


def test_a_file_that_is_cut_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut off may be in a copy by now: the next try finds it, and nothing is sent twice."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(json_lines(*[query()] * 1_000))
    when_read(monkeypatch, lambda: os.truncate(file, 0))
    with pytest.raises(SourceUnavailableError, match="was cut"):
        texts(collector(tmp_path))


def test_an_object_that_is_replaced_while_it_is_read(s3: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("a.jsonl", *[query("1" * 1_000_000) for _ in range(4)])
    when_read(monkeypatch, lambda: s3.put("a.jsonl", query("2")), size=1 << 18)
    with pytest.raises(SourceUnavailableError, match="Reading s3://"):
        texts(s3.collector())


def test_what_may_not_be_read(tmp_path: Path) -> None:
    """Root may read everything, so this is tried as somebody else, in a process of its own."""
    logs = tmp_path / "logs"
    for name in ("a.jsonl", "b.jsonl", "secret/c.jsonl"):
        (logs / name).parent.mkdir(parents=True, exist_ok=True)
        (logs / name).write_bytes(json_lines(query(name)))
    (logs / "b.jsonl").chmod(0)
    (logs / "secret").chmod(0)
    result = as_nobody(tmp_path, lambda: _summary(collector(logs)))
    assert result["texts"] == ["a.jsonl"]
    assert result["left_out"] == {"file_denied": 1, "folder_denied": 1}
    assert result["complete"] is False
    assert [check["readable"] for check in result["access"]] == [False, False]
    assert "AccessDeniedError" in as_nobody(tmp_path, lambda: _summary(collector(logs / "b.jsonl")))["error"]
    assert "AccessDeniedError" in as_nobody(tmp_path, lambda: _summary(collector(logs / "secret")))["error"]


def _summary(reading: FilesCollector) -> dict[str, Any]:
    try:
        found = texts(reading)
    except MonteCarloPushError as error:
        return {"error": f"{type(error).__name__}: {error}"}
    access = [check.as_dict() for check in reading.access(TableFilter())]
    return {
        "texts": found,
        "left_out": dict(reading.report.left_out),
        "complete": reading.report.complete,
        "access": access,
    }


def as_nobody(folder: Path, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a child process without privileges returns."""
    for path in (folder, *folder.parents):
        if path != Path("/") and os.geteuid() == 0:
            path.chmod(path.stat().st_mode | 0o055)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            os.write(write, json.dumps(do()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        content = stream.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return dict(json.loads(content))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/log/a.jsonl", ("file", None, "/var/log/a.jsonl")),
        ("file:///var/log", ("file", None, "/var/log")),
        ("local:///var/log", ("file", None, "/var/log")),
        ("s3://bucket", ("s3", None, "bucket")),
        ("s3://conn@bucket/a@b/*.csv", ("s3", "conn", "bucket/a@b/*.csv")),
        ("gs://bucket/a?b#c", ("gs", None, "bucket/a?b#c")),
    ],
)
def test_paths(path: str, expected: tuple[str, str | None, str]) -> None:
    assert split_path(path) == expected


@pytest.mark.parametrize(
    ("path", "conn_id", "error", "said"),
    [
        ("nosuch://bucket/logs", "", ConfigurationError, "nosuch"),
        ("s3://bucket/logs", "no_such_connection", ConfigurationError, "no_such_connection"),
    ],
)
def test_where_no_file_system_is(
    s3: Store, airflow_database: None, path: str, conn_id: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        texts(collector(path, conn_id))


def test_a_storage_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "hidden-secret",
        "extra": {
            "endpoint_url": "http://127.0.0.1:9",
            "config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 1},
        },
    }
    monkeypatch.setenv("AIRFLOW_CONN_FILES_GONE", json.dumps(connection))
    with pytest.raises(SourceUnavailableError, match="files_gone") as raised:
        texts(collector("s3://bucket/logs/", "files_gone"))
    assert "hidden-secret" not in str(raised.value)


class NoCredentialsError(Exception):
    pass


class EndpointConnectionError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError("Access Denied"), AccessDeniedError),
        (NoCredentialsError("Unable to locate credentials"), SourceError),
        (EndpointConnectionError("Could not connect"), SourceUnavailableError),
        (TimeoutError(), SourceUnavailableError),
        (OSError(5, "I/O error"), SourceUnavailableError),
        (OSError(22, "The specified bucket is not valid"), SourceError),
        (KeyError("x"), SourceError),
        (SourceError("said already"), SourceError),
    ],
)
def test_errors_of_stores(error: Exception, expected: type[Exception]) -> None:
    assert type(translate(error, "Listing s3://bucket", "conn")) is expected


@pytest.mark.parametrize("below", ["", "/a.jsonl", "/*", "/none"])
def test_access_is_told_beforehand(store: Store, below: str) -> None:
    store.put("a.jsonl", query("1"))
    (check,) = store.collector(below).access(TableFilter())
    assert check.name == store.path + below
    assert check.readable is (below != "/none")
    assert check.problem == ("" if check.readable else "there is no file")


def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = json_lines(query("select " + "x" * 2_000))
    for name, number in (("small", 2_000), ("large", 40_000)):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wb", compresslevel=1) as file:
            for _ in range(number // 1_000):
                file.write(row * 1_000)
    (tmp_path / "line.jsonl").write_bytes(b"x" * 60_000_000 + b"\n" + row)

    def peak(name: str, expected: int) -> int:
        reading = collector(tmp_path / name)
        tracemalloc.start()
        try:
            assert sum(1 for _ in reading.query_logs(WINDOW)) == expected
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small = peak("small.jsonl.gz", 2_000)
    assert peak("large.jsonl.gz", 40_000) < small + 1_000_000
    assert peak("line.jsonl", 1) < 50_000_000


def test_one_file_at_a_time_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        (tmp_path / f"{number}.jsonl").write_bytes(json_lines(query(str(number))))
    most = 0
    original = reading.read_text

    def watched(*arguments: Any) -> Any:
        nonlocal most
        most = max(most, sum(str(tmp_path) in str(link.resolve()) for link in Path("/proc/self/fd").iterdir()))
        return original(*arguments)

    monkeypatch.setattr(reading, "read_text", watched)
    assert len(texts(collector(tmp_path))) == 40
    assert most == 1
    lineage = collector(tmp_path, dialect="spark")
    assert list(lineage.lineage(TableFilter(), WINDOW)) == []
    assert lineage.report.counts["statements_parsed"] == 40
    assert 1 < most <= 16


def test_a_file_that_is_being_compressed_is_read_once(store: Store) -> None:
    store.put("a.jsonl", query("1"))
    store.put("a.jsonl.gz", gzip.compress(json_lines(query("1"))))
    store.put("b.jsonl.gz", gzip.compress(json_lines(query("2"))))
    reading = store.collector()
    assert texts(reading) == ["1", "2"]
    assert reading.report.counts["files_being_compressed"] == 1
