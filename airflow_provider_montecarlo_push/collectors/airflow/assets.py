"""Which assets the tasks of a DAG read and write, and which DAGs they set off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_montecarlo_push.collectors.airflow.api import AirflowApi
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import AssetRef

INPUT, OUTPUT = "INPUT", "OUTPUT"


@dataclass(frozen=True)
class NamedAsset:
    """What Monte Carlo calls an asset.

    :param asset_type: ``TABLE``, ``FILE``, …
    :param name: its fully qualified name.
    """

    asset_type: str
    name: str


class UnnamedAssetError(ValueError):
    """An asset has no name that Monte Carlo could know.

    :param reason: fit for counting.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


NameAsset = Callable[[str], NamedAsset]


def by_uri(uri: str) -> NamedAsset:
    """Return an asset under its URI, as it is."""
    return NamedAsset("DATASET", uri)


class AssetRefs:
    """References to assets, named once; what has no name is counted.

    :param name_asset: names a URI; raises :class:`UnnamedAssetError` for what has no name.
    """

    def __init__(self, name_asset: NameAsset, report: CollectionReport) -> None:
        self._name_asset = name_asset
        self._report = report
        self._counted: set[str] = set()

    def of(self, uris: Iterable[str], role: str) -> list[AssetRef]:
        """Return references to the assets with these URIs, in order of name."""
        named: set[tuple[str, str]] = set()
        for uri in uris:
            try:
                asset = self._name_asset(uri)
            except UnnamedAssetError as error:
                if uri not in self._counted:
                    self._counted.add(uri)
                    self._report.leave_out(error.reason, str(error))
                continue
            named.add((asset.asset_type, asset.name))
        return [AssetRef(asset_type=kind, role=role, fully_qualified_name=name) for kind, name in sorted(named)]


@dataclass
class DagAssets:
    """The assets of one DAG: URIs by task, what it waits for, and which DAGs its tasks set off."""

    inlets: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    outlets: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    triggers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    upstream_dags: set[str] = field(default_factory=set)


def assets_of(api: AirflowApi, dag_id: str) -> DagAssets:
    """Return what the API says about the assets of a DAG."""
    found = DagAssets()
    listing = api.rows(
        "/assets", "assets", {"dag_ids": [dag_id]}, key=lambda asset: asset["id"], order_by="id", what="assets"
    )
    for asset in listing:
        _add(found, asset, dag_id)
    return found


def _add(found: DagAssets, asset: dict[str, Any], dag_id: str) -> None:
    uri = asset["uri"]
    scheduled = {dag["dag_id"] for dag in asset.get("scheduled_dags", ())}
    producers = asset.get("producing_tasks", ())
    for task in producers:
        if task["dag_id"] == dag_id:
            found.outlets[task["task_id"]].add(uri)
            found.triggers[task["task_id"]] |= scheduled - {dag_id}
    for task in asset.get("consuming_tasks", ()):  # absent before Airflow 3.1
        if task["dag_id"] == dag_id:
            found.inlets[task["task_id"]].add(uri)
    if dag_id in scheduled:
        found.upstream_dags |= {task["dag_id"] for task in producers} - {dag_id}
