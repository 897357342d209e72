from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.airflow.connection import Address, address_of
from airflow_provider_montecarlo_push.exceptions import ConfigurationError


def connection(extra: dict[str, Any] | None = None, **facts: Any) -> Any:
    from airflow.sdk import Connection

    return Connection(conn_id="airflow_api", conn_type="http", extra=json.dumps(extra or {}), **facts)


@pytest.mark.parametrize(
    ("facts", "url"),
    [
        ({"host": "airflow.example.com"}, "https://airflow.example.com"),
        ({"host": "airflow.example.com", "schema": "http", "port": 8080}, "http://airflow.example.com:8080"),
        ({"host": "https://airflow.example.com/team/"}, "https://airflow.example.com/team"),
        ({"host": "https://airflow.example.com/team/api/v2/"}, "https://airflow.example.com/team"),
        ({"host": "http://me:secret@airflow:8080/?a=b#c"}, "http://airflow:8080"),
        ({"host": "http://airflow:8080", "port": 9}, "http://airflow:8080"),
    ],
)
def test_hosts(facts: dict[str, Any], url: str) -> None:
    assert address_of(connection(**facts)).url == url


@pytest.mark.parametrize(
    ("facts", "extra", "expected"),
    [
        ({"login": "me", "password": "p"}, {}, {"user": "me", "password": "p"}),
        ({"password": "made-by-hand"}, {}, {"token": "made-by-hand"}),
        ({"login": "me", "password": "p"}, {"token": "t"}, {"user": "me", "password": "p", "token": "t"}),
        ({}, {"verify": False, "timeout": 5}, {"verify": False, "timeout": 5.0}),
        ({}, {"verify": "/ca.pem"}, {"verify": "/ca.pem"}),
        ({}, {"verify": "False"}, {"verify": False}),
    ],
)
def test_logins_and_extras(facts: dict[str, Any], extra: dict[str, Any], expected: dict[str, Any]) -> None:
    assert address_of(connection(extra, host="a", **facts)) == Address("https://a", **expected)


def test_secrets_are_not_shown() -> None:
    shown = repr(address_of(connection({"token": "hidden-1"}, host="a", login="me", password="hidden-2")))
    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("facts", "extra", "message"),
    [
        ({}, {}, "has no host"),
        ({"host": "ftp://a"}, {}, "not an http"),
        ({"host": "a"}, {"timeout": "soon"}, "'timeout' .* is 'soon'"),
        ({"host": "a"}, {"timeout": 0}, "seconds, more than 0"),
        ({"host": "a"}, {"verify": 3}, "'verify' .* is 3"),
    ],
)
def test_what_is_wrong_is_named(facts: dict[str, Any], extra: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        address_of(connection(extra, **facts))
