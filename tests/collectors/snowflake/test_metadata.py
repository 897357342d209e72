from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from snowflake.connector.errors import OperationalError, ProgrammingError

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.events import AssetField, RelationalAsset, Tag
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    EmptyCatalogError,
    SourceError,
    SourceUnavailableError,
)
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.collectors.snowflake.conftest import MakeCollector, on_wire
from tests.collectors.snowflake.wire import Wire

T0 = datetime(2026, 8, 1, tzinfo=UTC)
T1 = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALL = TableFilter()
NOT_AUTHORIZED = ProgrammingError(
    msg="SQL compilation error:\nObject 'X' does not exist or not authorized.", errno=2003, sqlstate="42S02"
)


def table(schema: str, name: str, kind: str | None = "BASE TABLE", **facts: Any) -> tuple[Any, ...]:
    known = {"rows": 5, "bytes": 512, "created": T0, "altered": T1, "ddl": T0, "comment": None} | facts
    return (schema, name, kind, *known.values())


def column(schema: str, table: str, name: str, comment: str | None = None) -> tuple[Any, ...]:
    return (schema, table, name, "NUMBER", None, 38, 0, None, comment)


def collect(wire: Wire, tables: TableFilter = ALL, **options: Any) -> tuple[dict[str, RelationalAsset], Any]:
    lean = options.pop("only_freshness_and_volume", False)
    collector = on_wire(wire, **options)
    assets = list(collector.metadata(tables, only_freshness_and_volume=lean))
    assert wire.closed
    assert wire.open_cursors <= 4  # of statements that answer without rows
    named = {f"{a.metadata.database}.{a.metadata.schema}.{a.metadata.name}": a for a in assets}
    assert len(named) == len(assets)
    return named, collector.report


def test_a_table_and_a_view() -> None:
    assets, report = collect(
        Wire(
            {
                r"\.TABLES": [
                    table("S", "ORDERS", comment="What was sold"),
                    table("S", "V", "VIEW", rows=None, bytes=None, comment=""),
                ],
                r"\.COLUMNS": [column("S", "ORDERS", "ID", "Key"), column("S", "ORDERS", "x y"), column("S", "V", "A")],
                r"\.VIEWS": [("S", "V", "create view V as select 1 a")],
                r"TAG_REFERENCES": [("S", "ORDERS", "OWNER", "finance"), ("S", "ORDERS", "PII", "")],
            }
        )
    )
    orders, view = assets["SHOP.S.ORDERS"], assets["SHOP.S.V"]
    assert orders.type == "TABLE"
    assert orders.metadata.description == "What was sold"
    assert orders.metadata.created_on == T0
    assert orders.fields == [AssetField("ID", "NUMBER(38,0)", "Key"), AssetField("x y", "NUMBER(38,0)")]
    assert orders.tags == [Tag("OWNER", "finance"), Tag("PII", "")]
    assert orders.volume is not None
    assert (orders.volume.row_count, orders.volume.byte_count) == (5, 512)
    assert orders.freshness is not None
    assert orders.freshness.last_update_time == T1
    assert view.type == "VIEW"
    assert view.metadata.view_query == "create view V as select 1 a"
    assert view.metadata.description is None
    assert (view.volume, view.freshness, view.tags) == (None, None, [])
    assert not report.left_out
    assert report.complete


@pytest.mark.parametrize(
    ("kind", "usual", "kept"),
    [
        ("BASE TABLE", "TABLE", "TABLE"),
        ("VIEW", "VIEW", "VIEW"),
        ("MATERIALIZED VIEW", "VIEW", "VIEW"),
        ("EXTERNAL TABLE", "TABLE", "EXTERNAL"),
        ("EVENT TABLE", "TABLE", "TABLE"),
        (None, "TABLE", "TABLE"),
    ],
)
def test_types(kind: str | None, usual: str, kept: str) -> None:
    for keep, expected in ((False, usual), (True, kept)):
        assets, _ = collect(Wire({r"\.TABLES": [table("S", "T", kind)]}), keep_asset_types=keep)
        assert assets["SHOP.S.T"].type == expected


