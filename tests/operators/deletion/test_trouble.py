"""What goes wrong on the way, and what the next attempt goes on with.

A plan of one table takes a look-up; carrying it out, another one and the call.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.conftest import TaskLog
from tests.operators.deletion.cleanup import Week, names, push, record_of, run
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_a_retry_goes_on_where_the_last_attempt_stopped(sandbox: Sandbox) -> None:
    many = [f"T{number}" for number in range(1_200)]
    push(*many)
    tables = [f"DB.S.{name}" for name in many]
    # 24 look-ups, 20 of the first thousand once more, their deletion, 4 of the rest; then it breaks.
    sandbox.inject("status", flow="graphql", status=503, headers={"Retry-After": "9999"}, skip=49, count=1)
    outcome = run(sandbox, f"tables={tables}, dry_run=False, retries=1").xcom("delete")
    assert outcome["deleted"] == len(sandbox.deletions()) == 1_200
    assert len(record_of(outcome)[1]) == 1_200
    assert len(sandbox.requests("graphql")) == 24 + 20 + 1 + 4 + 1 + 4 + 1


def test_what_was_deleted_is_on_record_when_it_fails_for_good(sandbox: Sandbox, tmp_path: Path) -> None:
    many = [f"T{number}" for number in range(1_001)]
    push(*many)
    sandbox.inject("html", flow="graphql", skip=21 + 20 + 1, status=200)
    tables = [f"DB.S.{name}" for name in many]
    assert run(sandbox, f"tables={tables}, dry_run=False").state == "failed"
    (path,) = tmp_path.rglob("deletion.json")
    summary = json.loads(path.read_text())
    assert (summary["status"], summary["deleted"]) == ("deleting", 1_000)
    assert "is not a GraphQL answer" in summary["error"]


@pytest.mark.parametrize("fault", ["truncate", "reset"])
def test_an_answer_that_is_lost_is_no_failure(sandbox: Sandbox, dropped: str, fault: str) -> None:
    sandbox.inject(fault, flow="graphql", store=True, skip=2, count=1)
    outcome = run(sandbox, f"{dropped}, dry_run=False, retries=1").xcom("delete")
    assert names(sandbox.deletions()) == {"T0"}
    assert outcome["status"] == "deleted"
    assert record_of(outcome)[1] <= {"T0"}


def test_fewer_than_asked_for_is_tried_again(sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
    few = {"data": {"deletePushIngestedTables": {"success": True, "deletedCount": 0}}}
    sandbox.inject("status", flow="graphql", status=200, body=few, skip=2, count=1)
    outcome = run(sandbox, f"{dropped}, dry_run=False, retries=1").xcom("delete")
    assert "deleted 0 of 1 tables, and 1 are still there" in task_log.text
    assert outcome["deleted"] == len(sandbox.deletions()) == 1


def test_a_wrong_key_fails_at_once(sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
    sandbox.revoke_key(sandbox.api_key)
    assert failed_at_once(run(sandbox, f"{dropped}, dry_run=False, retries=3"), "delete")
    assert "401 from" in task_log.text
    assert sandbox.api_key.secret not in task_log.text


def test_a_key_that_ends_on_the_way_costs_nothing_that_was_done(
    sandbox: Sandbox, week: Week, task_log: TaskLog
) -> None:
    many = [f"T{number}" for number in range(1_300)]
    push(*many[:1_200])
    uris = f'previous="{week(0, many).uri}", manifest="{week(1, many[1_200:]).uri}"'
    options = f"{uris}, dry_run=False, max_fraction=1, retries=3"
    # 24 look-ups, 20 of the first thousand once more, their deletion, 4 of the rest; then the key is no good.
    sandbox.inject("status", flow="graphql", status=401, skip=49, count=1)
    assert failed_at_once(run(sandbox, options), "delete")
    text = task_log.text
    assert "401 from" in text
    assert "1,000 tables were deleted before" in text
    assert len(sandbox.deletions()) == 1_000
    outcome = run(sandbox, options).xcom("delete")
    assert outcome["deleted"] == len(sandbox.deletions()) == 1_200
    assert len(record_of(outcome)[1]) == 1_200


def test_errors_with_partial_data_name_the_table_and_delete_nothing(
    sandbox: Sandbox, task_log: TaskLog, tmp_path: Path
) -> None:
    push("T0", "T1", "T2")
    sandbox.inject("graphql_error", field="getTable", skip=1, count=1, message="Internal error")
    tables = [f"DB.S.T{number}" for number in range(3)]
    assert failed_at_once(run(sandbox, f"tables={tables}, dry_run=False, retries=3"), "delete")
    assert "refused the query: Internal error (DB:S.T1)" in task_log.text
    (path,) = tmp_path.rglob("deletion.json")
    summary = json.loads(path.read_text())
    assert "status" not in summary, "still planning"
    assert "Internal error (DB:S.T1)" in summary["error"]
    assert sandbox.deletions() == []


def test_a_table_that_is_answered_with_not_found_is_unknown(sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
    sandbox.inject("graphql_error", field="getTable", message="Table not found")
    assert failed_at_once(run(sandbox, f"{dropped}, dry_run=False, retries=3"), "delete")
    assert "Monte Carlo does not know 1 of 1 tables: DB.S.T0" in task_log.text


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_page_instead_of_an_answer_fails_at_once(
    sandbox: Sandbox, dropped: str, task_log: TaskLog, skip: int
) -> None:
    sandbox.inject("html", flow="graphql", skip=skip)
    assert failed_at_once(run(sandbox, f"{dropped}, dry_run=False, retries=3"), "delete")
    assert "is not a GraphQL answer: a web page" in task_log.text
    assert sandbox.deletions() == []
