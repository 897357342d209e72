"""Tables that are named, by MCON or by name."""

from __future__ import annotations

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.conftest import TaskLog
from tests.operators.deletion.cleanup import TEN, names, push, record_of, run
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_by_mcon(sandbox: Sandbox) -> None:
    push(*TEN)
    mcons = [sandbox.mcon("DB", "S", name) for name in ("T1", "T2", "T1")]
    outcome = run(sandbox, f"mcons={mcons}, dry_run=False").xcom("delete")
    assert (outcome["asked"], outcome["deleted"]) == (2, 2)
    assert names(sandbox.deletions()) == {"T1", "T2"}
    assert "/delete/deletions/" in outcome["record"]
    assert record_of(outcome)[1] == {"T1", "T2"}


def test_by_name_in_one_of_two_warehouses(sandbox: Sandbox) -> None:
    push(*TEN)
    push(*TEN, resource_uuid=sandbox.lake_uuid)
    tables = ["DB.S.T1", {"database": "DB", "schema": "S", "name": "T2"}, "DB:S.T3"]
    run(sandbox, f'tables={tables}, dry_run=False, resource_uuid="{sandbox.lake_uuid}"')
    deleted = [row["mcon"] for row in sandbox.deletions()]
    assert sorted(deleted) == [
        sandbox.mcon("DB", "S", name, resource_uuid=sandbox.lake_uuid) for name in ("T1", "T2", "T3")
    ]


def test_one_needs_no_list_and_blanks_do_no_harm(sandbox: Sandbox) -> None:
    push(*TEN)
    run(sandbox, "tables={'database': 'DB', 'schema': 'S', 'name': 'T1'}, dry_run=False")
    run(sandbox, f"mcons=' {sandbox.mcon('DB', 'S', 'T2')} ', dry_run=False")
    run(sandbox, "tables=[' DB.S.T3'], dry_run=False")
    assert names(sandbox.deletions()) == {"T1", "T2", "T3"}


def test_mcons_of_several_warehouses_need_no_warehouse(sandbox: Sandbox) -> None:
    push("T1")
    push("T1", resource_uuid=sandbox.lake_uuid)
    mcons = [sandbox.mcon("DB", "S", "T1"), sandbox.mcon("DB", "S", "T1", resource_uuid=sandbox.lake_uuid)]
    assert run(sandbox, f"mcons={mcons}, dry_run=False, resource_uuid=None").xcom("delete")["deleted"] == 2


def test_no_tables_are_nothing_to_do(sandbox: Sandbox, task_log: TaskLog) -> None:
    assert run(sandbox, "tables=[], dry_run=False").xcom("delete")["deleted"] == 0
    assert "There is nothing to delete" in task_log.text


def test_a_dry_run_only_reports(sandbox: Sandbox) -> None:
    push("T1")
    assert run(sandbox, 'tables="DB.S.T1"').xcom("delete")["to_delete"] == 1
    assert sandbox.deletions() == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_unknown_ones_are_listed_and_nothing_is_deleted(sandbox: Sandbox, task_log: TaskLog, dry_run: bool) -> None:
    push("T1")
    mcons = [sandbox.mcon("DB", "S", name) for name in ("T1", "NO_SUCH", "NOR_THIS")]
    assert failed_at_once(run(sandbox, f"mcons={mcons}, dry_run={dry_run}, retries=3"), "delete")
    text = task_log.text
    assert f"Monte Carlo does not know 2 of 3 tables: {mcons[1]}, {mcons[2]}." in text
    assert sandbox.deletions() == []


def test_those_that_monte_carlo_collects_are_refused(sandbox: Sandbox, task_log: TaskLog) -> None:
    push("T1")
    event = {"relational_asset": {"type": "TABLE", "metadata": {"name": "PULLED", "database": "DB", "schema": "S"}}}
    mcons = [sandbox.mcon("DB", "S", "T1"), sandbox.add_collected_table(event)]
    assert run(sandbox, f"mcons={mcons}, dry_run=False").states() == {"delete": "failed"}
    assert "1 of 2 tables were not push-ingested: DB:S.PULLED" in task_log.text
    assert sandbox.deletions() == []


def test_those_that_are_deleted_already_are_skipped(sandbox: Sandbox) -> None:
    push("T1", "T2")
    run(sandbox, 'tables="DB.S.T1", dry_run=False')
    outcome = run(sandbox, 'tables=["DB.S.T1", "DB.S.T2"], dry_run=False').xcom("delete")
    assert (outcome["deleted"], outcome["left_alone"]) == (1, {"already_deleted": 1})
    assert len(sandbox.deletions()) == 2


def test_max_tables_holds_for_them_as_well(sandbox: Sandbox, task_log: TaskLog) -> None:
    push(*TEN)
    tables = [f"DB.S.{name}" for name in TEN]
    assert run(sandbox, f"tables={tables}, max_tables=9, dry_run=False").state == "failed"
    assert "10 tables would go, more than max_tables=9 allows" in task_log.text
    assert sandbox.deletions() == []


def test_more_than_a_thousand_go_in_several_calls(sandbox: Sandbox) -> None:
    many = [f"T{number}" for number in range(2_300)]
    push(*many)
    tables = [f"DB.S.{name}" for name in many]
    outcome = run(sandbox, f"tables={tables}, dry_run=False").xcom("delete")
    assert outcome["deleted"] == len(sandbox.deletions()) == 2_300
    assert len(outcome["tables"]) == 50
    segments = sorted(UPath(outcome["record"]).parent.glob("deleted-*"))
    assert [len(path.read_text().splitlines()) for path in segments] == [1_000, 1_000, 300]