def test_unknown_volume_stays_absent() -> None:
    rows = [
        table("S", "A", rows=None, bytes=None),
        table("S", "B", rows=0, bytes=0),
        table("S", "C", rows=None, bytes=7),
        table("S", "D", "MATERIALIZED VIEW", rows=3, bytes=7),
    ]
    assets, _ = collect(Wire({r"\.TABLES": rows}))
    measured = [
        None if asset.volume is None else (asset.volume.row_count, asset.volume.byte_count) for asset in assets.values()
    ]
    assert measured == [None, (0, 0), (None, 7), None]


def test_freshness_that_is_not_known_is_left_out_and_counted() -> None:
    rows = [
        table("S", "ALTERED", ddl=T1),
        table("S", "EXTERNAL", "EXTERNAL TABLE"),
        table("S", "LOADED"),
        table("S", "NEW", created=T1, ddl=T1),
        table("S", "UNKNOWN", altered=None, ddl=None),
    ]
    assets, report = collect(Wire({r"\.TABLES": rows}))
    assert [name for name, asset in assets.items() if asset.freshness] == ["SHOP.S.LOADED", "SHOP.S.NEW"]
    assert report.left_out == {"freshness_unknown": 2}


def test_freshness_from_dml() -> None:
    hour = T1 - timedelta(hours=1)
    wire = Wire(
        {
            r"\.TABLES": [table("S", "A"), table("S", "B"), table("S", "C", created=T1)],
            r"TABLE_DML_HISTORY": [("S", "A", hour), ("S", "C", hour)],
        }
    )
    assets, report = collect(wire, freshness="dml")
    fresh = {name: asset.freshness and asset.freshness.last_update_time for name, asset in assets.items()}
    assert fresh == {"SHOP.S.A": hour, "SHOP.S.B": None, "SHOP.S.C": None}
    assert report.left_out == {"freshness_unknown": 2}


def test_freshness_from_dml_needs_its_view() -> None:
    wire = Wire({r"TABLE_DML_HISTORY": NOT_AUTHORIZED, r"\.TABLES": [table("S", "A")]})
    with pytest.raises(AccessDeniedError, match="TABLE_DML_HISTORY") as raised:
        collect(wire, freshness="dml")
    assert "USAGE_VIEWER" in raised.value.grants[1]


def test_local_times_become_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    local = T1.astimezone(berlin)
    assets, _ = collect(Wire({r"\.TABLES": [table("S", "T", created=local, altered=local)]}))
    line = encode_event(assets["SHOP.S.T"])[0]
    assert b'"created_on":"2026-11-20T12:00:00Z"' in line
    assert b'"last_update_time":"2026-11-20T12:00:00Z"' in line


def test_lean_reads_tables_only() -> None:
    wire = Wire({r"\.TABLES": [table("S", "T"), table("S", "X", "EXTERNAL TABLE", rows=None, bytes=None)]})
    assets, report = collect(wire, only_freshness_and_volume=True)
    (asset,) = assets.values()
    assert asset.fields == [] == asset.tags
    assert asset.volume is not None
    assert report.left_out == {"no_volume_or_freshness": 1}
    assert not wire.asked(r"\.COLUMNS|\.VIEWS|TAG_REFERENCES")
    ((sql, _),) = wire.asked(r"\.TABLES")
    assert "COMMENT" not in sql
    assert "NOT (COALESCE(TABLE_TYPE, 'BASE TABLE') IN ('VIEW', 'MATERIALIZED VIEW'))" in sql


def test_the_number_of_statements_does_not_grow_with_the_tables() -> None:
    counts = []
    for schemas in (1, 50):
        wire = Wire({r"\.TABLES": [table(f"S{number:02d}", f"T{n}") for number in range(schemas) for n in range(9)]})
        collect(wire)
        counts.append(len(wire.statements))
    assert counts[0] == counts[1] == 4 + 1 + 4  # settings, databases, one for each kind of fact


