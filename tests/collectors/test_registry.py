"""Which collector reads which connection."""

from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.registry import (
    COLLECTORS_BY_CONNECTION_TYPE,
    collector_class,
    load_collector,
)
from airflow_provider_montecarlo_push.events.vocabulary import ETL_RESOURCE_TYPES, LOG_TYPES, RESOURCE_TYPES
from airflow_provider_montecarlo_push.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("conn_type", "name"),
    [
        ("snowflake", "snowflake"),
        ("google_cloud_platform", "bigquery"),
        ("gcpbigquery", "bigquery"),
        ("postgres", "postgres"),
        ("redshift", "redshift"),
        ("hive_metastore", "hive"),
        ("hiveserver2", "hive"),
        ("databricks", "databricks"),
        ("http", "airflow"),
        ("airflow", "airflow"),
        ("mysql", "dbapi"),
        ("trino", "dbapi"),
    ],
)
def test_the_type_of_the_connection_picks_the_collector(conn_type: str, name: str) -> None:
    assert collector_class(conn_type).name == name


@pytest.mark.parametrize("conn_type", COLLECTORS_BY_CONNECTION_TYPE)
def test_what_they_are_called_is_what_monte_carlo_knows(conn_type: str) -> None:
    cls = collector_class(conn_type)
    assert issubclass(cls, Collector)
    if "query_logs" in vars(cls):
        assert cls.log_type in LOG_TYPES
    assert cls.resource_type in RESOURCE_TYPES | ETL_RESOURCE_TYPES


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere.Collector", "cannot be imported"),
        ("Collector", "cannot be imported"),
        (f"{Collector.__module__}.Nothing", "cannot be imported"),
        ("pathlib.Path", "is not a subclass"),
    ],
)
def test_a_class_that_is_none(path: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_collector(path)
