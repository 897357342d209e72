"""``validate``: whether Monte Carlo shows what was pushed."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import Any

from airflow_provider_montecarlo_push.cli.command import NOT_YET, command
from airflow_provider_montecarlo_push.cli.output import show
from airflow_provider_montecarlo_push.cli.receipts import receipts_at
from airflow_provider_montecarlo_push.cli.running import context_of
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.visibility import CONVERSATIONS
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.manifests.receipts import RECEIPT_NAME, ReceiptSummary, invocation_ids
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.session import MAX_INVOCATION_IDS
from airflow_provider_montecarlo_push.sensors.base import MonteCarloVisibilitySensor
from airflow_provider_montecarlo_push.sensors.lineage import MonteCarloLineageSensor
from airflow_provider_montecarlo_push.sensors.metadata import MonteCarloMetadataSensor
from airflow_provider_montecarlo_push.sensors.query_logs import MonteCarloQueryLogsSensor
from airflow_provider_montecarlo_push.sensors.received import MonteCarloPushReceivedSensor

_SENSORS: dict[Flow, type[MonteCarloVisibilitySensor]] = {
    Flow.METADATA: MonteCarloMetadataSensor,
    Flow.LINEAGE: MonteCarloLineageSensor,
}
_SHOWN = 20


@command
def validate(arguments: Namespace) -> int:
    """Look for a sample of what a receipt says was delivered, as the sensors do."""
    folder, summary = _one(arguments.uri)
    sensor = _sensor(arguments, folder, summary)
    hook = MonteCarloHook(arguments.api_conn_id)
    wanted = sensor.expect(context_of("validate"))
    outlook = hook.converse(CONVERSATIONS[sensor.subject](wanted.expectation))
    deadline = time.monotonic() + arguments.wait
    while outlook.missing and time.monotonic() < deadline:
        print(f"Not visible yet: {len(outlook.missing):,}. Looking again …", file=sys.stderr)
        time.sleep(min(arguments.interval, max(deadline - time.monotonic(), 0)))
        outlook = hook.converse(CONVERSATIONS[sensor.subject](outlook.remaining))
    result: dict[str, Any] = {
        "visible": not outlook.missing,
        "flow": summary.flow.value,
        "looked_for": wanted.result,
        "missing": len(outlook.missing),
        "missing_examples": outlook.missing[:_SHOWN],
        "receipt": folder.uri_of(RECEIPT_NAME),
    }
    show(result, arguments.output)
    return NOT_YET if outlook.missing else 0


def _one(uri: str) -> tuple[Folder, ReceiptSummary]:
    found = list(receipts_at(uri))
    if len(found) > 1:
        raise ConfigurationError(
            f"{uri} was pushed to {len(found)} places; name one of the receipts: "
            + ", ".join(folder.uri_of(RECEIPT_NAME) for folder, _ in found)
        )
    return found[0]


def _sensor(arguments: Namespace, folder: Folder, summary: ReceiptSummary) -> MonteCarloVisibilitySensor:
    """Return the sensor that looks for what was pushed; a receipt of query logs does not say of which tables."""
    options: dict[str, Any] = {
        "task_id": "validate",
        "push": _push(folder, summary),
        "resource_uuid": arguments.resource_uuid,
        "montecarlo_conn_id": arguments.api_conn_id,
    }
    if arguments.table:
        if summary.flow is not Flow.QUERY_LOGS or arguments.received:
            raise ConfigurationError(f"--table is for the queries of query logs; {folder.uri} is of {summary.flow}.")
        return MonteCarloQueryLogsSensor(tables=arguments.table, **options)
    if arguments.received or summary.flow not in _SENSORS:
        return MonteCarloPushReceivedSensor(**options)
    return _SENSORS[summary.flow](**options)


def _push(folder: Folder, summary: ReceiptSummary) -> dict[str, Any]:
    """Return the result of the push that left a receipt."""
    return {
        "flow": summary.flow.value,
        "resource_uuid": summary.destination.resource_uuid,
        "events": summary.acknowledged,
        "batches": summary.batches,
        "invocation_ids": invocation_ids(folder, MAX_INVOCATION_IDS),
        "receipt": folder.uri_of(RECEIPT_NAME),
        "manifest": summary.manifest,
    }
