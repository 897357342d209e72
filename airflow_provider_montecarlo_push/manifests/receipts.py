"""What became of a manifest at one destination: every acknowledged batch, kept beside it as the push goes on.

A receipt is a folder: ``receipt.json`` sums up, ``batches-00000.jsonl`` and so on hold a line for each acknowledged
batch (up to a thousand each), and ``rejected.jsonl.gz`` each refused event with the gateway's message.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ManifestFormatError
from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest
from airflow_provider_montecarlo_push.manifests.ranges import LineRanges
from airflow_provider_montecarlo_push.manifests.storage import Folder

log = logging.getLogger(__name__)

RECEIPT_NAME = "receipt.json"
REJECTED_NAME = "rejected.jsonl.gz"
_RECEIPTS = "receipts"
_BATCHES_PREFIX = "batches-"
_SEGMENT_BATCHES = 1_000
_FLUSH_BATCHES = 16
_FLUSH_SECONDS = 3.0

Status = Literal["running", "interrupted", "failed", "delivered"]


class Destination(Struct, frozen=True, omit_defaults=True):
    """Where a manifest is pushed to.

    :param endpoint: base URL of the gateway.
    :param resource_uuid: ``None`` when every event names its own resources.
    """

    endpoint: str
    resource_uuid: str | None = None
    resource_type: str | None = None
    log_type: str | None = None


class Acknowledgement(Struct, omit_defaults=True):
    """One batch that the gateway accepted.

    :param first: number of its first line in ``part``, from 0; ``last`` likewise, included.
    :param bytes: size of the request's body before compression.
    :param truncated: number of events whose query text was cut to fit.
    """

    part: str
    first: int
    last: int
    bytes: int
    invocation_id: str
    trace_id: str
    at: datetime
    truncated: int = 0

    @property
    def events(self) -> int:
        return self.last - self.first + 1


class Rejection(Struct):
    """One event that the gateway refused, or that is too large to send."""

    part: str
    line: int
    message: str
    event: msgspec.Raw


class ReceiptSummary(Struct, kw_only=True, omit_defaults=True):
    """``receipt.json``."""

    format: int = FORMAT
    manifest: str
    manifest_id: str
    flow: Flow
    destination: Destination
    status: Status = "running"
    started_at: datetime
    updated_at: datetime
    events: int = 0
    acknowledged: int = 0
    batches: int = 0
    rejected: int = 0
    truncated: int = 0
    last_invocation_id: str | None = None
    error: str | None = None


class Receipt:
    """Records what becomes of ``manifest`` at ``destination``, and knows what is recorded already.

    Safe to use from several threads. Only :meth:`flush` and :meth:`close` touch the storage.

    :param manifest_folder: where the manifest is; the receipt is kept below it.
    :raises ManifestFormatError: when an earlier receipt cannot be read.
    """

    def __init__(self, manifest_folder: Folder, manifest_uri: str, manifest: Manifest, destination: Destination):
        self.folder = manifest_folder.child(_RECEIPTS, _key(manifest, destination))
        self.acknowledged: defaultdict[str, LineRanges] = defaultdict(LineRanges)
        now = datetime.now(UTC)
        self.summary = ReceiptSummary(
            manifest=manifest_uri,
            manifest_id=manifest.id,
            flow=manifest.flow,
            destination=destination,
            started_at=now,
            updated_at=now,
            events=manifest.events,
        )
        self._lock = threading.Lock()
        self._segment = 0
        self._segment_lines: list[bytes] = []
        self._unflushed = 0
        self._flushed_at = time.monotonic()
        self._rejected = bytearray()
        self._gzip = zlib.compressobj(level=1, wbits=31)
        self._resume()

    @property
    def uri(self) -> str:
        """URI of ``receipt.json``."""
        return self.folder.uri_of(RECEIPT_NAME)

    @property
    def rejected_uri(self) -> str:
        """URI of ``rejected.jsonl.gz``."""
        return self.folder.uri_of(REJECTED_NAME)

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Record an accepted batch."""
        with self._lock:
            self._count(acknowledgement)
            self._segment_lines.append(msgspec.json.encode(acknowledgement))
            self._unflushed += 1

    def reject(self, rejection: Rejection) -> None:
        """Record a refused event."""
        with self._lock:
            self.summary.rejected += 1
            self._rejected += self._gzip.compress(msgspec.json.encode(rejection) + b"\n")
            self._unflushed += 1

    def flush_if_due(self) -> None:
        """Write what is recorded when sixteen batches or three seconds have gathered."""
        due = self._unflushed >= _FLUSH_BATCHES or time.monotonic() - self._flushed_at >= _FLUSH_SECONDS
        if self._unflushed and due:
            self.flush()

    def flush(self) -> None:
        """Write what is recorded. What is on storage is whole at every moment."""
        with self._lock:
            segments = self._take_segments()
            rejected = self._rejected_file() if self.summary.rejected else None
            self._unflushed = 0
            self.summary.updated_at = datetime.now(UTC)
            summary = msgspec.json.format(msgspec.json.encode(self.summary), indent=2) + b"\n"
        for name, content in segments:
            self.folder.write(name, content)
        if rejected is not None:
            self.folder.write(REJECTED_NAME, rejected)
        self.folder.write(RECEIPT_NAME, summary)
        self._flushed_at = time.monotonic()

    def close(self, status: Status, error: str | None = None) -> None:
        """Write everything, with the outcome."""
        self.summary.status = status
        self.summary.error = error
        if not self.summary.rejected:
            self.folder.delete(REJECTED_NAME)
        self.flush()

    def invocation_ids(self, limit: int) -> list[str]:
        """Return the first ``limit`` invocation ids, those of earlier attempts included, in order."""
        return invocation_ids(self.folder, limit)

    def _count(self, acknowledgement: Acknowledgement) -> None:
        self.acknowledged[acknowledgement.part].add(acknowledgement.first, acknowledgement.last)
        self.summary.acknowledged += acknowledgement.events
        self.summary.batches += 1
        self.summary.truncated += acknowledgement.truncated
        self.summary.last_invocation_id = acknowledgement.invocation_id

    def _resume(self) -> None:
        try:
            earlier = read_summary(self.folder)
        except FileNotFoundError:
            return
        self.summary.started_at = earlier.started_at
        for acknowledgement in read_acknowledgements(self.folder):
            self._count(acknowledgement)
        self._segment = len(_segment_names(self.folder))

    def _take_segments(self) -> list[tuple[str, bytes]]:
        files = []
        while len(self._segment_lines) >= _SEGMENT_BATCHES:
            files.append(self._segment_file(self._segment_lines[:_SEGMENT_BATCHES]))
            del self._segment_lines[:_SEGMENT_BATCHES]
            self._segment += 1
        if self._segment_lines:
            files.append(self._segment_file(self._segment_lines))
        return files

    def _segment_file(self, lines: list[bytes]) -> tuple[str, bytes]:
        return f"{_BATCHES_PREFIX}{self._segment:05d}.jsonl", b"\n".join(lines) + b"\n"

    def _rejected_file(self) -> bytes:
        # A copy of the compressor ends the file while the original goes on.
        return bytes(self._rejected) + self._gzip.copy().flush()


