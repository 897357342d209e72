"""What may be given."""

from __future__ import annotations

import logging
from datetime import UTC, timedelta
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.hive.logs.options import LogOptions
from airflow_provider_montecarlo_push.collectors.hive.logs.reader import HiveLogs, check_logs
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from tests.collectors.hive.logs.conftest import WINDOW


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"log_path": 1}, "log_path"),
        ({"log_path": "logs"}, "logs"),
        ({"operation_log_path": "logs"}, "logs"),
        ({"log_timezone": "Mars/Base"}, "Mars/Base"),
        ({"log_encoding": "klingon"}, "log_encoding"),
        ({"log_encoding": 1}, "log_encoding"),
        ({"log_lookback_hours": "long"}, "log_lookback_hours"),
        ({"log_lookback_hours": -1}, "log_lookback_hours"),
        ({"log_lookback_hours": 169}, "log_lookback_hours"),
        ({"log_lookback_hours": float("nan")}, "log_lookback_hours"),
    ],
)
def test_wrong_ones(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        LogOptions(**options)


def test_defaults() -> None:
    options = LogOptions()
    assert (options.zone, options.lookback) == (UTC, timedelta(hours=6))
    assert list(check_logs(options)) == []
    with pytest.raises(ConfigurationError, match="log_path"):
        HiveLogs(options, CollectionReport(logging.getLogger("tests")), WINDOW)


def test_templates_give_texts() -> None:
    assert LogOptions(log_lookback_hours="1.5").lookback == timedelta(minutes=90)
