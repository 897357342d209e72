from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.postgres import statements
from airflow_provider_montecarlo_push.collectors.postgres.log_records import Record, read_records
from airflow_provider_montecarlo_push.collectors.postgres.statements import Statement, StatementFollower
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files.lines import Line
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems
from tests.collectors.postgres.conftest import report
from tests.collectors.postgres.records import line

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def records(*lines: str) -> list[Record]:
    text = "".join(lines).encode()
    parts = [Line(number, part) for number, part in enumerate(text.split(b"\n"), 1)]
    return list(read_records(iter(parts), "utf-8", "log.csv", Problems(report())))


def test_damage_costs_its_neighbours_at_most() -> None:
    random = Random(7)
    messages = ["duration: 1 ms  statement: SELECT 'a\n\"b\"\n,'", "statement: X\r\nY", "duration: 2 ms", "x\n" * 50]
    for _ in range(300):
        whole = [line(random.choice(messages), session_line_num=number) for number in range(12)]
        text = "".join(whole).encode()
        start = random.randrange(len(text))
        end = start + random.randrange(1, 400)
        untouched, position = set(), 0
        for number, one in enumerate(whole):
            if position + len(one) <= start or position >= end:
                untouched.add(str(number))
            position += len(one)
        found = {record.line for record in records((text[:start] + text[end:]).decode())}
        assert len(untouched - found) <= 2


def follow(*lines: str, durations_logged: bool = False) -> tuple[list[Statement], CollectionReport]:
    """Follow records that are a second apart."""
    counted = report()
    follower = StatementFollower(counted, durations_logged=durations_logged)
    found: list[Statement] = []
    for number, record in enumerate(records(*lines)):
        found += follower.follow(record, NOON + timedelta(seconds=number))
    return found + list(follower.close()), counted


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        ([line("duration: 1.5 ms  statement: SELECT 1")], ["SELECT 1"]),
        ([line("duration: 1.5 ms  execute <unnamed>: SELECT $1")], ["SELECT $1"]),
        ([line("duration: 1.5 ms  execute S_1/C_2: SELECT ': '")], ["SELECT ': '"]),
        ([line("duration: 0.1 ms  parse <unnamed>: SELECT 1"), line("duration: 0.1 ms  bind <unnamed>: SELECT 1")], []),
        ([line("duration: 9.0 ms  plan:\nQuery Text: SELECT 1\nResult")], []),
        ([line("duration: 1.0 ms  execute fetch from S_1/C_2: SELECT 1")], []),
        ([line("execute fetch from S_1/C_2: SELECT 1")], []),
        ([line("statement: SELECT 1"), line("duration: 1.0 ms")], ["SELECT 1"]),
        ([line("duration: 1.0 ms")], []),
        ([line("statement: A"), line("statement: B"), line("duration: 1.0 ms")], ["A", "B"]),
        ([line("statement: A"), line("duration: 1.0 ms  statement: B")], ["A", "B"]),
        # The durations of preparing what comes next are not those of what came before.
        ([line("statement: A"), line("duration: 1 ms", command_tag="PARSE"), line("duration: 2 ms")], ["A"]),
        ([line("statement: A", session_id="a.1"), line("duration: 1.0 ms", session_id="b.2")], ["A"]),
        ([line("statement: A"), line("disconnection: session time: 0:00:01")], ["A"]),
        ([line("checkpoint complete: wrote 3 buffers"), line("AUDIT: SESSION,1,1,READ,SELECT")], []),
        ([line("no", error_severity="WARNING", query="SELECT 1", sql_state_code="25P01")], []),
        ([line("no", error_severity="ERROR", query="SELECT 1", sql_state_code="22012")], ["SELECT 1"]),
        ([line("statement: SELECT 1"), line("no", error_severity="ERROR", sql_state_code="22012")], ["SELECT 1"]),
        ([line("password authentication failed", error_severity="FATAL", sql_state_code="28P01")], []),
    ],
)
def test_which_records_are_statements(lines: list[str], texts: list[str]) -> None:
    found, _ = follow(*lines)
    assert [statement.text for statement in found] == texts


def test_times_of_a_statement_that_is_logged_twice() -> None:
    (found,), _ = follow(
        line("statement: SELECT 1", session_line_num=7), line("duration: 250.125 ms", session_line_num=8)
    )
    assert found.end == NOON + timedelta(seconds=1)
    assert found.duration == timedelta(milliseconds=250.125)
    assert found.start == found.end - found.duration
    assert found.query_id == "6b01875d.11:7"


def test_an_error_after_its_statement() -> None:
    (found,), _ = follow(
        line("statement: SELECT 1/0"),
        line("division by zero", error_severity="ERROR", sql_state_code="22012", query="SELECT 1/0"),
    )
    assert (found.sqlstate, found.error, found.failed) == ("22012", "division by zero", True)
    assert (found.start, found.end) == (NOON, NOON + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("detail", "prepared"),
    [
        ("parameters: $1 = '5', $2 = NULL", None),
        ("prepare: PREPARE q AS SELECT 1", "SELECT 1"),
        ('prepare: PREPARE "my q" (int, text) AS\nINSERT INTO t SELECT $1', "INSERT INTO t SELECT $1"),
        ("", None),
    ],
)
def test_what_execute_ran(detail: str, prepared: str | None) -> None:
    (found,), _ = follow(line("duration: 1.0 ms  statement: X", detail=detail))
    assert found.prepared == prepared


@pytest.mark.parametrize(
    ("durations_logged", "texts", "counts"), [(True, [], {"statements_running": 1}), (False, ["A"], {})]
)
def test_what_has_not_ended(durations_logged: bool, texts: list[str], counts: dict[str, int]) -> None:
    found, counted = follow(line("statement: A"), durations_logged=durations_logged)
    assert [statement.text for statement in found] == texts
    assert counted.counts == counts


def test_sessions_that_are_never_heard_of_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST_SESSIONS", 10)
    follower = StatementFollower(report(), durations_logged=True)
    found: list[Any] = []
    for number in range(25):
        (record,) = records(line(f"statement: SELECT {number}", session_id=f"a.{number:x}"))
        found += follower.follow(record, NOON)
    assert [statement.text for statement in found] == [f"SELECT {number}" for number in range(15)]