def read_summary(folder: Folder) -> ReceiptSummary:
    """Return ``receipt.json`` of the receipt in ``folder``.

    :raises FileNotFoundError: when there is none.
    :raises ManifestFormatError: when it cannot be read.
    """
    try:
        return msgspec.json.decode(folder.read(RECEIPT_NAME), type=ReceiptSummary)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ManifestFormatError(
            f"{folder.uri_of(RECEIPT_NAME)} cannot be read: {error}. It says what was delivered already; to push "
            f"everything again, delete the folder {folder.uri}."
        ) from error


def receipts_of(manifest_folder: Folder) -> Iterator[tuple[Folder, ReceiptSummary]]:
    """Yield the receipts of the manifest in ``manifest_folder``: one for each place that it was pushed to.

    :raises ManifestFormatError: when one cannot be read.
    """
    for folder in manifest_folder.child(_RECEIPTS).folders():
        with suppress(FileNotFoundError):
            yield folder, read_summary(folder)


def read_acknowledgements(folder: Folder) -> Iterator[Acknowledgement]:
    """Yield the batches that the receipt in ``folder`` records, in the order they were accepted."""
    decoder = msgspec.json.Decoder(Acknowledgement)
    for name in _segment_names(folder):
        for line in folder.read(name).splitlines():
            yield decoder.decode(line)


def invocation_ids(folder: Folder, limit: int) -> list[str]:
    """Return the first ``limit`` invocation ids that the receipt in ``folder`` records, in order."""
    ids: dict[str, None] = {}
    for acknowledgement in read_acknowledgements(folder):
        ids.setdefault(acknowledgement.invocation_id)
        if len(ids) >= limit:
            break
    return list(ids)


def _segment_names(folder: Folder) -> list[str]:
    return [name for name in folder.names() if name.startswith(_BATCHES_PREFIX)]


def _key(manifest: Manifest, destination: Destination) -> str:
    """Name the receipt of one manifest at one destination: another endpoint or resource has one of its own."""
    digest = hashlib.sha256(manifest.id.encode() + msgspec.json.encode(destination)).hexdigest()[:10]
    return f"{destination.resource_uuid or 'across-resources'}-{digest}"
