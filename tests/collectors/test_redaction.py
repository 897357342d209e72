"""Events without the values in their SQL."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_montecarlo_push.collectors.redaction import redacted
from airflow_provider_montecarlo_push.events import AssetMetadata, QueryLogEntry, RelationalAsset

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_all_sql_of_an_event_is_redacted() -> None:
    query = QueryLogEntry(
        start_time=NOON,
        end_time=NOON,
        query_text="select * from t where name = 'Ann' -- Ann",
        query_id="q7",
        error_text="Numeric value 'Ann' is not recognized, row 12",
    )
    view = RelationalAsset(
        type="VIEW",
        metadata=AssetMetadata(name="V", database="D", schema="S", view_query="create view v as select 7 as x from t"),
    )
    table = RelationalAsset(type="TABLE", metadata=AssetMetadata(name="T7", database="D", schema="S", description="7"))
    first, second, third = redacted([query, view, table], "snowflake")
    assert isinstance(first, QueryLogEntry)
    assert first.query_text.rstrip() == "select * from t where name = '?'"
    assert first.error_text == "Numeric value '?' is not recognized, row 0"
    assert first.query_id == "q7"
    assert isinstance(second, RelationalAsset)
    assert second.metadata.view_query == "create view v as select 0 as x from t"
    assert third == table
