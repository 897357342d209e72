"""Tables: look-up, search by page, columns, tags, detectors."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.clock import from_seconds
from airflow_provider_montecarlo_push.sandbox.detectors import ACTIVE, table_detectors
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import existing_warehouse, own_mcon
from airflow_provider_montecarlo_push.sandbox.gql.connections import connection, listed
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves
from airflow_provider_montecarlo_push.sandbox.gql.resolvers.account import warehouse_by_uuid
from airflow_provider_montecarlo_push.sandbox.store.catalog import LAST_UPDATED

_PAGING = frozenset({"first", "last", "after", "before", "offset"})
# Arguments of getTables that are equal to a stored column.
_FILTERS = {
    "dwId": "resource_uuid",
    "warehouse": "resource_uuid",
    "fullTableId": "full_table_id",
    "tableId": "name",
    "friendlyName": "name",
    "projectName": "database",
    "dataset": "schema",
    "description": "description",
    "tableType": "asset_type",
    "viewQuery": "view_query",
    "ingestInvocationId": "invocation_id",
    "ingestType": "ingest_type",
    "mcon": "mcon",
}


@resolves("Query", "getTable")
def get_table(
    engine: Engine,
    _source: Any,
    mcon: str | None = None,
    fullTableId: str | None = None,  # noqa: N803 - the schema's name
    dwId: str | None = None,  # noqa: N803 - the schema's name
) -> dict[str, Any] | None:
    """Return a table by its MCON or by full table id and warehouse; null when there is none.

    A deleted table is still found, with ``isDeleted``. A full table id alone is refused: warehouses may share it.
    """
    if mcon is None and (fullTableId is None or dwId is None):
        raise GraphQLError(f"getTable needs mcon, or fullTableId and dwId.{_homes(engine, fullTableId)}")
    if mcon is None and dwId is not None:
        existing_warehouse(engine, dwId)
    if mcon is not None:
        own_mcon(engine, mcon)
    asset = engine.catalog.get(mcon=mcon, resource_uuid=dwId, full_table_id=fullTableId)
    return None if asset is None else describe_table(asset)


def _homes(engine: Engine, full_table_id: str | None) -> str:
    """Return a sentence that names the warehouses with a table of this id, where there are several."""
    found = engine.catalog.find(equal={"full_table_id": full_table_id}) if full_table_id else []
    if len(found) < 2:
        return ""
    return f" {len(found)} warehouses have {full_table_id}: {', '.join(item['resource_uuid'] for item in found)}."


@resolves("Query", "getTables")
def get_tables(engine: Engine, _source: Any, **arguments: Any) -> dict[str, Any]:
    """Return a page of tables. Deleted ones are left out unless ``isDeleted`` asks for them."""
    given = {name: value for name, value in arguments.items() if value is not None}
    deleted = given.pop("isDeleted", False)
    search, mcons = given.pop("search", None), given.pop("mcons", None)
    unknown = sorted(set(given) - set(_FILTERS) - _PAGING)
    if unknown:
        raise GraphQLError(f"The sandbox does not implement the filter {unknown[0]} of getTables.")
    equal = {_FILTERS[name]: value for name, value in given.items() if name in _FILTERS}
    total = engine.catalog.count(equal=equal, mcons=mcons, search=search, deleted=deleted)

    def fetch(offset: int, limit: int) -> list[dict[str, Any]]:
        found = engine.catalog.find(
            equal=equal, mcons=mcons, search=search, deleted=deleted, offset=offset, limit=limit
        )
        return [describe_table(asset) for asset in found]

    return connection(total, arguments, fetch)


def describe_table(asset: dict[str, Any]) -> dict[str, Any]:
    """Return a stored asset as the schema's ``WarehouseTable``."""
    updated = asset[LAST_UPDATED]
    updated_on = None if updated is None else from_seconds(updated)
    return {
        "__typename": "WarehouseTable",
        "id": asset["mcon"],
        "mcon": asset["mcon"],
        "tableId": asset["name"],
        "fullTableId": asset["full_table_id"],
        "friendlyName": asset["name"],
        "projectName": asset["database"],
        "dataset": asset["schema"],
        "originalTableId": asset["name"],
        "originalProjectName": asset["database"],
        "originalDataset": asset["schema"],
        "description": asset["description"],
        "tableType": asset["asset_type"],
        "viewQuery": asset["view_query"],
        "createdTime": asset["created_on"],
        "discoveredTime": asset["discovered_at"],
        "lastObserved": asset["observed_at"],
        "lastModified": updated_on,
        "lastUpdatedOn": updated_on,
        "isDeleted": asset["deleted_at"] is not None,
        "deletedAt": asset["deleted_at"],
        "isExcluded": False,
        "isMonitored": True,
        "ingestType": asset["ingest_type"],
        "ingestInvocationId": asset["invocation_id"],
        "labels": [f"{tag['key']}:{tag['value']}" if tag.get("value") else tag["key"] for tag in asset["tags"]],
        "resource_uuid": asset["resource_uuid"],
        "stored_tags": asset["tags"],
    }


