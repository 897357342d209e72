"""Push a manifest, or events that are not in one, and say what came of it."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct, structs

from airflow_provider_montecarlo_push.events import Event, Flow, LineageEvent
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError, RejectedEventsError
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Acknowledgement, Destination, Receipt, Rejection
from airflow_provider_montecarlo_push.progress import Progress
from airflow_provider_montecarlo_push.push.batches import Batch, BatchLimits, batches_of, cut
from airflow_provider_montecarlo_push.push.delivery import Delivery
from airflow_provider_montecarlo_push.push.gateway import Gateway
from airflow_provider_montecarlo_push.push.retries import RetryPolicy

log = logging.getLogger(__name__)

# XCom is for small values; the receipt has all ids.
MAX_INVOCATION_IDS = 500
_REJECTIONS_SHOWN = 5


class PushResult(Struct, kw_only=True):
    """What came of a push; plain values only, fit for XCom.

    :ivar events: events acknowledged, by this attempt and earlier ones.
    :ivar resumed: how many of them by earlier ones.
    :ivar invocation_ids: the first five hundred; all of them are in the receipt.
    :ivar rejected: events refused one by one; they are in ``rejected_uri``.
    :ivar truncated: events whose query text was cut to fit.
    """

    flow: str
    resource_uuid: str | None
    events: int = 0
    batches: int = 0
    invocation_ids: list[str] = []
    receipt: str | None = None
    manifest: str | None = None
    resumed: int = 0
    rejected: int = 0
    rejected_uri: str | None = None
    truncated: int = 0
    dry_run: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a dict."""
        return structs.asdict(self)


class _Counting:
    """Passes everything on to a recorder and logs progress."""

    def __init__(self, recorder: Receipt | _InMemory, progress: Progress) -> None:
        self._recorder = recorder
        self._progress = progress
        self.examples: list[str] = []

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        self._recorder.acknowledge(acknowledgement)
        self._progress.add(acknowledgement.events, f"last invocation {acknowledgement.invocation_id}")

    def reject(self, rejection: Rejection) -> None:
        self._recorder.reject(rejection)
        if len(self.examples) < _REJECTIONS_SHOWN:
            self.examples.append(f"{rejection.part} line {rejection.line + 1}: {rejection.message}")
            log.error("Monte Carlo refused the event in %s", self.examples[-1])

    def flush_if_due(self) -> None:
        self._recorder.flush_if_due()


class _InMemory:
    """Records a push that has no manifest."""

    def __init__(self, result: PushResult) -> None:
        self.result = result
        self._ids: list[str] = result.invocation_ids

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        self.result.events += acknowledgement.events
        self.result.batches += 1
        self.result.truncated += acknowledgement.truncated
        self._ids.append(acknowledgement.invocation_id)

    def reject(self, rejection: Rejection) -> None:  # noqa: ARG002 - the protocol's argument, counted only
        self.result.rejected += 1

    def flush_if_due(self) -> None:
        """There is nothing to write to."""


