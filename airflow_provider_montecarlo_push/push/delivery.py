"""Batches to the gateway, several at a time; splits what is too large or partly wrong until the rest is delivered."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import (
    FinalError,
    GatewayUnavailableError,
    InvalidRequestError,
    RejectedEventsError,
)
from airflow_provider_montecarlo_push.manifests.receipts import Acknowledgement, Destination, Rejection
from airflow_provider_montecarlo_push.push.batches import Batch, BatchLimits
from airflow_provider_montecarlo_push.push.envelope import PATHS, Body, body_of
from airflow_provider_montecarlo_push.push.gateway import Answer, Gateway
from airflow_provider_montecarlo_push.push.oversize import shorten
from airflow_provider_montecarlo_push.push.retries import RetryPolicy, StoppedError

log = logging.getLogger(__name__)

# More refused events than this are a fault of the whole, which bisecting would only multiply into requests.
MAX_REJECTED = 1_000
_MAX_TIMEOUTS_IN_A_ROW = 8
_TICK_SECONDS = 2.0
# A message that points into the events list is about an event, however often it repeats.
_POINTS_AT_EVENT = re.compile(r"events?\W{0,3}\d|relational_asset|query_text|sources?\W{0,3}\d", re.IGNORECASE)


class Recorder(Protocol):
    """Told what became of each event; called from several threads, except ``flush_if_due``."""

    def acknowledge(self, acknowledgement: Acknowledgement) -> None: ...

    def reject(self, rejection: Rejection) -> None: ...

    def flush_if_due(self) -> None: ...


class Delivery:
    """Sends the batches of one push.

    :param gateway: where to.
    :param flow: what the events are.
    :param destination: what the request's header says.
    :param limits: sizes to keep to; lowered here when the gateway takes less.
    :param concurrency: most requests in flight.
    :param recorder: told of every acknowledged batch and refused event.
    :param retries: when a request is sent again.
    """

    def __init__(
        self,
        gateway: Gateway,
        flow: Flow,
        destination: Destination,
        recorder: Recorder,
        *,
        limits: BatchLimits,
        concurrency: int = 4,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._gateway = gateway
        self._flow = flow
        self._destination = destination
        self._recorder = recorder
        self._limits = limits
        self._concurrency = concurrency
        self._retries = retries or RetryPolicy()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._accepted_any = False
        self._rejected = 0
        self._timeouts_in_a_row = 0

    def stop(self) -> None:
        """Send nothing more; requests in flight are waited for."""
        self._stopped.set()

    def send(self, batches: Iterable[Batch]) -> None:
        """Deliver ``batches``; returns when each of their events is acknowledged or recorded as refused.

        :raises GatewayUnavailableError: when retries did not help; everything acknowledged so far is recorded.
        :raises GatewayRefusedError: when the key, the resource or the request as a whole is refused.
        :raises RejectedEventsError: when more than a thousand events are refused one by one.
        """
        pending: set[Future[None]] = set()
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="montecarlo-push") as pool:
            try:
                for batch in batches:
                    # Two batches more than there are requests in flight, so that no connection waits for the reader.
                    while len(pending) >= self._concurrency + 2:
                        pending = self._settle(pending)
                    pending.add(pool.submit(self._deliver_or_stop, batch))
                while pending:
                    pending = self._settle(pending)
            except BaseException:
                self.stop()
                raise
        if self._stopped.is_set():
            raise StoppedError

    def _settle(self, pending: set[Future[None]]) -> set[Future[None]]:
        done, pending = wait(pending, timeout=_TICK_SECONDS, return_when=FIRST_COMPLETED)
        failures = [error for future in done if (error := future.exception()) is not None]
        if failures:
            others, _ = wait(pending)
            failures += [error for future in others if (error := future.exception()) is not None]
            raise _gravest(failures)
        self._recorder.flush_if_due()
        return pending

    def _deliver_or_stop(self, batch: Batch) -> None:
        try:
            self._deliver(batch)
        except BaseException:
            self.stop()
            raise

    def _deliver(self, batch: Batch) -> None:
        answer = self._attempt(batch)
        if answer is not None:
            self._bisect(batch, answer.message)

    def _attempt(self, batch: Batch) -> Answer | None:
        """Send ``batch``, in pieces if it is too large.

        :return: ``None`` when that settled it, the answer when the gateway refused it with a 400.
        """
        if self._stopped.is_set():
            raise StoppedError
        body = body_of(batch, self._flow, self._destination)
        if self._is_too_large(body):
            self._split_or_shorten(batch, f"{len(body):,} bytes are more than a request can hold.")
            return None
        try:
            answer = self._post(body)
        except GatewayUnavailableError as error:
            if not error.timed_out or batch.events == 1:
                raise
            self._limits.after_timeout(batch)
            self._note_timeout(error)
            self._deliver_each(batch.halves())
            return None
        if answer.accepted:
            self._acknowledge(batch, answer, len(body))
            return None
        if answer.status == 413:
            self._limits.after_too_large(len(body))
            self._split_or_shorten(batch, answer.message)
            return None
        return answer

    def _deliver_each(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._deliver(batch)

    def _is_too_large(self, body: Body) -> bool:
        if len(body) <= self._limits.compressed_bytes:
            return False
        header_bytes = 1_000
        return len(body) > self._limits.raw_bytes + header_bytes or len(body.gzipped) > self._limits.compressed_bytes

    def _split_or_shorten(self, batch: Batch, reason: str) -> None:
        if batch.events > 1:
            self._deliver_each(batch.halves())
            return
        keep = 0.9
        while (line := shorten(batch.block, self._flow, keep=keep)) is not None:
            shortened = Batch(batch.part, batch.first, 1, line, batch.crosses_resources)
            body = body_of(shortened, self._flow, self._destination)
            if not self._is_too_large(body):
                answer = self._post(body)
                if answer.accepted:
                    self._acknowledge(shortened, answer, len(body), truncated=1)
                    return
                if answer.status != 413:
                    self._reject(batch, answer.message)
                    return
            keep *= 0.7
        self._reject(batch, reason)

    def _bisect(self, batch: Batch, refusal: str) -> None:
        """Deliver what can be delivered of a batch that was refused with the message ``refusal``."""
        if batch.events == 1:
            self._reject(batch, refusal)
            return
        refused: list[tuple[Batch, str]] = []
        for half in batch.halves():
            answer = self._attempt(half)
            if answer is not None:
                refused.append((half, answer.message))
        if len(refused) == 2 and {message for _, message in refused} == {refusal}:
            refused = self._probe_ends(batch, refusal, refused)
        for piece, message in refused:
            self._bisect(piece, message)

    def _probe_ends(self, batch: Batch, refusal: str, refused: list[tuple[Batch, str]]) -> list[tuple[Batch, str]]:
        """Tell a refused request from refused events, when both halves were refused in the same words.

        Two bad events, one in each half, look just like that. So the first and the last event go alone, unless the
        message points at an event or this push had a batch accepted, which clears the request.

        :return: the pieces that are still known to be refused.
        :raises InvalidRequestError: when all of it was refused in the same words.
        """
        if self._accepted_any or _POINTS_AT_EVENT.search(refusal):
            return refused
        size = batch.events
        if size > 2:
            ends = [batch.piece(0, 1), batch.piece(size - 1, size)]
            answers = [(end, self._attempt(end)) for end in ends]
        else:
            answers = [(half, Answer(400, "", message=message)) for half, message in refused]
        if all(answer is not None and answer.message == refusal for _, answer in answers):
            raise InvalidRequestError(
                f"400 from {self._gateway.endpoint} for the request as a whole: {refusal} Not one event was accepted, "
                f"and parts of the batch are refused in the same words. Check resource_uuid "
                f"{self._destination.resource_uuid}, resource_type {self._destination.resource_type} and log_type "
                f"{self._destination.log_type}.",
                status=400,
            )
        pieces = [(end, answer.message) for end, answer in answers if answer is not None]
        if size > 2:
            middle = batch.piece(1, size - 1)
            answer = self._attempt(middle)
            if answer is not None:
                pieces.append((middle, answer.message))
        return pieces

    def _post(self, body: Body) -> Answer:
        def send() -> Answer:
            if self._stopped.is_set():
                raise StoppedError
            return self._gateway.post(PATHS[self._flow], body)

        return self._retries.run(send, self._stopped, lambda reason: log.warning("%s", reason))

    def _note_timeout(self, error: GatewayUnavailableError) -> None:
        with self._lock:
            self._timeouts_in_a_row += 1
            if self._timeouts_in_a_row > _MAX_TIMEOUTS_IN_A_ROW:
                raise error
        log.warning("%s Later batches have at most %d events.", error, self._limits.events)

    def _acknowledge(self, batch: Batch, answer: Answer, body_bytes: int, *, truncated: int = 0) -> None:
        self._accepted_any = True
        self._timeouts_in_a_row = 0
        self._recorder.acknowledge(
            Acknowledgement(
                part=batch.part,
                first=batch.first,
                last=batch.last,
                bytes=body_bytes,
                invocation_id=answer.invocation_id or "",
                trace_id=answer.trace_id,
                at=datetime.now(UTC),
                truncated=truncated,
            )
        )

    def _reject(self, batch: Batch, message: str) -> None:
        self._recorder.reject(Rejection(batch.part, batch.first, message, msgspec.Raw(batch.block)))
        with self._lock:
            self._rejected += 1
            if self._rejected > MAX_REJECTED:
                raise RejectedEventsError(
                    f"More than {MAX_REJECTED:,} events were refused one by one; stopped. The last message: {message} "
                    "What was accepted is in the receipt and will not be sent again.",
                    rejected=self._rejected,
                )


def _gravest(failures: list[BaseException]) -> BaseException:
    """Return the failure that says most: a final one before a transient one, and that before a mere stop."""
    for kind in (FinalError, GatewayUnavailableError):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    return next((failure for failure in failures if not isinstance(failure, StoppedError)), failures[0])
