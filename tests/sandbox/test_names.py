from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.sandbox.names import AssetName, Mcon


def test_an_mcon_goes_there_and_back() -> None:
    text = AssetName("warehouse", "db", "public", "odd++name").mcon("account")
    assert text == "MCON++account++warehouse++table++db:public.odd++name"
    assert Mcon.parse(text) == ("account", "warehouse", "table", "db:public.odd++name")
    assert str(Mcon.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "MCON", "MCON++a++b++c", "mcon++a++b++c++d", "MCON++a++b++c++", "MCON++++b++c++d"]
)
def test_what_is_none(text: str) -> None:
    assert Mcon.parse(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("db:public.orders", ("db", "public", "orders")),
        ("db:public.orders.2024", ("db", "public", "orders.2024")),
        ("my.db:public.orders", ("my.db", "public", "orders")),
        ("db.public.orders", None),
        ("db:orders", None),
        (":public.orders", None),
        ("db:.orders", None),
        ("", None),
    ],
)
def test_full_table_ids(text: str, expected: tuple[str, str, str] | None) -> None:
    assert AssetName.parse("w", text) == (None if expected is None else ("w", *expected))
