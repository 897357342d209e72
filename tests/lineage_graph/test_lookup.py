"""Which node a user means: without any I/O."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.asking import Question
from airflow_provider_montecarlo_push.graphql.lineage_graph import NodeKey
from airflow_provider_montecarlo_push.graphql.lineage_items import Reference
from airflow_provider_montecarlo_push.graphql.resources import Resources
from airflow_provider_montecarlo_push.lineage_graph.lookup import NodeLookup
from tests.graphql.holding import hold

DWH, LAKE, DBT = (f"0b6f0000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
SHOP = Resources("acc", {DWH: "dwh", LAKE: "lake", DBT: "dbt"}, frozenset({DWH, LAKE}))
CATALOG = {
    (DWH, "DB:S.V"): {"mcon": f"MCON++acc++{DWH}++view++db:s.v", "fullTableId": "db:s.v"},
    (DWH, "DB:S.T"): {"mcon": f"MCON++acc++{DWH}++table++DB:S.T", "fullTableId": "DB:S.T"},
    (LAKE, "DB:S.T"): {"mcon": f"MCON++acc++{LAKE}++external++DB:S.T", "fullTableId": "DB:S.T"},
    (DWH, "DB:S.OLD"): {"mcon": f"MCON++acc++{DWH}++view++DB:S.OLD", "fullTableId": "DB:S.OLD", "isDeleted": True},
}


def table(name: str, resource: str = "dwh", kind: str = "table") -> Reference:
    return Reference(resource, kind, f"DB:S.{name}", TableName("DB", "S", name))


@pytest.fixture
def asked() -> list[Any]:
    return []


@pytest.fixture
def lookup(asked: list[Any]) -> NodeLookup:
    def answer(question: Question) -> dict[str, Any]:
        variables = dict(question.variables)
        warehouse = variables.pop("warehouse")
        asked.append((warehouse, sorted(variables.values())))
        return {key: CATALOG.get((warehouse, value)) for key, value in variables.items()}

    return NodeLookup(lambda conversation: hold(conversation, answer)[0], SHOP)


@pytest.mark.parametrize(
    ("reference", "key", "invisible"),
    [
        (table("V"), NodeKey(DWH, "view", "db:s.v"), False),
        (table("T", kind="view"), NodeKey(DWH, "table", "DB:S.T"), False),
        (table("T", DWH), NodeKey(DWH, "table", "DB:S.T"), False),
        (table("T", "lake"), NodeKey(LAKE, "external", "DB:S.T"), False),
        (table("NEW"), NodeKey(DWH, "table", "DB:S.NEW"), True),
        (table("NEW", kind="view"), NodeKey(DWH, "view", "DB:S.NEW"), True),
        (table("OLD"), NodeKey(DWH, "table", "DB:S.OLD"), True),
        (table("T", "dbt"), NodeKey(DBT, "table", "DB:S.T"), False),
        (Reference("dbt", "model", "m"), NodeKey(DBT, "model", "m"), False),
        (Reference("dwh", "table", "DB:S.V"), NodeKey(DWH, "table", "DB:S.V"), False),
    ],
)
def test_tables_are_what_the_catalog_says(
    lookup: NodeLookup, reference: Reference, key: NodeKey, invisible: bool
) -> None:
    lookup.look_up([reference])
    assert lookup.key(reference) == key
    assert lookup.is_invisible(reference) is invisible


def test_mcons_are_those_of_the_catalog_or_put_together(lookup: NodeLookup) -> None:
    every = [table("V"), table("OLD"), table("NEW"), Reference("dbt", "model", "m")]
    lookup.look_up(every)
    assert [lookup.mcon(reference) for reference in every] == [
        f"MCON++acc++{DWH}++view++db:s.v",
        f"MCON++acc++{DWH}++view++DB:S.OLD",
        f"MCON++acc++{DWH}++table++DB:S.NEW",
        f"MCON++acc++{DBT}++model++m",
    ]


def test_each_table_is_asked_for_once_and_only_where_there_is_a_catalog(lookup: NodeLookup, asked: list[Any]) -> None:
    lookup.look_up([table("T"), table("V"), table("T", DWH), table("T", "lake"), table("T", "dbt")])
    assert asked == [(DWH, ["DB:S.T", "DB:S.V"]), (LAKE, ["DB:S.T"])]


def test_an_unknown_resource_is_said_before_anything_is_asked(lookup: NodeLookup, asked: list[Any]) -> None:
    with pytest.raises(ConfigurationError, match="no resource 'nowhere'"):
        lookup.look_up([table("T"), table("T", "nowhere")])
    assert asked == []
