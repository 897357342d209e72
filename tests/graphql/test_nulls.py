"""Every conversation, with null in each place where Monte Carlo's schema allows it, and with pages that never end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    parse,
)

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError
from airflow_provider_montecarlo_push.graphql import deletion, detectors, keys, lineage_graph, resources
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question
from airflow_provider_montecarlo_push.graphql.tables import column_names
from airflow_provider_montecarlo_push.graphql.visibility import CONVERSATIONS
from airflow_provider_montecarlo_push.sandbox.gql.schema import load_schema
from tests.graphql.holding import hold

R = "5f10a4e0-0000-4000-8000-000000000001"
AT = "2024-03-01T10:30:00+00:00"
MCON = f"MCON++acc++{R}++table++DB:S.T"
# By the name of a field, where a scalar's own value will not do.
VALUES = {
    "mcon": MCON,
    "uuid": R,
    "fullTableId": "DB:S.T",
    "isDeleted": False,
    "ingestType": "PUSH",
    "hasNextPage": False,
    "isLastPage": True,
    "success": True,
}
SCALARS = {"Int": 1, "Float": 1.0, "Boolean": True, "DateTime": AT, "UUID": R}
TABLE = {"table": ["DB", "S", "T"], "resource": R}
EDGE = TABLE | {"upstream": [TABLE], "columns": [[0, "A", "B"]]}
EXPECTED: dict[str, dict[str, Any]] = {
    "metadata": {
        "tables": [TABLE | {"fields": ["A"], "metrics": {"total_row_count": 1.0}, "since": AT}],
        "invocations": [{"invocation": "i", "resource": R}],
    },
    "lineage": {"edges": [EDGE]},
    "query_logs": {"tables": [TABLE], "kind": "read", "start": AT, "end": AT},
    "received": {"warehouses": [R], "flow": "metadata", "invocations": ["i"], "since": AT},
}
NODE = lineage_graph.NodeKey(R, "job", "j")
TALKS: dict[str, Callable[[], Conversation[Any]]] = {
    **{
        f"visibility {name}": lambda name=name: CONVERSATIONS[name]({"resources": [R]} | EXPECTED[name])  # type: ignore[misc]
        for name in CONVERSATIONS
    },
    "columns": lambda: column_names(MCON),
    "tables by mcon": lambda: deletion.find_by_mcon([MCON]),
    "tables by name": lambda: deletion.find_by_name([TableName("DB", "S", "T")], R),
    "deletion": lambda: deletion.delete_tables([MCON]),
    "detectors": lambda: detectors.detectors_of([TableName("DB", "S", "T")], R),
    "resources": resources.resources,
    "new resource": lambda: resources.put_resource("dbt"),
    "nodes": lambda: lineage_graph.find_nodes([MCON]),
    "new nodes": lambda: lineage_graph.put_nodes([lineage_graph.Node(NODE, "9999-12-31")]),
    "new edges": lambda: lineage_graph.put_edges([lineage_graph.Edge(NODE, NODE, "9999-12-31")]),
    "deleted nodes": lambda: lineage_graph.delete_nodes([MCON]),
    "keys": lambda: keys.ingestion_keys(None),
    "new key": lambda: keys.new_key("d"),
    "deleted key": lambda: keys.delete_key("k"),
}


class Answers:
    """Answers any question by the schema; ``null_at`` counts the places that may be null, over all questions."""

    def __init__(self, null_at: int | None = None, **values: Any) -> None:
        self._values = VALUES | values
        self._null_at = null_at
        self.places = 0

    def __call__(self, question: Question) -> dict[str, Any]:
        (operation,) = parse(question.document).definitions
        assert isinstance(operation, OperationDefinitionNode)
        root = load_schema().get_root_type(operation.operation)
        assert root is not None
        return dict(self._fields(root, operation.selection_set))

    def _fields(self, owner: GraphQLObjectType, selected: SelectionSetNode) -> Iterator[tuple[str, Any]]:
        for node in selected.selections:
            assert isinstance(node, FieldNode)
            name = node.name.value
            kind = owner.fields[name].type
            yield (node.alias or node.name).value, self._value(kind, name, node.selection_set)

    def _value(self, kind: Any, name: str, selected: SelectionSetNode | None) -> Any:
        if is_non_null_type(kind):
            kind = kind.of_type
        else:
            self.places += 1
            if self.places - 1 == self._null_at:
                return None
        if is_list_type(kind):
            return [self._value(kind.of_type, name, selected)]
        if is_object_type(kind):
            assert selected is not None
            return dict(self._fields(kind, selected))
        if is_enum_type(kind):
            return self._values.get(name, next(iter(kind.values)))
        return self._values.get(name, SCALARS.get(get_named_type(kind).name, "x"))


def places() -> list[Any]:
    found = []
    for name, talk in TALKS.items():
        answers = Answers()
        hold(talk(), answers)
        found += [pytest.param(name, number, id=f"{name}-{number}") for number in range(answers.places)]
    return found


@pytest.mark.parametrize(("name", "place"), places())
def test_null_is_no_crash(name: str, place: int) -> None:
    with suppress(MonteCarloPushError):  # Where it cannot go on without.
        hold(TALKS[name](), Answers(place))


@pytest.mark.parametrize("name", TALKS)
@pytest.mark.parametrize("cursor", ["again", None, ""])
def test_pages_that_never_end_do(name: str, cursor: str | None) -> None:
    _, asked = hold(TALKS[name](), Answers(hasNextPage=True, isLastPage=False, endCursor=cursor, cursor=cursor))
    assert len(asked) <= 8
