from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.registry import collector_class, make_collector
from airflow_provider_montecarlo_push.collectors.snowflake.collector import SnowflakeCollector
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError
from tests.collectors.snowflake.conftest import report


def test_the_registry_finds_it() -> None:
    assert collector_class("snowflake") is SnowflakeCollector
    made = make_collector(SnowflakeCollector, "c", report(), keep_asset_types=True, options={"freshness": "dml"})
    assert isinstance(made, SnowflakeCollector)
    assert (made.options.freshness, made.options.keep_asset_types) == ("dml", True)
    assert (made.resource_type, made.log_type) == ("snowflake", "snowflake")
    assert made.latency == {Flow.QUERY_LOGS: timedelta(minutes=45), Flow.LINEAGE: timedelta(hours=3)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"freshness": "now"}, "Unknown freshness 'now' in collector_kwargs; choose from last_altered, dml"),
        ({"freshness": None}, "Unknown freshness None"),
        ({"lineage_source": "sql"}, "choose from auto, access_history, query_history"),
        ({"catalog": "show"}, "choose from auto, account_usage"),
    ],
)
def test_unknown_values(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownValueError, match=message):
        SnowflakeCollector("c", report(), **options)


@pytest.mark.parametrize("hours", [0, -1, "many", None, 1000, float("nan")])
def test_chunks_that_make_no_sense(hours: Any) -> None:
    with pytest.raises(ConfigurationError, match="lineage_chunk_hours"):
        SnowflakeCollector("c", report(), lineage_chunk_hours=hours)


def test_an_option_from_a_template_is_text() -> None:
    assert SnowflakeCollector("c", report(), lineage_chunk_hours="2").options.lineage_chunk == timedelta(hours=2)


def test_an_option_that_does_not_exist() -> None:
    with pytest.raises(ConfigurationError, match="collector_kwargs do not fit SnowflakeCollector"):
        make_collector(SnowflakeCollector, "c", report(), keep_asset_types=False, options={"fresh": "dml"})


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, airflow_provider_montecarlo_push.collectors.snowflake.collector\n"
        "print([m for m in ('airflow', 'snowflake.connector', 'sqlglot', 'pandas', 'pycarlo') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
