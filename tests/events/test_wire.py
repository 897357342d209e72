"""Our JSON is the JSON that pycarlo puts on the wire."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycarlo.features.ingestion import models as pycarlo

from airflow_provider_montecarlo_push import events
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.wire import encode_event, to_event
from airflow_provider_montecarlo_push.exceptions import FinalError, InvalidEventError
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.push.batches import Batch
from airflow_provider_montecarlo_push.push.envelope import body_of

RESOURCE = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
OTHER_RESOURCE = "a1b2c3d4-e5f6-7890-abcd-ef1234567891"

# NUL and lone surrogates are replaced on purpose; everything else has to come through.
text = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
names = text.filter(bool)
maybe_text = st.none() | text
numbers = st.none() | st.integers(0, 2**62)
moments = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).flatmap(
    lambda naive: st.integers(-14 * 60, 14 * 60).map(
        lambda minutes: naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    )
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
types = st.sampled_from(sorted(events.ASSET_TYPES))


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    metadata = draw(
        st.fixed_dictionaries(
            {"name": names, "database": names, "schema": names},
            optional={"description": text, "view_query": text, "created_on": moments},
        )
    )
    field = st.fixed_dictionaries({"name": text, "type": text}, optional={"description": text})
    return {
        "type": draw(types),
        "metadata": metadata,
        "tags": draw(st.lists(st.fixed_dictionaries({"key": text}, optional={"value": text}), max_size=3)),
        "fields": draw(st.lists(field, max_size=4)),
        "volume": draw(st.none() | st.fixed_dictionaries({"row_count": numbers, "byte_count": numbers})),
        "freshness": draw(st.none() | moments),
    }


@st.composite
def edges(draw: st.DrawFn, *, crossing: bool) -> dict[str, Any]:
    def ref(alias: str | None) -> dict[str, Any]:
        found = draw(st.fixed_dictionaries({"type": types, "name": names, "database": names, "schema": names}))
        found["asset_id"] = alias
        if crossing:
            found["resource_uuid"] = draw(st.sampled_from([RESOURCE, OTHER_RESOURCE]))
            found["resource_type"] = draw(st.sampled_from(["snowflake", "data-lake"]))
        return found

    with_fields = draw(st.booleans())
    count = draw(st.integers(1, 3))
    source_field = st.tuples(st.sampled_from([f"s{number}" for number in range(count)]), text)
    return {
        "destination": ref("d" if with_fields else None),
        "sources": [ref(f"s{number}" if with_fields else None) for number in range(count)],
        "fields": draw(st.lists(st.tuples(text, st.lists(source_field, max_size=3)), max_size=3))
        if with_fields
        else [],
    }


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(moments)
    return {
        "start_time": start,
        "end_time": start + timedelta(microseconds=draw(st.integers(0, 10**12))),
        "query_text": draw(text),
        "query_id": draw(maybe_text),
        "user": draw(maybe_text),
        "error_code": draw(st.none() | text | st.integers(-(2**53), 2**53)),
        "error_text": draw(maybe_text),
        "returned_rows": draw(numbers),
        "extra": draw(st.none() | st.dictionaries(text, json_values, max_size=3)),
    }


def build_table(models: Any, facts: dict[str, Any]) -> Any:
    metadata = dict(facts["metadata"])
    if models is pycarlo and "created_on" in metadata:
        metadata["created_on"] = iso(metadata["created_on"])
    freshness = facts["freshness"]
    if freshness is not None:
        freshness = models.AssetFreshness(last_update_time=iso(freshness) if models is pycarlo else freshness)
    return models.RelationalAsset(
        type=facts["type"],
        metadata=models.AssetMetadata(**metadata),
        tags=[models.Tag(**tag) for tag in facts["tags"]],
        fields=[models.AssetField(**field) for field in facts["fields"]],
        volume=models.AssetVolume(**facts["volume"]) if facts["volume"] is not None else None,
        freshness=freshness,
    )


def build_edge(models: Any, facts: dict[str, Any]) -> Any:
    return models.LineageEvent(
        destination=models.LineageAssetRef(**facts["destination"]),
        sources=[models.LineageAssetRef(**source) for source in facts["sources"]],
        fields=[
            models.ColumnLineageField(
                name=name,
                source_fields=[models.ColumnLineageSourceField(asset_id=a, field_name=f) for a, f in sources],
            )
            for name, sources in facts["fields"]
        ],
    )


def our_payload(flow: Flow, ours: list[Any], destination: Destination, *, crossing: bool = False) -> Any:
    batch = Batch.of("part", 0, [encode_event(event)[0] for event in ours], crossing)
    body = body_of(batch, flow, destination)
    content = b"".join(body)
    assert len(content) == len(body)
    assert gzip.decompress(body.gzipped) == content
    return json.loads(content)


def on_the_wire(payload: dict[str, Any]) -> Any:
    return json.loads(json.dumps(payload))


@given(st.lists(tables(), min_size=1, max_size=3))
def test_metadata_equals_pycarlo(facts: list[dict[str, Any]]) -> None:
    destination = Destination("http://x", RESOURCE, resource_type="snowflake")
    theirs = [build_table(pycarlo, item) for item in facts]
    assert our_payload(Flow.METADATA, [build_table(events, item) for item in facts], destination) == on_the_wire(
        pycarlo.build_metadata_payload(RESOURCE, "snowflake", theirs)
    )
    assert [to_event(model) for model in theirs] == [build_table(events, item) for item in facts]


@given(st.lists(edges(crossing=False), min_size=1, max_size=3))
def test_lineage_equals_pycarlo(facts: list[dict[str, Any]]) -> None:
    destination = Destination("http://x", RESOURCE, resource_type="snowflake")
    theirs = [build_edge(pycarlo, item) for item in facts]
    assert our_payload(Flow.LINEAGE, [build_edge(events, item) for item in facts], destination) == on_the_wire(
        pycarlo.build_lineage_payload(RESOURCE, "snowflake", theirs)
    )
    assert [to_event(model) for model in theirs] == [build_edge(events, item) for item in facts]


@given(st.lists(edges(crossing=True), min_size=1, max_size=3))
def test_lineage_across_warehouses_equals_pycarlo(facts: list[dict[str, Any]]) -> None:
    theirs = [build_edge(pycarlo, item) for item in facts]
    ours = our_payload(
        Flow.LINEAGE, [build_edge(events, item) for item in facts], Destination("http://x"), crossing=True
    )
    assert ours == on_the_wire(pycarlo.build_lineage_payload(events=theirs))
    assert "resource" not in ours


@given(st.lists(queries(), min_size=1, max_size=3))
def test_query_logs_equal_pycarlo(facts: list[dict[str, Any]]) -> None:
    destination = Destination("http://x", RESOURCE, log_type="snowflake")
    theirs = [pycarlo.QueryLogEntry(**item) for item in facts]
    ours = our_payload(Flow.QUERY_LOGS, [events.QueryLogEntry(**item) for item in facts], destination)
    assert ours == on_the_wire(pycarlo.build_query_log_payload(RESOURCE, "snowflake", theirs))
    assert [to_event(model) for model in theirs] == [events.QueryLogEntry(**item) for item in facts]


def test_unencodable_characters_are_replaced_and_reported() -> None:
    query = events.QueryLogEntry(
        start_time=datetime(2024, 3, 1, tzinfo=UTC),
        end_time=datetime(2024, 3, 1, tzinfo=UTC),
        query_text="a\0b\ud800c",
        extra={"k\0": ["\0"]},
    )
    line, mended = encode_event(query)
    assert mended
    assert json.loads(line)["query_text"] == "a�b�c"
    assert json.loads(line)["extra"] == {"k�": ["�"]}


def test_text_that_only_looks_like_nul_is_kept() -> None:
    tag = events.Tag(key="\\u0000")
    table = events.RelationalAsset(
        type="TABLE", metadata=events.AssetMetadata(name="t", database="d", schema="s"), tags=[tag]
    )
    assert json.loads(encode_event(table)[0])["relational_asset"]["tags"] == [{"key": "\\u0000"}]


TABLE = {"type": "TABLE", "metadata": {"name": "t", "database": "d", "schema": "s"}}
QUERY = {"start_time": "2024-03-01T12:00:00Z", "end_time": "2024-03-01T12:00:05Z", "query_text": "SELECT 1"}
REF = {"type": "TABLE", "name": "t", "database": "d", "schema": "s"}


@pytest.mark.parametrize(
    ("flow", "item"),
    [
        (Flow.METADATA, TABLE),
        (Flow.METADATA, {"relational_asset": TABLE}),
        (Flow.LINEAGE, {"destination": REF, "sources": [REF]}),
        (Flow.QUERY_LOGS, QUERY),
    ],
)
def test_dicts_of_the_api_page_are_taken(flow: Flow, item: dict[str, Any]) -> None:
    line = json.loads(encode_event(to_event(item, flow))[0])
    assert line == ({"relational_asset": TABLE} if flow is Flow.METADATA else item)


@pytest.mark.parametrize(
    ("flow", "item", "message"),
    [
        (Flow.METADATA, {"type": "TABLE", "name": "t", "database": "d"}, "nested"),
        (Flow.METADATA, TABLE | {"type": "table"}, "'table'; Monte Carlo accepts EXTERNAL, TABLE"),
        (Flow.METADATA, TABLE | {"row_count": 1}, "unknown field `row_count`"),
        (Flow.METADATA, TABLE | {"metadata": {"name": "", "database": "d", "schema": "s"}}, "name=''"),
        (Flow.METADATA, TABLE | {"freshness": {}}, "last_update_time"),
        (Flow.METADATA, TABLE | {"freshness": {"last_update_time": "2024-03-01T12:00:00"}}, "has no time zone"),
        (Flow.METADATA, TABLE | {"volume": {"row_count": "many"}}, "row_count"),
        (Flow.LINEAGE, {"destination": REF, "sources": []}, "no sources"),
        (Flow.LINEAGE, {"destination": REF, "sources": [REF | {"resource_uuid": RESOURCE}]}, "only one of"),
        (
            Flow.LINEAGE,
            {"destination": REF, "sources": [REF | {"resource_uuid": RESOURCE, "resource_type": "snowflake"}]},
            "some of its assets only",
        ),
        (
            Flow.LINEAGE,
            {"destination": REF, "sources": [REF | {"resource_uuid": RESOURCE, "resource_type": "snowflaek"}]},
            "Did you mean 'snowflake'",
        ),
        (
            Flow.LINEAGE,
            {
                "destination": REF | {"asset_id": "d"},
                "sources": [REF | {"asset_id": "a"}],
                "fields": [{"name": "x", "source_fields": [{"asset_id": "b", "field_name": "y"}]}],
            },
            "cites asset_id 'b'",
        ),
        (
            Flow.LINEAGE,
            {"destination": REF, "sources": [REF], "fields": [{"name": "x", "source_fields": []}]},
            "needs an asset_id on the destination",
        ),
        (Flow.QUERY_LOGS, QUERY | {"end_time": "2024-03-01T11:00:00Z"}, "before it starts"),
        (Flow.QUERY_LOGS, QUERY | {"start_time": "yesterday"}, "start_time"),
        (None, QUERY, "does not say what it is"),
        (Flow.QUERY_LOGS, 42, "Cannot push a int"),
    ],
)
def test_what_the_api_would_refuse_is_refused_by_name(flow: Flow | None, item: Any, message: str) -> None:
    with pytest.raises(FinalError, match=message):
        to_event(item, flow)


def test_an_event_of_another_flow_is_refused() -> None:
    with pytest.raises(InvalidEventError, match="does not belong to the flow lineage"):
        to_event(to_event(QUERY, Flow.QUERY_LOGS), Flow.LINEAGE)


def test_values_that_json_cannot_hold_are_refused() -> None:
    query = events.QueryLogEntry(
        start_time=datetime(2024, 3, 1, tzinfo=UTC),
        end_time=datetime(2024, 3, 1, tzinfo=UTC),
        query_text="",
        extra={"k": object()},
    )
    with pytest.raises(InvalidEventError, match="cannot be written as JSON"):
        encode_event(query)
