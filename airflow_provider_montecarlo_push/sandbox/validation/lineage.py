"""Lineage events, of tables and of columns, in one warehouse and across warehouses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_montecarlo_push.sandbox.validation.metadata import ASSET_TYPES
from airflow_provider_montecarlo_push.sandbox.validation.shapes import (
    Check,
    Place,
    Problems,
    each,
    name,
    one_of,
    record,
    uuid,
)
from airflow_provider_montecarlo_push.sandbox.validation.vocabulary import RESOURCE_TYPES

_asset = record(
    {"type": one_of(ASSET_TYPES), "database": name, "schema": name, "name": name},
    {"asset_id": name, "resource_uuid": uuid, "resource_type": one_of(RESOURCE_TYPES)},
)
_fields = record(
    {"destination": _asset, "sources": each(_asset, at_least=1)},
    {"fields": each(record({"name": name, "source_fields": each(record({"asset_id": name, "field_name": name}))}))},
)


def lineage_event(*, columns: bool, across: bool) -> Check:
    """Return the check of an event.

    :param columns: whether the request is ``COLUMN_LINEAGE``, so that an event may carry ``fields``.
    :param across: whether the request names no resource, so that every asset must name its own.
    """

    def check(event: Any, place: Place, problems: Problems) -> None:
        before = problems.count
        _fields(event, place, problems)
        if problems.count > before:
            return
        for asset, where in assets(event, place):
            _resource(asset, where, problems, across=across)
        if event.get("fields"):
            if columns:
                _columns(event, place, problems)
            else:
                problems.add((place, "fields"), "column lineage needs event_type COLUMN_LINEAGE")

    return check


def assets(event: dict[str, Any], place: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    """Yield the destination and the sources of an event that has the right form, each with its place."""
    yield event["destination"], (place, "destination")
    for index, source in enumerate(event["sources"]):
        yield source, ((place, "sources"), index)


def _resource(asset: dict[str, Any], place: Place, problems: Problems, *, across: bool) -> None:
    for key in ("resource_uuid", "resource_type"):
        given = asset.get(key) is not None
        if across and not given:
            problems.add((place, key), "is required on every asset where the request has no resource")
        elif given and not across:
            problems.add((place, key), "must be absent where the request has a resource")


def _columns(event: dict[str, Any], place: Place, problems: Problems) -> None:
    for asset, where in assets(event, place):
        if asset.get("asset_id") is None:
            problems.add((where, "asset_id"), "is required in an event with fields")
    declared = [source["asset_id"] for source in event["sources"] if source.get("asset_id") is not None]
    for index, alias in enumerate(declared):
        if alias in declared[:index]:
            problems.add((place, "sources"), f"asset_id {alias!r} is declared twice")
    known = set(declared)
    for row, column in enumerate(event["fields"]):
        for index, source in enumerate(column["source_fields"]):
            if source["asset_id"] not in known:
                cited: Place = (((((place, "fields"), row), "source_fields"), index), "asset_id")
                problems.add(cited, f"{source['asset_id']!r} is declared by no source")