def test_filters_are_pushed_down_and_rechecked() -> None:
    wire = Wire(
        {
            r"\.TABLES": [table("MARTS", "ORDERS_1"), table("MARTS", "ORDERS_X"), table("MARTS", "TMP_1")],
            r"\.COLUMNS": [column("MARTS", "ORDERS_1", "A"), column("MARTS", "ORDERS_X", "B")],
        }
    )
    assets, report = collect(wire, TableFilter("SHOP.MARTS.ORDERS_[0-9]", "*.*.TMP_*"))
    assert list(assets) == ["SHOP.MARTS.ORDERS_1"]
    assert report.left_out == {"filtered": 2}
    for view, schema, name in (
        (r"\.TABLES", "TABLE_SCHEMA", "TABLE_NAME"),
        (r"\.COLUMNS", "TABLE_SCHEMA", "TABLE_NAME"),
        (r"\.VIEWS", "TABLE_SCHEMA", "TABLE_NAME"),
        ("TAG_REFERENCES", "OBJECT_SCHEMA", "OBJECT_NAME"),
    ):
        ((sql, values),) = wire.asked(view)
        assert f"LOWER({schema}) LIKE %s" in sql
        assert f"NOT (LOWER({name}) LIKE %s" in sql
        assert values[1:] == ("marts", "orders^_?".replace("?", "_"), "tmp^_%")


def test_statements_quote_names_and_bind_values() -> None:
    wire = Wire({"SHOW DATABASES": [('50% "off"', "")], r"\.TABLES": [table("S", "T")]})
    collect(wire)
    ((sql, values),) = wire.asked(r"\.TABLES")
    assert 'FROM "50%% ""off""".INFORMATION_SCHEMA.TABLES' in sql
    assert values == ("INFORMATION_SCHEMA",)
    assert "LIMIT" not in sql
    assert wire.asked("ALTER SESSION SET QUOTED_IDENTIFIERS_IGNORE_CASE = FALSE")
    assert wire.asked("ALTER SESSION SET ROWS_PER_RESULTSET = 0")


def test_a_table_with_5000_columns_and_names_of_300_characters() -> None:
    long = "N" * 300
    wire = Wire(
        {
            r"\.TABLES": [table(long, long)],
            r"\.COLUMNS": (column(long, long, f"C{number}") for number in range(5000)),
        }
    )
    assets, _ = collect(wire)
    asset = assets[f"SHOP.{long}.{long}"]
    assert [f.name for f in asset.fields] == [f"C{number}" for number in range(5000)]
    assert wire.most_fetched <= 100


def test_null_bytes_and_a_view_of_5_megabytes() -> None:
    text = "create view v as select '" + "x" * 5_000_000 + "'"
    wire = Wire(
        {
            r"\.TABLES": [table("S", "T", comment="nul \0 byte"), table("S", "V", "VIEW")],
            r"\.VIEWS": [("S", "V", text)],
        }
    )
    assets, _ = collect(wire)
    assert encode_event(assets["SHOP.S.T"]) == (encode_event(assets["SHOP.S.T"])[0], True)
    assert b"\\u0000" not in encode_event(assets["SHOP.S.T"])[0]
    assert assets["SHOP.S.V"].metadata.view_query == text


def test_a_row_that_breaks_a_rule_is_counted_not_lost() -> None:
    wire = Wire({r"\.TABLES": [table("S", ""), table("S", "NAIVE", created=datetime(2026, 1, 1)), table("S", "T")]})
    assets, report = collect(wire)
    assert list(assets) == ["SHOP.S.T"]
    assert report.left_out == {"invalid": 2}


def test_temporary_tables_are_left_out() -> None:
    wire = Wire({r"\.TABLES": [table("S", "A", "TEMPORARY TABLE"), table("S", "B")]})
    assets, report = collect(wire)
    assert list(assets) == ["SHOP.S.B"]
    assert report.left_out == {"temporary": 1}


def test_no_tags_without_the_grant() -> None:
    wire = Wire(
        {
            "SHOW DATABASES": [("A", ""), ("B", "")],
            r"\.TABLES": [table("S", "T")],
            "TAG_REFERENCES": NOT_AUTHORIZED,
        }
    )
    assets, report = collect(wire)
    assert len(assets) == 2
    assert len(wire.asked("TAG_REFERENCES")) == 1
    assert len(report.notes) == 1
    assert "GRANT DATABASE ROLE SNOWFLAKE.GOVERNANCE_VIEWER" in report.notes[0]
    assert report.complete


def test_nothing_visible_names_the_grants() -> None:
    wire = Wire()
    with pytest.raises(EmptyCatalogError) as raised:
        collect(wire)
    message = str(raised.value)
    assert "Role 'MC_ROLE' sees not one table" in message
    assert 'GRANT USAGE ON ALL SCHEMAS IN DATABASE "SHOP" TO ROLE "MC_ROLE";' in message
    assert 'GRANT REFERENCES ON ALL VIEWS IN DATABASE "SHOP" TO ROLE "MC_ROLE";' in message
    assert wire.closed


