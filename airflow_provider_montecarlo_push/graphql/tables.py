"""Tables by name, as Monte Carlo finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question


def table_name(value: object, what: str) -> TableName:
    """Return the table that a user names: ``"db.schema.table"``, ``"db:schema.table"`` or an object of three.

    :param what: the parameter, for the error.
    :raises ConfigurationError: when it is none of these.
    """
    parts: tuple[Any, ...] = ()
    if isinstance(value, TableName):
        return value
    if isinstance(value, str):
        parts = tuple(value.replace(":", ".", 1).split("."))
    elif isinstance(value, Mapping):
        parts = tuple(value.get(key) for key in ("database", "schema", "name"))
    elif isinstance(value, list | tuple):
        parts = tuple(value)
    if len(parts) != 3 or not all(isinstance(part, str) and part for part in parts):
        raise ConfigurationError(
            f"{what} names a table {value!r}; write 'database.schema.table', or {{'database': …, 'schema': …, 'name': "
            "…}} where a part has a dot in it."
        )
    return TableName(*parts)


def full_table_id(name: TableName) -> str:
    """Return ``database:schema.table``, as Monte Carlo calls a table."""
    return f"{name.database}:{name.schema}.{name.name}"


def column_names(mcon: str) -> Conversation[list[str]]:
    """Return the names of a table's columns, in order."""
    names: list[str] = []
    after: str | None = None
    while True:
        answer = yield Question(documents.FIELDS, {"mcon": mcon, "after": after})
        versions = ((answer.get("getTable") or {}).get("versions") or {}).get("edges") or []
        if not versions:
            return names
        fields = versions[0]["node"]["fields"]
        names += [edge["node"]["name"] for edge in fields["edges"]]
        if not fields["pageInfo"]["hasNextPage"]:
            return names
        after = fields["pageInfo"]["endCursor"]
