from __future__ import annotations

import pytest
from graphql import parse, validate

from airflow_provider_montecarlo_push.sandbox.gql import registry
from airflow_provider_montecarlo_push.sandbox.gql.schema import introspection_file, load_schema
from airflow_provider_montecarlo_push.sandbox.validation.vocabulary import RESOURCE_TYPES


def test_the_schema_is_monte_carlos() -> None:
    assert introspection_file().name == "schema.json"
    schema = load_schema()
    assert schema.query_type is not None
    assert {"getUser", "getTable", "getMetricsV4"} <= set(schema.query_type.fields)
    assert load_schema() is schema


@pytest.mark.parametrize(
    "document",
    [
        "{getTable{displayName}}",
        '{getTableLineage(mcon:"m",direction:"upstream"){connectedNodes{objectId}}}',
        "{getTable{thresholds{freshness{lower{value}}}}}",
    ],
)
def test_the_stale_documents_of_the_api_page_do_not_validate(document: str) -> None:
    assert validate(load_schema(), parse(document))


def test_a_misspelt_resolver_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = load_schema()
    monkeypatch.setattr(registry, "_RESOLVERS", {("Query", "getTabel"): lambda: None})
    with pytest.raises(LookupError, match=r"Query\.getTabel"):
        registry.attach(schema)


def test_every_warehouse_type_of_the_schema_can_be_pushed_to() -> None:
    kinds = load_schema().type_map["WarehouseModelConnectionType"].to_kwargs()["values"]
    assert {kind.lower().replace("_", "-") for kind in kinds} <= RESOURCE_TYPES
