"""When each scope was last delivered: a small file for each on the manifest root, however many manifests there are."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ManifestFormatError
from airflow_provider_montecarlo_push.manifests.model import RunReference
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Destination, read_acknowledgements
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.session import PushResult

_STATE_FOLDER = ("push-state", "delivered")
_READERS = 8
# What changes how tables are told of, and not which.
_NOT_SCOPE = frozenset({"only_freshness_and_volume", "keep_asset_types", "redact_literals"})


class DeliveredPush(Struct, kw_only=True, omit_defaults=True):
    """The last delivered push of one scope: one flow of one connection, its filters and options, to one destination.

    :param resource_uuid: ``None`` when every event named its own resources.
    :param scope: filters and options of the collect task.
    :param run: the task instance that collected.
    :param receipt: URI of ``receipt.json``.
    :param events: events that Monte Carlo acknowledged.
    :param delivered_at: when it took the last of them.
    """

    flow: Flow
    endpoint: str
    resource_uuid: str | None = None
    collector: str
    source_conn_id: str | None = None
    scope: dict[str, Any] = {}
    run: RunReference | None = None
    manifest: str
    receipt: str | None = None
    events: int = 0
    delivered_at: datetime

    @property
    def file_name(self) -> str:
        """The name of its file, the same for every push of the scope."""
        return f"{self.flow.value}-{_digest([*self._collection(), self.endpoint, self.resource_uuid])}.json"

    def sources(self) -> list[str]:
        """Return what tells that another push is of the same source, were it not for the resource.

        That is the same collection, or the same task: one that collects with other filters now has left the old ones
        behind. Tasks that are mapped collect several scopes side by side.
        """
        same = [_digest([*self._collection(), self.endpoint])]
        if self.run is not None and self.run.map_index < 0:
            same.append(_digest([self.flow, self.run.dag_id, self.run.task_id, self.endpoint]))
        return same

    def _collection(self) -> list[Any]:
        return [self.flow, self.collector, self.source_conn_id, self.scope]


def record_delivery(
    root: Folder, reader: ManifestReader, destination: Destination, result: PushResult, now: datetime
) -> None:
    """Remember a complete push.

    A manifest without events counts, as the way to Monte Carlo is open. One that was delivered before counts as of
    then, and one of which Monte Carlo took not a single event not at all.

    :param root: the manifest root.
    :param now: aware.
    """
    delivered_at = _delivered_at(reader, result, now)
    if delivered_at is None:
        return
    manifest = reader.manifest
    push = DeliveredPush(
        flow=manifest.flow,
        endpoint=destination.endpoint,
        resource_uuid=destination.resource_uuid,
        collector=manifest.collector,
        source_conn_id=manifest.source_conn_id,
        scope={key: value for key, value in manifest.scope.items() if key not in _NOT_SCOPE},
        run=manifest.run,
        manifest=reader.uri,
        receipt=result.receipt,
        events=result.events,
        delivered_at=delivered_at,
    )
    folder = state_folder(root)
    try:
        known = _read(folder, push.file_name)
    except ManifestFormatError:
        known = None  # Damaged; replaced by what is known for sure.
    if known is None or known.delivered_at < push.delivered_at:
        folder.write(push.file_name, msgspec.json.format(msgspec.json.encode(push), indent=2) + b"\n")


def delivered_pushes(root: Folder, flows: Collection[Flow] = tuple(Flow)) -> list[DeliveredPush]:
    """Return the last delivered push of each scope under a manifest root, the oldest first.

    :raises ManifestFormatError: when one cannot be read.
    """
    folder = state_folder(root)
    names = [name for name in folder.names() if name.endswith(".json") and name.rpartition("-")[0] in flows]
    with ThreadPoolExecutor(_READERS) as pool:
        pushes = pool.map(lambda name: _read(folder, name), names)
        return sorted((push for push in pushes if push is not None), key=lambda push: push.delivered_at)


def without_abandoned(pushes: Iterable[DeliveredPush]) -> tuple[list[DeliveredPush], list[DeliveredPush]]:
    """Return the pushes that are the last word of their source, and those that a later push made obsolete.

    Lineage of which every event names its own resources goes to no resource in particular, so a scope may have one
    push with a resource and one without; the later counts.
    """
    pushes = list(pushes)
    latest: dict[str, dict[str | None, datetime]] = defaultdict(dict)
    for push in pushes:
        for source in push.sources():
            seen = latest[source].get(push.resource_uuid)
            latest[source][push.resource_uuid] = max(seen or push.delivered_at, push.delivered_at)

    def is_abandoned(push: DeliveredPush) -> bool:
        return any(
            moment > push.delivered_at and (resource == push.resource_uuid or None in (resource, push.resource_uuid))
            for source in push.sources()
            for resource, moment in latest[source].items()
        )

    watched: list[DeliveredPush] = []
    abandoned: list[DeliveredPush] = []
    for push in pushes:
        (abandoned if is_abandoned(push) else watched).append(push)
    return watched, abandoned


def state_folder(root: Folder) -> Folder:
    """Return where the files are kept."""
    return root.child(*_STATE_FOLDER)


def _delivered_at(reader: ManifestReader, result: PushResult, now: datetime) -> datetime | None:
    if not reader.manifest.events or result.events > result.resumed:
        return now
    if not result.events or result.receipt is None:
        return None
    folder = reader.folder.child("receipts", result.receipt.split("/")[-2])
    return max((batch.at for batch in read_acknowledgements(folder)), default=None)


def _read(folder: Folder, name: str) -> DeliveredPush | None:
    try:
        return msgspec.json.decode(folder.read(name), type=DeliveredPush)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ManifestFormatError(
            f"{folder.uri_of(name)} cannot be read: {error}. Delete it; the next push of its scope writes a new one."
        ) from error


def _digest(identity: list[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(identity, order="sorted")).hexdigest()[:16]
