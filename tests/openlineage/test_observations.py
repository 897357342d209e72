"""What of an event counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from openlineage.client.event_v2 import DatasetEvent, Job, JobEvent, StaticDataset
from openlineage.client.facet_v2 import (
    job_type_job,
    lifecycle_state_change_dataset,
    lineage,
    sql_job,
)
from openlineage.client.serde import Serde

from airflow_provider_montecarlo_push.assets.model import Dataset, Observation
from airflow_provider_montecarlo_push.openlineage import observations, seen
from airflow_provider_montecarlo_push.openlineage.columns import ColumnRules
from airflow_provider_montecarlo_push.openlineage.observations import EventReader
from tests.openlineage.events import SNOWFLAKE, column_lineage, event, shown, table_in, table_out

STREAMING = {"jobType": job_type_job.JobTypeJobFacet("STREAMING", "FLINK")}
SQL = {"sql": sql_job.SQLJobFacet("insert into c select x from a; insert into d select y from b")}


def observe(*events: Any, reader: EventReader | None = None) -> list[Observation]:
    """Return the observations of events, which are the same whether these are objects or JSON."""
    of_json = EventReader() if reader is None else None
    reader = reader or EventReader()
    found = [reader.observe(one) for one in events]
    if of_json is not None:
        assert [of_json.observe(Serde.to_dict(one)) for one in events] == found
    return [one for one in found if one is not None]


def edges(*events: Any) -> list[Any]:
    return [shown(edge) for observation in observe(*events) for edge in observation.edges]


class TestStates:
    @pytest.mark.parametrize("state", ["START", "RUNNING", "OTHER", "FAIL", "ABORT"])
    def test_only_what_completes_counts(self, state: str) -> None:
        assert observe(event(state)) == []

    def test_complete(self) -> None:
        (observation,) = observe(event())

        assert [shown(edge) for edge in observation.edges] == [("DB.S.T", ["DB.S.A"], {})]
        assert observation.updated == [Dataset(SNOWFLAKE, "DB.S.T")]
        assert observation.at == datetime(2024, 3, 1, 12, tzinfo=UTC)
        assert observation.left_out == {}

    def test_what_was_said_before_the_end_counts(self) -> None:
        events = [
            event("START", outputs=()),
            event("RUNNING", inputs=("DB.S.B",), outputs=()),
            event(
                "OTHER", inputs=(), outputs=(table_out("DB.S.T", columnLineage=column_lineage(("C", "DB.S.A", "X"))),)
            ),
            event(inputs=(), outputs=()),
        ]

        assert edges(*events) == [("DB.S.T", ["DB.S.A", "DB.S.B"], {"C": ["DB.S.A.X"]})]

    @pytest.mark.parametrize("end", ["FAIL", "ABORT"])
    def test_a_failed_run_says_nothing_to_the_next(self, end: str) -> None:
        assert edges(event("START"), event(end), event(inputs=("DB.S.B",))) == [("DB.S.T", ["DB.S.B"], {})]

    def test_runs_do_not_mix(self) -> None:
        found = edges(event("START", run=1), event(run=2, inputs=("DB.S.B",)), event(run=1, inputs=(), outputs=()))

        assert found == [("DB.S.T", ["DB.S.B"], {}), ("DB.S.T", ["DB.S.A"], {})]

    def test_the_same_twice_is_once(self) -> None:
        assert len(observe(event(), event())) == 1

    def test_a_completed_run_may_add(self) -> None:
        assert edges(event(), event("OTHER", inputs=("DB.S.B",), outputs=()))[1] == ("DB.S.T", ["DB.S.A", "DB.S.B"], {})

    def test_a_streaming_job_counts_while_it_runs_once(self) -> None:
        running = event("RUNNING", job_facets=STREAMING)

        assert len(observe(event("START", job_facets=STREAMING), running, running)) == 1

    def test_nothing_is_written(self) -> None:
        assert observe(event(outputs=())) == []

    def test_written_from_nothing(self) -> None:
        (observation,) = observe(event(inputs=()))

        assert observation.edges == []
        assert observation.updated == [Dataset(SNOWFLAKE, "DB.S.T")]

    @pytest.mark.parametrize(
        ("change", "is_edge", "is_updated"),
        [("DROP", False, False), ("ALTER", True, False), ("TRUNCATE", True, True), ("OVERWRITE", True, True)],
    )
    def test_changes(self, change: str, is_edge: bool, is_updated: bool) -> None:
        facet = lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet(change)
        found = observe(event(outputs=(table_out("DB.S.T", lifecycleStateChange=facet), "DB.S.U")))[0]

        assert ("DB.S.T" in {edge.destination.name for edge in found.edges}) is is_edge
        assert (Dataset(SNOWFLAKE, "DB.S.T") in found.updated) is is_updated
        assert found.left_out == ({} if is_edge else {"dropped_tables": 1})


class TestSources:
    def test_all_inputs_feed_each_output(self) -> None:
        found = edges(event(inputs=("DB.S.A", "DB.S.B"), outputs=("DB.S.T", "DB.S.U")))

        assert found == [("DB.S.T", ["DB.S.A", "DB.S.B"], {}), ("DB.S.U", ["DB.S.A", "DB.S.B"], {})]

    def test_facets_tell_several_outputs_apart(self) -> None:
        """C is named by nobody, so it may feed any of them; W has no facet, so anything may feed it."""
        outputs = (
            table_out("DB.S.T", columnLineage=column_lineage(("X", "DB.S.A", "X"))),
            table_out("DB.S.U", columnLineage=column_lineage(("Y", "DB.S.B", "Y", "INDIRECT/FILTER"))),
            "DB.S.W",
        )
        found = edges(event(inputs=("DB.S.A", "DB.S.B", "DB.S.C"), outputs=outputs))

        assert found == [
            ("DB.S.T", ["DB.S.C", "DB.S.A"], {"X": ["DB.S.A.X"]}),
            ("DB.S.U", ["DB.S.C", "DB.S.B"], {}),
            ("DB.S.W", ["DB.S.A", "DB.S.B", "DB.S.C"], {}),
        ]

    def test_an_output_is_not_its_own_source(self) -> None:
        facet = column_lineage(("X", "DB.S.T", "X"), ("X", "DB.S.A", "X"), ("N", "DB.S.T", "N"))
        found = edges(event(inputs=("DB.S.A", "DB.S.T"), outputs=(table_out("DB.S.T", columnLineage=facet),)))

        assert found == [("DB.S.T", ["DB.S.A"], {"X": ["DB.S.A.X"]})]

    def test_facets_may_name_more_than_the_inputs(self) -> None:
        facet = column_lineage(("X", "DB.S.B", "X"), whole=(("DB.S.C", "DAY"),))

        assert edges(event(outputs=(table_out("DB.S.T", columnLineage=facet),))) == [
            ("DB.S.T", ["DB.S.A", "DB.S.B", "DB.S.C"], {"X": ["DB.S.B.X"]})
        ]

    def test_statements_tell_better_which_wrote_what(self) -> None:
        """As Airflow's provider has it: every output with the columns of all."""
        facet = column_lineage(("X", "DB.S.A", "X"), ("Y", "DB.S.B", "Y"))
        outputs = (table_out("DB.S.C", columnLineage=facet), table_out("DB.S.D", columnLineage=facet))
        (found,) = observe(event(inputs=("DB.S.A", "DB.S.B"), outputs=outputs, job_facets=SQL))

        assert found.edges == []
        (statement,) = found.statements
        assert statement.sql == SQL["sql"].query
        assert (statement.conn_type, statement.namespace) == ("snowflake", SNOWFLAKE)
        assert (statement.database, statement.schema) == ("DB", "S")
        assert len(found.updated) == 2

    def test_columns_that_cannot_be_told_apart_are_counted(self) -> None:
        """One input is a file, so the statements are not only about the warehouse."""
        facet = column_lineage(("X", "DB.S.A", "X"))
        outputs = (table_out("DB.S.C", columnLineage=facet), table_out("DB.S.D", columnLineage=facet))
        inputs = ("DB.S.A", table_in("stage/a.csv", "s3://bucket"))
        (found,) = observe(event(inputs=inputs, outputs=outputs, job_facets=SQL))

        assert [shown(edge)[2] for edge in found.edges] == [{}, {}]
        assert found.left_out == {"columns_of_several_outputs": 2}

    def test_one_output_of_sql_has_its_columns(self) -> None:
        facet = column_lineage(("X", "DB.S.A", "X"))
        (found,) = observe(event(outputs=(table_out("DB.S.C", columnLineage=facet),), job_facets=SQL))

        assert [shown(edge) for edge in found.edges] == [("DB.S.C", ["DB.S.A"], {"X": ["DB.S.A.X"]})]
        assert found.statements == []


