"""What the lines of each flow are about, for comparing manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import (
    EtlAsset,
    EtlRunEvent,
    Flow,
    LineageAssetRef,
    LineageEvent,
    QueryLogEntry,
)
from airflow_provider_montecarlo_push.exceptions import ManifestFormatError
from airflow_provider_montecarlo_push.manifests.comparison import Entry
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.progress import Progress


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
_JOBS = msgspec.json.Decoder(dict[str, EtlAsset])
_RUNS = msgspec.json.Decoder(EtlRunEvent)


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


def _jobs(line: bytes) -> Iterator[Entry]:
    for job in _JOBS.decode(line).values():
        yield Entry((job.job_source_id,), line)


def _runs(line: bytes) -> Iterator[Entry]:
    """Yield a run and the attempts at its tasks; a large run has several lines, which differ in the attempts."""
    event = _RUNS.decode(line)
    attempts, event.task_runs = event.task_runs, []
    for run in (event, *attempts):
        yield Entry((run.run_source_id,), msgspec.json.encode(run))


def entries(
    reader: ManifestReader, entries_of: Callable[[bytes], Iterator[Entry]], progress: Progress
) -> Iterator[Entry]:
    """Yield what the lines of a manifest are about.

    :param entries_of: returns what a line is about, such as one of :data:`ENTRIES`.
    :raises ManifestCorruptedError: when a part is missing or was changed.
    :raises ManifestFormatError: when a line is no such event.
    """
    for part in reader.manifest.parts:
        number = 0
        try:
            for line in reader.lines(part):
                number += 1
                yield from entries_of(line)
        except msgspec.MsgspecError as error:
            uri = reader.folder.uri_of(part.name)
            raise ManifestFormatError(f"Line {number} of {uri} is no such event: {error}.") from error
        progress.add(part.events)


ENTRIES: dict[Flow, Callable[[bytes], Iterator[Entry]]] = {
    Flow.METADATA: _tables,
    Flow.LINEAGE: _edges,
    Flow.QUERY_LOGS: _queries,
    Flow.ETL_METADATA: _jobs,
    Flow.ETL_RUNS: _runs,
}
# What one is called, and how its parts are put together.
NAMES: dict[Flow, tuple[str, str]] = {
    Flow.METADATA: ("tables", "."),
    Flow.LINEAGE: ("edges", " ← "),
    Flow.QUERY_LOGS: ("queries", ""),
    Flow.ETL_METADATA: ("jobs", ""),
    Flow.ETL_RUNS: ("runs", ""),
}
