from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.snowflake.names import bound_identifier, identifier, parse_name
from airflow_provider_montecarlo_push.events.names import TableName

LONG = "N" * 300


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("DB.PUBLIC.ORDERS", ("DB", "PUBLIC", "ORDERS")),
        ('DB.PUBLIC."odd.name"', ("DB", "PUBLIC", "odd.name")),
        (
            '"Marketing Data"."weird.schema"."O\'Reilly ""Special"""',
            ("Marketing Data", "weird.schema", 'O\'Reilly "Special"'),
        ),
        ('"ÜMLAUT".S.表', ("ÜMLAUT", "S", "表")),
        (f"DB.S.{LONG}", ("DB", "S", LONG)),
        ("DB.S.WITH SPACE$1", ("DB", "S", "WITH SPACE$1")),
    ],
)
def test_parse_name(text: str, parts: tuple[str, str, str]) -> None:
    assert parse_name(text) == TableName(*parts)


@pytest.mark.parametrize(
    "text", ["", "ORDERS", "S.ORDERS", "A.B.C.D", "A..C", 'A."".C', 'A.B."C', 'A."B"C.D', "A.B.", ".A.B"]
)
def test_what_is_no_table_name(text: str) -> None:
    assert parse_name(text) is None


@pytest.mark.parametrize("name", ["ORDERS", "odd.name", 'a"b', "50% off", LONG, "表"])
def test_quoting_survives_reading_and_binding(name: str) -> None:
    assert parse_name(f"{identifier(name)}.S.T") == TableName(name, "S", "T")
    assert bound_identifier(name) % () == identifier(name)
