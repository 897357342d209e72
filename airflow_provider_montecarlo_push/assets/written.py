"""Edges as users write them, in a DAG or in a file: read and checked before anything is sent."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_montecarlo_push.assets.ends import End
from airflow_provider_montecarlo_push.assets.names import NotATableError, require_table, split_name
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.assets.statements import ResolvedEdge
from airflow_provider_montecarlo_push.assets.uris import dataset_of_uri
from airflow_provider_montecarlo_push.events.metadata import check_asset_type
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_type, check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidEventError

_EDGE = ("destination", "sources", "fields")
_NAMES = ("database", "schema", "name")
_TABLE = ("table", *_NAMES, "type", "resource_uuid", "resource_type")
_COLUMN = ("source", "field")


class WrittenEdges:
    """Reads edges.

    :param resources: where the tables of URIs are.
    :param main: where tables are that name no resource; ``None`` when that is only known to the connection.
    """

    def __init__(self, resources: ResourceMap, main: Resource | None) -> None:
        self._resources = resources
        self._main = main

    def read(self, values: Iterable[Any], what: str) -> Iterator[ResolvedEdge]:
        """Yield the edges.

        :param what: where they are from, for errors: ``edges`` or a file's URI.
        :raises ConfigurationError: naming the edge, and the part of it, that cannot be understood.
        """
        for number, value in enumerate(values):
            yield self._edge(value, f"{what}[{number}]")

    def _edge(self, value: Any, where: str) -> ResolvedEdge:
        facts = _object(value, _EDGE, where)
        destination, kind = self._end(facts.get("destination"), f"{where}.destination")
        written = facts.get("sources") or []
        if isinstance(written, str | Mapping):
            written = [written]
        if not isinstance(written, list | tuple):
            raise ConfigurationError(f"{where}.sources is {written!r}; write a list of tables.")
        ends = [self._end(source, f"{where}.sources[{number}]") for number, source in enumerate(written)]
        sources = dict(ends)
        if not sources:
            raise ConfigurationError(f"{where} has no sources.")
        if destination in sources:
            raise ConfigurationError(f"{where} leads from {destination.table} to itself.")
        _check_resources(where, destination, *sources)
        return ResolvedEdge(destination, sources, self._columns(facts.get("fields"), list(sources), where), kind)

    def _columns(self, value: Any, sources: list[End], where: str) -> dict[str, list[tuple[End, str]]]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise ConfigurationError(
                f"{where}.fields is {value!r}; write columns of the destination and what they come from, such as "
                '{"AMOUNT": ["DB.SCHEMA.ORDERS.AMOUNT"]}.'
            )
        columns: dict[str, list[tuple[End, str]]] = {}
        for name, cited in value.items():
            if isinstance(cited, str | Mapping):
                cited = [cited]
            if not isinstance(cited, list | tuple) or not cited:
                raise ConfigurationError(f"{where}.fields.{name} is {cited!r}; write the columns that it comes from.")
            columns[_text(name, f"{where}.fields")] = [
                self._column(one, sources, f"{where}.fields.{name}[{number}]") for number, one in enumerate(cited)
            ]
        return columns

    def _column(self, value: Any, sources: list[End], where: str) -> tuple[End, str]:
        """Return the source and the column of it that are meant: only ever one of the edge's own sources."""
        if isinstance(value, Mapping):
            facts = _object(value, _COLUMN, where)
            column = _text(facts.get("field"), f"{where}.field")
            if facts.get("source") is None:
                return _only(sources, [], where), column
            end, _ = self._end(facts["source"], f"{where}.source")
            if end not in sources:
                raise ConfigurationError(f"{where}.source is {end.table}, which is none of the edge's sources.")
            return end, column
        parts = [name for name, _ in split_name(_text(value, where))]
        if not parts:
            raise ConfigurationError(f"{where} is {value!r}; put names with dots or quotes in double quotes.")
        return _only(sources, parts[:-1], where), parts[-1]

    def _end(self, value: Any, where: str) -> tuple[End, str]:
        """Return a table and its type."""
        if isinstance(value, str):
            if "://" in value:
                return self._of_uri(value, where), "TABLE"
            value = {"table": value}
        facts = _object(value, _TABLE, where)
        kind = facts.get("type") or "TABLE"
        try:
            check_asset_type(kind, where)
            resource = self._resource(facts)
        except (ConfigurationError, InvalidEventError) as error:
            raise ConfigurationError(f"{where}: {error}") from error
        written = facts.get("table")
        if isinstance(written, str) and "://" in written:
            return self._of_uri(written, where), kind
        return End(_table(facts, where), resource), kind

    def _resource(self, facts: Mapping[str, Any]) -> Resource | None:
        uuid, resource_type = facts.get("resource_uuid"), facts.get("resource_type")
        if uuid is None and resource_type is None:
            return self._main
        if uuid is None or resource_type is None:
            raise ConfigurationError("only one of resource_uuid and resource_type is given; give both or neither.")
        return Resource(check_resource_uuid(uuid), check_resource_type(resource_type))

    def _of_uri(self, uri: str, where: str) -> End:
        try:
            dataset = dataset_of_uri(uri)
            resource = self._resources.of(dataset)
            table = require_table(dataset, resource.type if resource is not None else None)
        except NotATableError as error:
            raise ConfigurationError(f"{where}: {error}.") from error
        if resource is None:
            raise ConfigurationError(f"{where}: {uri} is in no mapped resource. {self._resources.advice()}")
        return End(table, resource)


