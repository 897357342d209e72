from __future__ import annotations

import pytest

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.sql_catalog.collector import SqlCatalogCollector
from airflow_provider_montecarlo_push.collectors.windows import explicit_window
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.wire import encode_event
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, SourceError
from tests.collectors.sql_catalog.conftest import MakeCollector

pytestmark = pytest.mark.xdist_group("sql_catalog")

WINDOW = explicit_window("2024-03-01T12:00:00Z", "2024-03-01T13:00:00Z")
ENDS = [
    "source_database",
    "source_schema",
    "source_name",
    "destination_database",
    "destination_schema",
    "destination_name",
]
PAIR = ["source_column", "destination_column"]


def rows(*edges: str, columns: list[str]) -> str:
    """Return SQL; an edge is ``a.b.c>d.e.f`` and the further columns, with ``-`` for NULL."""
    lines = []
    for edge in edges:
        ends, *further = edge.split()
        parts = [*ends.replace(">", ".").split("."), *further]
        lines.append("(" + ", ".join("NULL" if part == "-" else f"'{part}'" for part in parts) + ")")
    return f"WITH t({', '.join(columns)}) AS (VALUES {', '.join(lines)}) SELECT * FROM t"


def collect(collector: SqlCatalogCollector, include: str | None = None) -> list[LineageEvent]:
    events = list(collector.lineage(TableFilter(include), WINDOW))
    for event in events:
        encode_event(event)
    return events


def short(event: LineageEvent) -> tuple[str, list[str], dict[str, list[str]]]:
    names = {source.asset_id: source.name for source in event.sources}
    fields = {
        field.name: [f"{names[source.asset_id]}.{source.field_name}" for source in field.source_fields]
        for field in event.fields
    }
    return event.destination.name, [source.name for source in event.sources], fields


def test_edges_of_a_destination_are_one_event(on_sqlite: MakeCollector) -> None:
    sql = rows("l.raw.a>l.mart.x", "l.raw.b>l.mart.x", "l.raw.a>l.mart.x", "l.mart.y>l.mart.y", columns=ENDS)
    collector = on_sqlite(lineage_sql=sql)
    assert [short(event) for event in collect(collector)] == [("x", ["a", "b"], {}), ("y", ["y"], {})]
    assert collector.report.counts == {"edges_native": 2}
    assert not collector.report.left_out


def test_edges_may_carry_columns(on_sqlite: MakeCollector) -> None:
    sql = rows(
        "l.raw.a>l.mart.x id id",
        "l.raw.b>l.mart.x net eur",
        "l.raw.b>l.mart.x rate eur",
        "l.raw.b>l.mart.x rate eur",
        "l.raw.c>l.mart.x - -",
        "l.raw.d>l.mart.x - eur",
        "l.raw.d>l.mart.x d -",
        columns=[*ENDS, *PAIR],
    )
    collector = on_sqlite(lineage_sql=sql)
    (event,) = collect(collector)
    assert short(event) == ("x", ["a", "b", "c", "d"], {"id": ["a.id"], "eur": ["b.net", "b.rate"]})
    assert collector.report.left_out == {"missing_source_column": 1, "missing_destination_column": 1}


def test_gaps_and_filters_are_counted(on_sqlite: MakeCollector) -> None:
    sql = rows("l.raw.->l.mart.x", "l.-.a>l.mart.x", "l.raw.a>l.mart.-", "-.raw.a>l.mart.y", "l.raw.a>l.mart.y",
               "l.raw.a>l.other.z", columns=ENDS)  # fmt: skip
    collector = on_sqlite(lineage_sql=sql)
    assert [short(event)[:2] for event in collect(collector, "*.mart.*")] == [("y", ["a"])]
    assert collector.report.left_out == {
        "missing_source_name": 1,
        "missing_source_schema": 1,
        "missing_destination_name": 1,
        "missing_source_database": 1,
        "filtered": 1,
    }


def test_edges_across_warehouses(on_sqlite: MakeCollector) -> None:
    resources = [f"{end}_resource_{part}" for end in ("source", "destination") for part in ("uuid", "type")]
    # A table of one name in two resources is two tables.
    one, two = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
    sql = rows(
        f"w.mart.x>w.mart.x {one} data-lake {two} snowflake",
        f"w.mart.x>w.mart.x {two} snowflake {two} snowflake",
        f"l.raw.a>w.mart.half {one} data-lake - -",
        f"l.raw.a>w.mart.odd {one} lake {two} snowflake",
        columns=[*ENDS, *resources],
    )
    collector = on_sqlite(lineage_sql=sql)
    (event,) = collect(collector)
    assert [source.resource_uuid for source in event.sources] == [one, two]
    assert (event.destination.resource_uuid, event.destination.resource_type) == (two, "snowflake")
    assert collector.report.left_out == {"invalid": 2}


def test_types_of_ends(on_sqlite: MakeCollector) -> None:
    sql = rows("l.raw.a>l.mart.x VIEW external", columns=[*ENDS, "destination_type", "source_type"])
    (event,) = collect(on_sqlite(lineage_sql=sql))
    assert (event.destination.type, event.sources[0].type) == ("VIEW", "TABLE")


def test_rows_of_a_destination_must_stand_together(on_sqlite: MakeCollector) -> None:
    sql = rows("l.raw.a>l.mart.x", "l.raw.a>l.mart.y", "l.raw.b>l.mart.x", columns=ENDS)
    with pytest.raises(SourceError, match=r"lineage_sql, row 3: rows of l\.mart\.x .*ORDER BY destination_database"):
        collect(on_sqlite(lineage_sql=sql))


def test_not_one_row_that_can_be_used(on_sqlite: MakeCollector) -> None:
    sql = rows("l.raw.->l.mart.x", "l.raw.a>l.-.x", columns=ENDS)
    with pytest.raises(SourceError, match=r"Not one of the 2 rows .* lineage_sql .* row 1: source_name is NULL"):
        collect(on_sqlite(lineage_sql=sql))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (ENDS[1:], "lineage_sql returns no column 'source_database'"),
        ([*ENDS, PAIR[0]], "lineage_sql returns no column 'destination_column'"),
        ([*ENDS, *PAIR, "job"], "lineage_sql returns the column 'job', which means nothing"),
    ],
)
def test_columns_that_are_wrong(on_sqlite: MakeCollector, columns: list[str], message: str) -> None:
    sql = "SELECT " + ", ".join(f"'x' AS {column}" for column in columns)
    with pytest.raises(ConfigurationError, match=message):
        collect(on_sqlite(lineage_sql=sql))


def test_lineage_needs_sql(on_sqlite: MakeCollector) -> None:
    with pytest.raises(ConfigurationError, match="needs lineage_sql"):
        collect(on_sqlite(metadata_sql="SELECT 1"))


@pytest.mark.integration
def test_postgres_binds_the_window(on_postgres: MakeCollector) -> None:
    sql = """
        SELECT 'l' AS source_database, 'raw' AS source_schema, sql AS source_name,
               'l' AS destination_database, 'mart' AS destination_schema, id::text AS destination_name
        FROM queries WHERE ended >= :window_start AND ended<:window_end AND sql LIKE 'SELECT%' ORDER BY id
    """
    assert [short(event)[:2] for event in collect(on_postgres(lineage_sql=sql))] == [("2", ["SELECT 100%"])]
