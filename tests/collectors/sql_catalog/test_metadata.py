from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.sql_catalog.collector import SqlCatalogCollector
from airflow_provider_montecarlo_push.events import AssetField, AssetFreshness, AssetVolume, RelationalAsset
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, ConfigurationError, SourceError
from tests.collectors.sql_catalog.conftest import METADATA_SQL, MakeCollector

pytestmark = pytest.mark.xdist_group("sql_catalog")


VALUES = ("row_count", "byte_count", "last_update_time", "created_on")


def collect(collector: SqlCatalogCollector, include: str | None = None, **options: bool) -> dict[str, RelationalAsset]:
    assets = list(collector.metadata(TableFilter(include), **options))
    for asset in assets:
        encode_event(asset)
    return {f"{asset.metadata.schema}.{asset.metadata.name}": asset for asset in assets}


def values(*rows: str, columns: str) -> str:
    """Return SQL that gives rows of literals."""
    return f"WITH t({columns}) AS (VALUES {', '.join(f'({row})' for row in rows)}) SELECT * FROM t"


@pytest.mark.integration
def test_a_metastore_in_postgres(on_postgres: MakeCollector) -> None:
    collector = on_postgres(metadata_sql=METADATA_SQL)
    assets = collect(collector)
    assert set(assets) == {"mart.daily", "raw.Events", "raw.events_raw"}
    raw = assets["raw.events_raw"]
    assert (raw.type, raw.metadata.database, raw.metadata.description) == ("TABLE", "metastore_db", "clicks")
    assert raw.fields == [AssetField("event_id", "VARCHAR(36)"), AssetField("payload", "STRUCT<ID:BIGINT>")]
    assert raw.volume == AssetVolume(50_000_000, 8_000_000_000)
    assert raw.freshness == AssetFreshness(datetime(2024, 3, 1, 6, tzinfo=UTC))
    events = assets["raw.Events"]
    assert (events.volume, events.freshness, events.fields, events.metadata.description) == (None, None, [], None)
    assert assets["mart.daily"].type == "VIEW"
    assert collector.report.left_out == {
        "missing_database": 1,
        "missing_column_type": 1,
        "negative_row_count": 1,
        "freshness_unknown": 1,
    }


@pytest.mark.integration
def test_hourly_runs_and_filters(on_postgres: MakeCollector) -> None:
    collector = on_postgres(metadata_sql=METADATA_SQL, keep_asset_types=True)
    assets = collect(collector, only_freshness_and_volume=True)
    assert list(assets) == ["raw.events_raw"]
    assert (assets["raw.events_raw"].type, assets["raw.events_raw"].fields) == ("EXTERNAL", [])
    assert collector.report.left_out["no_volume_or_freshness"] == 1
    collector = on_postgres(metadata_sql=METADATA_SQL)
    assert list(collect(collector, "*.MART.*")) == ["mart.daily"]
    assert collector.report.left_out["filtered"] == 2


