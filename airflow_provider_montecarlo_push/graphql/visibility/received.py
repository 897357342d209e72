"""Whether a warehouse or ETL container shows that it received a push: ``pushEvents`` names the last of each flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question, moment
from airflow_provider_montecarlo_push.graphql.visibility.expecting import (
    Expectation,
    Outlook,
    account_of,
    require_warehouses,
)

_OF_CONTAINERS = frozenset({"etl_metadata", "etl_runs"})


def missing_pushes(expectation: Expectation) -> Conversation[Outlook]:
    """Return which warehouses do not show a push; for jobs and runs, which ETL containers.

    :param expectation: ``warehouses`` (UUIDs of either), ``flow`` (a ``PushEventType`` in lower case),
        ``invocations`` (ids of which one is to be the last that was received), ``since`` (ISO 8601; any push that was
        received later counts as well), or null.
    :raises ConfigurationError: when there is no such warehouse.
    """
    if expectation["flow"] in _OF_CONTAINERS:
        kind = "ETL container"
        answer = yield Question(documents.ETL_CONTAINERS, {})
        warehouses = answer.get("getEtlContainers") or []
    else:
        kind = "warehouse"
        answer = yield Question(documents.WAREHOUSES, {})
        warehouses = account_of(answer).get("warehouses") or []
    require_warehouses(expectation["warehouses"], warehouses, kind=kind)
    by_uuid = {str(warehouse["uuid"]).lower(): warehouse for warehouse in warehouses}
    missing: list[str] = []
    remaining = []
    for uuid in expectation["warehouses"]:
        last = _last_push(by_uuid[uuid.lower()], expectation["flow"].upper())
        if not _satisfies(last, expectation):
            missing.append(f"{_wanted(expectation)} at {kind} {uuid}, which {_shown(last)}")
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
