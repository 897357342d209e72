"""Which tables are visible, with their columns, and which points of volume and freshness have arrived.

Source: "Verifying pushed data" of the Push Ingest API page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question, moment, numbered
from airflow_provider_montecarlo_push.graphql.tables import column_names
from airflow_provider_montecarlo_push.graphql.visibility.expecting import (
    Expectation,
    Item,
    Outlook,
    answers,
    check_resources,
    find_tables,
    named,
    not_there,
    table_of,
)

ROW_COUNT, BYTE_COUNT, FRESHNESS = "total_row_count", "total_byte_count", "last_updated_on"
# What each metric of Monte Carlo is called in events and parameters.
METRICS = {"row_count": ROW_COUNT, "byte_count": BYTE_COUNT, "freshness": FRESHNESS}
_IN_WORDS = {ROW_COUNT: "row count", BYTE_COUNT: "byte count", FRESHNESS: "freshness"}
# How far the clocks of a worker and of Monte Carlo may differ.
_SKEW = timedelta(minutes=5)
_COLUMNS_NAMED = 5


def missing_metadata(expectation: Expectation) -> Conversation[Outlook]:
    """Return what of ``expectation`` is not visible.

    :param expectation: ``tables``, items with ``pushed`` (``invocation`` and ``at``, when it was acknowledged) where
        an earlier push does not count, ``fields`` (names of columns, or true for any) and ``metrics`` (what each of
        Monte Carlo's metrics was pushed as, or null, since ``since``); and ``invocations``, of which some table is to
        be visible: ``invocation`` and ``resource``.
    :raises ConfigurationError: when there is no such warehouse.
    """
    yield from check_resources(expectation)
    missing: list[str] = []
    pushes = []
    for push in expectation.get("invocations") or []:
        if not (yield from _has_tables(push)):
            pushes.append(push)
            missing.append(f"no table of invocation {push['invocation']} is visible")
    tables = []
    for item in (yield from _seen(expectation.get("tables") or [])):
        if "mcon" in item:
            item = yield from _details(item)
        if item.get("why"):
            missing += item.pop("why")
            tables.append(item)
    return Outlook(missing, {"tables": tables, "invocations": pushes})


def _has_tables(push: Mapping[str, Any]) -> Conversation[bool]:
    variables = {"warehouse": push["resource"], "invocation": push["invocation"]}
    answer = yield Question(documents.TABLE_OF_PUSH, variables)
    return bool((answer.get("getTables") or {}).get("edges"))


def _seen(items: list[Item]) -> Conversation[list[Item]]:
    """Return ``items``, each with its ``mcon``, or with ``why`` it is not visible."""
    unseen = [item for item in items if "mcon" not in item]
    found = yield from find_tables(unseen)
    seen = [item for item in items if "mcon" in item]
    for item, facts in zip(unseen, found, strict=True):
        why = not_there(item, facts) or _older(item, facts)
        seen.append(item | ({"why": [why]} if why else {"mcon": facts["mcon"]}))
    return seen


def _older(item: Item, facts: Mapping[str, Any]) -> str | None:
    """Return why what is visible is not what was pushed, ``None`` when it is that or newer.

    A table that was pushed again since carries another invocation id, and was observed after ours was acknowledged.
    """
    pushed = item.get("pushed")
    if pushed is None or facts.get("ingestInvocationId") == pushed["invocation"]:
        return None
    observed = facts.get("lastObserved")
    if observed and facts.get("ingestInvocationId") and moment(observed) > moment(pushed["at"]):
        return None
    return f"table {table_of(item)} is visible as it was before invocation {pushed['invocation']}"


def _details(item: Item) -> Conversation[Item]:
    """Return what is left to expect of a visible table, with ``why``; without it when there is nothing left."""
    why: list[str] = []
    left: Item = {key: item[key] for key in ("table", "resource", "mcon", "since") if key in item}
    if item.get("fields"):
        lacking = yield from _missing_fields(item)
        if lacking:
            left["fields"] = item["fields"]
            why.append(lacking)
    if item.get("metrics"):
        metrics = yield from _missing_metrics(item)
        if metrics:
            left["metrics"] = metrics
            why += [f"{_IN_WORDS[metric]} of table {table_of(item)} has not arrived" for metric in metrics]
    return left | {"why": why}


def _missing_fields(item: Item) -> Conversation[str | None]:
    visible = yield from column_names(item["mcon"])
    if item["fields"] is True:
        return None if visible else f"fields of table {table_of(item)} are not visible"
    known = {name.casefold() for name in visible}
    lacking = [name for name in item["fields"] if name.casefold() not in known]
    if not lacking:
        return None
    return f"fields of table {table_of(item)} are not visible: {named(lacking, _COLUMNS_NAMED).replace(';', ',')}"


def _missing_metrics(item: Item) -> Conversation[dict[str, float | None]]:
    """Return the metrics without a point since the clock hour in which the table was pushed.

    Points may stand at the beginning of their hour. One from before the push counts when it is what was pushed.
    """
    wanted: dict[str, float | None] = item["metrics"]
    since = moment(item["since"])
    start = min(since.replace(minute=0, second=0, microsecond=0), since - _SKEW)
    variables = numbered(t=list(wanted)) | {"mcon": item["mcon"], "start": start.isoformat()}
    answer = yield Question(documents.metric_points(len(wanted)), variables)
    found = zip(wanted.items(), answers(answer, len(wanted)), strict=True)
    return {
        metric: value
        for (metric, value), points in found
        if not any(point and _counts(point, value, since) for point in points.get("metrics") or [])
    }


def _counts(point: Mapping[str, Any], value: float | None, since: datetime) -> bool:
    at = point.get("measurementTimestamp")
    return not at or moment(at) >= since - _SKEW or value is None or point.get("value") == value
