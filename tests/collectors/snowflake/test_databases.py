from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.snowflake.databases import (
    Database,
    cannot_read,
    databases_in_scope,
)
from airflow_provider_montecarlo_push.collectors.snowflake.session import Session
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError
from tests.collectors.snowflake.conftest import report
from tests.collectors.snowflake.wire import Wire

LISTED = [
    ("SNOWFLAKE", "SNOWFLAKE.ACCOUNT_USAGE"),
    ("RAW", ""),
    ("ANALYTICS", ""),
    ("WEATHER", "PROVIDER.WEATHER"),
    ("SNOWFLAKE_SAMPLE_DATA", "SFC_SAMPLES.SAMPLE_DATA"),
    ("analytics_dev", ""),
    ("50% off", ""),
]


def like(params: object) -> list[tuple[str, str]]:
    (text,) = params  # type: ignore[misc]
    return [row for row in LISTED if row[0].lower() == text.lower()]


def wire() -> Wire:
    return Wire({"SHOW DATABASES LIKE": like, "SHOW DATABASES": LISTED})


def scope(filter_: TableFilter, on: Wire) -> list[str]:
    return [database.name for database in databases_in_scope(Session(on, "c"), filter_, report())]


@pytest.mark.parametrize(
    ("include", "exclude", "found", "statements"),
    [
        (None, None, ["50% off", "ANALYTICS", "RAW", "WEATHER", "analytics_dev"], ["SHOW DATABASES"]),
        (["RAW.*.*"], None, ["RAW"], ["SHOW DATABASES LIKE %s"]),
        (["raw", "Analytics.MARTS"], None, ["ANALYTICS", "RAW"], ["SHOW DATABASES LIKE %s"] * 2),
        (["ANALYTICS*"], None, ["ANALYTICS", "analytics_dev"], ["SHOW DATABASES"]),
        (["ANALYTICS*", "RAW"], None, ["ANALYTICS", "RAW", "analytics_dev"], ["SHOW DATABASES"]),
        (['"50% off".*.*'], None, ["50% off"], ["SHOW DATABASES"]),
        (None, ["ANALYTICS*", "W*.*.*"], ["50% off", "RAW"], ["SHOW DATABASES"]),
        (None, ["RAW.SHOP"], ["50% off", "ANALYTICS", "RAW", "WEATHER", "analytics_dev"], ["SHOW DATABASES"]),
        (["SNOWFLAKE_SAMPLE_DATA", "RAW"], None, ["RAW"], ["SHOW DATABASES LIKE %s"] * 2),
        ([f"DB_{number}" for number in range(11)] + ["*"], None, None, ["SHOW DATABASES"]),
    ],
)
def test_which_databases(
    include: list[str] | None, exclude: list[str] | None, found: list[str] | None, statements: list[str]
) -> None:
    on = wire()
    if found is None:
        with pytest.raises(AccessDeniedError, match="DB_0"):
            scope(TableFilter(include, exclude), on)
    else:
        assert scope(TableFilter(include, exclude), on) == found
    assert [sql for sql, _ in on.asked("SHOW")] == statements


@pytest.mark.parametrize("include", ["NOPE", "NOPE.PUBLIC.*", ["NOPE", "RAW"], ["NOPE", "*"]])
def test_a_named_database_that_is_not_there(include: str) -> None:
    with pytest.raises(AccessDeniedError, match="Database 'NOPE', which include names") as raised:
        scope(TableFilter(include), wire())
    assert raised.value.grants[0] == 'GRANT USAGE ON DATABASE "NOPE" TO ROLE "MC_ROLE";'


def test_a_named_database_that_is_excluded_is_not_missed() -> None:
    assert scope(TableFilter(["NOPE", "RAW"], ["NOPE"]), wire()) == ["RAW"]


def test_a_list_that_snowflake_cut_is_incomplete() -> None:
    on = Wire({"SHOW DATABASES": [(f"DB_{number:05d}", "") for number in range(10_000)]})
    filled = report()
    assert len(databases_in_scope(Session(on, "c"), TableFilter(), filled)) == 10_000
    assert not filled.complete
    assert "at most 10,000 databases" in filled.notes[0]


def test_what_cannot_be_read() -> None:
    session, filled = Session(wire(), "c"), report()
    error = AccessDeniedError("Reading failed.")
    cannot_read(Database("WEATHER", is_share=True), error, session, filled)
    assert filled.left_out == {"share_not_granted": 1}
    assert filled.complete
    cannot_read(Database("RAW"), error, session, filled)
    assert not filled.complete
    assert 'GRANT USAGE ON DATABASE "RAW" TO ROLE "MC_ROLE";' in filled.notes[0]
    with pytest.raises(AccessDeniedError) as raised:
        cannot_read(Database("RAW", is_named=True), error, session, filled)
    assert any("REFERENCES ON ALL TABLES" in statement for statement in raised.value.grants)


def test_show_that_fails() -> None:
    on = Wire({"SHOW DATABASES": ProgrammingError(msg="Insufficient privileges", errno=3001, sqlstate="42501")})
    with pytest.raises(AccessDeniedError, match="Listing databases over connection 'c' failed"):
        scope(TableFilter(), on)
