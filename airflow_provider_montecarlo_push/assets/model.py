"""What was seen in a run of a task: datasets as OpenLineage names them, edges between them, statements.

An observation says nothing about Monte Carlo's resources: those are looked up when it becomes events, so that a
mapping that was wrong or missing can be mended after the run.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from airflow_provider_montecarlo_push.manifests.model import RunReference


class Dataset(Struct, frozen=True, order=True):
    """A table, or a path on a store.

    :param namespace: where it is, such as ``snowflake://org-account``, ``bigquery`` or ``s3://bucket``; or the id of
        the Airflow connection that it was reached through.
    :param name: what it is called there, such as ``database.schema.table`` or a path.

    Source: "Naming conventions" of the OpenLineage specification.
    """

    namespace: str
    name: str


class DatasetColumn(Struct, frozen=True, order=True):
    """A column of a dataset."""

    dataset: Dataset
    column: str


class ObservedEdge(Struct, omit_defaults=True):
    """A dataset that was written, and what it was written from.

    :param columns: which columns fed which of the destination's.
    """

    destination: Dataset
    sources: list[Dataset] = field(default_factory=list)
    columns: dict[str, list[DatasetColumn]] = field(default_factory=dict)


class ObservedStatement(Struct, omit_defaults=True):
    """SQL that a hook ran.

    :param conn_id: the Airflow connection that it ran on.
    :param conn_type: that connection's type, which tells the dialect.
    :param database: in which names without a database are looked up; ``schema`` likewise.
    :param job_id: the query's id in the warehouse, where the hook knows it.
    :param namespace: where it ran, as in :class:`Dataset`, where the hook knows it.
    """

    sql: str
    conn_id: str
    conn_type: str
    database: str | None = None
    schema: str | None = None
    job_id: str | None = None
    namespace: str | None = None


class Observation(Struct, omit_defaults=True, kw_only=True):
    """What one run of a task did.

    :param at: when it ended.
    :param edges: what was said about its inlets and outlets.
    :param statements: what it ran, in order.
    :param updated: datasets that are fresh now, whether or not it is known where from.
    :param left_out: what was seen and is not in here, by reason.
    """

    run: RunReference
    at: datetime
    edges: list[ObservedEdge] = field(default_factory=list)
    statements: list[ObservedStatement] = field(default_factory=list)
    updated: list[Dataset] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