@resolves("WarehouseTable", "warehouse")
def warehouse(engine: Engine, source: dict[str, Any]) -> dict[str, Any] | None:
    """Return the warehouse that a table belongs to."""
    return warehouse_by_uuid(engine, source["resource_uuid"])


@resolves("WarehouseTable", "versions")
def versions(engine: Engine, source: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    """Return the versions of a table's columns, newest first."""
    items = [
        {
            "id": f"{source['mcon']}@{version['number']}",
            "versionId": str(version["number"]),
            "timestamp": version["at"],
            "table": source,
            "stored_fields": version["fields"],
        }
        for version in engine.catalog.versions(source["mcon"])
    ]
    return listed(items, arguments)


@resolves("TableSchemaVersion", "fields")
def fields(
    _engine: Engine, source: dict[str, Any], name: str | None = None, search: str | None = None, **arguments: Any
) -> dict[str, Any]:
    """Return the columns of a version in the order in which they were pushed."""
    items = [
        {
            "id": f"{source['id']}#{index}",
            "name": column["name"],
            "fieldType": column["type"],
            "description": column.get("description"),
            "originalName": column["name"],
            "dataMetricTimeField": False,
            "version": source,
        }
        for index, column in enumerate(source["stored_fields"])
        if name in (None, column["name"]) and (search or "").lower() in column["name"].lower()
    ]
    return listed(items, arguments)


@resolves("WarehouseTable", "tags")
def tags(_engine: Engine, source: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    """Return the tags of a table as ``key:value``."""
    items = [
        {"id": f"{source['mcon']}#tag{index}", "tag": label, "isActive": True, "table": source}
        for index, label in enumerate(source["labels"])
    ]
    return listed(items, arguments)


@resolves("WarehouseTable", "objectProperties")
def object_properties(_engine: Engine, source: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tags of a table as key and value."""
    return [
        {
            "id": f"{source['mcon']}#property{index}",
            "mconId": source["mcon"],
            "propertyName": tag["key"],
            "propertyValue": tag.get("value"),
            "propertySourceType": "INGEST",
            "propertySource": "push",
        }
        for index, tag in enumerate(source["stored_tags"])
    ]


@resolves("WarehouseTable", "thresholds")
@resolves("WarehouseTable", "getThresholds")
def thresholds(engine: Engine, source: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a table's freshness and volume detectors."""
    found = table_detectors(engine.catalog, source["mcon"], engine.clock.now())
    freshness, size = found.freshness, found.volume
    return {
        "freshness": {
            "status": freshness.status,
            "reason": freshness.reason,
            "expected": freshness.interval if freshness.status == ACTIVE else None,
            "lastUpdate": found.last_update,
        },
        "size": {
            "metric": found.metric,
            "ucsStatus": size.status,
            "ucsReason": size.reason,
            "sdStatus": size.status,
            "sdReason": size.reason,
        },
    }