@pytest.mark.integration
@pytest.mark.parametrize(
    ("sql", "user", "error", "message"),
    [
        ("SELECT * FROM tables", "blind", AccessDeniedError, "Running metadata_sql .* permission denied"),
        ("SELECT * FROM nowhere", "boss", SourceError, 'Running metadata_sql .* "nowhere" does not exist'),
        ("SELEC 1", "boss", SourceError, "syntax error"),
        ("UPDATE tables SET rows = 0", "boss", SourceError, "syntax error"),
    ],
)
def test_what_the_database_says(
    on_postgres: MakeCollector, sql: str, user: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        collect(on_postgres(metadata_sql=sql, user=user))
    (check,) = on_postgres(metadata_sql=sql, user=user).access(TableFilter())
    assert (check.name, check.readable) == ("metadata_sql", False)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("database, schema", "returns no column 'name'. It needs database, schema, name"),
        ("schema", "returns no column 'database', 'name'"),
        ("database, schema, name, rowcount", r"'rowcount', which means nothing here \(did you mean 'row_count'\?\)"),
        ("database, schema, name, NAME", "returns the column 'name' twice"),
        ("database, schema, name, column_name", "returns no column 'column_type'"),
        ("database, schema, name, extra_x", "'extra_x', which means nothing"),
    ],
)
def test_columns_that_are_wrong(on_sqlite: MakeCollector, columns: str, message: str) -> None:
    row = ", ".join(f"'x' AS {column}" for column in columns.split(", "))
    with pytest.raises(ConfigurationError, match=f"metadata_sql {message}" if message[:7] == "returns" else message):
        collect(on_sqlite(metadata_sql=f"SELECT {row}"))
    with pytest.raises(ConfigurationError):  # known before there is a row
        collect(on_sqlite(metadata_sql=f"SELECT {row} WHERE 1 = 0"))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("row_count", "'many'", "the column 'row_count' is of type str, not an integer"),
        ("description", "7", "the column 'description' is of type int, not a text. CAST it"),
        ("name", "7", "the column 'name' is of type int"),
        ("name", "x'00'", "the column 'name' is of type bytes"),
        ("last_update_time", "1709290800", "the column 'last_update_time' is of type int, not a time"),
        ("last_update_time", "'2024-03-01 12:00:00'", "'last_update_time' is a time without a time zone"),
        ("created_on", "'2024-03-01'", "'created_on' is a time without a time zone"),
    ],
)
def test_values_of_a_wrong_type(on_sqlite: MakeCollector, column: str, value: str, message: str) -> None:
    row = {"database": "'d'", "schema": "'s'", "name": "'t'", column: value}
    good = {**row, "name": "'a'", column: "'a'" if column == "name" else "NULL"}
    sql = values(", ".join(good.values()), ", ".join(row.values()), columns=", ".join(f'"{name}"' for name in row))
    with pytest.raises(SourceError, match=f"metadata_sql, row 2: .*{message}"):
        collect(on_sqlite(metadata_sql=sql))


def test_values_that_cannot_be_used_cost_themselves_only(on_sqlite: MakeCollector) -> None:
    bad = ["-1", "1.5", "'2024-02-30T00:00Z'", "'now'"]
    collector = on_sqlite(
        metadata_sql="SELECT 'd' AS \"database\", 's' AS \"schema\", 't' AS name, "
        + ", ".join(f"{value} AS {column}" for value, column in zip(bad, VALUES, strict=True))
    )
    asset = collect(collector)["s.t"]
    assert (asset.volume, asset.freshness, asset.metadata.created_on) == (None, None, None)
    assert collector.report.left_out == {
        "negative_row_count": 1,
        "wrong_byte_count": 1,
        "wrong_last_update_time": 1,
        "freshness_unknown": 1,
        "wrong_created_on": 1,
    }


@pytest.mark.parametrize("value", ["9e99", "9223372036854775808.0", "-9e999"])
def test_numbers_that_are_too_large(on_sqlite: MakeCollector, value: str) -> None:
    sql = f"SELECT 'd' AS \"database\", 's' AS \"schema\", 't' AS name, {value} AS row_count"
    collector = on_sqlite(metadata_sql=sql)
    assert collect(collector)["s.t"].volume is None
    assert collector.report.left_out == {"wrong_row_count": 1}


def test_not_one_row_that_can_be_used(on_sqlite: MakeCollector) -> None:
    sql = values("NULL, 's', 'a'", "'d', 's', ''", columns='"database", "schema", name')
    with pytest.raises(SourceError, match=r"Not one of the 2 rows .*metadata_sql.* row 1: database is NULL or empty"):
        collect(on_sqlite(metadata_sql=sql))


def test_rows_of_a_table_must_stand_together(on_sqlite: MakeCollector) -> None:
    sql = values("'d', 's', 'a', 'x', 'int'", "'d', 's', 'b', 'x', 'int'", "'d', 's', 'a', 'y', 'int'",
                 columns='"database", "schema", name, column_name, column_type')  # fmt: skip
    with pytest.raises(
        SourceError, match=r"metadata_sql, row 3: rows of d\.s\.a came before.*ORDER BY database, schema"
    ):
        collect(on_sqlite(metadata_sql=sql))


