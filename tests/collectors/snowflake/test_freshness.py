from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.collectors.snowflake.freshness import last_altered, last_dml

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEEK_AGO = NOON - timedelta(days=7)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("created", "altered", "ddl", "expected"),
    [
        pytest.param(WEEK_AGO, NOON, WEEK_AGO, NOON, id="a load after the last DDL"),
        pytest.param(WEEK_AGO, NOON, NOON, None, id="an ALTER"),
        pytest.param(NOON, NOON, NOON, NOON, id="CREATE TABLE AS SELECT"),
        pytest.param(NOON - timedelta(seconds=20), NOON, NOON, NOON, id="CREATE TABLE AS SELECT that took a while"),
        pytest.param(WEEK_AGO, None, None, None, id="nothing known"),
        pytest.param(WEEK_AGO, NOON, None, NOON, id="no DDL known"),
        pytest.param(None, NOON, NOON, NOON, id="no creation time known"),
    ],
)
def test_last_altered(
    created: datetime | None, altered: datetime | None, ddl: datetime | None, expected: datetime | None
) -> None:
    assert last_altered(created, altered, ddl) == expected


@pytest.mark.parametrize(
    ("created", "altered", "hour_end", "expected"),
    [
        pytest.param(WEEK_AGO, NOON + 9 * MINUTE, NOON, NOON, id="something that is no DML came later"),
        pytest.param(WEEK_AGO, NOON - 9 * MINUTE, NOON, NOON - 9 * MINUTE, id="within the hour"),
        pytest.param(WEEK_AGO, None, NOON, NOON, id="hour only"),
        pytest.param(WEEK_AGO, NOON, None, None, id="no DML recorded"),
        pytest.param(NOON + MINUTE, NOON + MINUTE, NOON, None, id="the DML was on a table dropped since"),
    ],
)
def test_last_dml(
    created: datetime | None, altered: datetime | None, hour_end: datetime | None, expected: datetime | None
) -> None:
    assert last_dml(created, altered, hour_end) == expected
