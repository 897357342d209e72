"""One case for each rule of the Ingest API: what breaks it, and where the answer says it is broken."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from airflow_provider_montecarlo_push.sandbox.validation import check_request, named_resources

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
DELETE = object()

# The examples of the API page.
METADATA: dict[str, Any] = {
    "event_type": "METADATA",
    "resource": {"uuid": UUID, "resource_type": "snowflake"},
    "events": [
        {
            "relational_asset": {
                "type": "TABLE",
                "metadata": {
                    "name": "orders",
                    "database": "analytics",
                    "schema": "public",
                    "description": "Customer orders",
                    "created_on": "2023-01-01T00:00:00Z",
                },
                "tags": [{"key": "team", "value": "data-eng"}],
                "fields": [
                    {"name": "id", "type": "INTEGER", "description": "Primary key"},
                    {"name": "amount", "type": "DECIMAL(10,2)"},
                ],
                "volume": {"row_count": 1000000, "byte_count": 111111111},
                "freshness": {"last_update_time": "2024-03-01T14:30:00Z"},
            }
        }
    ],
}
LINEAGE: dict[str, Any] = {
    "event_type": "LINEAGE",
    "resource": {"uuid": UUID, "resource_type": "snowflake"},
    "events": [
        {
            "destination": {"type": "TABLE", "database": "analytics", "schema": "public", "name": "orders_curated"},
            "sources": [{"type": "TABLE", "database": "analytics", "schema": "public", "name": "orders_raw"}],
        }
    ],
}
COLUMNS: dict[str, Any] = {
    "event_type": "COLUMN_LINEAGE",
    "resource": {"uuid": UUID, "resource_type": "snowflake"},
    "events": [
        {
            "destination": {
                "type": "TABLE",
                "database": "analytics",
                "schema": "public",
                "name": "orders_curated",
                "asset_id": "dest",
            },
            "sources": [
                {
                    "type": "TABLE",
                    "database": "analytics",
                    "schema": "public",
                    "name": "orders_raw",
                    "asset_id": "src",
                }
            ],
            "fields": [{"name": "order_id", "source_fields": [{"asset_id": "src", "field_name": "id"}]}],
        }
    ],
}
_CROSS = {"resource_uuid": UUID, "resource_type": "bigquery"}
ACROSS: dict[str, Any] = {
    "event_type": "LINEAGE",
    "events": [
        {
            "destination": {**LINEAGE["events"][0]["destination"], **_CROSS},
            "sources": [{**LINEAGE["events"][0]["sources"][0], **_CROSS}],
        }
    ],
}
QUERIES: dict[str, Any] = {
    "event_type": "QUERY_LOG",
    "resource": {"uuid": UUID, "log_type": "snowflake"},
    "events": [
        {
            "start_time": "2024-03-01T12:00:00Z",
            "end_time": "2024-03-01T12:00:05Z",
            "query_text": "SELECT * FROM analytics.public.orders LIMIT 100",
            "query_id": "01b2c3d4-0000-1234-0000-ab00ef567890",
            "user": "analyst@example.com",
            "returned_rows": 100,
            "error_code": None,
            "error_text": None,
            "extra": {},
        }
    ],
}
FLOWS = {"metadata": METADATA, "lineage": LINEAGE, "columns": COLUMNS, "across": ACROSS, "query_logs": QUERIES}
ENDPOINTS = {"columns": "lineage", "across": "lineage"}

ASSET = ("events", 0, "relational_asset")
EVENT = ("events", 0)
DESTINATION = ("events", 0, "destination")
SOURCE = ("events", 0, "sources", 0)


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of ``document`` with the value at ``path`` set, or deleted."""
    result = copy.deepcopy(document)
    target: Any = result
    for key in path[:-1]:
        target = target[key]
    if value is DELETE:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return result


@pytest.mark.parametrize("name", FLOWS)
def test_the_examples_are_accepted(name: str) -> None:
    assert check_request(ENDPOINTS.get(name, name), FLOWS[name]).message is None