def test_gaps_are_counted(on_sqlite: MakeCollector) -> None:
    sql = values(
        "'d', 's', 'a', 'x', 'enum(''Small'')', 'first'",
        "'d', 's', 'a', 'x', 'int', NULL",
        "'d', '', 'a', 'z', 'int', NULL",
        "'d', 's', 'a', NULL, 'int', NULL",
        "'d', 's', 'a', 'y', '', NULL",
        "'d', 's', NULL, NULL, NULL, NULL",
        "'d', 's', 'b', NULL, NULL, NULL",
        columns='"database", "schema", name, column_name, column_type, column_description',
    )
    collector = on_sqlite(metadata_sql=sql)
    assets = collect(collector)
    assert assets["s.a"].fields == [AssetField("x", "ENUM('Small')", "first")]
    assert assets["s.b"].fields == []
    assert collector.report.left_out == {
        "duplicate_columns": 1,
        "missing_schema": 1,
        "missing_name": 1,
        "missing_column_name": 1,
        "missing_column_type": 1,
    }


def test_times_without_a_zone(on_sqlite: MakeCollector) -> None:
    sql = values("'d', 's', 'a', '2024-07-01 12:00:00'", "'d', 's', 'b', '2024-07-01T12:00:00-01:00'",
                 columns='"database", "schema", name, last_update_time')  # fmt: skip
    assets = collect(on_sqlite(metadata_sql=sql, timezone="Europe/Berlin"))
    assert [asset.freshness and asset.freshness.last_update_time.hour for asset in assets.values()] == [10, 13]


@pytest.mark.parametrize(
    ("kind", "kept", "expected"),
    [
        ("'VIEW'", False, "VIEW"),
        ("'materialized view'", False, "VIEW"),
        ("'VIRTUAL_VIEW'", True, "VIEW"),
        ("'ICEBERG'", True, "TABLE"),
        ("NULL", True, "TABLE"),
        ("'External'", False, "TABLE"),
        ("'External'", True, "EXTERNAL"),
        ("'wildcard_table'", True, "WILDCARD_TABLE"),
    ],
)
def test_types(on_sqlite: MakeCollector, kind: str, kept: bool, expected: str) -> None:
    sql = f"SELECT 'd' AS \"database\", 's' AS \"schema\", 't' AS name, {kind} AS type"
    assert collect(on_sqlite(metadata_sql=sql, keep_asset_types=kept))["s.t"].type == expected


def test_metadata_has_no_window(on_sqlite: MakeCollector) -> None:
    with pytest.raises(ConfigurationError, match=r"metadata_sql .* names :window_end"):
        collect(on_sqlite(metadata_sql="SELECT 1 WHERE 1 < :window_end"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs SQL: metadata_sql"),
        ({"metadata_sql": " "}, "metadata_sql in collector_kwargs is no SQL"),
        ({"lineage_sql": ["SELECT"]}, "lineage_sql in collector_kwargs is no SQL"),
        ({"metadata_sql": "SELECT 1", "timezone": "Mars"}, "Unknown timezone 'Mars'"),
        ({"metadata_sql": "SELECT 1", "timezone": 1}, "timezone in collector_kwargs is 1"),
        ({"metadata_sql": "SELECT 1", "latency_minutes": -1}, "latency_minutes"),
        ({"metadata_sql": "SELECT 1", "latency_minutes": "soon"}, "latency_minutes"),
    ],
)
def test_options_that_cannot_be(on_sqlite: MakeCollector, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        on_sqlite(**options)


def test_sql_that_changes_something(on_sqlite: MakeCollector) -> None:
    collector = on_sqlite("CREATE TABLE t (database, schema, name)", "INSERT INTO t VALUES ('d', 's', 'a')",
                          metadata_sql="DELETE FROM t")  # fmt: skip
    with pytest.raises(SourceError, match="Running metadata_sql returned nothing that has columns"):
        collect(collector)
    assert list(collect(on_sqlite(metadata_sql="SELECT * FROM t"))) == ["s.a"]


def test_flows_without_sql(on_sqlite: MakeCollector) -> None:
    with pytest.raises(ConfigurationError, match="needs metadata_sql"):
        collect(on_sqlite(lineage_sql="SELECT 1"))
