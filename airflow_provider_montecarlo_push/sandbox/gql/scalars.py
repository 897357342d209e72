"""How Monte Carlo's scalars go in and out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema

from airflow_provider_montecarlo_push.sandbox.clock import from_text


def apply_scalars(schema: GraphQLSchema) -> None:
    """Give the custom scalars of a client schema, which are opaque there, their meaning."""
    for name, parse, serialize in _SCALARS:
        # A scalar cannot be exchanged in a schema that is built, so it takes over what a new one is made of.
        vars(schema.type_map[name]).update(vars(GraphQLScalarType(name, serialize=serialize, parse_value=parse)))


def _datetime(value: Any) -> datetime:
    try:
        return from_text(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise GraphQLError(f"DateTime cannot represent value: {value!r}") from error


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"Date cannot represent value: {value!r}") from error


def _uuid(value: Any) -> str:
    try:
        return str(uuid.UUID(value))
    except (AttributeError, TypeError, ValueError) as error:
        raise GraphQLError(f"UUID cannot represent value: {value!r}") from error


def _json(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"JSONString cannot represent value: {value!r}") from error


def _isoformat(value: Any) -> str:
    """Write a moment or a day as Monte Carlo does: ISO 8601 with ``+00:00``."""
    if isinstance(value, str):
        value = from_text(value)
    text: str = value.isoformat()
    return text


_SCALARS: tuple[tuple[str, Callable[[Any], Any], Callable[[Any], str]], ...] = (
    ("DateTime", _datetime, _isoformat),
    ("Date", _date, str),
    ("UUID", _uuid, str),
    ("JSONString", _json, json.dumps),
)
