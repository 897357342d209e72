"""What an HTTP answer of the GraphQL API means: its data, or one of our errors."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

import httpx

from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    GatewayUnavailableError,
    GraphQLError,
    ProtocolError,
)
from airflow_provider_montecarlo_push.transport import json_of, message_of, redirect_of, retry_after_of

DEFAULT_ENDPOINT = "https://api.getmontecarlo.com/graphql"

_TIMED_OUT, _TOO_MANY = 408, 429
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_LONGEST_MESSAGE = 600
_NAMED = 3


def data_of(response: httpx.Response, variables: Mapping[str, Any], *, origin: str, secret: str) -> dict[str, Any]:
    """Return the ``data`` of an answer.

    :param variables: of the question; an error in ``t3`` is about what the variable ``t3`` names.
    :param origin: where the endpoint was configured: ``connection 'montecarlo_default'``.
    :param secret: never part of an error, though an answer may echo it.
    :raises AuthenticationError: when the key is refused.
    :raises GatewayUnavailableError: when asking again may help: 408, 429, 5xx, or an answer that is cut off.
    :raises GraphQLError: when the answer has errors, with the data that came with them.
    :raises ProtocolError: when it is not one of GraphQL.
    """
    status, where = response.status_code, str(response.url.copy_with(userinfo=b""))
    answer = json_of(response)
    if status in (401, 403):
        raise AuthenticationError(_refused(response, where, origin, secret), status=status)
    if status in (_TIMED_OUT, _TOO_MANY) or status >= 500:
        raise GatewayUnavailableError(
            f"{status} from {where}: {_said(response, secret)}", retry_after=retry_after_of(response)
        )
    if isinstance(answer, dict) and answer.get("errors"):
        raise _graphql_error(_without(secret, answer), variables)
    if response.is_success and answer is None and response.content and _is_json(response):
        # What there is of it may hold a secret that was asked for, so none of it is shown.
        raise GatewayUnavailableError(f"{status} from {where} is cut off after {len(response.content):,} bytes.")
    if not response.is_success or not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
        raise ProtocolError(
            f"{status} from {where}{redirect_of(response)} is not a GraphQL answer: {_said(response, secret)} Check "
            f"the host of {origin} (default {DEFAULT_ENDPOINT}).",
            status=status,
        )
    return dict(answer["data"])


def _refused(response: httpx.Response, where: str, origin: str, secret: str) -> str:
    said = f"{response.status_code} from {where}: {_said(response, secret)}"
    if _is_page(response):
        said += " If this page is not Monte Carlo's, a proxy or firewall refuses. Otherwise:"
    return (
        f"{said} The key of {origin} is wrong, expired or deleted, or is an Ingestion key: GraphQL needs an API key "
        "(Settings > API)."
    )


def _said(response: httpx.Response, secret: str) -> str:
    """Return what an answer says, as a sentence; of a web page its title."""
    if not _is_page(response):
        return message_of(response, secret)
    title = _TITLE.search(response.text)
    text = " ".join(html.unescape(title[1]).split()).replace(secret, "***") if title else ""
    return f"a web page titled {text[:_LONGEST_MESSAGE]!r}." if text else "a web page."


def _is_page(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "")
    return "html" in kind or response.text[:100].lstrip().lower().startswith(("<!doctype html", "<html"))


def _is_json(response: httpx.Response) -> bool:
    return "json" in response.headers.get("content-type", "")


def _graphql_error(answer: Mapping[str, Any], variables: Mapping[str, Any]) -> GraphQLError:
    given = answer["errors"] if isinstance(answer["errors"], list) else [answer["errors"]]
    errors = [error if isinstance(error, dict) else {"message": str(error)} for error in given]
    about: dict[str, list[str]] = {}
    for error in errors:
        names = about.setdefault(str(error.get("message") or error), [])
        path = error.get("path")
        named = variables.get(str(path[0])) if isinstance(path, list) and path else None
        if isinstance(named, str) and named not in names:
            names.append(named)
    said = "; ".join(message + _listed(names) for message, names in about.items())
    if len(said) > _LONGEST_MESSAGE:
        said = said[:_LONGEST_MESSAGE] + "…"
    data = answer.get("data")
    return GraphQLError(
        f"Monte Carlo refused the query: {said}", errors=errors, data=data if isinstance(data, dict) else None
    )


def _listed(names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f" ({', '.join(names[:_NAMED])}{more})"


def _without(secret: str, value: Any) -> Any:
    """Return a JSON value with ``secret`` taken out of every text in it."""
    if isinstance(value, str):
        return value.replace(secret, "***")
    if isinstance(value, list):
        return [_without(secret, item) for item in value]
    return {key: _without(secret, item) for key, item in value.items()} if isinstance(value, dict) else value
