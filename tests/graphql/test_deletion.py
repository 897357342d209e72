"""Finding and deleting tables: the conversations without any I/O, and held with the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.graphql.asking import Question
from airflow_provider_montecarlo_push.graphql.deletion import (
    KnownTable,
    delete_tables,
    find_by_mcon,
    find_by_name,
)
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import table
from tests.graphql.holding import hold

NOW = datetime(2024, 3, 8, tzinfo=UTC)
FACTS = {"fullTableId": "DB:S.T", "isDeleted": False, "ingestType": "PUSH", "lastObserved": "2024-03-01T00:00:00+00:00"}


def test_many_tables_are_found_in_few_requests_and_in_order() -> None:
    mcons = [f"m{number}" for number in range(120)]

    def answer(question: Question) -> dict[str, Any]:
        return {name: FACTS | {"mcon": mcon} for name, mcon in question.variables.items() if mcon != "m7"}

    found, asked = hold(find_by_mcon(mcons), answer)
    assert [known.mcon if known else None for known in found] == [None if mcon == "m7" else mcon for mcon in mcons]
    assert [len(question.variables) for question in asked] == [50, 50, 20]


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        (FACTS | {"mcon": "m"}, True),
        (FACTS | {"mcon": "m", "fullTableId": "db:s.t"}, True),
        (FACTS | {"mcon": "m", "fullTableId": "DB:S.OTHER"}, False),
        (FACTS | {"mcon": None}, False),
        (None, False),
    ],
)
def test_another_table_than_the_one_of_that_name_is_not_taken_for_it(facts: Any, known: bool) -> None:
    (found,), (question,) = hold(find_by_name([TableName("DB", "S", "T")], "uuid"), lambda question: {"t0": facts})
    assert (found is not None) is known
    assert question.variables == {"t0": "DB:S.T", "warehouse": "uuid"}


def test_another_table_than_the_one_of_that_mcon_is_not_taken_for_it() -> None:
    assert hold(find_by_mcon(["m"]), lambda question: {"t0": FACTS | {"mcon": "other"}})[0] == [None]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "deletable"),
        ({"isDeleted": True}, "already_deleted"),
        ({"ingestType": "PULL"}, "not_push_ingested"),
        ({"ingestType": None}, "not_push_ingested"),
        ({"lastObserved": "2024-03-08T00:00:01+00:00"}, "pushed_since"),
        ({"lastObserved": "2024-03-08T00:00:01"}, "pushed_since"),
        ({"lastObserved": "2024-03-08T02:00:00+02:00"}, "deletable"),
        ({"lastObserved": None}, "deletable"),
    ],
)
def test_what_may_be_deleted(changes: dict[str, Any], verdict: str) -> None:
    (found,), _ = hold(find_by_mcon(["m"]), lambda question: {"t0": FACTS | {"mcon": "m"} | changes})
    assert found.verdict(NOW) == verdict


def test_a_table_that_somebody_names_may_have_been_pushed_at_any_time() -> None:
    assert KnownTable("m", "DB:S.T", False, True, NOW).verdict(None) == "deletable"


@pytest.mark.parametrize("answer", [{}, {"deletePushIngestedTables": {"success": False, "deletedCount": 0}}])
def test_no_success_is_an_error(answer: dict[str, Any]) -> None:
    with pytest.raises(GraphQLError, match="did not delete the 2 tables"):
        hold(delete_tables(["a", "b"]), lambda question: answer)


@pytest.mark.integration
@pytest.mark.usefixtures("monte_carlo_connections")
class TestWithTheSandbox:
    def test_tables_are_found_and_deleted(self, sandbox: Sandbox, converse: Any) -> None:
        MonteCarloIngestHook().push_events([table(1), table(2)], resource_type="snowflake")
        names = [TableName("ANALYTICS", "PUBLIC", f"ORDERS_{number}") for number in (1, 2, 3)]
        one, two, unknown = converse(find_by_name(names, sandbox.warehouse_uuid))
        assert (one.name, one.verdict(None), unknown) == ("ANALYTICS:PUBLIC.ORDERS_1", "deletable", None)
        assert abs(one.last_observed - datetime.now(UTC)) < timedelta(minutes=5)
        assert converse(find_by_mcon([two.mcon])) == [two]
        assert converse(delete_tables([one.mcon])) == 1
        assert [known.deleted for known in converse(find_by_mcon([one.mcon, two.mcon]))] == [True, False]
        assert [row["mcon"] for row in sandbox.deletions()] == [one.mcon]

    def test_all_or_nothing(self, sandbox: Sandbox, converse: Any) -> None:
        MonteCarloIngestHook().push_events([table(1)], resource_type="snowflake")
        mcon = sandbox.mcon("ANALYTICS", "PUBLIC", "ORDERS_1")
        with pytest.raises(GraphQLError, match="Nothing was deleted"):
            converse(delete_tables([mcon, f"{mcon}_UNKNOWN"]))
        assert sandbox.deletions() == []

    def test_one_name_in_two_warehouses_is_two_tables(self, sandbox: Sandbox, converse: Any) -> None:
        MonteCarloIngestHook().push_events([table(1)], resource_type="snowflake")
        MonteCarloIngestHook().push_events([table(1)], resource_type="data-lake", resource_uuid=sandbox.lake_uuid)
        name = TableName("ANALYTICS", "PUBLIC", "ORDERS_1")
        mcons = [converse(find_by_name([name], uuid))[0].mcon for uuid in (sandbox.warehouse_uuid, sandbox.lake_uuid)]
        assert len(set(mcons)) == 2
        converse(delete_tables(mcons[:1]))
        assert [row["mcon"] for row in sandbox.tables()] == mcons[1:]