def test_no_database_visible_names_the_grants() -> None:
    with pytest.raises(EmptyCatalogError, match="GRANT USAGE ON DATABASE"):
        collect(Wire({"SHOW DATABASES": []}))


def test_one_denied_database_of_many_makes_the_manifest_incomplete() -> None:
    wire = Wire(
        {
            "SHOW DATABASES": [("DENIED", ""), ("SHARED", "PROVIDER.SHARE"), ("SHOP", "")],
            '"DENIED"|"SHARED"': NOT_AUTHORIZED,
            r"\.TABLES": [table("S", "T")],
        }
    )
    assets, report = collect(wire)
    assert list(assets) == ["SHOP.S.T"]
    assert not report.complete
    assert 'GRANT USAGE ON DATABASE "DENIED"' in report.notes[0]
    assert report.left_out == {"share_not_granted": 1}


def test_a_denied_database_that_was_named_fails() -> None:
    wire = Wire({"SHOW DATABASES": [("DENIED", "")], '"DENIED"': NOT_AUTHORIZED})
    with pytest.raises(AccessDeniedError) as raised:
        collect(wire, TableFilter(["DENIED"]))
    assert raised.value.grants[0] == 'GRANT USAGE ON DATABASE "DENIED" TO ROLE "MC_ROLE";'


TOO_MUCH = ProgrammingError(
    msg="Information schema query returned too much data. Please repeat query with more selective predicates.",
    errno=90030,
    sqlstate="22000",
)


def test_a_database_too_large_for_its_information_schema_is_read_from_account_usage() -> None:
    wire = Wire(
        {
            r"INFORMATION_SCHEMA\.COLUMNS": TOO_MUCH,
            r"INFORMATION_SCHEMA": [],
            r"ACCOUNT_USAGE\.TABLES": [table("S", "T")],
            r"ACCOUNT_USAGE\.COLUMNS": [column("S", "T", "A")],
        }
    )
    assets, report = collect(wire)
    assert [f.name for f in assets["SHOP.S.T"].fields] == ["A"]
    assert "lags up to 90 minutes" in report.notes[0]
    ((sql, values),) = wire.asked(r"ACCOUNT_USAGE\.TABLES")
    assert "TABLE_CATALOG = %s AND DELETED IS NULL" in sql
    assert values[0] == "SHOP"


def test_account_usage_has_to_be_granted_for_it() -> None:
    wire = Wire({r"INFORMATION_SCHEMA": TOO_MUCH, r"ACCOUNT_USAGE\.TABLES": NOT_AUTHORIZED})
    with pytest.raises(AccessDeniedError) as raised:
        collect(wire)
    assert "OBJECT_VIEWER" in raised.value.grants[1]


def test_rows_out_of_order_fail_rather_than_lose_columns() -> None:
    wire = Wire({r"\.TABLES": [table("S", "B"), table("S", "A")]})
    with pytest.raises(SourceError, match="out of order"):
        collect(wire)
    assert wire.closed


def test_a_connection_that_breaks_while_rows_stream() -> None:
    def rows(_: object) -> Iterator[Any]:
        yield from (table("S", f"T{number:03d}") for number in range(150))
        yield OperationalError(msg="Connection reset", errno=250003)

    wire = Wire({r"\.TABLES": rows})
    seen = []
    with pytest.raises(SourceUnavailableError, match=r"INFORMATION_SCHEMA\.TABLES"):
        seen.extend(on_wire(wire).metadata(ALL))
    assert wire.closed


def test_stopping_early_closes_the_connection() -> None:
    wire = Wire({r"\.TABLES": [table("S", f"T{number:03d}") for number in range(500)]})
    assets = on_wire(wire).metadata(ALL)
    next(assets)
    assets.close()  # type: ignore[attr-defined]
    assert wire.closed


# Against the embedded Snowflake, through the SnowflakeHook.

