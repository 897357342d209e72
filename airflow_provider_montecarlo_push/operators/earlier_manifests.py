"""Manifests of earlier runs, and where they were pushed to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from airflow_provider_montecarlo_push.deletion.baselines import Baselines, find_previous
from airflow_provider_montecarlo_push.exceptions import (
    ConfigurationError,
    ManifestNotFoundError,
    NotComparableError,
)
from airflow_provider_montecarlo_push.hooks.locations import folder_at, manifest_root
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import receipts_of
from airflow_provider_montecarlo_push.manifests.storage import Folder

log = logging.getLogger(__name__)


def root_of(reader: ManifestReader, root: str | None) -> Folder:
    """Return the manifest root: ``root``, else that which the manifest was written under, else the setting."""
    given = root or reader.manifest.root
    return folder_at(given) if given else manifest_root(None)


def previous_manifest(newer: ManifestReader, baselines: Baselines, root: Folder) -> ManifestReader | None:
    """Return the manifest that ``newer`` is to be compared with: the baseline, or the one before; ``None`` without any.

    :raises NotComparableError: when it cannot be told which.
    """
    kept = baselines.get()
    if kept is not None and kept.collected_at < newer.manifest.collected_at:
        try:
            reader = ManifestReader(folder_at(kept.folder))
        except ManifestNotFoundError:
            log.warning("%s, the manifest to compare with, is gone; taking the oldest one since.", kept.folder)
        else:
            if reader.manifest.id == kept.manifest_id:
                return reader
            log.warning("%s was written anew since; taking the oldest one since.", kept.folder)
    if newer.manifest.run is None:
        raise NotComparableError(
            f"{newer.uri} does not say which task collected it, so the one before it cannot be found. Name it with "
            "previous."
        )
    return find_previous(newer, earlier_folders(newer, root), kept)


def earlier_folders(reader: ManifestReader, root: Folder) -> Iterator[Folder]:
    """Yield the folders in which the same task may have left manifests in other runs."""
    run = reader.manifest.run
    if run is None:
        return
    names = [run.task_id] if run.map_index < 0 else [run.task_id, str(run.map_index)]
    for folder in root.child(run.dag_id).folders():
        yield folder.child(*names)


def resource_of(given: str | None, readers: Iterable[ManifestReader]) -> str:
    """Return the Monte Carlo warehouse that manifests are about.

    :param given: the one that the user names; else that which all of them were pushed to.
    :raises ConfigurationError: when it is not known.
    :raises NotComparableError: when a manifest was pushed elsewhere.
    """
    pushed = {reader.uri: _resources(reader) for reader in readers}
    known = [resources for resources in pushed.values() if resources]
    if given:
        for uri, resources in pushed.items():
            if resources and given not in resources:
                raise NotComparableError(
                    f"{uri} was pushed to {', '.join(sorted(resources))}, not to {given}. Give that resource_uuid, or "
                    "another manifest."
                )
        return given
    common = set.intersection(*known) if known else set()
    if known and not common:
        raise NotComparableError(
            "The manifests were pushed to different warehouses: "
            + "; ".join(f"{uri} to {', '.join(sorted(found))}" for uri, found in pushed.items())
            + ". Give two that were pushed to the same one."
        )
    if len(common) != 1:
        were = f"were pushed to {', '.join(sorted(common))}" if common else "have not been pushed"
        raise ConfigurationError(f"Give resource_uuid, the Monte Carlo warehouse to delete from: the manifests {were}.")
    return common.pop()


def _resources(reader: ManifestReader) -> set[str]:
    """Return the warehouses that a manifest was pushed to, by its receipts."""
    return {
        receipt.destination.resource_uuid
        for _, receipt in receipts_of(reader.folder)
        if receipt.manifest_id == reader.manifest.id and receipt.destination.resource_uuid
    }
