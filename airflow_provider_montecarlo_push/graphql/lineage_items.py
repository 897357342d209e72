"""Nodes and edges of the lineage graph as users write them, in a DAG or in a file: read and checked before any I/O."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.tables import full_table_id, table_name

NEVER = "9999-12-31"
EDGE_TYPES = ("IS_DOWNSTREAM", "MODIFIES", "IS_READ_BY")
DEFAULT_TABLE_TYPE = "table"
MCON_PREFIX = "MCON++"

_REFERENCE = ("table", "object_type", "object_id", "resource")
_NODE = (*_REFERENCE, "name", "properties", "expire_at")
_EDGE = ("source", "destination", "edge_type", "expire_at")

Properties = tuple[tuple[str, str], ...]


class Reference(NamedTuple):
    """A node as a user names it.

    :param resource: name or UUID of the resource that contains it.
    :param object_type: such as ``table``, ``model``, ``report`` or ``job``.
    :param object_id: for tables ``database:schema.name``.
    :param table: the table that it is, for which Monte Carlo's catalog knows type and id better.
    """

    resource: str
    object_type: str
    object_id: str
    table: TableName | None = None

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id!r} in {self.resource!r}"


class WantedNode(NamedTuple):
    """A node to create or update; what is ``None`` stays as it is at Monte Carlo."""

    node: Reference
    expire_at: str = NEVER
    name: str | None = None
    properties: Properties | None = None

    @property
    def references(self) -> tuple[Reference, ...]:
        """The nodes that it is about."""
        return (self.node,)

    @property
    def key(self) -> tuple[Reference, ...]:
        """What tells it from others."""
        return self.references

    def __str__(self) -> str:
        return str(self.node)


class WantedEdge(NamedTuple):
    """An edge to create or update."""

    source: Reference
    destination: Reference
    expire_at: str = NEVER
    edge_type: str | None = None

    @property
    def references(self) -> tuple[Reference, ...]:
        """The nodes that it is about."""
        return (self.source, self.destination)

    @property
    def key(self) -> tuple[Reference, ...]:
        """What tells it from others."""
        return self.references

    def __str__(self) -> str:
        return f"{self.source} → {self.destination}"


class UnwantedNode(NamedTuple):
    """A node to delete, by its MCON or as :class:`Reference`."""

    node: Reference | None = None
    mcon: str | None = None

    @property
    def references(self) -> tuple[Reference, ...]:
        """The nodes that have to be looked up first."""
        return (self.node,) if self.node else ()

    @property
    def key(self) -> Any:
        """What tells it from others."""
        return self.mcon or self.node

    def __str__(self) -> str:
        return self.mcon or str(self.node)


class Defaults(NamedTuple):
    """What holds for items that do not say otherwise."""

    resource: str | None = None
    expire_at: str = NEVER


Item = TypeVar("Item", WantedNode, WantedEdge, UnwantedNode)


def read_items(
    values: Iterable[Any], read: Callable[[Any, Defaults, str], Item], defaults: Defaults, what: str
) -> list[Item]:
    """Return items, each once.

    :param read: :func:`wanted_node`, :func:`wanted_edge` or :func:`unwanted_node`.
    :param what: where they are from, for errors: ``nodes`` or a file's URI.
    :raises ConfigurationError: naming the item that cannot be understood, or that is there twice with other facts.
    """
    found: dict[Any, tuple[str, Item]] = {}
    for number, value in enumerate(values):
        where = f"{what}[{number}]"
        item = read(value, defaults, where)
        first, known = found.setdefault(item.key, (where, item))
        if known != item:
            raise ConfigurationError(f"{where} and {first} are both {item}, with different facts. Keep one of them.")
    return [item for _, item in found.values()]


def wanted_node(value: Any, defaults: Defaults, where: str) -> WantedNode:
    """Return a node to create or update: a table's name, or an object."""
    if isinstance(value, str):
        value = {"table": value}
    facts = _object(value, _NODE, where)
    return WantedNode(
        _reference(_named_only(facts), defaults, where),
        _expiry(facts.get("expire_at"), defaults, where),
        _text(facts["name"], f"{where}.name") if facts.get("name") is not None else None,
        _properties(facts["properties"], f"{where}.properties") if facts.get("properties") is not None else None,
    )


