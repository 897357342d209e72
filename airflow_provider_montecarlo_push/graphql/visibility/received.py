"""Whether a warehouse shows that it received a push: ``pushEvents``, which names the last one of each flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question
from airflow_provider_montecarlo_push.graphql.visibility.expecting import (
    Expectation,
    Outlook,
    account_of,
    moment,
    require_warehouses,
)

# PushEventType by flow.
EVENT_TYPES = {"metadata": "METADATA", "lineage": "LINEAGE", "query_logs": "QUERY_LOGS"}


def missing_pushes(expectation: Expectation) -> Conversation[Outlook]:
    """Return which warehouses do not show a push.

    :param expectation: ``warehouses`` (UUIDs), ``flow``, ``invocations`` (ids of which one is to be the last that was
        received), ``since`` (ISO 8601; any push that was received later counts as well), or null.
    :raises ConfigurationError: when there is no such warehouse.
    """
    answer = yield Question(documents.WAREHOUSES, {})
    warehouses = account_of(answer).get("warehouses") or []
    require_warehouses(expectation["warehouses"], warehouses)
    by_uuid = {str(warehouse["uuid"]).lower(): warehouse for warehouse in warehouses}
    missing: list[str] = []
    remaining = []
    for uuid in expectation["warehouses"]:
        last = _last_push(by_uuid[uuid.lower()], EVENT_TYPES[expectation["flow"]])
        if not _satisfies(last, expectation):
            missing.append(f"{_wanted(expectation)} at warehouse {uuid}, which {_shown(last)}")
            remaining.append(uuid)
    return Outlook(missing, expectation | {"warehouses": remaining})


def _last_push(warehouse: Mapping[str, Any], event_type: str) -> Mapping[str, Any]:
    events = warehouse.get("pushEvents") or []
    return next((event for event in events if event.get("eventType") == event_type), {})


def _satisfies(last: Mapping[str, Any], expectation: Expectation) -> bool:
    if last.get("lastInvocationId") in (expectation.get("invocations") or []):
        return True
    received, since = last.get("lastReceived"), expectation.get("since")
    return bool(received and since and moment(received) > moment(since))


def _wanted(expectation: Expectation) -> str:
    ids = expectation.get("invocations") or []
    which = f"invocation {ids[-1]} or a later push" if ids else f"a push since {expectation.get('since')}"
    return f"{which} of {expectation['flow']}"


def _shown(last: Mapping[str, Any]) -> str:
    if not last.get("lastReceived"):
        return "shows none"
    return f"shows invocation {last.get('lastInvocationId')} of {last['lastReceived']}"