def _check_resources(where: str, *ends: End) -> None:
    named = {end.resource is not None for end in ends}
    if len(named) == 2:
        without = next(end.table for end in ends if end.resource is None)
        raise ConfigurationError(
            f"{where} leads from one resource to another, and {without} names none. Give it resource_uuid and "
            "resource_type, or give both to the operator."
        )


def _only(sources: list[End], names: Sequence[str], where: str) -> End:
    """Return the one source whose name ends in ``names``."""
    found = [end for end in sources if not names or tuple(end.table[-len(names) :]) == tuple(names)]
    if len(found) == 1 and len(names) <= len(_NAMES):
        return found[0]
    written = ".".join(names) or "a column alone"
    tables = ", ".join(str(end.table) for end in sources)
    raise ConfigurationError(
        f"{where}: {written} is {'none' if not found else 'more than one'} of the edge's sources, {tables}. Write "
        "DATABASE.SCHEMA.TABLE.COLUMN."
    )


def _table(facts: Mapping[str, Any], where: str) -> TableName:
    written = facts.get("table")
    if written is not None and any(facts.get(name) is not None for name in _NAMES):
        raise ConfigurationError(f"{where} has both table and {'/'.join(_NAMES)}; keep one of them.")
    if isinstance(written, str):
        parts = [name for name, _ in split_name(written)]
    elif isinstance(written, Mapping):
        parts = [_text(written.get(name), f"{where}.table.{name}") for name in _NAMES]
    else:
        parts = [_text(facts.get(name), f"{where}.{name}") for name in _NAMES]
    if len(parts) != len(_NAMES):
        raise ConfigurationError(
            f"{where} names a table {written!r}; write DATABASE.SCHEMA.TABLE, with a name that has a dot in it in "
            "double quotes, or a URI such as snowflake://org-account/DATABASE/SCHEMA/TABLE."
        )
    return TableName(*parts)


def _object(value: Any, known: Sequence[str], where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where} is {str(value)[:80]!r}; write an object with some of {', '.join(known)}.")
    for key in value:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ConfigurationError(f"{where} has {key!r}, which is not one of {', '.join(known)}.{hint}")
    return value


def _text(value: Any, where: str) -> str:
    # A number as a name comes from YAML, which reads 2024 as one.
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{where} is {value!r}; write a name.")
    return value.strip()
