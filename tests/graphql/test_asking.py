"""What is asked many at once, when Monte Carlo answers for some of it with errors."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.graphql.asking import Question, ask_each
from airflow_provider_montecarlo_push.graphql.deletion import find_by_mcon, find_by_name
from airflow_provider_montecarlo_push.graphql.lineage_graph import find_nodes
from airflow_provider_montecarlo_push.graphql.visibility import CONVERSATIONS
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.graphql.holding import hold

A, B = {"mcon": "a"}, {"mcon": "b"}
QUESTION = Question("query", {"t0": "A", "t1": "B"})


def error(path: Any, message: str = "Table not found") -> dict[str, Any]:
    return {"message": message} | ({"path": path} if path is not None else {})


def answered(errors: list[dict[str, Any]], data: dict[str, Any] | None) -> list[dict[str, Any] | None]:
    def answer(_: Question) -> dict[str, Any]:
        raise GraphQLError("errors", errors=errors, data=data)

    found: list[dict[str, Any] | None] = hold(ask_each(QUESTION, 2), answer)[0]
    return found


@pytest.mark.parametrize("data", [{"t0": A, "t1": B}, {"t0": A, "t1": None}, {"t0": A}, {}])
def test_null_is_none(data: dict[str, Any]) -> None:
    assert hold(ask_each(QUESTION, 2), lambda _: data)[0] == [data.get("t0"), data.get("t1")]


@pytest.mark.parametrize(
    ("errors", "data", "found"),
    [
        ([error(["t1"])], {"t0": A, "t1": None}, [A, None]),
        ([error(["t1", "mcon"], "No such MCON")], {"t0": A}, [A, None]),
        ([error(["t0"]), error(["t1"], "Asset does not exist")], None, [None, None]),
        ([error(["t0"]), error(["t1"])], {"t0": None, "t1": None}, [None, None]),
    ],
)
def test_what_is_not_there_is_none(errors: Any, data: Any, found: Any) -> None:
    assert answered(errors, data) == found


@pytest.mark.parametrize(
    ("errors", "data"),
    [
        ([error(["t1"], "timed out")], {"t0": A, "t1": None}),
        ([error(["t1"]), error(["t0"], "timed out")], {}),
        ([error(["t1"])], None),
        ([error(None)], {"t0": A}),
        ([error(["t1"]), error(None, "rate limit")], {"t0": A}),
        ([], None),
    ],
)
def test_other_errors_are_raised(errors: Any, data: Any) -> None:
    with pytest.raises(GraphQLError):
        answered(errors, data)


@pytest.mark.integration
@pytest.mark.usefixtures("monte_carlo_connections")
class TestWithTheSandbox:
    """A Monte Carlo that answers unknown things with an error instead of null."""

    @pytest.fixture(autouse=True)
    def strict(self, sandbox: Sandbox) -> None:
        for field in ("getTable", "getTableLineage"):
            sandbox.inject("graphql_error", field=field, message="Unable to find the asset")

    def test_unknown_tables_and_nodes_are_none(self, sandbox: Sandbox, converse: Any) -> None:
        mcons = [f"MCON++acc++r++table++DB:S.T{number}" for number in range(3)]
        assert converse(find_by_mcon(mcons)) == [None] * 3
        assert converse(find_by_name([TableName("DB", "S", "T")], sandbox.warehouse_uuid)) == [None]
        assert converse(find_nodes(mcons)) == [None] * 3

    @pytest.mark.parametrize("subject", ["metadata", "lineage", "query_logs"])
    def test_what_is_not_there_yet_is_waited_for(self, sandbox: Sandbox, converse: Any, subject: str) -> None:
        table = {"table": ["DB", "S", "T"], "resource": sandbox.warehouse_uuid}
        edge = table | {"upstream": [table | {"table": ["DB", "S", "U"]}], "columns": []}
        expectation = {"resources": [sandbox.warehouse_uuid], "tables": [table], "edges": [edge]}
        expectation |= {"kind": "read", "start": "2024-03-01T00:00:00Z", "end": "2024-03-02T00:00:00Z"}
        outlook = converse(CONVERSATIONS[subject](expectation))
        assert len(outlook.missing) == 1
        assert "is not visible" in outlook.missing[0]
