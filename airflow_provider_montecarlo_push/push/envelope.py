"""The request around a batch: lines are spliced between a header and a footer, never parsed again."""

from __future__ import annotations

import msgspec

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.push.batches import Batch

PATHS = {
    Flow.METADATA: "/ingest/v1/metadata",
    Flow.LINEAGE: "/ingest/v1/lineage",
    Flow.QUERY_LOGS: "/ingest/v1/querylogs",
}
# In a lineage event only the key itself can look like this: within a string the quotes would be escaped.
_COLUMN_FIELDS = b'"fields":['


def body_of(batch: Batch, flow: Flow, destination: Destination) -> bytes:
    """Return the JSON body that pushes ``batch``.

    :raises ConfigurationError: when the events do not name their resource and the destination has none.
    """
    return b"".join((_header(batch, flow, destination), b",".join(batch.lines), b"]}"))


def _header(batch: Batch, flow: Flow, destination: Destination) -> bytes:
    request: dict[str, object] = {"event_type": _event_type(batch, flow)}
    if not batch.crosses_resources:
        if destination.resource_uuid is None:
            raise ConfigurationError(
                "No resource_uuid for events that do not name their own resources. Set it on the Monte Carlo "
                "connection or the push operator."
            )
        kind = (
            {"log_type": destination.log_type}
            if flow is Flow.QUERY_LOGS
            else {"resource_type": destination.resource_type}
        )
        request["resource"] = {"uuid": destination.resource_uuid, **kind}
    return msgspec.json.encode(request)[:-1] + b',"events":['


def _event_type(batch: Batch, flow: Flow) -> str:
    if flow is Flow.METADATA:
        return "METADATA"
    if flow is Flow.QUERY_LOGS:
        return "QUERY_LOG"
    return "COLUMN_LINEAGE" if any(_COLUMN_FIELDS in line for line in batch.lines) else "LINEAGE"
