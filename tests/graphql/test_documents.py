"""Every GraphQL document of the package against Monte Carlo's own schema."""

from __future__ import annotations

import inspect

import pytest
from graphql import parse, validate

from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.sandbox.gql.schema import load_schema

TEXTS = {name: text for name, text in vars(documents).items() if name.isupper() and not name.startswith("_")}
NUMBERED = {
    f"{name}({count})": make(count)
    for name, make in vars(documents).items()
    if inspect.isfunction(make) and not name.startswith("_")
    for count in (1, 3)
}


@pytest.mark.parametrize("name", [*TEXTS, *NUMBERED])
def test_it_is_valid(name: str) -> None:
    document = {**TEXTS, **NUMBERED}[name]
    assert validate(load_schema(), parse(document)) == []


def test_there_are_some() -> None:
    assert "WAREHOUSES" in TEXTS
    assert "tables_by_name(3)" in NUMBERED