GOOD = [
    ("metadata", (*ASSET, "type"), "VIEW"),
    ("metadata", (*ASSET, "type"), "EXTERNAL"),
    ("metadata", (*ASSET, "type"), "WILDCARD"),
    ("metadata", (*ASSET, "type"), "WILDCARD_TABLE"),
    ("metadata", (*ASSET, "fields"), DELETE),
    ("metadata", (*ASSET, "fields"), None),
    ("metadata", (*ASSET, "fields"), []),
    ("metadata", (*ASSET, "tags", 0, "value"), DELETE),
    ("metadata", (*ASSET, "volume"), {}),
    ("metadata", (*ASSET, "volume", "row_count"), 0),
    ("metadata", (*ASSET, "freshness"), DELETE),
    ("metadata", (*ASSET, "freshness", "last_update_time"), "2024-03-01T14:30:00.123456789+05:30"),
    ("metadata", (*ASSET, "metadata", "name"), 'naïve "Table".with . dots\t😀'),
    ("metadata", (*ASSET, "metadata", "view_query"), "select 1"),
    ("metadata", ("resource", "uuid"), UUID.upper()),
    ("lineage", ("events", 0, "fields"), []),
    ("lineage", ("event_type",), "COLUMN_LINEAGE"),
    ("columns", ("events", 0, "fields", 0, "source_fields"), []),
    ("query_logs", ("events", 0, "error_code"), 42),
    ("query_logs", ("events", 0, "extra"), {"nested": [1, {"a": None}]}),
    ("query_logs", ("resource", "log_type"), "databricks-metastore-sql-warehouse"),
    ("query_logs", ("resource", "log_type"), "hive-s3"),
]


@pytest.mark.parametrize(("name", "path", "value"), GOOD)
def test_accepted(name: str, path: tuple[str | int, ...], value: Any) -> None:
    checked = check_request(ENDPOINTS.get(name, name), changed(FLOWS[name], path, value))
    assert checked.message is None, checked.details


