"""Pushes a spool: what earlier runs did not deliver first, then what waits, a batch at a time."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct, field, structs

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    ConfigurationError,
    FinalError,
    ManifestError,
    RejectedEventsError,
    SpoolError,
)
from airflow_provider_montecarlo_push.manifests.model import MANIFEST_NAME
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.retries import StoppedError
from airflow_provider_montecarlo_push.push.session import MAX_INVOCATION_IDS, ManifestPush, PushResult
from airflow_provider_montecarlo_push.spool.batches import Batch, BatchLog, ChosenManifest, ClaimLostError
from airflow_provider_montecarlo_push.spool.building import TOO_OLD, UNREADABLE, Building
from airflow_provider_montecarlo_push.spool.heartbeat import Heartbeat
from airflow_provider_montecarlo_push.spool.layout import DROPPED, INCOMING, spool_of
from airflow_provider_montecarlo_push.spool.waiting import delete, oldest, survey
from airflow_provider_montecarlo_push.spool.writing import DroppedTask

log = logging.getLogger(__name__)

_MAX_FAILURES = 3
_MANIFESTS_SHOWN = 100
_NAMED = 10
# Whatever comes after one of these fails as well.
_HOPELESS = (AuthenticationError, ConfigurationError, SpoolError)


@dataclass(frozen=True)
class SpoolLimits:
    """How much is done at once, and how long things are kept.

    :param batch_files: most observations in a batch.
    :param batch_bytes: most compressed bytes of them.
    :param batches: most new batches in one run.
    :param open_batches: no new batch is made while this many are not delivered.
    :param max_age: what could not be delivered for this long is dropped, counted and named.
    :param takeover: how long a task that works on a batch may not be heard of before another one goes on.
    """

    batch_files: int = 1_000
    batch_bytes: int = 32 * 1024 * 1024
    batches: int = 100
    open_batches: int = 100
    max_age: timedelta = timedelta(days=3)
    takeover: timedelta = timedelta(minutes=15)


class SpoolResult(Struct, kw_only=True):
    """What came of pushing a spool; plain values only, fit for XCom.

    :ivar events: lineage events acknowledged, with those that earlier attempts at the same batches had acknowledged.
    :ivar resumed: how many of them by earlier attempts.
    :ivar batches: requests that were accepted.
    :ivar invocation_ids: the first five hundred; all of them are in the receipts.
    :ivar manifests: the first hundred; their receipts are below them.
    :ivar spooled_batches: batches that are over now; ``observations`` is what they held.
    :ivar waiting: observations that wait still.
    :ivar busy: batches that another task works on.
    :ivar dropped: observations that were lost, by reason: ``unreadable`` files are kept aside; ``too_old`` ones, those
        that found the spool full (``spool_full``), and those whose task ended while it wrote (``unfinished``) are gone.
        ``expired_events`` were events of a manifest that could not be delivered for too long; the manifest is kept.
    :ivar left_out: what the manifests left out, by reason.
    """

    flow: str = Flow.LINEAGE.value
    resource_uuid: str | None = None
    events: int = 0
    resumed: int = 0
    batches: int = 0
    invocation_ids: list[str] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    receipt: str | None = None
    rejected: int = 0
    rejected_uri: str | None = None
    truncated: int = 0
    spooled_batches: int = 0
    observations: int = 0
    waiting: int = 0
    busy: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a dict."""
        return structs.asdict(self)


