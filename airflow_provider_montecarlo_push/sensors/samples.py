"""What a push sent, from its receipt and manifest: a sample that is small enough to be asked for.

One event is taken of each acknowledged batch, of at most 500 batches evenly spread over the push; at most 20 of them,
evenly spread again, are looked at in detail. A part of the manifest is read when a line of it is in the sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, ManifestFormatError, ManifestNotFoundError
from airflow_provider_montecarlo_push.hooks.locations import folder_at
from airflow_provider_montecarlo_push.manifests.model import MANIFEST_NAME, Part
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import (
    RECEIPT_NAME,
    Acknowledgement,
    ReceiptSummary,
    read_acknowledgements,
    read_summary,
)
from airflow_provider_montecarlo_push.manifests.storage import Folder

MOST_BATCHES = 500
MOST_DETAILED = 20
# As many requests of a push may be in flight at once, so that the last acknowledged need not be the last received.
LAST_IDS = 64
T = TypeVar("T")


class Sampled(NamedTuple):
    """An event that was acknowledged.

    :param line: its JSON.
    :param detailed: whether it is one of those to look at in detail.
    """

    line: bytes
    acknowledgement: Acknowledgement
    detailed: bool


class Pushed:
    """What is on storage of a push.

    :param push: result of a push operator.
    :raises ConfigurationError: when it is none, or of another flow.
    :raises ManifestError: when receipt or manifest are gone, or the manifest is not the one that was pushed.
    """

    def __init__(self, push: Mapping[str, Any], flow: Flow) -> None:
        if push.get("flow") != flow.value:
            raise ConfigurationError(f"The push is one of {push.get('flow')}, not of {flow.value}.")
        self.reader = ManifestReader(_folder(push.get("manifest"), MANIFEST_NAME))
        self.receipt = _folder(push.get("receipt"), RECEIPT_NAME)
        self.summary = self._read_summary()
        if self.summary.manifest_id != self.reader.manifest.id:
            raise ManifestFormatError(
                f"{self.reader.uri} was collected again after it was pushed, so what was pushed is not known any more. "
                "Run the push task again."
            )
        self._parts: dict[str, Part] = {part.name: part for part in self.reader.manifest.parts}

    @property
    def resource_uuid(self) -> str | None:
        """The warehouse pushed to; ``None`` when every event names its own."""
        return self.summary.destination.resource_uuid

    def crosses_resources(self, acknowledgement: Acknowledgement) -> bool:
        """Tell whether the events of a batch name their own resources."""
        part = self._parts.get(acknowledgement.part)
        return part is not None and part.crosses_resources

    def sample(self, richness: Callable[[bytes], float]) -> Iterator[Sampled]:
        """Yield the sample in order of parts and lines.

        :param richness: how many of the details a line has, from 0 to 1. In batches to look at in detail the richest
            line is taken, in all others the first.
        """
        batches = list(spread(read_acknowledgements(self.receipt), self.summary.batches, MOST_BATCHES))
        detailed = {id(batch) for batch in spread(batches, len(batches), MOST_DETAILED)}
        by_part: dict[str, list[Acknowledgement]] = {}
        for batch in sorted(batches, key=lambda batch: batch.first):
            by_part.setdefault(batch.part, []).append(batch)
        for name in sorted(by_part):
            lines = enumerate(self.reader.lines(self._part(name)))
            for batch in by_part[name]:
                in_detail = id(batch) in detailed
                line = _pick(lines, batch, richness if in_detail else None)
                if line is not None:
                    yield Sampled(line, batch, in_detail)

    def last_acknowledged(self) -> list[Acknowledgement]:
        """Return the last batches, one of which Monte Carlo received last. Those across resources come alone."""
        batches = read_acknowledgements(self.receipt)
        if self.resource_uuid is not None:
            batches = (batch for batch in batches if not self.crosses_resources(batch))
        return list(deque(batches, maxlen=LAST_IDS))

    def line(self, part: str, number: int) -> bytes:
        """Return a line of a part."""
        return next(line for at, line in enumerate(self.reader.lines(self._part(part))) if at == number)

    def _part(self, name: str) -> Part:
        if name not in self._parts:
            raise ManifestFormatError(
                f"{self.receipt.uri} names {name}, which {self.reader.uri} does not have. Run the push task again."
            )
        return self._parts[name]

    def _read_summary(self) -> ReceiptSummary:
        try:
            return read_summary(self.receipt)
        except FileNotFoundError:
            raise ManifestNotFoundError(
                f"No receipt at {self.receipt.uri_of(RECEIPT_NAME)}: deleted, or this worker does not share storage "
                "with the one that pushed."
            ) from None


def _pick(
    lines: Iterator[tuple[int, bytes]], batch: Acknowledgement, richness: Callable[[bytes], float] | None
) -> bytes | None:
    """Return the first line of ``batch``, or the richest; ``None`` when ``lines`` are past it."""
    best: bytes | None = None
    most = -1.0
    for number, line in lines:
        if batch.first <= number <= batch.last:
            found = 1.0 if richness is None else richness(line)
            if found > most:
                best, most = line, found
        if most >= 1.0 or number >= batch.last:
            break
    return best


def spread(items: Iterator[T] | Sequence[T], count: int, most: int) -> Iterator[T]:
    """Yield ``most`` of ``count`` items, evenly spread, with the first among them; all where there are no more."""
    if count <= most:
        yield from items
        return
    wanted = iter([number * count // most for number in range(most)])
    next_wanted = next(wanted, None)
    for number, item in enumerate(items):
        if number == next_wanted:
            yield item
            next_wanted = next(wanted, None)


def _folder(uri: Any, name: str) -> Folder:
    return folder_at(str(uri).removesuffix(name).rstrip("/"))