class TestStaticLineage:
    """Declared, not run: edges, and nothing is updated."""

    def test_job(self) -> None:
        declared = JobEvent(
            eventTime="2024-03-01T12:00:00Z",
            job=Job("etl", "load"),
            inputs=[table_in("DB.S.A")],
            outputs=[table_out("DB.S.T")],
        )
        (found,) = observe(declared)

        assert [shown(edge) for edge in found.edges] == [("DB.S.T", ["DB.S.A"], {})]
        assert found.updated == []

    def test_dataset(self) -> None:
        dataset = StaticDataset(SNOWFLAKE, "DB.S.T", facets={"columnLineage": column_lineage(("X", "DB.S.A", "Y"))})
        (found,) = observe(DatasetEvent(eventTime="2024-03-01T12:00:00Z", dataset=dataset))

        assert [shown(edge) for edge in found.edges] == [("DB.S.T", ["DB.S.A"], {"X": ["DB.S.A.Y"]})]
        assert found.updated == []
        assert found.at == datetime(2024, 3, 1, 12, tzinfo=UTC)

    def test_a_dataset_without_lineage(self) -> None:
        assert observe(DatasetEvent(eventTime="2024-03-01T12:00:00Z", dataset=StaticDataset(SNOWFLAKE, "DB.S.T"))) == []


