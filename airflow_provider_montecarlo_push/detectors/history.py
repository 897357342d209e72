"""Manifests and their receipts in, counters for each table out: what was pushed to one Monte Carlo warehouse, and when.

A line counts at the time at which its batch was acknowledged, as Monte Carlo counts it; what was collected and not
pushed does not count. One part of a manifest is in memory at a time.
"""

from __future__ import annotations

import logging
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.detectors.counters import TableCounters, TimeFrame
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import ManifestError
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import ReceiptSummary, read_acknowledgements
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.progress import Progress

log = logging.getLogger(__name__)

_EXAMPLES = 20
_VIEW = "VIEW"


@dataclass(frozen=True)
class Push:
    """A manifest's way to one destination: its receipt's folder, and what the receipt says."""

    folder: Folder
    receipt: ReceiptSummary

    @property
    def resource_uuid(self) -> str | None:
        """The Monte Carlo warehouse; ``None`` when every event names its own."""
        return self.receipt.destination.resource_uuid


@dataclass(frozen=True)
class KeptManifest:
    """A manifest on storage with its receipts."""

    reader: ManifestReader
    pushes: Sequence[Push]

    def pushes_to(self, resource_uuid: str) -> list[Push]:
        """Return the pushes that may hold something for a warehouse."""
        return [push for push in self.pushes if push.resource_uuid in (resource_uuid, None)]


