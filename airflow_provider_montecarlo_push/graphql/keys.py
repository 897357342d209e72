"""Ingestion keys and warehouses of an account.

Source: ``createIntegrationKey``, ``getIntegrationKeys`` and ``deleteIntegrationKey`` of the GraphQL schema. Only the
answer that creates a key has its secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from airflow_provider_montecarlo_push.events.vocabulary import RESOURCE_TYPES, check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, GraphQLError
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question


class IngestionKey:
    """A key with its secret: ``key_id, secret = key``.

    It does not show the secret, and is of no type that XCom takes.
    """

    __slots__ = ("id", "secret")

    def __init__(self, key_id: str, secret: str) -> None:
        self.id = key_id
        self.secret = secret

    def __iter__(self) -> Iterator[str]:
        return iter((self.id, self.secret))

    def __repr__(self) -> str:
        return f"IngestionKey(id={self.id!r}, secret='***')"


class KnownKey(NamedTuple):
    """A key as Monte Carlo lists it. ``warehouses`` are names by UUID; none means all of them."""

    id: str
    description: str
    created: datetime | None
    warehouses: dict[str, str]


class PushEvents(NamedTuple):
    """What a warehouse has received of one kind.

    :param kind: ``METADATA``, ``LINEAGE``, ``QUERY_LOGS``, ``ETL_METADATA`` or ``ETL_RUNS``.
    :param status: ``ACTIVE``, ``STALE`` or ``NEVER_RECEIVED``.
    :param first_received: ISO 8601, as is ``last_received``.
    """

    kind: str
    status: str
    first_received: str | None
    last_received: str | None
    last_invocation_id: str | None


class Warehouse(NamedTuple):
    """A warehouse, which is what is pushed to.

    :param connection_type: as Monte Carlo calls it, such as ``DATA_LAKE``.
    :param resource_type: as a push names it, such as ``data-lake``; ``None`` when nothing can be pushed to this type.
    """

    uuid: str
    name: str
    connection_type: str
    resource_type: str | None
    push_events: tuple[PushEvents, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as XCom and command lines take them."""
        return {**self._asdict(), "push_events": [events._asdict() for events in self.push_events]}


def new_key(description: str, warehouses: Sequence[str] | None = None) -> Conversation[IngestionKey]:
    """Create a key with scope Ingestion.

    :param description: what the list of keys shows.
    :param warehouses: UUIDs of the only warehouses that it may push to; ``None`` for all.
    :raises ConfigurationError: when the description is empty, or a UUID is none.
    :raises GraphQLError: when the answer has no key.
    """
    if not description.strip():
        raise ConfigurationError("A key needs a description, such as who uses it for what.")
    variables: dict[str, Any] = {"description": description.strip()}
    if warehouses is not None:
        # An empty list might be taken for all of them.
        if isinstance(warehouses, str) or not warehouses:
            raise ConfigurationError(f"warehouses is {warehouses!r}; give a list of UUIDs, or none for all of them.")
        variables["warehouses"] = [check_resource_uuid(uuid) for uuid in warehouses]
    answer = yield Question(documents.CREATE_KEY, variables)
    key = (answer.get("createIntegrationKey") or {}).get("key") or {}
    if not key.get("id") or not key.get("secret"):
        raise GraphQLError("Monte Carlo's answer has no key. Look into the list of keys before trying again.")
    return IngestionKey(key["id"], key["secret"])


def ingestion_keys(warehouse: str | None = None) -> Conversation[list[KnownKey]]:
    """Return the Ingestion keys in force, without their secrets.

    :param warehouse: only those that name this warehouse's UUID.
    """
    answer = yield Question(documents.KEYS, {"warehouse": warehouse} if warehouse else {})
    return [
        KnownKey(
            item["id"],
            item.get("description") or "",
            datetime.fromisoformat(item["createdTime"]) if item.get("createdTime") else None,
            {one["uuid"]: one.get("name") or "" for one in item.get("warehouses") or [] if one},
        )
        for item in answer.get("getIntegrationKeys") or []
        if item and item.get("id")
    ]


def delete_key(key_id: str) -> Conversation[bool]:
    """Delete a key; return whether there was one."""
    answer = yield Question(documents.DELETE_KEY, {"id": key_id})
    return bool((answer.get("deleteIntegrationKey") or {}).get("deleted"))


def warehouses_of(found: Iterable[dict[str, Any]]) -> list[Warehouse]:
    """Return warehouses in order of their names.

    :param found: as ``MonteCarloHook.warehouses`` returns them.
    """
    every = []
    for item in found:
        kind = item.get("connectionType") or ""
        resource_type = kind.lower().replace("_", "-")
        every.append(
            Warehouse(
                uuid=item["uuid"],
                name=item.get("name") or "",
                connection_type=kind,
                resource_type=resource_type if resource_type in RESOURCE_TYPES else None,
                push_events=tuple(_push_events(events) for events in item.get("pushEvents") or [] if events),
            )
        )
    return sorted(every, key=lambda warehouse: (warehouse.name.casefold(), warehouse.uuid))


def _push_events(events: dict[str, Any]) -> PushEvents:
    return PushEvents(
        kind=events.get("eventType") or "",
        status=events.get("status") or "",
        first_received=events.get("firstReceived"),
        last_received=events.get("lastReceived"),
        last_invocation_id=events.get("lastInvocationId"),
    )
