"""Which earlier manifest the next one is to be compared with, so that no dropped table is ever passed over.

That is the newest manifest of the same scope whose difference from its own predecessor has been dealt with. It is kept
for each scope and Monte Carlo warehouse on the manifest root, and moves on only when a deletion is done: a week in
which somebody said no, or in which a guard refused, is made up for in the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.deletion.difference import scope_differences, scope_digest
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ManifestFormatError, ManifestNotFoundError
from airflow_provider_montecarlo_push.manifests.model import Manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.storage import Folder

log = logging.getLogger(__name__)

_STATE_FOLDER = "deletion-state"
_READERS = 8


class Baseline(Struct):
    """What is kept: the manifest to compare the next one with.

    :param folder: URI of its folder.
    """

    manifest_id: str
    folder: str
    collected_at: datetime


class Baselines:
    """Keeps the baseline of one scope at one Monte Carlo warehouse.

    :param root: the manifest root.
    :param manifest: any manifest of the scope.
    """

    def __init__(self, root: Folder, manifest: Manifest, resource_uuid: str) -> None:
        self._folder = root.child(_STATE_FOLDER, resource_uuid)
        self._name = f"{scope_digest(manifest)}.json"

    def get(self) -> Baseline | None:
        """Return the baseline, ``None`` when there has not been any deletion yet.

        :raises ManifestFormatError: when it cannot be read.
        """
        try:
            return msgspec.json.decode(self._folder.read(self._name), type=Baseline)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise ManifestFormatError(
                f"{self._folder.uri_of(self._name)} cannot be read: {error}. Delete it, and name the previous manifest "
                "this time."
            ) from error

    def start(self, older: ManifestReader) -> None:
        """Make ``older`` the baseline where there is none: what was dropped since is still to be dealt with."""
        if self.get() is None:
            self._keep(older)

    def move(self, older: ManifestReader, newer: ManifestReader) -> None:
        """Make ``newer`` the baseline: what it lacks against ``older`` is dealt with.

        Nothing changes when the baseline is older than ``older``, for then something before it may be left to do, or
        when it is newer than ``newer``.
        """
        kept = self.get()
        if kept is None or older.manifest.collected_at <= kept.collected_at < newer.manifest.collected_at:
            self._keep(newer)

    def _keep(self, reader: ManifestReader) -> None:
        manifest = reader.manifest
        state = Baseline(manifest.id, reader.folder.uri, manifest.collected_at)
        self._folder.write(self._name, msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")


def find_previous(newer: ManifestReader, candidates: Iterable[Folder], kept: Baseline | None) -> ManifestReader | None:
    """Return the manifest that ``newer`` is to be compared with, of those in ``candidates``; ``None`` without any.

    It is complete, of the same scope and older. Where a baseline is kept but gone from storage, it is the oldest one
    since; without a baseline it is the newest one.

    :param candidates: folders that may hold a manifest.
    """
    since = kept.collected_at if kept is not None and kept.collected_at < newer.manifest.collected_at else None
    best: ManifestReader | None = None
    with ThreadPoolExecutor(_READERS) as pool:
        for reader in pool.map(_open, candidates):
            if reader is None or not _fits(reader.manifest, newer.manifest, since):
                continue
            if best is None or (reader.manifest.collected_at < best.manifest.collected_at) is (since is not None):
                best = reader
    return best


def _open(folder: Folder) -> ManifestReader | None:
    try:
        return ManifestReader(folder)
    except ManifestNotFoundError:
        return None  # The task was skipped, failed, or has not finished in that run.
    except ManifestFormatError as error:
        log.warning("Not compared with: %s", error)
        return None


def _fits(manifest: Manifest, newer: Manifest, since: datetime | None) -> bool:
    return (
        manifest.flow is Flow.METADATA
        and manifest.complete
        and manifest.id != newer.id
        and manifest.collected_at < newer.collected_at
        and (since is None or manifest.collected_at >= since)
        and not scope_differences(manifest, newer)
    )
