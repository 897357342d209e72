from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import display, identifier, literal


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("RAW", "SHOP", "ORDERS_2$"), "RAW.SHOP.ORDERS_2$"),
        (("Marketing Data", "weird.schema"), '"Marketing Data"."weird.schema"'),
        (("A", "lower"), 'A."lower"'),
        (('12" vinyl',), '"12"" vinyl"'),
        (("1A",), '"1A"'),
        (("GRÖSSE",), '"GRÖSSE"'),
    ],
)
def test_names_are_printed_as_snowflake_does(parts: tuple[str, ...], expected: str) -> None:
    assert display(*parts) == expected


def test_quoting() -> None:
    assert identifier('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
    assert literal(None) == "NULL"