class ManifestPush:
    """Pushes one manifest to one destination, from where an earlier attempt stopped.

    :param reader: the manifest.
    :param gateway: where to.
    :param destination: what the requests' header says.
    :param limits: sizes of batches.
    :param concurrency: most requests in flight.
    :param fail_on_rejected: whether refused events fail the push, after all others were delivered.
    """

    def __init__(
        self,
        reader: ManifestReader,
        gateway: Gateway,
        destination: Destination,
        *,
        limits: BatchLimits | None = None,
        concurrency: int = 4,
        fail_on_rejected: bool = True,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._reader = reader
        self._flow = reader.manifest.flow
        self._limits = (limits or BatchLimits()).within(self._flow)
        self._fail_on_rejected = fail_on_rejected
        self._receipt = Receipt(reader.folder, reader.uri, reader.manifest, destination)
        self._resumed = self._receipt.summary.acknowledged
        progress = Progress(log, "Pushed", total=reader.manifest.events - self._resumed)
        self._recorder = _Counting(self._receipt, progress)
        self._progress = progress
        self._delivery = Delivery(
            gateway,
            self._flow,
            destination,
            self._recorder,
            limits=self._limits,
            concurrency=concurrency,
            retries=retries,
        )

    def run(self) -> PushResult:
        """Push what is not acknowledged yet.

        :raises RejectedEventsError: when events were refused and that is to fail the push.
        :raises MonteCarloPushError: whatever else stopped it; the receipt says how far it came.
        """
        if self._resumed:
            log.info("Resuming: %s events are acknowledged in %s", f"{self._resumed:,}", self._receipt.uri)
        try:
            self._delivery.send(batches_of(self._reader, self._limits, self._receipt.acknowledged))
        except MonteCarloPushError as error:
            self._receipt.close("failed", str(error))
            raise
        except BaseException as error:
            self._receipt.close("interrupted", type(error).__name__)
            raise
        rejected = self._receipt.summary.rejected
        self._receipt.close("failed" if rejected and self._fail_on_rejected else "delivered")
        log.info("%s", self._progress.line(f"receipt {self._receipt.uri}"))
        if rejected:
            self._report_rejected(rejected)
        return self.result()

    def stop(self) -> None:
        """Send nothing more; :meth:`run` writes down what is acknowledged and raises. Safe in a signal handler."""
        self._delivery.stop()

    @property
    def receipt_uri(self) -> str:
        """Where the receipt is kept."""
        return self._receipt.uri

    def result(self) -> PushResult:
        """Return what is recorded so far."""
        summary = self._receipt.summary
        return PushResult(
            flow=self._flow.value,
            resource_uuid=summary.destination.resource_uuid,
            events=summary.acknowledged,
            batches=summary.batches,
            invocation_ids=self._receipt.invocation_ids(MAX_INVOCATION_IDS),
            receipt=self._receipt.uri,
            manifest=self._reader.uri,
            resumed=self._resumed,
            rejected=summary.rejected,
            rejected_uri=self._receipt.rejected_uri if summary.rejected else None,
            truncated=summary.truncated,
        )

    def _report_rejected(self, rejected: int) -> None:
        message = (
            f"Monte Carlo refused {rejected:,} of {self._reader.manifest.events:,} events; all others are delivered. "
            f"The refused ones, with the reasons: {self._receipt.rejected_uri}. " + " | ".join(self._recorder.examples)
        )
        if self._fail_on_rejected:
            raise RejectedEventsError(message, rejected=rejected, uri=self._receipt.rejected_uri)
        log.warning("%s", message)


def plan(reader: ManifestReader, destination: Destination, limits: BatchLimits) -> PushResult:
    """Return what pushing a manifest would send, without sending or recording anything.

    :raises ManifestCorruptedError: as a push would.
    """
    receipt = Receipt(reader.folder, reader.uri, reader.manifest, destination)
    result = PushResult(
        flow=reader.manifest.flow.value,
        resource_uuid=destination.resource_uuid,
        manifest=reader.uri,
        resumed=receipt.summary.acknowledged,
        dry_run=True,
    )
    for batch in batches_of(reader, limits.within(reader.manifest.flow), receipt.acknowledged):
        result.batches += 1
        result.events += batch.events
    return result


def push_events(
    events: Iterable[Event],
    flow: Flow,
    gateway: Gateway,
    destination: Destination,
    *,
    limits: BatchLimits | None = None,
    concurrency: int = 4,
    fail_on_rejected: bool = True,
    retries: RetryPolicy | None = None,
) -> PushResult:
    """Push ``events`` as they come, without a manifest: what was acknowledged before a failure is logged only.

    :raises RejectedEventsError: when events were refused and that is to fail the push.
    """
    limits = (limits or BatchLimits()).within(flow)
    result = PushResult(flow=flow.value, resource_uuid=destination.resource_uuid)
    recorder = _Counting(_InMemory(result), Progress(log, "Pushed"))
    delivery = Delivery(gateway, flow, destination, recorder, limits=limits, concurrency=concurrency, retries=retries)
    try:
        delivery.send(_batches_of_events(events, limits))
    except BaseException:
        log.error(
            "Stopped after %d acknowledged events; invocation ids: %s",
            result.events,
            ", ".join(result.invocation_ids),
        )
        raise
    if result.rejected and fail_on_rejected:
        raise RejectedEventsError(
            f"Monte Carlo refused {result.rejected:,} events, {result.events:,} others are delivered (invocation ids "
            f"{', '.join(result.invocation_ids[:_REJECTIONS_SHOWN])}). " + " | ".join(recorder.examples),
            rejected=result.rejected,
        )
    return result


def _batches_of_events(events: Iterable[Event], limits: BatchLimits) -> Iterator[Batch]:
    def crosses(event: Event) -> bool:
        return isinstance(event, LineageEvent) and event.crosses_resources

    numbers = itertools.count()
    for crossing, group in itertools.groupby(events, key=crosses):
        numbered = ((next(numbers), encode_event(event)[0]) for event in group)
        yield from cut(numbered, limits, part="events", crosses_resources=crossing)
