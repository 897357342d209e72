"""Events to observations.

Source: "Run cycle", "Static metadata" and the object model of the OpenLineage specification.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import Any

from airflow_provider_montecarlo_push.assets.model import Dataset, Observation
from airflow_provider_montecarlo_push.openlineage.columns import ColumnReader, ColumnRules
from airflow_provider_montecarlo_push.openlineage.runs import run_of, time_of
from airflow_provider_montecarlo_push.openlineage.seen import SeenOutput, SeenRun, SeenRuns
from airflow_provider_montecarlo_push.openlineage.tables import table_behind
from airflow_provider_montecarlo_push.openlineage.values import dataset_of, facet, part, several, text

MAX_DATASETS = 2_000
_UNSUCCESSFUL = frozenset({"FAIL", "ABORT"})


class EventReader:
    """Makes observations of the events of many runs, in the order they come.

    What a run reads and writes counts when it completes. What its earlier events said is remembered until then, as
    producers need not repeat it; a run that fails or is aborted says nothing. A streaming job never completes: what it
    says while it runs counts, once. An event of a job or a dataset without a run is lineage that somebody declares;
    nothing was written by it.

    :param rules: what becomes a field mapping.
    """

    def __init__(self, rules: ColumnRules | None = None) -> None:
        self._rules = rules or ColumnRules()
        self._runs = SeenRuns()

    def observe(self, event: Any) -> Observation | None:
        """Return what is known after ``event``; ``None`` when it adds nothing that counts.

        :param event: one of the client's, or the JSON of one as a ``dict``.
        :raises ValueError: when it is no event.
        """
        left_out: Counter[str] = Counter()
        if part(event, "run") is not None:
            return self._observe_run(event, left_out)
        if part(event, "job") is not None:
            return _observation(event, self._said_by(event, left_out), left_out)
        if part(event, "dataset") is not None:
            static = {"outputs": [part(event, "dataset")]}
            return _observation(event, self._said_by(static, left_out), left_out)
        raise ValueError("it has neither a run nor a job nor a dataset")

    def _observe_run(self, event: Any, left_out: Counter[str]) -> Observation | None:
        run_id, state = text(part(event, "run"), "runId"), _state(event)
        if state in _UNSUCCESSFUL:
            self._runs.end(run_id)
            return None
        said = self._said_by(event, left_out)
        said.is_complete = state == "COMPLETE"
        if not (said.inputs or said.outputs or left_out or said.is_complete):
            return None
        said.left_out = left_out
        seen = self._runs.add(run_id, said) if run_id else said
        # After its end, a run may only add to what it said.
        counts = said.is_complete or seen.is_complete or (state == "RUNNING" and _is_streaming(event))
        if not counts:
            return None
        left_out = Counter(seen.left_out)
        self._count_forgotten(left_out)
        observation = _observation(event, seen, left_out, is_run=True)
        if observation is None or _is_same(observation, seen.reported):
            return None
        seen.reported = observation
        return observation

    def _said_by(self, event: Any, left_out: Counter[str]) -> SeenRun:
        said = SeenRun()
        columns = ColumnReader(self._rules, left_out)
        for given in _within(several(event, "inputs", left_out), left_out):
            if (dataset := _named(given, said, left_out)) is not None:
                said.inputs[dataset] = None
        for given in _within(several(event, "outputs", left_out), left_out):
            if (dataset := _named(given, said, left_out)) is not None:
                change = text(facet(given, "lifecycleStateChange", left_out), "lifecycleStateChange").upper()
                said.outputs[dataset] = SeenOutput(columns.of_dataset(given), change)
        job = part(event, "job")
        said.sql = text(facet(job, "sql", left_out), "query")
        for entry in several(facet(job, "lineage", left_out), "entries", left_out):
            target = dataset_of(entry)
            if target is not None and text(entry, "type").upper() == "DATASET":
                said.outputs.setdefault(target, SeenOutput()).stated = columns.of_entry(entry)
        return said

    def _count_forgotten(self, left_out: Counter[str]) -> None:
        if self._runs.forgotten:
            left_out["unfinished_runs_forgotten"] += self._runs.forgotten
            self._runs.forgotten = 0


def _observation(event: Any, seen: SeenRun, left_out: Counter[str], *, is_run: bool = False) -> Observation | None:
    at = time_of(event, left_out)
    statement = seen.statement()
    edges = seen.edges(left_out) if statement is None else []
    statements = [statement] if statement is not None else []
    updated = seen.updated() if is_run else []
    if not (edges or statements or updated or left_out):
        return None
    return Observation(
        run=run_of(event), at=at, edges=edges, statements=statements, updated=updated, left_out=dict(left_out)
    )


def _is_same(one: Observation, other: Observation | None) -> bool:
    return other is not None and (one.edges, one.statements, one.updated) == (
        other.edges,
        other.statements,
        other.updated,
    )


def _named(given: Any, said: SeenRun, left_out: Counter[str]) -> Dataset | None:
    dataset = dataset_of(given)
    if dataset is None:
        left_out["datasets_without_name"] += 1
        return None
    said.tables[dataset] = table_behind(given, dataset, left_out)
    return dataset


def _within(datasets: Any, left_out: Counter[str]) -> Any:
    if len(datasets) > MAX_DATASETS:
        left_out["datasets_over_limit"] += len(datasets) - MAX_DATASETS
    return datasets[:MAX_DATASETS]


def _state(event: Any) -> str:
    state = part(event, "eventType")
    return str(state.value if isinstance(state, Enum) else state or "OTHER").upper()


def _is_streaming(event: Any) -> bool:
    job_type = facet(part(event, "job"), "jobType", Counter())
    return text(job_type, "processingType").upper() == "STREAMING"
