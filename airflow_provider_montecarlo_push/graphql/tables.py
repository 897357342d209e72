"""Tables by name, as Monte Carlo finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        parts = tuple(value.strip().replace(":", ".", 1).split("."))
    elif isinstance(value, Mapping):
        parts = tuple(value.get(key) for key in ("database", "schema", "name"))
    elif isinstance(value, list | tuple):
        parts = tuple(value)
    if len(parts) != 3 or not all(isinstance(part, str) and part.strip() for part in parts):
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
        version = next(_nodes((answer.get("getTable") or {}).get("versions")), {})
        fields = version.get("fields") or {}
        names += [field["name"] for field in _nodes(fields) if field.get("name")]
        page = fields.get("pageInfo") or {}
        if not page.get("hasNextPage") or page.get("endCursor") in (None, after):
            return names
        after = page["endCursor"]


def _nodes(connection: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes of a GraphQL connection, any part of which may be null."""
    for edge in (connection or {}).get("edges") or []:
        if edge and edge.get("node"):
            yield edge["node"]
