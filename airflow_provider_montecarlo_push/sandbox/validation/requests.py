"""A whole request: its envelope, the resources it names, its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_montecarlo_push.sandbox.validation.etl import MOST_EVENTS, etl_metadata_event, etl_run_event
from airflow_provider_montecarlo_push.sandbox.validation.lineage import lineage_event
from airflow_provider_montecarlo_push.sandbox.validation.metadata import metadata_event
from airflow_provider_montecarlo_push.sandbox.validation.query_logs import query_log_event
from airflow_provider_montecarlo_push.sandbox.validation.shapes import (
    Check,
    Problems,
    each,
    is_uuid,
    kind,
    one_of,
    record,
    text,
    timestamp,
    uuid,
)
from airflow_provider_montecarlo_push.sandbox.validation.vocabulary import (
    ETL_RESOURCE_TYPES,
    LOG_TYPES,
    RESOURCE_TYPES,
)

EVENT_TYPES = {
    "metadata": frozenset({"METADATA"}),
    "lineage": frozenset({"LINEAGE", "COLUMN_LINEAGE"}),
    "query_logs": frozenset({"QUERY_LOG"}),
    "etl_metadata": frozenset({"ETL_METADATA"}),
    "etl_runs": frozenset({"ETLRUN"}),
}
_RESOURCE = record({"uuid": uuid, "resource_type": one_of(RESOURCE_TYPES)})
_LOG_RESOURCE = record({"uuid": uuid, "log_type": text})
_ETL_RESOURCE = record({"uuid": uuid, "resource_type": one_of(ETL_RESOURCE_TYPES)})
_RESOURCES = {"query_logs": _LOG_RESOURCE, "etl_metadata": _ETL_RESOURCE, "etl_runs": _ETL_RESOURCE}
_ETL_EVENTS = {"etl_metadata": etl_metadata_event, "etl_runs": etl_run_event}


@dataclass(frozen=True)
class Checked:
    """What came of a request: ``message`` is ``None`` when it is good."""

    message: str | None
    details: list[dict[str, str]]


def named_resources(document: Any) -> Iterator[tuple[str, str]]:
    """Yield every well-formed resource UUID in a request, however malformed the rest, with its place."""
    if not isinstance(document, dict):
        return
    resource = document.get("resource")
    if isinstance(resource, dict) and is_uuid(resource.get("uuid")):
        yield resource["uuid"].lower(), "resource.uuid"
    events = document.get("events")
    for index, event in enumerate(events if isinstance(events, list) else ()):
        if isinstance(event, dict) and ("destination" in event or "sources" in event):
            yield from _asset_resources(event, f"events[{index}]")


def _asset_resources(event: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    sources = event.get("sources")
    listed = [("destination", event.get("destination"))]
    listed += [(f"sources[{index}]", item) for index, item in enumerate(sources if isinstance(sources, list) else ())]
    for where, asset in listed:
        if isinstance(asset, dict) and is_uuid(asset.get("resource_uuid")):
            yield asset["resource_uuid"].lower(), f"{place}.{where}.resource_uuid"


def check_request(flow: str, document: Any) -> Checked:
    """Check a decoded body against the schema of its endpoint.

    :param flow: ``metadata``, ``lineage``, ``query_logs``, ``etl_metadata`` or ``etl_runs``.
    """
    if not isinstance(document, dict):
        return Checked(f"The body must be a JSON object, not {kind(document)}.", [])
    unsupported = _unsupported_log_type(document) if flow == "query_logs" else None
    if unsupported is not None:
        return unsupported
    problems = Problems()
    checks: dict[str, Check] = {
        "event_type": one_of(EVENT_TYPES[flow]),
        "resource": _RESOURCES.get(flow, _RESOURCE),
        "events": each(_event_check(flow, document), at_least=1, at_most=MOST_EVENTS.get(flow)),
    }
    across = flow == "lineage" and "resource" not in document
    for key in checks:
        if key not in document and not (across and key == "resource"):
            problems.add((None, key), "is required")
    if flow == "etl_runs" and "event_time" in document:
        checks["event_time"] = timestamp
    for key, value in document.items():
        if key in checks:
            checks[key](value, (None, key), problems)
        else:
            problems.add((None, key), "is not a field of the Ingest API")
    if not problems.count:
        return Checked(None, [])
    plural = "error" if problems.count == 1 else "errors"
    return Checked(f"Schema validation failed: {problems.count} {plural}", problems.details)


def _event_check(flow: str, document: dict[str, Any]) -> Check:
    if flow == "metadata":
        return metadata_event
    if flow == "query_logs":
        return query_log_event
    if flow in _ETL_EVENTS:
        return _ETL_EVENTS[flow]
    return lineage_event(columns=document.get("event_type") == "COLUMN_LINEAGE", across="resource" not in document)


def _unsupported_log_type(document: dict[str, Any]) -> Checked | None:
    """The gateway answers a missing or unknown log type with a message of its own."""
    resource = document.get("resource")
    if not isinstance(resource, dict):
        return None
    given = resource.get("log_type")
    if isinstance(given, str) and given in LOG_TYPES:
        return None
    if "log_type" in resource:
        message = f"must be one of {', '.join(sorted(LOG_TYPES))}"
    else:
        message = "is required: query logs name a log_type, not a resource_type"
    return Checked(f"Unsupported ingest query-log log_type: {given!r}", [{"loc": "resource.log_type", "msg": message}])