class TestExplicitLineage:
    """The facets ``lineage``, which say all that there is."""

    def test_of_a_job(self) -> None:
        source = lineage.LineageDatasetInput(SNOWFLAKE, "DB.S.A", "DATASET", field="ID")
        entry = lineage.LineageDatasetEntry(
            SNOWFLAKE, "DB.S.T", "DATASET", inputs=[source], fields={"ID": lineage.LineageFieldEntry([source])}
        )
        empty = lineage.LineageDatasetEntry(SNOWFLAKE, "DB.S.U", "DATASET", inputs=[])
        job = lineage.LineageJobEntry("JOB", inputs=[source])
        facets = {"lineage": lineage.LineageJobFacet([entry, empty, job])}

        assert edges(event(inputs=("DB.S.A", "DB.S.B"), outputs=("DB.S.T", "DB.S.U"), job_facets=facets)) == [
            ("DB.S.T", ["DB.S.A"], {"ID": ["DB.S.A.ID"]})
        ]

    def test_of_a_dataset(self) -> None:
        inputs = [
            lineage.LineageDatasetInput(SNOWFLAKE, "DB.S.A", "DATASET"),
            lineage.LineageJobInput("JOB", "etl", "other"),
        ]
        facet = lineage.LineageDatasetFacet(inputs=inputs)
        (found,) = observe(event(inputs=("DB.S.A", "DB.S.B"), outputs=(table_out("DB.S.T", lineage=facet),)))

        assert [shown(edge) for edge in found.edges] == [("DB.S.T", ["DB.S.A"], {})]
        assert found.left_out == {"job_inputs": 1}