BAD = [
    # The envelope
    ("metadata", ("event_type",), DELETE, "event_type", "is required"),
    ("metadata", ("event_type",), "LINEAGE", "event_type", "must be one of METADATA"),
    ("metadata", ("event_type",), None, "event_type", "must be a string, not null"),
    ("lineage", ("event_type",), "METADATA", "event_type", "must be one of COLUMN_LINEAGE, LINEAGE"),
    ("query_logs", ("event_type",), "QUERY_LOGS", "event_type", "must be one of QUERY_LOG"),
    ("metadata", ("resource",), DELETE, "resource", "is required"),
    ("query_logs", ("resource",), DELETE, "resource", "is required"),
    ("metadata", ("resource",), UUID, "resource", "must be an object, not a string"),
    ("metadata", ("resource", "uuid"), DELETE, "resource.uuid", "is required"),
    ("metadata", ("resource", "uuid"), "my-warehouse", "resource.uuid", "must be a UUID"),
    ("metadata", ("resource", "uuid"), UUID.replace("-", ""), "resource.uuid", "must be a UUID"),
    ("metadata", ("resource", "resource_type"), DELETE, "resource.resource_type", "is required"),
    ("metadata", ("resource", "resource_type"), "Snowflake", "resource.resource_type", "must be one of"),
    ("metadata", ("resource", "log_type"), "snowflake", "resource.log_type", "is not a field"),
    ("metadata", ("events",), DELETE, "events", "is required"),
    ("metadata", ("events",), [], "events", "must not be empty"),
    ("metadata", ("events",), {}, "events", "must be an array, not an object"),
    ("metadata", ("collected_at",), "2024-03-01T14:30:00Z", "collected_at", "is not a field"),
    # Metadata
    ("metadata", EVENT, METADATA["events"][0]["relational_asset"], "events[0].relational_asset", "is required"),
    ("metadata", EVENT, None, "events[0]", "must be an object, not null"),
    ("metadata", (*EVENT, "extra"), 1, "events[0].extra", "is not a field"),
    ("metadata", (*ASSET, "type"), DELETE, "events[0].relational_asset.type", "is required"),
    ("metadata", (*ASSET, "type"), "table", "events[0].relational_asset.type", "must be one of"),
    ("metadata", (*ASSET, "type"), "BASE TABLE", "events[0].relational_asset.type", "must be one of"),
    ("metadata", (*ASSET, "metadata"), DELETE, "events[0].relational_asset.metadata", "is required"),
    ("metadata", (*ASSET, "metadata", "name"), DELETE, "events[0].relational_asset.metadata.name", "is required"),
    ("metadata", (*ASSET, "metadata", "name"), "", "events[0].relational_asset.metadata.name", "must not be empty"),
    ("metadata", (*ASSET, "metadata", "name"), 7, "events[0].relational_asset.metadata.name", "not an integer"),
    ("metadata", (*ASSET, "metadata", "database"), " ", "events[0].relational_asset.metadata.database", "empty"),
    ("metadata", (*ASSET, "metadata", "schema"), None, "events[0].relational_asset.metadata.schema", "not null"),
    ("metadata", (*ASSET, "metadata", "owner"), "me", "events[0].relational_asset.metadata.owner", "not a field"),
    ("metadata", (*ASSET, "metadata", "created_on"), "2023-01-01", "….metadata.created_on", "ISO 8601"),
    ("metadata", (*ASSET, "metadata", "view_query"), 1, "….metadata.view_query", "must be a string"),
    ("metadata", (*ASSET, "fields"), {}, "events[0].relational_asset.fields", "must be an array"),
    ("metadata", (*ASSET, "fields", 1, "type"), DELETE, "….fields[1].type", "is required"),
    ("metadata", (*ASSET, "fields", 1, "name"), "", "….fields[1].name", "must not be empty"),
    ("metadata", (*ASSET, "fields", 0, "nullable"), True, "….fields[0].nullable", "is not a field"),
    ("metadata", (*ASSET, "tags"), {"team": "data-eng"}, "….tags", "must be an array"),
    ("metadata", (*ASSET, "tags", 0, "key"), DELETE, "….tags[0].key", "is required"),
    ("metadata", (*ASSET, "volume", "row_count"), "12", "….volume.row_count", "must be an integer, not a string"),
    ("metadata", (*ASSET, "volume", "row_count"), 1.5, "….volume.row_count", "must be an integer, not a number"),
    ("metadata", (*ASSET, "volume", "row_count"), True, "….volume.row_count", "not a boolean"),
    ("metadata", (*ASSET, "volume", "byte_count"), -1, "….volume.byte_count", "must be between 0"),
    ("metadata", (*ASSET, "volume", "byte_count"), 2**63, "….volume.byte_count", "must be between 0"),
    ("metadata", (*ASSET, "volume", "rows"), 1, "….volume.rows", "is not a field"),
    ("metadata", (*ASSET, "freshness"), {}, "….freshness.last_update_time", "is required"),
    ("metadata", (*ASSET, "freshness", "last_update_time"), None, "….last_update_time", "not null"),
    ("metadata", (*ASSET, "freshness", "last_update_time"), 1709303400, "….last_update_time", "not an integer"),
    ("metadata", (*ASSET, "freshness", "last_update_time"), "2024-03-01T14:30:00", "….last_update_time", "time zone"),
    ("metadata", (*ASSET, "freshness", "last_update_time"), "2024-03-01 14:30:00Z", "….last_update_time", "ISO"),
    ("metadata", (*ASSET, "freshness", "last_update_time"), "2024-02-30T14:30:00Z", "….last_update_time", "ISO"),
    ("metadata", (*ASSET, "freshness", "last_update_time"), "0001-01-01T00:00:00+14:00", "….last_update_time", "ISO"),
    # Lineage
    ("lineage", DESTINATION, DELETE, "events[0].destination", "is required"),
    ("lineage", (*EVENT, "sources"), DELETE, "events[0].sources", "is required"),
    ("lineage", (*EVENT, "sources"), [], "events[0].sources", "must not be empty"),
    ("lineage", (*SOURCE, "type"), "table", "events[0].sources[0].type", "must be one of"),
    ("lineage", (*SOURCE, "name"), DELETE, "events[0].sources[0].name", "is required"),
    ("lineage", (*SOURCE, "mcon"), "x", "events[0].sources[0].mcon", "is not a field"),
    ("lineage", (*SOURCE, "resource_uuid"), UUID, "events[0].sources[0].resource_uuid", "must be absent"),
    ("lineage", (*EVENT, "fields"), COLUMNS["events"][0]["fields"], "events[0].fields", "needs event_type"),
    ("columns", ("event_type",), "LINEAGE", "events[0].fields", "needs event_type"),
    ("columns", (*DESTINATION, "asset_id"), DELETE, "events[0].destination.asset_id", "is required"),
    ("columns", (*SOURCE, "asset_id"), DELETE, "events[0].sources[0].asset_id", "is required"),
    ("columns", (*SOURCE, "asset_id"), "other", "events[0].fields[0].source_fields[0].asset_id", "by no source"),
    ("columns", (*EVENT, "sources"), COLUMNS["events"][0]["sources"] * 2, "events[0].sources", "declared twice"),
    ("columns", (*EVENT, "fields", 0, "name"), "", "events[0].fields[0].name", "must not be empty"),
    ("columns", (*EVENT, "fields", 0, "source_fields"), DELETE, "events[0].fields[0].source_fields", "is required"),
    ("columns", (*EVENT, "fields", 0, "source_fields", 0, "field_name"), DELETE, "….field_name", "is required"),
    # Lineage across warehouses
    ("across", (*SOURCE, "resource_uuid"), DELETE, "events[0].sources[0].resource_uuid", "is required"),
    ("across", (*DESTINATION, "resource_type"), DELETE, "events[0].destination.resource_type", "is required"),
    ("across", (*DESTINATION, "resource_type"), "BigQuery", "events[0].destination.resource_type", "must be one of"),
    ("across", ("resource",), METADATA["resource"], "events[0].destination.resource_uuid", "must be absent"),
    ("across", ("resource",), None, "resource", "must be an object, not null"),
    # Query logs
    ("query_logs", (*EVENT, "start_time"), DELETE, "events[0].start_time", "is required"),
    ("query_logs", (*EVENT, "end_time"), "2024-03-01T12:00:05", "events[0].end_time", "time zone"),
    ("query_logs", (*EVENT, "end_time"), "2024-03-01T11:59:59Z", "events[0].end_time", "must not be before"),
    ("query_logs", (*EVENT, "query_text"), DELETE, "events[0].query_text", "is required"),
    ("query_logs", (*EVENT, "query_text"), "", "events[0].query_text", "must not be empty"),
    ("query_logs", (*EVENT, "query_text"), None, "events[0].query_text", "not null"),
    ("query_logs", (*EVENT, "user"), 1, "events[0].user", "must be a string"),
    ("query_logs", (*EVENT, "returned_rows"), "100", "events[0].returned_rows", "must be an integer"),
    ("query_logs", (*EVENT, "error_code"), 1.5, "events[0].error_code", "must be a string or an integer"),
    ("query_logs", (*EVENT, "extra"), [], "events[0].extra", "must be an object"),
    ("query_logs", (*EVENT, "role"), "ANALYST", "events[0].role", "is not a field"),
    ("query_logs", ("resource", "resource_type"), "snowflake", "resource.resource_type", "is not a field"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "value", "location", "message"), BAD)
