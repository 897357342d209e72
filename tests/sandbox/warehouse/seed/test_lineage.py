"""The hand-made lineage names only what is there, and every column that is written."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import ObjectName
from airflow_provider_montecarlo_push.sandbox.warehouse.seed import loads, traffic, views
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.access import parse_name
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.model import Lineage, Step
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.query_types import query_type

pytestmark = pytest.mark.integration

LOADS = list(dict.fromkeys(step for value in vars(loads).values() if isinstance(value, tuple) for step in value))
READS = [step for _, step in traffic.REPORTS if step.lineage] + [traffic.very_long()]


def written(lineage: Lineage | None) -> Lineage:
    assert lineage is not None
    return lineage


@pytest.fixture(scope="module")
def columns(warehouse: EmbeddedWarehouse) -> dict[ObjectName, list[str]]:
    """Every table's columns, in order."""
    found: dict[ObjectName, list[str]] = {}
    for *name, column in warehouse.execute(
        "select TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME from SNOWFLAKE.ACCOUNT_USAGE.COLUMNS "
        "order by 1, 2, 3, ORDINAL_POSITION"
    ):
        found.setdefault(ObjectName(*name), []).append(column)
    return found


def test_there_are_loads_of_every_kind() -> None:
    assert {query_type(step.sql) for step in LOADS} == {
        "INSERT",
        "UPDATE",
        "MERGE",
        "TRUNCATE_TABLE",
        "CREATE_TABLE_AS_SELECT",
    }


@pytest.mark.parametrize("lineage", [view.lineage for view in views.ALL], ids=lambda lineage: str(lineage.target))
def test_views_have_exactly_these_columns(columns: dict[ObjectName, list[str]], lineage: Lineage) -> None:
    assert list(lineage.columns) == columns[parse_name(str(lineage.target))]


@pytest.mark.parametrize("step", LOADS, ids=lambda step: str(step.lineage.target))
def test_loads_write_columns_that_exist(columns: dict[ObjectName, list[str]], step: Step) -> None:
    lineage = written(step.lineage)
    there = columns[parse_name(str(lineage.target))]

    assert set(lineage.columns) <= set(there)
    if query_type(step.sql) == "CREATE_TABLE_AS_SELECT":
        assert list(lineage.columns) == there


@pytest.mark.parametrize("step", LOADS + READS, ids=lambda step: step.sql[:40])
def test_sources_exist(columns: dict[ObjectName, list[str]], step: Step) -> None:
    check_sources(columns, written(step.lineage))


@pytest.mark.parametrize("lineage", [view.lineage for view in views.ALL], ids=lambda lineage: str(lineage.target))
def test_sources_of_views_exist(columns: dict[ObjectName, list[str]], lineage: Lineage) -> None:
    check_sources(columns, lineage)


def check_sources(columns: dict[ObjectName, list[str]], lineage: Lineage) -> None:
    references = [*lineage.also, *(source for sources in lineage.columns.values() for source in sources)]
    for reference in references:
        alias, _, field = reference.partition(".")
        assert field in columns[parse_name(lineage.sources[alias])], reference
    assert {reference.partition(".")[0] for reference in references} == set(lineage.sources)
