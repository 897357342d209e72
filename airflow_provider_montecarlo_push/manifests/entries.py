"""What the lines of each flow are about, for comparing manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow, LineageAssetRef, LineageEvent, QueryLogEntry
from airflow_provider_montecarlo_push.manifests.comparison import Entry


class _Names(Struct):
    database: str
    schema: str
    name: str


_METADATA = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_NAMES = msgspec.json.Decoder(_Names)
# They change all the time, without the table being altered.
_SAMPLES = frozenset({"volume", "freshness"})
_LINEAGE = msgspec.json.Decoder(LineageEvent)
_QUERY_LOGS = msgspec.json.Decoder(QueryLogEntry)


def _tables(line: bytes) -> Iterator[Entry]:
    asset = _METADATA.decode(line).get("relational_asset", {})
    names = _NAMES.decode(asset.get("metadata", b"{}"))
    content = b"".join(bytes(value) for block, value in asset.items() if block not in _SAMPLES)
    yield Entry((names.database, names.schema, names.name), content)


def _edges(line: bytes) -> Iterator[Entry]:
    event = _LINEAGE.decode(line)
    for source in event.sources:
        columns = sorted(
            (column.name, feeding.field_name)
            for column in event.fields
            for feeding in column.source_fields
            if feeding.asset_id == source.asset_id
        )
        yield Entry((_end(event.destination), _end(source)), msgspec.json.encode(columns))


def _end(asset: LineageAssetRef) -> str:
    name = f"{asset.database}.{asset.schema}.{asset.name}"
    return f"{name} in {asset.resource_uuid}" if asset.resource_uuid else name


def _queries(line: bytes) -> Iterator[Entry]:
    entry = _QUERY_LOGS.decode(line)
    yield Entry((entry.query_id or f"{entry.start_time.isoformat()} {entry.query_text}",), line)


ENTRIES: dict[Flow, Callable[[bytes], Iterator[Entry]]] = {
    Flow.METADATA: _tables,
    Flow.LINEAGE: _edges,
    Flow.QUERY_LOGS: _queries,
}
# What one is called, and how its parts are put together.
NAMES: dict[Flow, tuple[str, str]] = {
    Flow.METADATA: ("tables", "."),
    Flow.LINEAGE: ("edges", " ← "),
    Flow.QUERY_LOGS: ("queries", ""),
}
