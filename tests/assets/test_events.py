"""Observations to lineage events: edges, statements, resources, and what is left out."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_montecarlo_push.assets.events import lineage_events
from airflow_provider_montecarlo_push.assets.freshness import updated_tables
from airflow_provider_montecarlo_push.assets.model import (
    Dataset,
    DatasetColumn,
    Observation,
    ObservedEdge,
    ObservedStatement,
)
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.manifests.model import RunReference

SNOW = Resource("00000000-0000-0000-0000-00000000000a", "snowflake")
LAKE = Resource("00000000-0000-0000-0000-00000000000b", "data-lake")
MYSQL = Resource("00000000-0000-0000-0000-00000000000c", "mysql")
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)


def entry(resource: Resource) -> dict[str, str]:
    return {"resource_uuid": resource.uuid, "resource_type": resource.type}


MAP = ResourceMap(
    {
        "snowflake://o-a": entry(SNOW),
        "snow": entry(SNOW),
        "s3://lake": entry(LAKE),
        "mysql": entry(MYSQL),
        "hive_conn": entry(LAKE),
        "old_conn": entry(Resource(LAKE.uuid, "transactional-db")),
    }
)


def snow(name: str) -> Dataset:
    return Dataset("snowflake://o-a", f"db.s.{name}")


def s3(path: str, bucket: str = "lake") -> Dataset:
    return Dataset(f"s3://{bucket}", path)


def edge(destination: Dataset, *sources: Dataset, **columns: list[DatasetColumn]) -> ObservedEdge:
    return ObservedEdge(destination, list(sources), columns)


def seen(*edges: ObservedEdge, **facts: Any) -> Observation:
    run = RunReference(dag_id="etl", run_id="r1", task_id="load")
    return Observation(run=run, at=facts.pop("at", AT), edges=list(edges), **facts)


def sql(*texts: str, conn_id: str = "snow", conn_type: str = "snowflake", **where: Any) -> Observation:
    where = {"database": "db", "schema": "s"} | where
    return seen(statements=[ObservedStatement(text, conn_id, conn_type, **where) for text in texts])


class Outcome:
    def __init__(self, *observations: Observation, main: Resource | None = SNOW, **options: Any) -> None:
        self.report = CollectionReport(logging.getLogger(__name__))
        self.events = list(lineage_events(observations, MAP, self.report, main=main, **options))
        self.left_out = dict(self.report.left_out)

    def edges(self) -> list[tuple[str, list[str]]]:
        return [(name(event.destination), [name(source) for source in event.sources]) for event in self.events]

    def columns(self) -> dict[str, list[str]]:
        (event,) = self.events
        return columns_of(event)


def columns_of(event: LineageEvent) -> dict[str, list[str]]:
    tables = {source.asset_id: source.name for source in event.sources}
    return {
        field.name: [f"{tables[cited.asset_id]}.{cited.field_name}" for cited in field.source_fields]
        for field in event.fields
    }


def name(ref: Any) -> str:
    where = {SNOW.uuid: "snow:", LAKE.uuid: "lake:", MYSQL.uuid: "mysql:", None: ""}[ref.resource_uuid]
    return f"{where}{ref.database}.{ref.schema}.{ref.name}"


# Edges ---------------------------------------------------------------------------------------------


def test_an_edge_inside_of_the_main_resource_is_plain() -> None:
    outcome = Outcome(seen(edge(snow("fct"), snow("b"), snow("a"))))
    assert outcome.edges() == [("DB.S.FCT", ["DB.S.A", "DB.S.B"])]
    assert not outcome.events[0].crosses_resources
    assert outcome.report.counts == {"observations": 1, "edges_seen": 1}


def test_an_edge_from_elsewhere_names_every_resource() -> None:
    outcome = Outcome(seen(edge(snow("fct"), s3("raw/orders"), snow("a"))))
    assert outcome.edges() == [("snow:DB.S.FCT", ["snow:DB.S.A", "lake:s3.lake.raw/orders"])]
    assert outcome.report.counts["across_resources"] == 1


def test_one_source_elsewhere_does_not_change_the_form_of_other_edges() -> None:
    outcome = Outcome(seen(edge(snow("fct"), snow("a"))), seen(edge(snow("fct"), s3("raw"))))
    assert outcome.edges() == [("DB.S.FCT", ["DB.S.A"]), ("snow:DB.S.FCT", ["lake:s3.lake.raw"])]


def test_without_a_main_resource_every_edge_names_them() -> None:
    assert Outcome(seen(edge(snow("fct"), snow("a"))), main=None).events[0].crosses_resources


def test_the_main_resource_is_told_by_its_uuid() -> None:
    other_type = Resource(SNOW.uuid, "data-lake")
    assert not Outcome(seen(edge(snow("fct"), snow("a"))), main=other_type).events[0].crosses_resources


def test_columns_are_folded_as_the_warehouse_does() -> None:
    cited = [DatasetColumn(snow("a"), "amount"), DatasetColumn(snow("b"), '"Tax"')]
    assert Outcome(seen(edge(snow("fct"), snow("a"), total=cited))).columns() == {"TOTAL": ["A.AMOUNT", "B.Tax"]}


def test_a_column_from_what_is_not_mapped_is_left_out_with_it() -> None:
    cited = [DatasetColumn(snow("a"), "x"), DatasetColumn(s3("p", "other"), "y")]
    outcome = Outcome(seen(edge(snow("fct"), snow("a"), c=cited, d=[cited[1]])))
    assert outcome.columns() == {"C": ["A.X"]}
    assert outcome.left_out == {"unmapped": 1}


def test_same_edges_are_one_event_with_the_columns_of_all() -> None:
    one = edge(snow("fct"), snow("a"), c=[DatasetColumn(snow("a"), "x")])
    two = edge(snow("FCT"), snow("A"), d=[DatasetColumn(snow("a"), "y")])
    assert Outcome(seen(one), seen(two), seen(one)).columns() == {"C": ["A.X"], "D": ["A.Y"]}


def test_an_edge_to_itself_is_dropped_and_counted() -> None:
    outcome = Outcome(seen(edge(snow("a"), snow("A"), snow("b"), c=[DatasetColumn(snow("a"), "c")])))
    assert outcome.edges() == [("DB.S.A", ["DB.S.B"])]
    assert outcome.columns() == {}
    assert Outcome(seen(edge(snow("a"), snow("A")))).report.counts["self_edges"] == 1


def test_what_is_held_is_bounded() -> None:
    edges = [edge(snow(f"t{number}"), snow("a")) for number in range(50)]
    outcome = Outcome(*[seen(one) for one in (*edges, *edges)], most_held=10)
    assert len(outcome.events) == 100  # each once for each time that it came out
    assert len(Outcome(*[seen(one) for one in (*edges, *edges)]).events) == 50


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (edge(snow("fct")), "without_sources"),
        (edge(s3("x", "other"), snow("a")), "unmapped"),
        (edge(snow("fct"), s3("x", "other")), "unmapped"),
        (edge(Dataset("snowflake://o-a", "s.t"), snow("a")), "incomplete_names"),
        (edge(snow("fct"), Dataset("kafka://h", "topic")), "not_tables"),
    ],
)
def test_what_cannot_be_an_edge_is_counted_and_never_fatal(observed: ObservedEdge, reason: str) -> None:
    outcome = Outcome(seen(observed), seen(edge(snow("good"), snow("a"))))
    assert outcome.edges() == [("DB.S.GOOD", ["DB.S.A"])]
    assert outcome.left_out == {reason: 1}


def test_unmapped_places_are_named_once_with_what_to_do() -> None:
    outcome = Outcome(
        seen(edge(snow("fct"), s3("x", "other"), s3("y", "other"), Dataset("postgres://h:5432", "d.s.t")))
    )
    (note,) = outcome.report.notes
    assert "s3://other (2), postgres://h:5432 (1)" in note
    assert "[montecarlo_push] resources" in note


def test_what_observers_left_out_is_counted_on() -> None:
    assert Outcome(seen(left_out={"too_long": 3})).left_out == {"too_long": 3}


# Statements ----------------------------------------------------------------------------------------


def test_a_statement_gives_its_edge_with_columns() -> None:
    outcome = Outcome(sql("INSERT INTO fct (id, total) SELECT o.id, o.amount FROM raw.orders o"))
    assert outcome.edges() == [("DB.S.FCT", ["DB.RAW.ORDERS"])]
    assert outcome.columns() == {"ID": ["ORDERS.ID"], "TOTAL": ["ORDERS.AMOUNT"]}


def test_temporary_tables_of_one_run_are_resolved_and_of_another_are_not() -> None:
    staged = "CREATE TEMPORARY TABLE tmp AS SELECT id FROM raw.orders"
    used = "INSERT INTO fct SELECT id FROM tmp"
    assert Outcome(sql(staged, used)).edges() == [("DB.S.FCT", ["DB.RAW.ORDERS"])]
    assert Outcome(sql(staged), sql(used)).edges() == [("DB.S.FCT", ["DB.S.TMP"])]


def test_an_edge_that_is_seen_and_parsed_is_one_event() -> None:
    outcome = Outcome(seen(edge(snow("fct"), snow("a"))), sql("INSERT INTO fct (x) SELECT a.x FROM a"))
    assert outcome.edges() == [("DB.S.FCT", ["DB.S.A"])]
    assert outcome.columns() == {"X": ["A.X"]}


def test_defaults_are_folded_and_quotes_keep_case() -> None:
    outcome = Outcome(sql("INSERT INTO fct SELECT * FROM a", database='"Db"', schema="s"))
    assert outcome.edges() == [("Db.S.FCT", ["Db.S.A"])]


def test_where_database_and_schema_are_one_thing() -> None:
    where: dict[str, Any] = {"conn_id": "my", "conn_type": "mysql", "database": None, "schema": "shop"}
    outcome = Outcome(sql("INSERT INTO fct SELECT id FROM Raw.orders", **where))
    assert outcome.edges() == [("mysql:shop.shop.fct", ["mysql:Raw.Raw.orders"])]


def test_a_load_from_a_store_is_an_edge_across_resources() -> None:
    outcome = Outcome(sql("COPY INTO fct FROM 's3://lake/raw/orders/'", "COPY INTO fct FROM 's3://other/x/'"))
    assert outcome.edges() == [("snow:DB.S.FCT", ["lake:s3.lake.raw/orders"])]
    assert outcome.left_out == {"unmapped": 1}


def test_a_stage_is_no_table() -> None:
    outcome = Outcome(sql("COPY INTO fct FROM @db.s.my_stage/x"))
    assert outcome.events == []
    assert outcome.left_out == {"stages": 1}


def test_a_connection_that_is_not_mapped_is_named() -> None:
    outcome = Outcome(sql("INSERT INTO a SELECT * FROM b", "SELECT 1", conn_id="prod"))
    assert outcome.left_out == {"unmapped_statements": 2}
    assert "connection 'prod'" in outcome.report.notes[0]


def test_a_statement_knows_where_it_ran_by_its_namespace() -> None:
    outcome = Outcome(sql("INSERT INTO a SELECT * FROM b", conn_id="prod", namespace="snowflake://o-a"))
    assert outcome.edges() == [("DB.S.A", ["DB.S.B"])]


def test_tables_of_one_statement_may_be_in_several_resources_below_its_namespace() -> None:
    text = "INSERT INTO finance.s.a SELECT x.id FROM b x JOIN other.s.c y ON y.id = x.id"
    resources = ResourceMap({"snowflake://o-a/DB": entry(SNOW), "snowflake://o-a/FINANCE": entry(LAKE)})
    report = CollectionReport(logging.getLogger(__name__))
    observation = sql(text, conn_id="prod", namespace="snowflake://o-a")
    (event,) = lineage_events([observation], resources, report, main=None)
    assert name(event.destination) == "lake:FINANCE.S.A"
    assert [name(source) for source in event.sources] == ["snow:DB.S.B"]
    assert report.left_out == {"unmapped": 1}
    assert "snowflake://o-a (1)" in report.notes[0]


def test_the_dialect_of_a_general_connection_is_that_of_its_resource_or_unknown() -> None:
    unknown = Outcome(sql("INSERT INTO a SELECT * FROM b", conn_id="old_conn", conn_type="jdbc"))
    assert unknown.left_out == {"unknown_dialect": 1}
    known = Outcome(sql("INSERT INTO a SELECT * FROM b", conn_id="snow", conn_type="generic"))
    assert known.edges() == [("DB.S.A", ["DB.S.B"])]


def test_what_cannot_be_parsed_is_counted_and_the_rest_goes_on() -> None:
    outcome = Outcome(sql("INSERT INTO a SELEC FROM", "INSERT INTO c SELECT id FROM d"))
    assert outcome.edges() == [("DB.S.C", ["DB.S.D"])]
    assert outcome.left_out == {"syntax": 1}


# Freshness -----------------------------------------------------------------------------------------


def test_each_table_was_updated_when_it_was_updated_last() -> None:
    later = AT.replace(hour=13)
    report = CollectionReport(logging.getLogger(__name__))
    observations = [
        seen(edge(snow("fct"), snow("a")), at=later),
        seen(updated=[snow("FCT"), s3("x"), s3("x", "other")]),
    ]
    assert updated_tables(observations, MAP, report, main=SNOW) == {TableName("DB", "S", "FCT"): later}
    assert report.left_out == {"other_resource": 1, "unmapped": 1}
