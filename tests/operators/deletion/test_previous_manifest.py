"""Which earlier manifest the next one is compared with."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.conftest import TaskLog
from tests.operators.deletion.cleanup import SCOPE, TEN, Week, push, run

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


@pytest.mark.parametrize("root", ["file", "s3"], indirect=True)
def test_it_is_found_and_moves_on_when_its_tables_are_dealt_with(sandbox: Sandbox, week: Week) -> None:
    many = [f"T{number}" for number in range(40)]
    push(*many)
    first, second, third = (week(number, many[number:]) for number in (0, 1, 2))
    report = run(sandbox, f'manifest="{second.uri}"').xcom("delete")
    assert (report["previous"], report["asked"]) == (first.uri, 1)
    # Nobody approved of it, so the next one makes up for it.
    done = run(sandbox, f'manifest="{third.uri}", dry_run=False').xcom("delete")
    assert (done["previous"], done["deleted"]) == (first.uri, 2)
    fourth = run(sandbox, f'manifest="{week(3, many[3:]).uri}", dry_run=False').xcom("delete")
    assert (fourth["previous"], fourth["deleted"]) == (third.uri, 1)


def test_a_refusal_is_made_up_for(sandbox: Sandbox, week: Week) -> None:
    push(*TEN)
    first, second, third = week(0, TEN), week(1, TEN[2:]), week(2, TEN[3:])
    assert run(sandbox, f'manifest="{second.uri}", dry_run=False').state == "failed"
    outcome = run(sandbox, f'manifest="{third.uri}", dry_run=False, max_fraction=0.5').xcom("delete")
    assert (outcome["previous"], outcome["deleted"]) == (first.uri, 3)


def test_a_report_of_nothing_is_dealt_with(sandbox: Sandbox, week: Week) -> None:
    push(*TEN)
    _, second, third = week(0, TEN), week(1, TEN), week(2, TEN[1:])
    run(sandbox, f'manifest="{second.uri}"')
    assert run(sandbox, f'manifest="{third.uri}"').xcom("delete")["previous"] == second.uri


def test_tables_that_were_pushed_since_are_looked_at_again(sandbox: Sandbox, week: Week) -> None:
    push(*TEN)
    first, second, third = week(0, TEN), week(1, TEN[1:]), week(200, TEN[1:])
    sandbox.advance(86_400)
    push("T0")
    spared = run(sandbox, f'manifest="{second.uri}", dry_run=False').xcom("delete")
    assert spared["left_alone"] == {"pushed_since": 1}
    outcome = run(sandbox, f'manifest="{third.uri}", dry_run=False').xcom("delete")
    assert (outcome["previous"], outcome["deleted"]) == (first.uri, 1)


def test_incomplete_and_differently_filtered_ones_are_passed_over(sandbox: Sandbox, week: Week) -> None:
    first = week(0, TEN)
    week(1, TEN, complete=False)
    week(2, TEN, scope=SCOPE | {"include": ["DB"]})
    assert run(sandbox, f'manifest="{week(3, TEN).uri}"').xcom("delete")["previous"] == first.uri


@pytest.mark.parametrize(
    ("changes", "state", "said"),
    [
        ({}, "skipped", "there is nothing to compare it with yet"),
        ({"run": None}, "failed", "does not say which task collected it"),
    ],
)
def test_without_one_the_task_says_so(
    sandbox: Sandbox, week: Week, task_log: TaskLog, changes: dict[str, Any], state: str, said: str
) -> None:
    assert run(sandbox, f'manifest="{week(0, TEN, **changes).uri}"').states() == {"delete": state}
    assert said in task_log.text
