"""The request around a batch: lines are spliced between a header and a footer, never parsed again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cached_property

import msgspec

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.push.batches import Batch

PATHS = {
    Flow.METADATA: "/ingest/v1/metadata",
    Flow.LINEAGE: "/ingest/v1/lineage",
    Flow.QUERY_LOGS: "/ingest/v1/querylogs",
    Flow.ETL_METADATA: "/ingest/v1/etl/metadata",
    Flow.ETL_RUNS: "/ingest/v1/etl/runs",
}
_EVENT_TYPES = {
    Flow.METADATA: "METADATA",
    Flow.QUERY_LOGS: "QUERY_LOG",
    Flow.ETL_METADATA: "ETL_METADATA",
    Flow.ETL_RUNS: "ETLRUN",
}
# In a lineage event only the key itself can look like this: within a string the quotes would be escaped.
_COLUMN_FIELDS = b'"fields":['
_FOOTER = b"]}"
_CHUNK_BYTES = 128 * 1024


class Body:
    """The JSON of one request, made while it is sent: a batch is never copied as a whole.

    :param header: everything before the events.
    :param block: the events, joined by line ends.
    """

    def __init__(self, header: bytes, block: bytes) -> None:
        self._header = header
        self._block = block

    def __len__(self) -> int:
        return len(self._header) + len(self._block) + len(_FOOTER)

    def __iter__(self) -> Iterator[bytes]:
        yield self._header
        for start in range(0, len(self._block), _CHUNK_BYTES):
            yield self._block[start : start + _CHUNK_BYTES].replace(b"\n", b",")
        yield _FOOTER

    @cached_property
    def gzipped(self) -> bytes:
        """The body as gzip, level 1: what its size is measured by, and what is sent where compression is on."""
        compressor = zlib.compressobj(level=1, wbits=31)
        return b"".join([*map(compressor.compress, self), compressor.flush()])


def body_of(batch: Batch, flow: Flow, destination: Destination) -> Body:
    """Return the body that pushes ``batch``.

    :raises ConfigurationError: when the events do not name their resource and the destination has none.
    """
    return Body(_header(batch, flow, destination), batch.block)


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
    if flow in _EVENT_TYPES:
        return _EVENT_TYPES[flow]
    return "COLUMN_LINEAGE" if _COLUMN_FIELDS in batch.block else "LINEAGE"
