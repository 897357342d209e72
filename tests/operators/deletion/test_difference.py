"""Dropped tables: what goes, what stays, and what Monte Carlo knows about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.deletion.record import DeletionRecord, DeletionSummary
from airflow_provider_montecarlo_push.deletion.run import DeletionRun
from airflow_provider_montecarlo_push.graphql.deletion import KnownTable
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.conftest import TaskLog
from tests.operators.deletion.cleanup import TEN, Week, names, push, record_of, run

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_without_dry_run_false_nothing_is_deleted(sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
    outcome = run(sandbox, dropped).xcom("delete")
    assert sandbox.deletions() == []
    facts = {"dry_run": True, "status": "reported", "older": 10, "newer": 9, "asked": 1, "to_delete": 1, "deleted": 0}
    assert facts.items() <= outcome.items()
    assert outcome["tables"] == ["DB:S.T0"]
    text = task_log.text
    assert "10 tables before, 9 now, 1 dropped" in text
    assert any("DB:S.T0" in line and "to delete" in line for line in text.splitlines())
    assert "Dry run: nothing was deleted" in text
    summary, deleted = record_of(outcome)
    assert (summary["status"], summary["planned"], deleted) == ("reported", 1, set())


def test_dropped_tables_are_deleted_and_recorded_beside_the_manifest(sandbox: Sandbox, dropped: str) -> None:
    outcome = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
    assert names(sandbox.deletions()) == {"T0"}
    assert names(sandbox.tables()) == set(TEN[1:])
    assert (outcome["status"], outcome["deleted"], outcome["dry_run"]) == ("deleted", 1, False)
    assert outcome["record"].startswith(outcome["manifest"].removesuffix("manifest.json") + "deletions/")
    summary, deleted = record_of(outcome)
    assert deleted == {"T0"}
    assert summary["run"]["task_id"] == "delete"
    assert (summary["manifest"], summary["previous"]) == (outcome["manifest"], outcome["previous"])


def test_nothing_dropped_is_nothing_to_do(sandbox: Sandbox, week: Week, task_log: TaskLog) -> None:
    options = f'previous="{week(0, TEN).uri}", manifest="{week(1, TEN).uri}", dry_run=False'
    assert run(sandbox, options).xcom("delete")["deleted"] == 0
    assert "There is nothing to delete" in task_log.text


def test_limits_let_through_what_is_within_them(sandbox: Sandbox, week: Week) -> None:
    push(*TEN)
    uris = f'previous="{week(0, TEN).uri}", manifest="{week(1, TEN[5:]).uri}"'
    assert run(sandbox, f'{uris}, dry_run="false", max_fraction="0.5", max_tables="5"').xcom("delete")["deleted"] == 5


def test_the_warehouse_is_that_which_the_manifests_were_pushed_to(sandbox: Sandbox, week: Week) -> None:
    push(*TEN, resource_uuid=sandbox.lake_uuid)
    push(*TEN)
    one, other = (week(number, TEN[number:], pushed_to=sandbox.lake_uuid) for number in (0, 1))
    options = f'previous="{one.uri}", manifest="{other.uri}", dry_run=False, resource_uuid=None'
    assert run(sandbox, options).xcom("delete")["resource_uuid"] == sandbox.lake_uuid
    assert [sandbox.lake_uuid in row["mcon"] for row in sandbox.deletions()] == [True]


class TestDroppedTables:
    """What Monte Carlo knows about dropped tables need not be what was expected."""

    def test_what_need_not_or_may_not_be_deleted_is_left_alone_and_counted(
        self, sandbox: Sandbox, week: Week, task_log: TaskLog
    ) -> None:
        many = [f"T{number}" for number in range(40)]
        push(*many[2:])
        event = {"relational_asset": {"type": "TABLE", "metadata": {"name": "T0", "database": "DB", "schema": "S"}}}
        sandbox.add_collected_table(event)
        run(sandbox, 'tables="DB.S.T2", dry_run=False')
        options = f'previous="{week(0, many).uri}", manifest="{week(1, many[4:]).uri}", dry_run=False'
        outcome = run(sandbox, options).xcom("delete")
        assert outcome["left_alone"] == {"not_push_ingested": 1, "unknown": 1, "already_deleted": 1}
        assert names(sandbox.deletions()) == {"T2", "T3"}
        text = task_log.text
        for name, why in (
            ("T0", "not push-ingested"),
            ("DB.S.T1", "unknown to Monte Carlo"),
            ("T2", "deleted already"),
        ):
            assert any(name in line and f"left alone: {why}" in line for line in text.splitlines())

    def test_one_that_was_pushed_again_is_left_alone(self, sandbox: Sandbox, dropped: str) -> None:
        sandbox.advance(7 * 86_400)
        push("T0")
        outcome = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
        assert outcome["left_alone"] == {"pushed_since": 1}
        assert sandbox.deletions() == []

    def test_one_that_is_pushed_again_after_the_report_is_left_alone(self, sandbox: Sandbox, dropped: str) -> None:
        assert run(sandbox, dropped).xcom("delete")["to_delete"] == 1
        sandbox.advance(7 * 86_400)
        push("T0")
        outcome = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
        assert (outcome["deleted"], outcome["left_alone"]) == (0, {"pushed_since": 1})
        assert sandbox.deletions() == []

    def test_not_one_of_them_known_is_refused(self, sandbox: Sandbox, dropped: str, task_log: TaskLog) -> None:
        other = f'{dropped}, dry_run=False, resource_uuid="{sandbox.lake_uuid}"'
        assert run(sandbox, other).state == "failed"
        assert "Monte Carlo does not know 1 of 1 tables: DB.S.T0" in task_log.text

    def test_only_what_was_reported_is_deleted(self, sandbox: Sandbox, week: Week) -> None:
        many = [f"T{number}" for number in range(20)]
        push(*many[1:])
        uris = f'previous="{week(0, many).uri}", manifest="{week(1, many[2:]).uri}"'
        assert run(sandbox, uris).xcom("delete")["tables"] == ["DB:S.T1"]
        push("T0")
        run(sandbox, f"{uris}, dry_run=False")
        assert names(sandbox.deletions()) == {"T1"}

    def test_a_report_after_the_deletion_changes_nothing(self, sandbox: Sandbox, dropped: str) -> None:
        done = run(sandbox, f"{dropped}, dry_run=False").xcom("delete")
        again = run(sandbox, dropped).xcom("delete")
        assert (again["status"], again["deleted"], again["record"]) == ("deleted", 1, done["record"])
        assert record_of(again)[1] == {"T0"}


def test_two_spellings_of_one_table_are_one_table_to_delete(folder: Folder) -> None:
    now = datetime.now(UTC)
    record = DeletionRecord(folder, DeletionSummary(started_at=now, updated_at=now, asked=2))
    record.begin_plan()
    one = KnownTable("mcon", "db:s.t", deleted=False, pushed=True, last_observed=None)
    # As by a Monte Carlo that does not tell them apart.
    answers: Any = lambda some: [one] * len(some)  # noqa: E731 - in the place of a conversation
    DeletionRun(lambda answer: answer, record).plan(iter(["DB:S.T", "db:s.t"]), answers)
    assert [table.mcon for table in record.planned()] == ["mcon"]