def wanted_edge(value: Any, defaults: Defaults, where: str) -> WantedEdge:
    """Return an edge to create or update: an object, or a pair of source and destination."""
    if isinstance(value, list | tuple) and len(value) == 2:
        value = {"source": value[0], "destination": value[1]}
    facts = _object(value, _EDGE, where)
    for side in ("source", "destination"):
        if facts.get(side) is None:
            raise ConfigurationError(f"{where} has no {side}.")
    source, destination = (_reference(facts[side], defaults, f"{where}.{side}") for side in ("source", "destination"))
    if source == destination:
        raise ConfigurationError(f"{where} leads from {source} to itself.")
    kind = facts.get("edge_type")
    if kind is not None and kind not in EDGE_TYPES:
        raise ConfigurationError(f"{where}.edge_type is {kind!r}; Monte Carlo accepts {', '.join(EDGE_TYPES)}.")
    return WantedEdge(source, destination, _expiry(facts.get("expire_at"), defaults, where), kind)


def unwanted_node(value: Any, defaults: Defaults, where: str) -> UnwantedNode:
    """Return a node to delete: an MCON, a table's name, or an object."""
    if isinstance(value, str) and value.strip().upper().startswith(MCON_PREFIX):
        mcon = value.strip()
        if not all(mcon_parts(mcon)):
            raise ConfigurationError(
                f"{where} is {value!r}, which is not a whole MCON: MCON++account++resource++type++id."
            )
        return UnwantedNode(mcon=mcon)
    if isinstance(value, Mapping):
        # What was written to make a node does to delete it.
        value = _named_only(_object(value, _NODE, where))
    return UnwantedNode(_reference(value, defaults, where))


def mcon_parts(mcon: str) -> tuple[str, str, str, str]:
    """Return account, resource, object type and object id of an MCON; empty texts when it is none."""
    parts = mcon.split("++", 4)
    return (parts[1], parts[2], parts[3], parts[4]) if len(parts) == 5 and parts[0] == "MCON" else ("", "", "", "")


def expiry(value: Any, what: str) -> str:
    """Return a moment of expiry as the API takes it: a date, or a time with its offset.

    :raises ConfigurationError: when it is neither.
    """
    if isinstance(value, str):
        value = _moment(value.strip())
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise ConfigurationError(f"{what} is {value!r}; write a date or time in ISO 8601, such as {NEVER}.")


def _moment(text: str) -> date | str:
    """Return the date or time that a text is, or the text when it is neither."""
    for kind in (date, datetime):
        with suppress(ValueError):
            return kind.fromisoformat(text)
    return text


def _expiry(value: Any, defaults: Defaults, where: str) -> str:
    return defaults.expire_at if value is None else expiry(value, f"{where}.expire_at")


def _reference(value: Any, defaults: Defaults, where: str) -> Reference:
    if isinstance(value, str):
        value = {"table": value}
    facts = _object(value, _REFERENCE, where)
    resource = facts.get("resource") or defaults.resource
    if not resource:
        raise ConfigurationError(f"{where} names no resource. Give it one, or all of them with the parameter resource.")
    resource = _text(resource, f"{where}.resource")
    if facts.get("table") is not None:
        if facts.get("object_id") is not None:
            raise ConfigurationError(f"{where} has both table and object_id; keep one of them.")
        name = table_name(facts["table"], where)
        kind = _text(facts.get("object_type") or DEFAULT_TABLE_TYPE, f"{where}.object_type")
        return Reference(resource, kind, full_table_id(name), name)
    for key in ("object_type", "object_id"):
        if facts.get(key) is None:
            raise ConfigurationError(f"{where} has no {key}. Give table, or object_type and object_id.")
    kind = _text(facts["object_type"], f"{where}.object_type")
    if "++" in kind:
        raise ConfigurationError(f"{where}.object_type is {kind!r}; it must not contain '++'.")
    return Reference(resource, kind, _text(facts["object_id"], f"{where}.object_id"))


def _named_only(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: facts[key] for key in _REFERENCE if key in facts}


def _properties(value: Any, where: str) -> Properties:
    """Return the pairs of an object; a list as a value is several properties of one name."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where} is {value!r}; write an object of names and values.")
    pairs = []
    for name, values in value.items():
        for one in values if isinstance(values, list | tuple) else [values]:
            if not isinstance(one, str | int | float | date):
                raise ConfigurationError(f"{where}.{name} is {one!r}; write a text, a number, or a list of them.")
            pairs.append((_text(name, where), str(one).lower() if isinstance(one, bool) else str(one)))
    return tuple(pairs)


def _object(value: Any, known: Sequence[str], where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where} is {str(value)[:80]!r}; write an object with some of {', '.join(known)}.")
    for key in value:
        if key not in known:
            close = difflib.get_close_matches(_snake(str(key)), known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigurationError(f"{where} has {key!r}, which is not one of {', '.join(known)}.{hint}")
    return value


def _snake(name: str) -> str:
    text = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
    return "resource" if text in ("resource_id", "resource_name", "resource_uuid") else text


def _text(value: Any, where: str) -> str:
    # A number as an id comes from YAML, which reads 4711 as one.
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{where} is {value!r}; write a text.")
    return value.strip()
