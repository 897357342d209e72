"""Events in, a manifest out: each event is encoded once, as exactly the JSON that goes on the wire."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from uuid import uuid4

from airflow_provider_montecarlo_push.events import (
    EtlAsset,
    EtlRunEvent,
    Event,
    LineageEvent,
    QueryLogEntry,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.manifests.model import FORMAT, MANIFEST_NAME, Manifest, Part, encode_manifest
from airflow_provider_montecarlo_push.manifests.storage import Folder

PART_MAX_EVENTS = 10_000
PART_MAX_RAW_BYTES = 64 * 1024 * 1024
_BUFFER_BYTES = 256 * 1024
_GZIP = 31  # window bits that make zlib write a gzip header, with no time in it


class ManifestWriter:
    """Writes one manifest; a context manager.

    ``manifest.json`` is removed on entry and written on a clean exit only, after every part: a manifest either
    exists with all that it names, or not at all.

    :param folder: where it goes.
    :param manifest: the header; parts, counts and id are filled in here.
    """

    def __init__(self, folder: Folder, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.counts: Counter[str] = Counter()
        self._open: dict[bool, _OpenPart] = {}
        self._started = 0

    def __enter__(self) -> ManifestWriter:
        self.folder.delete(MANIFEST_NAME)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()

    def write(self, event: Event) -> None:
        """Append ``event``."""
        line, mended = encode_event(event)
        if mended:
            self.counts["characters_replaced"] += 1
        self._count(event)
        crosses = isinstance(event, LineageEvent) and event.crosses_resources
        part = self._open.get(crosses)
        if part is not None and not part.takes(line):
            self._store(self._open.pop(crosses))
            part = None
        if part is None:
            part = self._open[crosses] = _OpenPart(f"part-{self._started:05d}.jsonl.gz", crosses)
            self._started += 1
        part.append(line)

    def write_all(self, events: Iterable[Event]) -> None:
        """Append every one of ``events``, as they come."""
        for event in events:
            self.write(event)

    def _count(self, event: Event) -> None:
        if isinstance(event, RelationalAsset):
            self.counts["fields"] += len(event.fields)
            self.counts["with_volume"] += event.volume is not None
            self.counts["with_freshness"] += event.freshness is not None
        elif isinstance(event, LineageEvent):
            self.counts["sources"] += len(event.sources)
            self.counts["with_fields"] += bool(event.fields)
        elif isinstance(event, QueryLogEntry):
            self.counts["failed_queries"] += event.error_code is not None or event.error_text is not None
        elif isinstance(event, EtlAsset):
            self.counts["tasks"] += len(event.tasks)
        elif isinstance(event, EtlRunEvent):
            self.counts["task_runs"] += len(event.task_runs)

    def _store(self, part: _OpenPart) -> None:
        content = part.content()
        self.folder.write(part.name, content)
        self.manifest.parts.append(
            Part(
                name=part.name,
                events=part.events,
                bytes=len(content),
                raw_bytes=part.raw_bytes,
                sha256=hashlib.sha256(content).hexdigest(),
                crosses_resources=part.crosses_resources,
            )
        )

    def _finish(self) -> None:
        for part in self._open.values():
            self._store(part)
        self._open.clear()
        manifest = self.manifest
        manifest.format = FORMAT
        manifest.id = uuid4().hex
        manifest.collected_at = datetime.now(UTC)
        manifest.parts.sort(key=lambda part: part.name)
        manifest.events = sum(part.events for part in manifest.parts)
        manifest.counts = {**manifest.counts, **{kind: count for kind, count in self.counts.items() if count}}
        kept = {part.name for part in manifest.parts}
        for name in self.folder.names():
            if name.startswith("part-") and name not in kept:
                self.folder.delete(name)
        self.folder.write(MANIFEST_NAME, encode_manifest(manifest))


class _OpenPart:
    """A part in memory, compressed as it grows."""

    def __init__(self, name: str, crosses_resources: bool) -> None:
        self.name = name
        self.crosses_resources = crosses_resources
        self.events = 0
        self.raw_bytes = 0
        self._gzip = zlib.compressobj(level=1, wbits=_GZIP)
        self._chunks: list[bytes] = []
        self._buffer = bytearray()

    def takes(self, line: bytes) -> bool:
        return self.events < PART_MAX_EVENTS and self.raw_bytes + len(line) < PART_MAX_RAW_BYTES

    def append(self, line: bytes) -> None:
        self._buffer += line
        self._buffer += b"\n"
        self.events += 1
        self.raw_bytes += len(line) + 1
        if len(self._buffer) >= _BUFFER_BYTES:
            self._chunks.append(self._gzip.compress(self._buffer))
            self._buffer.clear()

    def content(self) -> bytes:
        self._chunks.append(self._gzip.compress(self._buffer))
        self._chunks.append(self._gzip.flush())
        return b"".join(self._chunks)
