from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.merging import Follower, in_order
from airflow_provider_montecarlo_push.exceptions import SourceError


def rows(*keys: str) -> list[tuple[str, str, int]]:
    return [(key[0], key[1], number) for number, key in enumerate(keys)]


def test_each_table_gets_its_own_rows_in_their_order() -> None:
    follower = Follower(iter(rows("aa", "aa", "ac", "ba", "ba", "ba")), "columns")
    taken = {key: [row[2] for row in follower.take(*key)] for key in ("aa", "ab", "ac", "ba", "bb")}
    assert taken == {"aa": [0, 1], "ab": [], "ac": [2], "ba": [3, 4, 5], "bb": []}


def test_rows_of_tables_that_nobody_asks_for_are_passed_by() -> None:
    follower = Follower(iter(rows("aa", "ab", "ac", "ad")), "columns")
    assert [row[2] for row in follower.take("a", "c")] == [2]
    assert [row[2] for row in follower.take("a", "d")] == [3]


def test_no_rows_at_all() -> None:
    assert Follower(iter(()), "columns").take("a", "a") == []


def test_names_in_code_point_order_as_snowflake_sorts_them() -> None:
    names = ["A", "Z", "_", "a", "z", "~", "Ä", "表", "𝄞"]
    assert sorted(names) == names == [name.decode() for name in sorted(name.encode() for name in names)]


@pytest.mark.parametrize("keys", [("ab", "aa", "ac"), ("ac", "aa", "ad")])
def test_rows_out_of_order_are_noticed(keys: tuple[str, ...]) -> None:
    follower = Follower(iter(rows(*keys)), "columns")
    with pytest.raises(SourceError, match="columns came out of order"):
        [follower.take("a", name) for name in "abcd"]


def test_in_order_passes_rows_on() -> None:
    assert list(in_order(iter(rows("aa", "ab", "ab")), "tables")) == rows("aa", "ab", "ab")
    with pytest.raises(SourceError, match=r"tables came out of order: \('a', 'a'\) after \('b', 'a'\)"):
        list(in_order(iter(rows("ba", "aa")), "tables"))
