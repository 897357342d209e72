"""Observations for tests, and a push of a spool without Airflow; as a program, it pushes one until nothing waits."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from upath import UPath

from airflow_provider_montecarlo_push.assets.model import (
    Dataset,
    DatasetColumn,
    Observation,
    ObservedEdge,
    ObservedStatement,
)
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.manifests.model import RunReference
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.batches import BatchLimits
from airflow_provider_montecarlo_push.push.gateway import Gateway
from airflow_provider_montecarlo_push.push.retries import RetryPolicy
from airflow_provider_montecarlo_push.push.session import ManifestPush
from airflow_provider_montecarlo_push.spool.building import Building
from airflow_provider_montecarlo_push.spool.pushing import SpoolLimits, SpoolPush

NAMESPACE = "snowflake://org-account"
SQL = "INSERT INTO ANALYTICS.PUBLIC.FROM_SQL (ID) SELECT ID FROM RAW.SHOP.ORDERS"


def dataset(name: str, namespace: str = NAMESPACE) -> Dataset:
    return Dataset(namespace, f"ANALYTICS.PUBLIC.{name}")


def observation(number: int = 0, **changes: Any) -> Observation:
    """Return what a task did that wrote the table ``T<number>`` from another."""
    source = dataset("SOURCE")
    facts: dict[str, Any] = {
        "run": RunReference("etl", f"run-{number}", "load"),
        "at": datetime.now(UTC),
        "edges": [ObservedEdge(dataset(f"T{number}"), [source], {"ID": [DatasetColumn(source, "ID")]})],
    }
    return Observation(**(facts | changes))


def statement(sql: str = SQL, **changes: Any) -> ObservedStatement:
    return ObservedStatement(**({"sql": sql, "conn_id": "shop", "conn_type": "snowflake"} | changes))


def spool_push(
    root: Folder,
    gateway: Gateway,
    resource_uuid: str,
    owner: str = "me",
    *,
    mapped: bool = True,
    events: int = 500,
    fail_on_rejected: bool = True,
    **limits: Any,
) -> SpoolPush:
    """Return a push of the spool under ``root``.

    :param mapped: whether the namespace of the observations is mapped to the resource.
    :param events: most events in a request.
    :param limits: of :class:`SpoolLimits`.
    """
    main = Resource(resource_uuid, "snowflake")
    entry = {"resource_uuid": resource_uuid, "resource_type": "snowflake"}
    resources = ResourceMap({NAMESPACE: entry, "shop": entry} if mapped else {})

    def push_of(reader: ManifestReader) -> ManifestPush:
        crosses = all(part.crosses_resources for part in reader.manifest.parts)
        destination = (
            Destination(gateway.endpoint)
            if crosses
            else Destination(gateway.endpoint, resource_uuid, resource_type="snowflake")
        )
        return ManifestPush(
            reader,
            gateway,
            destination,
            limits=BatchLimits(events=events),
            fail_on_rejected=fail_on_rejected,
            retries=RetryPolicy(attempts=2, first_wait=0.01),
        )

    settings = SpoolLimits(**limits)
    return SpoolPush(
        root,
        owner,
        Building(resources, main, RunReference("push", owner, "push"), root, settings.max_age),
        folder_of=root.child("manifests", owner).child,
        open_folder=lambda uri: Folder(UPath(uri)),
        push_of=push_of,
        limits=settings,
    )


def main() -> None:
    """Push the spool that the arguments name and print the result."""
    uri, url, resource, key, secret, owner, options = sys.argv[1:]
    settings = json.loads(options)
    if "takeover" in settings:
        settings["takeover"] = timedelta(seconds=settings["takeover"])
    with Gateway(key, secret, endpoint=url) as gateway:
        result = spool_push(Folder(UPath(uri)), gateway, resource, owner, **settings).run()
    sys.stdout.write(json.dumps(result.to_dict()))


if __name__ == "__main__":
    main()