class SpoolPush:
    """Pushes the spool under a manifest root.

    Any number of tasks may do this at once: each batch is pushed by one of them. A batch is over when each of its
    events is acknowledged or refused; then its files are deleted.

    :param root: the manifest root.
    :param owner: who pushes: the same for each attempt of one task instance, and for nobody else.
    :param building: how observations become manifests.
    :param folder_of: where a batch's manifest goes, by a name that is fit for a folder.
    :param open_folder: the folder at a URI.
    :param push_of: makes the push of a manifest.
    """

    def __init__(
        self,
        root: Folder,
        owner: str,
        building: Building,
        *,
        folder_of: Callable[[str], Folder],
        open_folder: Callable[[str], Folder],
        push_of: Callable[[ManifestReader], ManifestPush],
        limits: SpoolLimits | None = None,
    ) -> None:
        self._spool = spool_of(root)
        self._limits = limits or SpoolLimits()
        self._batches = BatchLog(self._spool, owner, self._limits.takeover)
        self._building = building
        self._folder_of = folder_of
        self._open_folder = open_folder
        self._push_of = push_of
        self._push: ManifestPush | None = None
        self._stopped = False
        self._failures: list[FinalError] = []
        self._dropped: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self.result = SpoolResult()

    def run(self) -> SpoolResult:
        """Push until nothing waits, or ``batches`` are done.

        :raises GatewayUnavailableError: when Monte Carlo does not answer; what is not delivered stays.
        :raises FinalError: what stood in the way of a batch, after all others were tried.
        """
        self._batches.sweep(datetime.now(UTC))
        self._report_dropped()
        self._report_unfinished()
        try:
            for number in self._batches.open():
                batch = self._batches.claim(number)
                if batch is None:
                    self.result.busy += 1
                else:
                    self._finish_or_release(batch)
            self._push_waiting()
        finally:
            self._sum_up()
        if self._failures:
            raise self._failures[0]
        return self.result

    def stop(self) -> None:
        """Send nothing more. Safe in a signal handler."""
        self._stopped = True
        if self._push is not None:
            self._push.stop()

    def _push_waiting(self) -> None:
        def files(taken: frozenset[str]) -> list[str]:
            return oldest(self._spool, self._limits.batch_files, self._limits.batch_bytes, taken).files

        for _ in range(self._limits.batches):
            if len(self._batches.open()) >= self._limits.open_batches:
                log.warning("%d batches are not delivered; no new one is made.", self._limits.open_batches)
                return
            batch = self._batches.make(files)
            if batch is None:
                return
            self._finish_or_release(batch)

    def _finish_or_release(self, batch: Batch) -> None:
        """Push a batch; leave it to others when it cannot be done, and go on unless that is hopeless."""
        finished = False
        try:
            with Heartbeat(batch, self._limits.takeover, self._stop_push) as heartbeat:
                finished = self._work(batch, heartbeat)
        except ClaimLostError as error:
            log.warning("%s Left to the task that did.", error)
            self.result.busy += 1
            finished = True
        except FinalError as error:
            self._failures.append(error)
            log.error("%s is not delivered: %s", batch, error)
            if isinstance(error, _HOPELESS) or len(self._failures) >= _MAX_FAILURES:
                raise
        finally:
            self._push = None
            if not finished:
                batch.release()

    def _work(self, batch: Batch, heartbeat: Heartbeat) -> bool:
        """Build a batch's manifest unless that is done, push it, and clear up after it."""
        chosen = batch.chosen()
        if batch.record.made_at < datetime.now(UTC) - self._limits.max_age:
            self._expire(batch, chosen)
        else:
            try:
                self._deliver(batch, chosen or self._build(batch, heartbeat), heartbeat)
            except ManifestError as error:
                if chosen is None:
                    raise
                log.warning("%s is built anew from its observations: %s", batch, error)
                batch.forget_manifest()
                self._deliver(batch, self._build(batch, heartbeat), heartbeat)
        batch.renew()
        delete(self._spool, batch.record.files)
        batch.finish(datetime.now(UTC))
        self._batches.sweep(datetime.now(UTC))
        self.result.spooled_batches += 1
        return True

    def _build(self, batch: Batch, heartbeat: Heartbeat) -> ChosenManifest:
        folder = self._folder_of(f"batch-{batch.number}-{batch.generation}")
        manifest = self._building.build(self._spool, batch.record.files, folder, self._check(heartbeat))
        batch.renew()
        chosen = batch.choose(ChosenManifest(folder.uri, manifest.events))
        log.info("%s: %d observations are %d events in %s", batch, len(batch.record.files), chosen.events, chosen.uri)
        return chosen

    def _check(self, heartbeat: Heartbeat) -> Callable[[], None]:
        def check() -> None:
            heartbeat.check()
            if self._stopped:
                raise StoppedError

        return check

    def _deliver(self, batch: Batch, chosen: ChosenManifest, heartbeat: Heartbeat) -> None:
        reader = ManifestReader(self._open_folder(chosen.uri))
        self._check(heartbeat)()
        if reader.manifest.events:
            self._push = push = self._push_of(reader)
            try:
                self._add(push.run())
            except StoppedError:
                heartbeat.check()
                raise
            except RejectedEventsError as error:
                self._failures.append(error)
                self._add(push.result())
            except FinalError:
                if not push.result().events:
                    # Built anew the next time, with what was changed about resources meanwhile.
                    batch.forget_manifest()
                raise
        self._count(reader)

    def _count(self, reader: ManifestReader) -> None:
        manifest = reader.manifest
        self.result.observations += manifest.counts.get("observations", 0)
        if len(self.result.manifests) < _MANIFESTS_SHOWN:
            self.result.manifests.append(reader.uri)
        for reason, number in manifest.left_out.items():
            counter = self._dropped if reason in (UNREADABLE, TOO_OLD) else self._left_out
            counter[reason] += number
        for reason in (UNREADABLE, TOO_OLD):
            if manifest.left_out.get(reason):
                log.error("Lost, %s: %d observations; see %s", reason, manifest.left_out[reason], reader.uri)

    def _add(self, pushed: PushResult) -> None:
        result = self.result
        result.resource_uuid = result.resource_uuid or pushed.resource_uuid
        result.events += pushed.events
        result.resumed += pushed.resumed
        result.batches += pushed.batches
        result.rejected += pushed.rejected
        result.truncated += pushed.truncated
        result.receipt = pushed.receipt
        result.rejected_uri = pushed.rejected_uri or result.rejected_uri
        room = MAX_INVOCATION_IDS - len(result.invocation_ids)
        result.invocation_ids += pushed.invocation_ids[:room]

    def _expire(self, batch: Batch, chosen: ChosenManifest | None) -> None:
        """Give up a batch that could not be delivered for too long."""
        if chosen is None:
            self._dropped[TOO_OLD] += len(batch.record.files)
            log.error("Lost, %s: %s with %d observations", TOO_OLD, batch, len(batch.record.files))
        else:
            self._dropped["expired_events"] += chosen.events
            log.error(
                "%s could not be delivered since %s and is given up. Its %d events are in %s/%s; push that manifest by "
                "hand if they are still wanted.",
                batch,
                f"{batch.record.made_at:%Y-%m-%d %H:%M}Z",
                chosen.events,
                chosen.uri,
                MANIFEST_NAME,
            )

    def _report_dropped(self) -> None:
        """Count what found the spool full, and name the tasks."""
        folder = self._spool.child(DROPPED)
        named = []
        for name in folder.names():
            try:
                task = msgspec.json.decode(folder.read(name), type=DroppedTask)
            except (FileNotFoundError, msgspec.MsgspecError):
                continue
            self._dropped["spool_full"] += task.count
            named.append(f"{task.dag_id}.{task.task_id} ({task.count})")
            folder.delete(name)
        if named:
            log.error(
                "The spool was full: at least %d observations of %d tasks are lost, among them %s. Push the spool more "
                "often.",
                self._dropped["spool_full"],
                len(named),
                ", ".join(named[:_NAMED]),
            )

    def _report_unfinished(self) -> None:
        """Delete and count what tasks began to write an hour ago, and did not finish: they ended, or were killed."""
        unfinished = survey(self._spool).unfinished
        if unfinished:
            self._spool.child(INCOMING).delete_all(unfinished)
            self._dropped["unfinished"] += len(unfinished)
            log.error("Lost, unfinished: %d observations, such as %s", len(unfinished), unfinished[0])

    def _sum_up(self) -> None:
        result = self.result
        result.dropped = dict(self._dropped)
        result.left_out = dict(self._left_out)
        result.waiting = survey(self._spool).count
        log.info(
            "Pushed %s events of %s observations; %s wait, %s batches are with other tasks; dropped: %s; left out: %s",
            f"{result.events:,}",
            f"{result.observations:,}",
            f"{result.waiting:,}",
            result.busy,
            _listed(self._dropped),
            _listed(self._left_out),
        )

    def _stop_push(self) -> None:
        if self._push is not None:
            self._push.stop()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items()) or "nothing"
