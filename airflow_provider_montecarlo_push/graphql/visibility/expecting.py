"""What the conversations about visibility share: expectations, tables by name, resources, moments."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Answer, Conversation, Question, ask_each, numbered
from airflow_provider_montecarlo_push.graphql.tables import full_table_id

# JSON values only. Every one may have ``resources``, the UUIDs of warehouses that are still to be checked.
Expectation = dict[str, Any]
# A table that is expected: ``table`` (database, schema, name), ``resource`` (UUID), ``mcon`` once it is known.
Item = dict[str, Any]
T = TypeVar("T")

# A trigger's parameters are kept, encrypted, in a column that holds 64 kB on MySQL.
MOST_PACKED_BYTES = 40_000
_TABLES_AT_ONCE = 50
_NAMED = 20


class Outlook(NamedTuple):
    """What a conversation found.

    :param missing: what is not visible yet, a line for each; nothing when all is.
    :param remaining: what to ask about the next time.
    """

    missing: list[str]
    remaining: Expectation


def pack(expectation: Expectation) -> str:
    """Return ``expectation`` as a short text."""
    return base64.b85encode(zlib.compress(json.dumps(expectation, separators=(",", ":")).encode(), 9)).decode()


def unpack(text: str) -> Expectation:
    """Return the expectation in a text of :func:`pack`."""
    expectation: Expectation = json.loads(zlib.decompress(base64.b85decode(text)))
    return expectation


def fits(expectation: Expectation) -> bool:
    """Tell whether ``expectation`` is small enough for a trigger."""
    return len(pack(expectation)) <= MOST_PACKED_BYTES


def named(texts: Sequence[str], most: int = _NAMED) -> str:
    """Return ``texts`` as a list in words, up to ``most`` of them and the number of the others."""
    shown = "; ".join(texts[:most])
    return f"{shown}; and {len(texts) - most:,} more" if len(texts) > most else shown


def table_of(item: Item) -> TableName:
    """Return the table that an item is about."""
    return TableName(*item["table"])


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield ``items`` in pieces of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def answers(answer: Answer, count: int) -> list[dict[str, Any]]:
    """Return the answers ``t0``, ``t1``, … to several things asked at once; an empty one for null."""
    return [answer.get(f"t{number}") or {} for number in range(count)]


def check_resources(expectation: Mapping[str, Any]) -> Conversation[str | None]:
    """Check that Monte Carlo has the warehouses of an expectation; return the account's UUID.

    :return: ``None`` when there is nothing to check any more.
    :raises ConfigurationError: when one is unknown, naming those that there are.
    """
    wanted: list[str] = expectation.get("resources") or []
    if not wanted:
        return None
    answer = yield Question(documents.WAREHOUSES, {})
    found = account_of(answer)
    require_warehouses(wanted, found.get("warehouses") or [])
    return found.get("uuid")


def account_of(answer: Answer) -> dict[str, Any]:
    """Return the account in the answer to :data:`~.documents.WAREHOUSES`."""
    return ((answer.get("getUser") or {}).get("account")) or {}


def require_warehouses(
    wanted: Iterable[str], warehouses: Iterable[Mapping[str, Any]], *, kind: str = "warehouse"
) -> None:
    """Check that all of ``wanted``, UUIDs, are among ``warehouses``.

    :param kind: what they are, for the error.
    :raises ConfigurationError: when one is not.
    """
    known = {str(warehouse["uuid"]).lower(): str(warehouse.get("name")) for warehouse in warehouses}
    for uuid in wanted:
        if uuid.lower() not in known:
            names = named([f"{name} ({key})" for key, name in known.items()]) or "none"
            raise ConfigurationError(
                f"Monte Carlo shows no {kind} {uuid} to this API key, so nothing of it would ever be visible. "
                f"{kind[0].upper()}{kind[1:]}s: {names}. Check resource_uuid, and that both keys are of one account."
            )


def find_tables(items: Sequence[Item]) -> Conversation[list[dict[str, Any]]]:
    """Look tables up by name and warehouse; return what is known of each, nothing where it is not visible.

    :return: for each item ``mcon``, ``isDeleted``, ``ingestInvocationId``, ``lastObserved``.
    """
    found: dict[int, dict[str, Any]] = {}
    numbers = sorted(range(len(items)), key=lambda number: str(items[number]["resource"]))
    for resource, group in groupby(numbers, key=lambda number: items[number]["resource"]):
        for some in chunks(list(group), _TABLES_AT_ONCE):
            names = [full_table_id(table_of(items[number])) for number in some]
            variables = numbered(t=names) | {"warehouse": resource}
            tables = yield from ask_each(Question(documents.visible_tables(len(some)), variables), len(some))
            found |= {number: table or {} for number, table in zip(some, tables, strict=True)}
    return [found[number] for number in range(len(items))]


def not_there(item: Item, facts: Mapping[str, Any]) -> str | None:
    """Return why a table is not visible, ``None`` when it is."""
    if not facts.get("mcon"):
        return f"table {table_of(item)} is not visible"
    return f"table {table_of(item)} is deleted at Monte Carlo" if facts.get("isDeleted") else None


class Node(NamedTuple):
    """A table of the lineage graph, whatever kind of table it is there."""

    resource: str
    object_id: str

    @classmethod
    def of(cls, table: TableName, resource: str) -> Node:
        """Return the node of a table."""
        return cls(resource.lower(), full_table_id(table).casefold())

    @classmethod
    def parse(cls, mcon: str | None) -> Node | None:
        """Return the node that an MCON (``MCON++account++resource++type++id``) names, ``None`` when it names none."""
        parts = (mcon or "").split("++", 4)
        return cls(parts[2].lower(), parts[4].casefold()) if len(parts) == 5 else None
