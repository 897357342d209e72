"""Freshness and volume go out at most once an hour for the same tables: the detectors work in hourly buckets.

Source: "Push frequency" of the Push Ingest API page.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.manifests.model import Manifest
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.manifests.storage import Folder

DEFAULT_INTERVAL = timedelta(hours=1)
_STATE_FOLDER = "push-state"
# What does not change which tables a manifest is about.
_NOT_SCOPE = frozenset({"only_freshness_and_volume", "keep_asset_types", "collector_kwargs"})


class LastPush(Struct):
    """The state kept for one scope at one destination."""

    manifest_id: str
    manifest: str
    at: datetime


class HourlyRule:
    """Knows when freshness and volume of a manifest's tables were last pushed to a destination.

    :param root: the manifest root.
    """

    def __init__(self, root: Folder, manifest: Manifest, destination: Destination) -> None:
        self._folder = root.child(_STATE_FOLDER, destination.resource_uuid or "across-resources")
        self._manifest = manifest
        scope = {key: value for key, value in manifest.scope.items() if key not in _NOT_SCOPE}
        identity = [destination.endpoint, manifest.collector, manifest.source_conn_id, scope]
        digest = hashlib.sha256(msgspec.json.encode(identity, order="sorted")).hexdigest()
        self._name = f"{digest[:16]}.json"

    def reason_to_wait(self, now: datetime, interval: timedelta = DEFAULT_INTERVAL) -> str | None:
        """Return why this manifest must not be pushed yet, or ``None`` when it may.

        A push counts as the next hour's when a whole ``interval`` has passed, or half of one and it falls in another
        bucket (the clock hour, for an hour): hourly runs start some minutes late now and then, which must not cost
        every second one.

        :param now: aware.
        """
        if self._manifest.flow is not Flow.METADATA or not interval or not self._carries_samples():
            return None
        last = self._last()
        if last is None or last.manifest_id == self._manifest.id:
            return None
        passed = now - last.at
        another_bucket = _bucket(now, interval) != _bucket(last.at, interval)
        if passed >= interval or (another_bucket and passed >= interval / 2):
            return None
        return (
            f"Freshness and volume of these tables were pushed {passed.total_seconds() / 60:.0f} min ago "
            f"({last.manifest}); Monte Carlo takes them once in {interval.total_seconds() / 60:.0f} min. Wait, or push "
            "with force=True."
        )

    def record(self, uri: str, now: datetime) -> None:
        """Remember that this manifest was delivered.

        :param uri: the manifest's.
        """
        if self._manifest.flow is Flow.METADATA and self._carries_samples():
            state = LastPush(self._manifest.id, uri, now)
            self._folder.write(self._name, msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")

    def _carries_samples(self) -> bool:
        counts = self._manifest.counts
        return bool(counts.get("with_volume") or counts.get("with_freshness"))

    def _last(self) -> LastPush | None:
        try:
            return msgspec.json.decode(self._folder.read(self._name), type=LastPush)
        except FileNotFoundError:
            return None


def _bucket(moment: datetime, interval: timedelta) -> int:
    return int(moment.astimezone(UTC).timestamp() // interval.total_seconds())
