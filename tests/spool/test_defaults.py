"""Where a connection leads, by its type."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_montecarlo_push.spool.defaults import ConnectionPlace, ConnectionPlaces, place_of
from tests.spool.spools import observation, statement


@pytest.mark.parametrize(
    ("conn_type", "schema", "extra", "expected"),
    [
        ("snowflake", "PUBLIC", {"database": "DB"}, ("DB", "PUBLIC")),
        ("snowflake", "", {"extra__snowflake__database": "DB"}, ("DB", None)),
        ("postgres", "shop", {}, ("shop", "public")),
        ("postgres", "shop", {"options": '-c search_path="$user",sales,public'}, ("shop", "sales")),
        ("redshift", "dev", {}, ("dev", "public")),
        ("databricks", None, {"catalog": "main"}, ("main", "default")),
        ("trino", "sales", {"catalog": "hive"}, ("hive", "sales")),
        ("gcpbigquery", None, {"project": "my-project"}, ("my-project", None)),
        ("gcpbigquery", None, {"keyfile_dict": '{"project_id": "by-key"}'}, ("by-key", None)),
        ("gcpbigquery", None, {"keyfile_dict": "no JSON"}, (None, None)),
        ("hiveserver2", "", {}, (None, "default")),
        ("athena", "sales", {}, ("AwsDataCatalog", "sales")),
        ("mysql", "shop", {}, ("shop", None)),
        ("unheard_of", "x", {"database": 7}, ("x", None)),
    ],
)
def test_places(
    conn_type: str, schema: str | None, extra: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    assert place_of(conn_type, schema, extra) == ConnectionPlace(*expected)


def test_only_what_lacks_is_filled_in_and_each_connection_asked_once() -> None:
    asked = []

    def look_up(conn_id: str, conn_type: str) -> ConnectionPlace | None:
        asked.append((conn_id, conn_type))
        return ConnectionPlace("DB", "SCHEMA") if conn_id == "shop" else None

    places = ConnectionPlaces(look_up)
    given = observation(
        statements=[
            statement(),
            statement(schema="OTHER"),
            statement(database="MINE", schema="OWN"),
            statement(conn_id="unknown"),
        ]
    )
    completed = places.complete(given)
    assert [(one.database, one.schema) for one in completed.statements] == [
        ("DB", "SCHEMA"),
        ("DB", "OTHER"),
        ("MINE", "OWN"),
        (None, None),
    ]
    assert asked == [("shop", "snowflake"), ("unknown", "snowflake")]
    assert given.statements[0].database is None
