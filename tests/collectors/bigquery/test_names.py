"""What tables are called: shards, references, options, filters."""

from __future__ import annotations

import re

import pytest

from airflow_provider_montecarlo_push.collectors.bigquery import option_values
from airflow_provider_montecarlo_push.collectors.bigquery.names import (
    UNKNOWN_DATASET,
    References,
    is_system,
    table_name,
)
from airflow_provider_montecarlo_push.collectors.bigquery.scope import condition
from airflow_provider_montecarlo_push.collectors.bigquery.shards import asset_name
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import Tag
from airflow_provider_montecarlo_push.events.names import TableName


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("events_20260101", "events_*"),
        ("events_intraday_20260101", "events_intraday_*"),
        ("_20260101", "_*"),
        ("events_*", "events_*"),
        ("events_2026*", "events_*"),
        ("events_20260101*", "events_*"),
        ("events_20261301", "events_20261301"),
        ("events_18991231", "events_18991231"),
        ("events20260101", "events20260101"),
        ("events_20260101_v2", "events_20260101_v2"),
        ("events_2026010199", "events_2026010199"),
        ("orders$20260101", "orders"),
        ("orders@1700000000000", "orders"),
        ("part_eu*", "part_eu*"),
        ("orders", "orders"),
    ],
)
def test_asset_name(name: str, expected: str) -> None:
    assert asset_name(name) == expected


def test_references() -> None:
    orders, temporary = TableName("p", "raw", "orders"), TableName("p", "_script", "t")
    found = References("p", [orders, temporary, TableName("other", "x", "t")])
    assert found.default_dataset == "raw"
    assert found.resolve(TableName("p", "raw", "orders")) == orders
    assert found.resolve(TableName("p", "raw", "t")) == temporary
    assert found.resolve(TableName("p", UNKNOWN_DATASET, "orders")) == orders
    assert found.resolve(TableName("p", UNKNOWN_DATASET, "else")) is None
    assert found.resolve(TableName("p", "mart", "else")) == TableName("p", "mart", "else")
    several = References("p", [orders, TableName("p", "mart", "orders")])
    assert several.default_dataset == UNKNOWN_DATASET
    assert several.resolve(TableName("p", UNKNOWN_DATASET, "orders")) is None


def test_table_of_a_reference() -> None:
    reference = {"project_id": "p", "dataset_id": "d", "table_id": "t$20260101"}
    assert table_name(reference) == TableName("p", "d", "t")
    assert table_name({"project_id": "p", "dataset_id": None, "table_id": "t"}) == TableName("p", "_", "t")
    assert table_name({"project_id": None, "dataset_id": None, "table_id": None}) is None
    assert table_name(None) is None
    assert is_system(TableName("p", "region-us", "INFORMATION_SCHEMA.JOBS"))
    assert is_system(TableName("p", "information_schema", "TABLES"))
    assert not is_system(TableName("p", "d", "t"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"plain"', "plain"),
        (r'"a \"b\" \\ c"', 'a "b" \\ c'),
        ('"""two\nlines, "quoted" """', 'two\nlines, "quoted" '),
        (r'"\n\t\x41\u00e9\U0001F600\101"', "\n\tAé😀A"),
        ('""', None),
        ("", None),
    ],
)
def test_description(value: str, expected: str | None) -> None:
    assert option_values.description(value) == expected


def test_labels() -> None:
    value = r'[STRUCT("team", "a, b"), STRUCT("k\"", ""), STRUCT("env", "prod")]'
    assert option_values.labels(value) == [Tag("team", "a, b"), Tag('k"', None), Tag("env", "prod")]
    assert option_values.labels("[]") == []


@pytest.mark.parametrize(
    ("include", "exclude", "sql", "values"),
    [
        (None, None, "((TRUE))", []),
        ("other", None, "(FALSE)", []),
        (["P-1.Raw", "*.*.t?"], None, "((s = ?) OR (n = ?))", ["raw", "t."]),
        ("p-1.a.b", "*.a.x_*", "((s = ? AND n = ?)) AND NOT (s = ? AND n = ?)", ["a", "b", "a", "x_.*"]),
        ("*", ["other.raw", "*.[ab]", "*.ü"], "((TRUE))", []),
        ("*.a.ü[x]$.", None, "((s = ? AND n = ?))", None),
    ],
)
def test_condition(include: object, exclude: object, sql: str, values: list[str] | None) -> None:
    if include == "*.a.ü[x]$.":
        include = '*.a."ü[x]$"'
        values = ["a", r"..\$"]
    found, bound = condition(TableFilter(include, exclude), "p-1", "s", "n")  # type: ignore[arg-type]
    assert re.sub(r"REGEXP_CONTAINS\(LOWER\((\w)\), \?\)", r"\1 = ?", found) == sql
    assert bound == [f"(?s)^{value}$" for value in values or []]