def test_refused(name: str, path: tuple[str | int, ...], value: Any, location: str, message: str) -> None:
    checked = check_request(ENDPOINTS.get(name, name), changed(FLOWS[name], path, value))
    found = [(item["loc"], item["msg"]) for item in checked.details]
    suffix = location.removeprefix("…")
    assert any(loc.endswith(suffix) and message in msg for loc, msg in found), found
    assert checked.message is not None
    assert checked.message.startswith("Schema validation failed")


@pytest.mark.parametrize("value", ["hive", "Snowflake", "", None, ["snowflake"], DELETE])
def test_an_unsupported_log_type_has_a_message_of_its_own(value: Any) -> None:
    checked = check_request("query_logs", changed(QUERIES, ("resource", "log_type"), value))
    assert checked.message is not None
    assert checked.message.startswith("Unsupported ingest query-log log_type")
    assert [item["loc"] for item in checked.details] == ["resource.log_type"]


def test_a_resource_type_on_query_logs_is_an_unsupported_log_type() -> None:
    resource = {"uuid": UUID, "resource_type": "snowflake"}
    checked = check_request("query_logs", changed(QUERIES, ("resource",), resource))
    assert checked.message == "Unsupported ingest query-log log_type: None"
    assert "not a resource_type" in checked.details[0]["msg"]


@pytest.mark.parametrize("document", [None, [], "text", 1, True])
def test_a_body_that_is_no_object_is_refused(document: Any) -> None:
    checked = check_request("metadata", document)
    assert checked.message is not None
    assert "must be a JSON object" in checked.message


def test_every_mistake_is_counted_and_the_first_hundred_are_listed() -> None:
    document = changed(METADATA, ("events",), [None] * 250)
    checked = check_request("metadata", document)
    assert checked.message == "Schema validation failed: 250 errors"
    assert [item["loc"] for item in checked.details] == [f"events[{index}]" for index in range(100)]


def test_the_place_names_the_event() -> None:
    document = changed(METADATA, ("events",), METADATA["events"] * 4)
    document = changed(document, ("events", 3), {"relational_asset": {"type": "x", "metadata": {}}})
    found = {item["loc"] for item in check_request("metadata", document).details}
    assert "events[3].relational_asset.type" in found
    assert all(place.startswith("events[3].") for place in found)


OTHER = "b1b2c3d4-e5f6-7890-abcd-ef1234567890"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (METADATA, {UUID}),
        (changed(METADATA, ("resource", "uuid"), UUID.upper()), {UUID}),
        (changed(ACROSS, (*SOURCE, "resource_uuid"), OTHER), {UUID, OTHER}),
        (changed(METADATA, ("resource", "uuid"), "nonsense"), set()),
        (changed(METADATA, ("events",), None), {UUID}),
        ({"events": [{"destination": None, "sources": [None, {"resource_uuid": OTHER}]}]}, {OTHER}),
        ({"events": [{"sources": 5}]}, set()),
        ([], set()),
        (None, set()),
    ],
)
def test_resources_are_found_in_any_document(document: Any, expected: set[str]) -> None:
    assert {resource for resource, _ in named_resources(document)} == expected


def test_an_unfinished_event_does_not_hide_what_is_wrong_with_the_next() -> None:
    document = changed(COLUMNS, ("events",), [None, changed(COLUMNS, (*SOURCE, "asset_id"), "x")["events"][0]])
    found = [item["loc"] for item in check_request("lineage", document).details]
    assert found == ["events[0]", "events[1].fields[0].source_fields[0].asset_id"]