class LeftOut:
    """What could not be read, counted by reason, with the first messages in the log."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, reason: str, message: object = "") -> None:
        """Count one."""
        self.counts[reason] += 1
        if message and self.counts[reason] <= _EXAMPLES:
            log.warning("Left out, %s: %s", reason.replace("_", " "), message)


class History:
    """What was pushed to one warehouse.

    :ivar tables: the counters of each table, and of each view that a volume or freshness was pushed of.
    :ivar columns: when column lineage into a table was pushed last, in seconds since 1970.
    :ivar pushes: number of metadata events with a volume or freshness by day of the frame.
    :ivar last_push: when freshness or volume was pushed last, in seconds since 1970.
    :ivar left_out: what could not be read.
    """

    def __init__(self, frame: TimeFrame, wanted: Callable[[TableName], bool], left_out: LeftOut) -> None:
        self.frame = frame
        self.tables: dict[TableName, TableCounters] = {}
        self.columns: dict[TableName, float] = {}
        self.pushes: Counter[int] = Counter()
        self.last_push: float | None = None
        self._wanted = wanted
        self.left_out = left_out
        self._names: dict[TableName, TableName | None] = {}

    def add_metadata(self, line: _MetadataLine, at: float) -> None:
        """Count a metadata event that was acknowledged at ``at``."""
        asset = line.relational_asset
        name = self._name(asset.metadata) if self.frame.counts_for_volume(at) else None
        volume, freshness = asset.volume, asset.freshness
        if name is None or (asset.type == _VIEW and not (volume or freshness)):
            return
        counters = self.tables.get(name)
        if counters is None:
            counters = self.tables[name] = TableCounters()
        if volume or freshness:
            self.pushes[self.frame.day(at)] += 1
            self.last_push = max(at, self.last_push or at)
        if volume is not None and volume.is_measured:
            rows, sizes = volume.row_count is not None, volume.byte_count is not None
            counters.add_volume(self.frame, at, rows=rows, sizes=sizes)
        if freshness is not None:
            updated = freshness.last_update_time
            seconds = (updated if updated.tzinfo else updated.replace(tzinfo=UTC)).timestamp()
            if not counters.add_freshness(self.frame, at, seconds):
                self.left_out.counts["out_of_order"] += 1

    def add_lineage(self, line: _LineageLine, at: float, resource_uuid: str) -> None:
        """Count a lineage event that was acknowledged at ``at``."""
        destination = line.destination
        if not any(field.source_fields for field in line.fields):
            return
        if destination.resource_uuid not in (None, resource_uuid):
            return
        name = self._name(destination) if self.frame.counts_for_volume(at) else None
        if name is not None:
            self.columns[name] = max(at, self.columns.get(name, at))

    def _name(self, names: _Names) -> TableName | None:
        """Return the name of a table that is wanted, one object for each of them."""
        name = TableName(names.database, names.schema, names.name)
        if name not in self._names:
            self._names[name] = name if self._wanted(name) else None
        return self._names[name]


class _Names(Struct):
    database: str
    schema: str
    name: str


class _Reference(_Names):
    resource_uuid: str | None = None


class _Volume(Struct):
    row_count: float | None = None
    byte_count: float | None = None

    @property
    def is_measured(self) -> bool:
        return self.row_count is not None or self.byte_count is not None


class _Freshness(Struct):
    last_update_time: datetime


class _Asset(Struct):
    type: str
    metadata: _Names
    volume: _Volume | None = None
    freshness: _Freshness | None = None


class _MetadataLine(Struct):
    relational_asset: _Asset


class _Column(Struct):
    source_fields: list[msgspec.Raw] = []


class _LineageLine(Struct):
    destination: _Reference
    fields: list[_Column] = []


def read_history(
    manifests: Sequence[KeptManifest],
    resource_uuid: str,
    now: datetime,
    *,
    wanted: Callable[[TableName], bool],
    left_out: LeftOut,
) -> History:
    """Return what was pushed to a warehouse.

    A manifest or part that cannot be read is counted, and the others are read.

    :param now: aware; the time to count from.
    :param wanted: which tables count.
    """
    history = History(TimeFrame(now), wanted, left_out)
    # In the order of pushing, whichever DAG pushed.
    ways = sorted(
        ((kept.reader, push) for kept in manifests for push in kept.pushes_to(resource_uuid)),
        key=lambda way: way[1].receipt.started_at,
    )
    progress = Progress(log, "Read", "events", total=sum(push.receipt.acknowledged for _, push in ways))
    for reader, push in ways:
        _read_push(history, reader, push, resource_uuid)
        progress.add(push.receipt.acknowledged)
    return history


def _read_push(history: History, reader: ManifestReader, push: Push, resource_uuid: str) -> None:
    left_out, receipt = history.left_out, push.receipt
    try:
        batches = _batches(push.folder)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        left_out.add("unreadable_receipts", f"{push.folder.uri}: {error}")
        return
    if sum(last - first + 1 for found in batches.values() for first, last, _ in found) < receipt.acknowledged:
        left_out.add("incomplete_receipts", f"{push.folder.uri} does not name all batches that receipt.json counts.")
    for part in reader.manifest.parts:
        if part.name in batches:
            try:
                _read_part(history, reader.manifest.flow, reader.lines(part), batches[part.name], resource_uuid)
            except (ManifestError, zlib.error) as error:
                left_out.add("unreadable_parts", error)


def _batches(folder: Folder) -> dict[str, list[tuple[int, int, float]]]:
    """Return first line, last line and time of the acknowledged batches of each part, in order of lines."""
    batches: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    for batch in read_acknowledgements(folder):
        at = batch.at if batch.at.tzinfo else batch.at.replace(tzinfo=UTC)
        batches[batch.part].append((batch.first, batch.last, at.timestamp()))
    for found in batches.values():
        found.sort()
    return batches


def _read_part(
    history: History,
    flow: Flow,
    lines: Iterator[bytes],
    batches: list[tuple[int, int, float]],
    resource_uuid: str,
) -> None:
    metadata = msgspec.json.Decoder(_MetadataLine).decode
    lineage = msgspec.json.Decoder(_LineageLine).decode
    remaining = iter(batches)
    first, last, at = next(remaining)
    for number, line in enumerate(lines):
        while number > last:
            following = next(remaining, None)
            if following is None:
                return
            first, last, at = following
        if number < first:
            continue
        try:
            if flow is Flow.METADATA:
                history.add_metadata(metadata(line), at)
            else:
                history.add_lineage(lineage(line), at, resource_uuid)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            history.left_out.add("unreadable_events", error)
