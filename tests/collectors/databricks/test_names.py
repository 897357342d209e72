"""Names, types, values and options."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.databricks.names import column_type, identifier
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.values import json_value, utc
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError


def test_identifier() -> None:
    assert identifier("a`b") == "`a``b`"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("int", "INT"),
        ("decimal(10,2)", "DECIMAL(10,2)"),
        ("array<map<string,timestamp_ntz>>", "ARRAY<MAP<STRING,TIMESTAMP_NTZ>>"),
        ("struct<Id:int,inner:struct<aB:string>>", "STRUCT<Id:INT,inner:STRUCT<aB:STRING>>"),
        ("struct<`odd name`: int, x : date>", "STRUCT<`odd name`: INT, x : DATE>"),
        ("struct<a:int comment 'it is'>", "STRUCT<a:INT COMMENT 'it is'>"),
        ("interval day to second", "INTERVAL DAY TO SECOND"),
        ("struct<ü:string>", "STRUCT<ü:STRING>"),
        (None, "UNKNOWN"),
    ],
)
def test_column_type(written: str | None, expected: str) -> None:
    assert column_type(written) == expected


@pytest.mark.parametrize(
    ("kind", "plain", "kept"),
    [
        ("MANAGED", "TABLE", "TABLE"),
        ("EXTERNAL", "TABLE", "EXTERNAL"),
        ("EXTERNAL_SHALLOW_CLONE", "TABLE", "EXTERNAL"),
        ("STREAMING_TABLE", "TABLE", "TABLE"),
        ("MATERIALIZED_VIEW", "TABLE", "TABLE"),
        ("VIEW", "VIEW", "VIEW"),
        ("METRIC_VIEW", "VIEW", "VIEW"),
        (None, "TABLE", "TABLE"),
    ],
)
def test_asset_type(kind: str | None, plain: str, kept: str) -> None:
    assert Options().asset_type(kind) == plain
    assert Options(keep_asset_types=True).asset_type(kind) == kept


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"freshness": "dml"}, UnknownValueError),
        ({"lineage_source": "guess"}, UnknownValueError),
        ({"detail_limit": -1}, ConfigurationError),
        ({"detail_limit": "many"}, ConfigurationError),
        ({"detail_limit": True}, ConfigurationError),
        ({"detail_limit": 1.5}, ConfigurationError),
    ],
)
def test_wrong_options(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(options))):
        Options(**options)


def test_values() -> None:
    assert utc(datetime(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)
    assert json_value(Decimal(3)) == 3
    assert json_value(Decimal("1.5")) == 1.5
    assert json_value("") is None
    assert json_value(False) is False
