"""Every manifest under the manifest root that was pushed lately, whichever DAG wrote it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_montecarlo_push.detectors.history import KeptManifest, LeftOut, Push
from airflow_provider_montecarlo_push.exceptions import ManifestFormatError, ManifestNotFoundError
from airflow_provider_montecarlo_push.hooks.locations import folder_at
from airflow_provider_montecarlo_push.manifests.model import MANIFEST_NAME, Manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import RECEIPT_NAME, read_summary
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.progress import Progress

log = logging.getLogger(__name__)

_READERS = 8
_AT_ONCE = 256
_RECEIPTS = "/receipts/"
# Clocks of stores and workers differ a little.
_SLACK = timedelta(days=1)
# What the file systems call the time at which a file was written.
_MODIFIED = ("mtime", "LastModified", "last_modified", "updated", "modified")


@dataclass
class _Place:
    """A folder with a manifest, and the folders of its receipts."""

    uri: str
    receipts: list[str] = field(default_factory=list)
    modified: datetime | None = None
    is_manifest: bool = False
    age_is_known: bool = True

    def note(self, modified: datetime | None) -> None:
        if modified is None:
            self.age_is_known = False
        elif self.modified is None or modified > self.modified:
            self.modified = modified

    def is_older_than(self, since: datetime) -> bool:
        return self.age_is_known and self.modified is not None and self.modified < since - _SLACK


def kept_manifests(
    root: Folder, since: datetime, left_out: LeftOut, wanted: Callable[[Manifest], bool]
) -> list[KeptManifest]:
    """Return the manifests under ``root`` that may have been pushed since some time, and their pushes since then.

    :param left_out: where those that cannot be read are counted.
    :param wanted: tells by its header whether a manifest is meant.
    """
    found: list[KeptManifest] = []
    progress = Progress(log, "Looked through", "manifests")
    places = _places(root, since, left_out)
    with ThreadPoolExecutor(_READERS) as pool:
        while some := list(islice(places, _AT_ONCE)):
            opened = pool.map(lambda place: _open(place, since, left_out), some)
            found += [kept for kept in opened if kept is not None and wanted(kept.reader.manifest)]
            progress.add(len(some), f"{len(found):,} of them of this connection")
    return found


def _places(root: Folder, since: datetime, left_out: LeftOut) -> Iterator[_Place]:
    """Yield where manifests are, DAG by DAG; a whole DAG is one recursive listing, which object stores answer fast."""
    path: Any = ObjectStoragePath(root.uri)
    path.fs.invalidate_cache()
    base = path.path.rstrip("/")
    try:
        children = path.fs.ls(base, detail=True)
    except FileNotFoundError:
        return
    for child in sorted(entry["name"].rstrip("/") for entry in children if entry["type"] == "directory"):
        for place in _in_folder(path.fs.find(child, detail=True), root.uri, base):
            if not place.is_manifest:
                left_out.add("receipts_without_manifest")
            elif not place.is_older_than(since):
                yield place


def _in_folder(files: dict[str, dict[str, Any]], root: str, base: str) -> list[_Place]:
    places: dict[str, _Place] = {}
    for path, entry in files.items():
        folder, _, name = path.rpartition("/")
        if name not in (MANIFEST_NAME, RECEIPT_NAME):
            continue
        home = folder.rpartition(_RECEIPTS)[0] if name == RECEIPT_NAME else folder
        place = places.setdefault(home, _Place(_uri(home, root, base)))
        place.note(_modified(entry))
        if name == RECEIPT_NAME:
            place.receipts.append(_uri(folder, root, base))
        else:
            place.is_manifest = True
    return list(places.values())


def _uri(path: str, root: str, base: str) -> str:
    return root + path[len(base) :]


def _open(place: _Place, since: datetime, left_out: LeftOut) -> KeptManifest | None:
    try:
        reader = ManifestReader(folder_at(place.uri))
    except ManifestNotFoundError:
        return None  # Deleted since the listing.
    except ManifestFormatError as error:
        left_out.add("unreadable_manifests", error)
        return None
    pushes = []
    for uri in place.receipts:
        folder = folder_at(uri)
        try:
            receipt = read_summary(folder)
        except FileNotFoundError:
            continue
        except ManifestFormatError as error:
            left_out.add("unreadable_receipts", error)
            continue
        if receipt.manifest_id != reader.manifest.id:
            left_out.add("collected_anew_since")
        elif receipt.updated_at >= since and receipt.acknowledged:
            pushes.append(Push(folder, receipt))
    return KeptManifest(reader, pushes)


def _modified(entry: dict[str, Any]) -> datetime | None:
    value = next((entry[name] for name in _MODIFIED if entry.get(name)), None)
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except (ValueError, OverflowError):
        return None
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
