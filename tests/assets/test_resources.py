"""Which resource a dataset belongs to: the longest prefix, and nothing that merely looks like one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.assets.uris import dataset_of_uri
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

UUIDS = {letter: f"00000000-0000-0000-0000-00000000000{letter}" for letter in "abcdef"}


def entry(letter: str, resource_type: str = "snowflake") -> dict[str, str]:
    return {"resource_uuid": UUIDS[letter], "resource_type": resource_type}


MAP: dict[str, Any] = {
    "snowflake://Org-Acct": entry("a"),
    "snowflake://org-acct/FIN": entry("b"),
    "snowflake://xy1": entry("c"),
    "bigquery": entry("d", "bigquery"),
    "bigquery://p2": entry("e", "bigquery"),
    "s3://bucket/raw/": entry("f", "data-lake"),
    "postgres://h": entry("c", "transactional-db"),
    "snow_conn": entry("b"),
}


@pytest.mark.parametrize(
    ("uri", "letter"),
    [
        ("snowflake://org-acct/db/s/t", "a"),
        ("snowflake://org-acct/fin/s/t", "b"),
        ("snowflake://org-acct/fin2/s/t", "a"),
        ("snowflake://org-acct2/db/s/t", None),
        ("snowflake://xy1.us-west-1.aws/db/s/t", "c"),
        ("snowflake://xy12/db/s/t", None),
        ("bigquery://p/d/t", "d"),
        ("bigquery://p2/d/t", "e"),
        ("bigquery://p22/d/t", "d"),
        ("s3://bucket/raw", "f"),
        ("s3a://bucket/raw/x", "f"),
        ("s3://bucket/Raw/x", None),
        ("s3://bucket/rawer/x", None),
        ("postgresql://h/d/s/t", "c"),
        ("postgres://h:5433/d/s/t", "c"),
        ("postgres://h.example.com/d/s/t", None),
        ("redshift://h/d/s/t", None),
    ],
)
def test_the_longest_prefix_wins_and_ends_where_a_name_does(uri: str, letter: str | None) -> None:
    found = ResourceMap(MAP).of(dataset_of_uri(uri))
    assert (found.uuid if found else None) == (UUIDS[letter] if letter else None)


def test_connections() -> None:
    resources = ResourceMap(json.dumps(MAP))
    assert resources.of_connection("snow_conn", "snowflake") == Resource(UUIDS["b"], "snowflake")
    assert resources.of(Dataset("snow_conn", "a.b.c")) == Resource(UUIDS["b"], "snowflake")
    assert resources.of_connection("other", "google_cloud_platform") == Resource(UUIDS["d"], "bigquery")
    assert resources.of_connection("other", "snowflake") is None
    assert resources.of_connection("other") is None


@pytest.mark.parametrize("empty", [None, "", " ", {}, "{}"])
def test_nothing_is_mapped(empty: object) -> None:
    resources = ResourceMap(empty)
    assert not resources
    assert list(resources) == []
    assert resources.of(dataset_of_uri("bigquery://p/d/t")) is None


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", "no JSON"),
        ([], "is a list"),
        ({"x": 1}, "'x' needs resource_uuid and resource_type"),
        ({"x": {"resource_uuid": UUIDS["a"]}}, "'x' needs resource_uuid and resource_type"),
        ({"x": entry("a") | {"log_type": "s3"}}, "'x' has log_type"),
        ({"x": entry("a") | {"resource_uuid": "a"}}, "'x': resource_uuid 'a' is not a UUID"),
        ({"x": entry("a", "snowflakes")}, "Did you mean 'snowflake'"),
        ({"s3a://b": entry("a"), "s3://b/": entry("b")}, "is there twice"),
        ({" ": entry("a")}, "is a dict"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(bad: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        ResourceMap(bad, origin="the map of the test")
    assert "the map of the test" in str(caught.value)
