"""Lines to batches. A batch is a run of lines of one part, so that a receipt can name it by its first and last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.manifests.ranges import LineRanges
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader

MAX_EVENTS = 500
MAX_COMPRESSED_BYTES = 900_000
MAX_RAW_BYTES = 4 * 1024 * 1024
# What the API takes at most, whatever a user sets.
_MOST_EVENTS = {Flow.ETL_METADATA: 100, Flow.ETL_RUNS: 100}
_FEWEST_EVENTS = 10
_SMALLEST_RAW_BYTES = 64 * 1024


@dataclass
class BatchLimits:
    """How large a batch may become; lowered while a push runs when the gateway turns out to take less.

    :param events: most events.
    :param compressed_bytes: most bytes of a body after zlib level 1.
    :param raw_bytes: most bytes of a body before compression.
    """

    events: int = MAX_EVENTS
    compressed_bytes: int = MAX_COMPRESSED_BYTES
    raw_bytes: int = MAX_RAW_BYTES

    def within(self, flow: Flow) -> BatchLimits:
        """Keep to what the API takes of ``flow``; return these limits."""
        self.events = min(self.events, _MOST_EVENTS.get(flow, self.events))
        return self

    def after_timeout(self, batch: Batch) -> None:
        """Make later batches half as long as ``batch``, which was not answered in time."""
        self.events = min(self.events, max(_FEWEST_EVENTS, batch.events // 2))

    def after_too_large(self, body_bytes: int) -> None:
        """Make later bodies half as large as one that the gateway called too large."""
        self.raw_bytes = min(self.raw_bytes, max(_SMALLEST_RAW_BYTES, body_bytes // 2))


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive lines of one part, in one piece of memory.

    :param first: number of the first line in the part, from 0.
    :param events: number of lines.
    :param block: the lines, joined by line ends; JSON on the wire has none inside.
    :param crosses_resources: whether the events name their own resources.
    """

    part: str
    first: int
    events: int
    block: bytes
    crosses_resources: bool = False

    @classmethod
    def of(cls, part: str, first: int, lines: list[bytes], crosses_resources: bool = False) -> Batch:
        """Return the batch of ``lines``."""
        return cls(part, first, len(lines), b"\n".join(lines), crosses_resources)

    @property
    def last(self) -> int:
        return self.first + self.events - 1

    def piece(self, start: int, stop: int) -> Batch:
        """Return lines ``start`` (included) to ``stop`` (not), counted within this batch."""
        lines = self.block.split(b"\n")[start:stop]
        return Batch.of(self.part, self.first + start, lines, self.crosses_resources)

    def halves(self) -> tuple[Batch, Batch]:
        """Return the two halves of a batch of at least two lines."""
        middle = self.events // 2
        return self.piece(0, middle), self.piece(middle, self.events)


def cut(
    numbered_lines: Iterable[tuple[int, bytes]], limits: BatchLimits, *, part: str, crosses_resources: bool = False
) -> Iterator[Batch]:
    """Yield batches that keep to the event and raw-byte limits and have no gaps.

    :param numbered_lines: line numbers, rising, and lines.
    :param limits: read anew for each batch, as they may shrink meanwhile.
    """
    lines: list[bytes] = []
    first = size = 0
    for number, line in numbered_lines:
        full = len(lines) >= limits.events or size + len(line) > limits.raw_bytes
        if lines and (full or number != first + len(lines)):
            yield Batch.of(part, first, lines, crosses_resources)
            lines, size = [], 0
        if not lines:
            first = number
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield Batch.of(part, first, lines, crosses_resources)


def batches_of(
    reader: ManifestReader, limits: BatchLimits, acknowledged: dict[str, LineRanges] | None = None
) -> Iterator[Batch]:
    """Yield the batches of a manifest, without the lines that are acknowledged already.

    :raises ManifestCorruptedError: when a part is not what the manifest says, before any of its lines.
    """
    for part in reader.manifest.parts:
        done = (acknowledged or {}).get(part.name) or LineRanges()
        if len(done) >= part.events:
            continue
        numbered = ((number, line) for number, line in enumerate(reader.lines(part)) if number not in done)
        yield from cut(numbered, limits, part=part.name, crosses_resources=part.crosses_resources)
