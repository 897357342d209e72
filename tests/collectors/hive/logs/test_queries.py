"""Messages of Hive 2 to 4 to queries, whatever runs at the same time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.collectors.hive.logs import records
from airflow_provider_montecarlo_push.collectors.hive.logs.queries import QueryFollower
from airflow_provider_montecarlo_push.collectors.hive.logs.records import Kind, Record
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from tests.collectors.hive.logs.conftest import NOON, OTHER_SESSION, SESSION, WINDOW, Log, Reading

Read = Callable[..., Reading]
HANDLER = "HiveServer2-Handler-Pool: Thread-39"
OPENED = "Created HDFS directory: /tmp/hive/{}/{}"


def test_threads_at_the_same_time(log: Log, read: Read) -> None:
    first, second = log.new_id(), log.new_id()
    log.compile(first, "SELECT 1\n  AS one", thread=1).compile(second, "\nSELECT 2", OTHER_SESSION, thread=2)
    log.execute(first, "SELECT 1\n  AS one", 11).execute(second, "\nSELECT 2", 12)
    log.add("FAILED: Execution Error, return code 1 from X", "HiveServer2-Background-Pool: Thread-12", level="ERROR")
    log.complete(first, 11).complete(second, 12)
    entries = read(log).queries()
    assert [(entry.query_text, entry.error_code) for entry in entries] == [
        ("SELECT 1\n  AS one", None),
        ("SELECT 2", 1),
    ]
    assert entries[0].start_time == NOON
    assert entries[0].end_time == NOON + timedelta(seconds=0.7)
    assert [entry.extra for entry in entries] == [{"session_id": SESSION}, {"session_id": OTHER_SESSION}]


@pytest.mark.parametrize(
    ("before", "user"),
    [
        ([], "hive"),
        ([("session.SessionState", OPENED.format("alice", SESSION))], "alice"),
        ([("session.SessionState", OPENED.format("alice", SESSION) + "/_tmp_space.db")], "alice"),
        ([("session.SessionState", OPENED.format("alice", OTHER_SESSION))], "hive"),
        (
            [
                (
                    "operation.Operation",
                    (
                        "[opType=EXECUTE_STATEMENT, queryId=hive_20261121120000_00000001-7bfc-453f-aa0b-4f3b0c6f0371, "
                        f"startTime=1795262400000, sessionId={SESSION}, createTime=1795262390000, userName=bob, "
                        "ipAddress=10.0.0.1]"
                    ),
                )
            ],
            "bob",
        ),
    ],
)
def test_users(log: Log, read: Read, before: list[tuple[str, str]], user: str) -> None:
    for logger, message in before:
        log.add(message, HANDLER, logger=logger)
    log.run("SELECT 1")
    (entry,) = read(log).queries()
    assert entry.user == user


def test_the_session_of_a_query_that_is_compiled_in_the_background(log: Log, read: Read) -> None:
    """Hive 4 tells the session when an operation begins; its threads need not."""
    query = log.new_id()
    log.add(f"[opType=EXECUTE_STATEMENT, queryId={query}, startTime=1, sessionId={SESSION}, userName=bob, x]", HANDLER)
    log.add(f"Compiling command(queryId={query}): SELECT 1", "HiveServer2-Background-Pool: Thread-44")
    log.execute(query, "SELECT 1").complete(query)
    (entry,) = read(log).queries()
    assert (entry.user, entry.extra) == ("bob", {"session_id": SESSION})


def test_a_lineage_record_tells_user_and_database(log: Log, read: Read) -> None:
    json = (
        '{"version":"1.0","user":"carol","timestamp":1,"database":"shop","queryText":"\\"user\\":\\"x\\"","edges":[]}'
    )
    log.run("SELECT 1", SESSION, 39, ("hooks.LineageLogger", json))
    log.run("SELECT 2")
    entries = read(log).queries()
    assert [entry.user for entry in entries] == ["carol", "hive"]
    assert [(entry.extra or {})["database"] for entry in entries] == ["shop", "shop"]


@pytest.mark.parametrize(
    ("use", "database"),
    [
        ("USE shop", "shop"),
        ("use `Shop` ;", "shop"),
        ("-- first\nUSE\n  shop", "shop"),
        ("/* a */ USE shop", "shop"),
        ("SELECT 'USE shop'", None),
        ("USE shop extra", None),
    ],
)
def test_databases(log: Log, read: Read, use: str, database: str | None) -> None:
    log.run("SELECT 0")
    log.run(use)
    log.run("SELECT 1")
    log.run("SELECT 2", OTHER_SESSION, 40)
    extras = [entry.extra or {} for entry in read(log).queries()]
    assert [extra.get("database") for extra in extras] == [None, None, database, None]


def test_use_that_failed_changes_nothing(log: Log, read: Read) -> None:
    log.run(
        "USE nowhere", SESSION, 39, ("ql.Driver", "FAILED: SemanticException [Error 10072]: Database does not exist")
    )
    log.run("SELECT 1")
    assert [entry.extra for entry in read(log).queries()] == [{"session_id": SESSION}] * 2


def test_default_database(log: Log, read: Read) -> None:
    log.run("SELECT 1")
    (entry,) = read(log, default_database="lake").queries()
    assert (entry.extra or {})["database"] == "lake"


@pytest.mark.parametrize(
    ("messages", "code", "error"),
    [
        (["FAILED: Execution Error, return code -101 from X. No such class"], -101, "FAILED: Execution Error, return "),
        (["FAILED: Hive Internal Error: java.lang.X\njava.lang.XException: y\n\tat z"], None, "FAILED: Hive Internal"),
        (["FAILED: Operation cancelled"], None, "FAILED: Operation cancelled"),
        (["FAILED: first\n  and second line\n\tat z"], None, "FAILED: first\n  and second line"),
        (
            ["FAILED: Execution Error, return code 3 from MapredLocalTask", "FAILED: later"],
            3,
            "FAILED: Execution Error",
        ),
        (
            [
                "FAILED: Execution Error, return code 3 from MapredLocalTask",
                "ATTEMPT: Execute BackupTask: x.MapRedTask",
            ],
            None,
            None,
        ),
        (["nothing FAILED: here"], None, None),
    ],
)
def test_errors_of_execution(log: Log, read: Read, messages: list[str], code: int | None, error: str | None) -> None:
    log.run("SELECT 1", SESSION, 39, *(("ql.Driver", message) for message in messages))
    (entry,) = read(log).queries()
    assert entry.error_code == code
    if error is None:
        assert entry.error_text is None
    else:
        assert entry.error_text is not None
        assert entry.error_text.startswith(error)
        assert "\tat" not in entry.error_text


@pytest.mark.parametrize("doing", ["Compiling", "Executing"])
def test_interrupted(log: Log, read: Read, doing: str) -> None:
    query = log.new_id()
    log.compile(query, "SELECT 1").execute(query, "SELECT 1")
    log.add(f"{doing} command(queryId={query}) has been interrupted after 12.5 seconds", "other")
    (entry,) = read(log).queries()
    assert entry.error_text == f"{doing} command(queryId={query}) has been interrupted after 12.5 seconds"


def test_errors_that_the_service_alone_tells(log: Log, read: Read) -> None:
    query, thread = log.new_id(), f"{SESSION} HiveServer2-Handler-Pool: Thread-39"
    log.compile(query, "SELECT my_function(1)")
    error = "org.apache.hive.service.cli.HiveSQLException: Error running query: java.lang.NoClassDefFoundError: com/x/Y"
    log.add(f"Error executing statement: \n{error}\n\tat org.apache.hive", thread, logger="thrift.ThriftCLIService")
    (entry,) = read(log).queries()
    assert entry.error_text == "Error running query: java.lang.NoClassDefFoundError: com/x/Y"


def test_an_error_of_another_statement_of_the_thread_is_not_of_one_that_goes_on(log: Log, read: Read) -> None:
    query, thread = log.new_id(), f"{SESSION} HiveServer2-Handler-Pool: Thread-39"
    log.compile(query, "SELECT 1").execute(query, "SELECT 1")
    log.add("Error executing statement: \nx.HiveSQLException: y", thread, logger="thrift.ThriftCLIService")
    log.complete(query)
    (entry,) = read(log).queries()
    assert entry.error_text is None


def test_executed_again(log: Log, read: Read) -> None:
    """Hive 3 executes some queries that failed once more, under the same id."""
    failed = ("ql.Driver", "FAILED: Execution Error, return code 2 from TezTask")
    query = log.run("SELECT 1", SESSION, 39, failed)
    log.execute(query, "SELECT 1", 139).complete(query, 139)
    log.run("SELECT 2", SESSION, 39, failed)
    reading = read(log)
    assert [(entry.query_text, entry.error_code) for entry in reading.queries()] == [
        ("SELECT 1", None),
        ("SELECT 2", 2),
    ]
    assert reading.report.counts["queries_executed_again"] == 1


def test_a_message_that_a_text_quotes(log: Log, read: Read) -> None:
    query = log.new_id()
    log.add(f"Parsing command: SELECT 'Compiling command(queryId={query}): x'", logger="parse.ParseDriver")
    log.run(f"SELECT 'Completed executing command(queryId={query}); Time taken: 1 seconds'")
    reading = read(log)
    assert len(reading.queries()) == 1
    assert not reading.report.left_out
    assert reading.report.counts["queries_unfinished"] == 0


@pytest.mark.parametrize(
    ("begin", "end", "inside"),
    [(-30, -0.001, False), (-30, 0, True), (10, 20, True), (10, 59.99, True), (10, 60, False), (61, 62, False)],
)
def test_the_window_is_half_open_on_the_end(log: Log, read: Read, begin: float, end: float, *, inside: bool) -> None:
    query = log.new_id()
    log.at(begin).compile(query, "SELECT 1").execute(query, "SELECT 1").at(end).complete(query)
    reading = read(log)
    assert bool(reading.queries()) is inside
    assert reading.report.left_out == {}


def test_counts_of_what_is_not_whole(log: Log, read: Read) -> None:
    log.complete(log.new_id())
    log.compile(log.new_id(), "SELECT 'compiled'")
    log.execute(log.new_id(), "SELECT 'not compiled'")
    log.at(61).compile(log.new_id(), "SELECT 'later'")
    reading = read(log)
    assert reading.queries() == []
    assert reading.report.left_out == {"queries_without_beginning": 1}
    assert reading.report.counts["queries_unfinished"] == 2


def test_executing_alone_will_do(log: Log, read: Read) -> None:
    query = log.new_id()
    log.execute(query, "SELECT\n1").complete(query)
    assert read(log).texts() == ["SELECT\n1"]


def test_servers_whose_threads_have_the_same_names(tmp_path: Path) -> None:
    """Two servers, read at the same time: the error of one is not that of the other."""
    for host, failed in (("host1", ()), ("host2", (("ql.Driver", "FAILED: x"),))):
        log = Log()
        log._number = int(host[-1]) * 100
        log.run(f"SELECT '{host}'", SESSION, 39, *failed)
        log.write(tmp_path / host / "hive.log")
    entries = Reading(tmp_path).queries()
    assert {entry.query_text: entry.error_text for entry in entries} == {
        "SELECT 'host1'": None,
        "SELECT 'host2'": "FAILED: x",
    }


def test_the_same_log_twice(tmp_path: Path, log: Log) -> None:
    log.run("SELECT 1")
    log.run("SELECT 2", SESSION, 39, ("ql.Driver", "FAILED: x"))
    log.write(tmp_path / "hive.log")
    log.write(tmp_path / "copy" / "hive.log")
    assert Reading(tmp_path).texts() == ["SELECT 1", "SELECT 2"]


@pytest.mark.parametrize("lines", [1, 3_000])
def test_long_texts(log: Log, read: Read, lines: int) -> None:
    piece = "x" * (records.LONGEST_TEXT * 2 // lines)
    log.run("SELECT '" + "\n".join([piece] * lines) + "'")
    reading = read(log)
    (entry,) = reading.queries()
    assert records.LONGEST_TEXT * 0.99 < len(entry.query_text) <= records.LONGEST_TEXT
    assert (entry.extra or {})["query_text_cut"] is True
    assert reading.report.counts["texts_cut"] == 1
    reading = read(log)
    assert reading.edges() == []
    assert reading.report.left_out == {"too_large": 1}


def test_a_line_that_is_too_long(log: Log, read: Read) -> None:
    log.run("SELECT 1")
    log.add("y" * (records.LONGEST_LINE + 1))
    log.run("SELECT '" + "\n".join(["z", "y" * (records.LONGEST_LINE + 1)]) + "'")
    reading = read(log)
    entries = reading.queries()
    assert [entry.query_text for entry in entries] == ["SELECT 1", "SELECT 'z"]
    assert (entries[1].extra or {})["query_text_cut"] is True
    assert reading.report.left_out["too_long"] == 1


def test_queries_that_ended_in_the_future(log: Log, read: Read) -> None:
    log.time = datetime.now(UTC) + timedelta(hours=2)
    log.run("SELECT 1")
    reading = read(log, log_timezone="UTC")
    window_is_past = reading.queries()
    assert window_is_past == []
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    window = type(WINDOW)(start, start + timedelta(hours=9))
    path = log.write(Path(reading.logs._options.log_path or "") / "hive.log")
    late = Reading(path, window)
    late.queries()
    assert len(late.report.notes) == 1
    assert "log_timezone" in late.report.notes[0]


def record(number: int, kind: Kind, text: str = "", *, second: int = 0, thread: str = "t") -> Record:
    time = NOON + timedelta(seconds=second)
    return Record(time, kind, "s", f"{thread}{number}", None, f"hive_{number}", text, cut=False, place="x:1")


def test_open_queries_are_bounded() -> None:
    report = CollectionReport(logging.getLogger("tests"))
    follower = QueryFollower(report, WINDOW, most_open=3, most_characters=100)
    ended = []
    for number in range(10):
        ended += follower.follow(record(number, Kind.EXECUTING, "SELECT 1"))
    for number in range(10):
        ended += follower.follow(record(number, Kind.EXECUTED, second=1))
    assert [query.query_id for query in ended] == ["hive_7", "hive_8", "hive_9"]
    assert report.left_out == {"queries_forgotten": 7, "queries_without_beginning": 7}
    list(follower.follow(record(20, Kind.EXECUTING, "x" * 90)))
    list(follower.follow(record(21, Kind.EXECUTING, "x" * 90)))
    assert report.left_out["queries_forgotten"] == 8


def test_the_same_records_once_more_later() -> None:
    report = CollectionReport(logging.getLogger("tests"))
    follower = QueryFollower(report, WINDOW)
    told = [record(1, Kind.EXECUTING, "SELECT 1"), record(1, Kind.EXECUTED, second=1)]
    assert [query.query_id for again in range(3) for one in told for query in follower.follow(one)] == ["hive_1"]
    assert list(follower.close()) == []
    assert not report.counts
    assert not report.left_out


def test_a_clock_that_is_set_back() -> None:
    follower = QueryFollower(CollectionReport(logging.getLogger("tests")), WINDOW)
    list(follower.follow(record(1, Kind.EXECUTING, "SELECT 1", second=10)))
    (query,) = follower.follow(record(1, Kind.EXECUTED, second=5))
    assert query.end == query.start