class TestMalformed:
    """What cannot be read is counted; the rest is kept."""

    @pytest.mark.parametrize("found", [None, 7, "text", [], {}, {"run": None}])
    def test_no_event(self, found: object) -> None:
        with pytest.raises(ValueError, match="neither a run nor a job nor a dataset"):
            EventReader().observe(found)

    @pytest.mark.parametrize(
        ("changes", "left_out"),
        [
            ({"inputs": [{"name": "DB.S.B"}]}, {"datasets_without_name": 1}),
            ({"inputs": [{"namespace": SNOWFLAKE, "name": " "}]}, {"datasets_without_name": 1}),
            ({"inputs": [None, "text", 5]}, {"datasets_without_name": 3}),
            ({"inputs": {"namespace": SNOWFLAKE}}, {"malformed_facets": 1}),
            ({"inputs": "text"}, {"malformed_facets": 1}),
            ({"eventTime": "yesterday"}, {"malformed_times": 1}),
            ({"eventTime": None}, {"malformed_times": 1}),
            ({"job": "load"}, {}),
            ({"job": {"facets": []}}, {"malformed_facets": 2}),
            ({"job": {"facets": {"sql": "select"}}}, {"malformed_facets": 1}),
        ],
    )
    def test_event(self, changes: dict[str, Any], left_out: dict[str, int]) -> None:
        (found,) = observe_json(Serde.to_dict(event()) | changes)

        assert found.left_out == left_out
        assert found.updated == [Dataset(SNOWFLAKE, "DB.S.T")]

    @pytest.mark.parametrize(
        ("facets", "left_out"),
        [
            ([], {"malformed_facets": 3}),
            ({"columnLineage": "text"}, {"malformed_facets": 1}),
            ({"columnLineage": {}}, {"malformed_facets": 1}),
            ({"columnLineage": {"fields": []}}, {"malformed_facets": 1}),
            ({"columnLineage": {"fields": {"X": None}}}, {}),
            ({"columnLineage": {"fields": {"X": {"inputFields": {"a": 1}}}}}, {"malformed_facets": 1}),
            ({"columnLineage": {"fields": {"X": {"inputFields": [{"field": "Y"}]}}}}, {"inputs_without_name": 1}),
            (
                {"columnLineage": {"fields": {" ": {"inputFields": [{"namespace": "n", "name": "m", "field": "Y"}]}}}},
                {"columns_without_name": 1},
            ),
            (
                {"columnLineage": {"fields": {"X": {"inputFields": [{"namespace": "n", "name": "m"}]}}}},
                {"columns_without_name": 1},
            ),
            ({"columnLineage": {"_deleted": True, "fields": []}}, {}),
            ({"symlinks": {"identifiers": 5}}, {}),
            ({"lifecycleStateChange": 5}, {"malformed_facets": 1}),
            ({"lineage": {"inputs": "all"}}, {"malformed_facets": 1}),
        ],
    )
    def test_facets(self, facets: Any, left_out: dict[str, int]) -> None:
        given = Serde.to_dict(event())
        given["outputs"][0]["facets"] = facets
        (found,) = observe_json(given)

        assert found.left_out == left_out
        assert found.updated == [Dataset(SNOWFLAKE, "DB.S.T")]


class TestBounds:
    def test_columns(self) -> None:
        facet = column_lineage(*((f"C{number}", "DB.S.A", f"C{number}") for number in range(50)))
        reader = EventReader(ColumnRules(max_columns=20))
        (found,) = observe(event(outputs=(table_out("DB.S.T", columnLineage=facet),)), reader=reader)

        assert len(found.edges[0].columns) == 20
        assert found.left_out == {"columns_over_limit": 30}

    def test_datasets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(observations, "MAX_DATASETS", 10)
        (found,) = observe(event(inputs=tuple(f"DB.S.A{number}" for number in range(15))))

        assert len(found.edges[0].sources) == 10
        assert found.left_out == {"datasets_over_limit": 5}

    def test_what_was_left_out_before_the_end_counts(self) -> None:
        nameless = {"inputs": [{"name": "DB.S.B"}, {"name": "DB.S.C"}]}
        start = Serde.to_dict(event("START", outputs=())) | nameless
        (found,) = observe(start, start, event(), reader=EventReader())

        assert found.left_out == {"datasets_without_name": 2}

    def test_runs_that_never_end(self) -> None:
        reader = EventReader()
        reader._runs = seen.SeenRuns(runs=3)
        observe(*(event("START", run=number) for number in range(5)), reader=reader)
        (found,) = observe(event(run=9), reader=reader)

        assert found.left_out == {"unfinished_runs_forgotten": 3}

    def test_runs_that_say_much(self) -> None:
        runs = seen.SeenRuns(size=100)
        for number in range(50):
            said = seen.SeenRun(tables={Dataset("n", str(one)): Dataset("n", str(one)) for one in range(30)})
            runs.add(str(number), said)

        assert runs.forgotten == 47


def observe_json(given: dict[str, Any]) -> list[Observation]:
    return observe(given, reader=EventReader())