ODD_TABLES = """
CREATE DATABASE IF NOT EXISTS "Odd ""Names"" 50%";
CREATE SCHEMA IF NOT EXISTS "Odd ""Names"" 50%"."a.b";
CREATE OR REPLACE TABLE "Odd ""Names"" 50%"."a.b"."it's ""t"" %s" (
    ID NUMBER(10,2), "col umn" VARCHAR(20), "ümlaut" FLOAT);
CREATE OR REPLACE TABLE "Odd ""Names"" 50%"."a.b"."表" (X TIMESTAMP_LTZ);
CREATE OR REPLACE VIEW "Odd ""Names"" 50%"."a.b"."V 1" AS SELECT ID FROM "Odd ""Names"" 50%"."a.b"."it's ""t"" %s"
"""


@pytest.mark.integration
def test_odd_names(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    for statement in ODD_TABLES.split(";"):
        warehouse.execute(statement.strip())
    try:
        assets = {a.metadata.name: a for a in on_warehouse().metadata(TableFilter('"odd ""names"" 50%"."A.B".*'))}
    finally:
        warehouse.execute('DROP DATABASE "Odd ""Names"" 50%"')
    assert set(assets) == {'it\'s "t" %s', "表", "V 1"}
    assert {(a.metadata.database, a.metadata.schema) for a in assets.values()} == {('Odd "Names" 50%', "a.b")}
    assert [(f.name, f.type) for f in assets['it\'s "t" %s'].fields] == [
        ("ID", "NUMBER(10,2)"),
        ("col umn", "VARCHAR(20)"),
        ("ümlaut", "FLOAT"),
    ]
    assert assets["V 1"].type == "VIEW"
    assert re.match(r"(?i)create or replace view", assets["V 1"].metadata.view_query or "")


@pytest.mark.integration
def test_everything_that_the_warehouse_lists_is_collected(
    warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector
) -> None:
    collector = on_warehouse()
    found = {(a.metadata.database, a.metadata.schema, a.metadata.name): len(a.fields) for a in collector.metadata(ALL)}
    databases = [row[1] for row in warehouse.execute("SHOW DATABASES")]
    expected = {}
    for database in databases:
        if database in ("SNOWFLAKE", "SNOWFLAKE_SAMPLE_DATA"):
            continue
        quoted = '"' + database.replace('"', '""') + '"'
        for schema, name, columns in warehouse.execute(
            "SELECT TABLE_SCHEMA, TABLE_NAME, COUNT(*) AS N FROM "
            f"{quoted}.INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA <> 'INFORMATION_SCHEMA' GROUP BY 1, 2"
        ):
            expected[(database, schema, name)] = int(columns)
    assert found == expected
    assert len(found) > 20
    assert collector.report.complete


@pytest.mark.integration
def test_lean_through_the_hook(on_warehouse: MakeCollector) -> None:
    full = {a.metadata.name: a for a in on_warehouse().metadata(TableFilter("RAW"))}
    lean = {a.metadata.name: a for a in on_warehouse().metadata(TableFilter("RAW"), only_freshness_and_volume=True)}
    assert set(lean) == {name for name, a in full.items() if a.volume or a.freshness}
    for name, asset in lean.items():
        assert asset.volume == full[name].volume
        assert asset.freshness == full[name].freshness
        assert asset.fields == []


@pytest.mark.integration
def test_account_usage_says_the_same(on_warehouse: MakeCollector) -> None:
    usual = list(on_warehouse().metadata(TableFilter("ANALYTICS")))
    assert list(on_warehouse(catalog="account_usage").metadata(TableFilter("ANALYTICS"))) == usual


@pytest.mark.integration
@pytest.mark.parametrize("include", [None, "ANALYTICS", "NO_SUCH_DATABASE"])
def test_without_grants(include: str | None, warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    with warehouse.as_edition("no_grants"), pytest.raises((EmptyCatalogError, AccessDeniedError)) as raised:
        list(on_warehouse().metadata(TableFilter(include)))
    assert "GRANT USAGE ON DATABASE" in str(raised.value)
    assert "MONTE_CARLO" in str(raised.value)


@pytest.mark.integration
def test_without_account_usage_there_are_no_tags(warehouse: EmbeddedWarehouse, on_warehouse: MakeCollector) -> None:
    tagged = on_warehouse()
    assert any(asset.tags for asset in tagged.metadata(TableFilter("ANALYTICS")))
    with warehouse.as_edition("no_account_usage"):
        untagged = on_warehouse()
        assert not any(asset.tags for asset in untagged.metadata(TableFilter("ANALYTICS")))
    assert "No tags" in untagged.report.notes[0]
