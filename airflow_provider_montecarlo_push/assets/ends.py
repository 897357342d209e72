"""Ends of edges: a table in a Monte Carlo resource, found for a dataset or counted as left out."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.names import NotATableError, join_name, require_table
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.assets.systems import System
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events.names import TableName

_PLACES = 1_000
_PLACES_SHOWN = 10


class End(NamedTuple):
    """A table at one end of an edge; ``resource`` is ``None`` where the request is to name it."""

    table: TableName
    resource: Resource | None


class Ends:
    """Finds the ends of edges.

    What is not mapped, or no table, is left out: counted in the report, and named in the log and in a note.

    :param resources: what is mapped to which resource.
    """

    def __init__(self, resources: ResourceMap, report: CollectionReport) -> None:
        self.resources = resources
        self.report = report
        self._unmapped: Counter[str] = Counter()

    def end(self, dataset: Dataset) -> End | None:
        """Return the end that a dataset is; ``None``, counted, when it is none."""
        resource = self.resources.of(dataset)
        try:
            table = require_table(dataset, resource.type if resource is not None else None)
        except NotATableError as error:
            self.report.leave_out(error.reason, str(error))
            return None
        return self._mapped(table, dataset, resource)

    def table(self, table: TableName, namespace: str, system: System) -> End | None:
        """Return the end that a table below a namespace is, named as its warehouse stores it; ``None``, counted."""
        dataset = Dataset(namespace, join_name(table[-system.levels :]))
        return self._mapped(table, dataset, self.resources.of(dataset))

    def _mapped(self, table: TableName, dataset: Dataset, resource: Resource | None) -> End | None:
        if resource is None:
            self.report.leave_out("unmapped", f"{dataset.namespace} {dataset.name} is in no mapped resource")
            self._note_place(dataset.namespace)
            return None
        return End(table, resource)

    def unmapped_connection(self, conn_id: str, statements: int) -> None:
        """Count statements whose connection is not mapped."""
        self.report.leave_out(
            "unmapped_statements", f"connection {conn_id!r} is not mapped to a resource", number=statements
        )
        self._note_place(f"connection {conn_id!r}")

    def close(self) -> None:
        """Say once what is not mapped, and how to map it."""
        if not self._unmapped:
            return
        shown = ", ".join(f"{place} ({count})" for place, count in self._unmapped.most_common(_PLACES_SHOWN))
        more = len(self._unmapped) - _PLACES_SHOWN
        self.report.note(
            f"Not mapped to a Monte Carlo resource: {shown}{f' and {more} more' if more > 0 else ''}. "
            f"{self.resources.advice()}"
        )
        self._unmapped.clear()

    def _note_place(self, place: str) -> None:
        if place in self._unmapped or len(self._unmapped) < _PLACES:
            self._unmapped[place] += 1
