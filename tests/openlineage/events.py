"""OpenLineage events, made with the client's own classes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.facet_v2 import column_lineage_dataset as columns

from airflow_provider_montecarlo_push.assets.model import Observation, ObservedEdge

SNOWFLAKE = "snowflake://org-account"
_NAMES = UUID("5e3c5c0a-0000-4000-8000-000000000000")


def run_id(number: int = 0) -> str:
    return str(uuid5(_NAMES, str(number)))


def event(
    state: str = "COMPLETE",
    inputs: tuple[Any, ...] = ("DB.S.A",),
    outputs: tuple[Any, ...] = ("DB.S.T",),
    *,
    run: int = 0,
    run_facets: dict[str, Any] | None = None,
    job_facets: dict[str, Any] | None = None,
    at: str = "2024-03-01T12:00:00Z",
) -> RunEvent:
    """Return an event; inputs and outputs may be names of Snowflake tables."""
    return RunEvent(
        eventType=RunState[state],
        eventTime=at,
        run=Run(run_id(run), run_facets or {}),
        job=Job("etl", "load", job_facets or {}),
        inputs=[table_in(one) if isinstance(one, str) else one for one in inputs],
        outputs=[table_out(one) if isinstance(one, str) else one for one in outputs],
    )


def table_in(name: str, namespace: str = SNOWFLAKE, **facets: Any) -> InputDataset:
    return InputDataset(namespace, name, facets=facets)


def table_out(name: str, namespace: str = SNOWFLAKE, **facets: Any) -> OutputDataset:
    return OutputDataset(namespace, name, facets=facets)


def column_lineage(*pairs: tuple[str, str, str], whole: tuple[tuple[str, str], ...] = ()) -> Any:
    """Return the facet: pairs are column, table, its column, and optionally ``DIRECT`` or ``INDIRECT/FILTER``."""
    fields: dict[str, Any] = {}
    for column, table, source, *kind in pairs:
        fields.setdefault(column, columns.Fields(inputFields=[])).inputFields.append(
            columns.InputField(SNOWFLAKE, table, source, [_transformation(one) for one in kind])
        )
    return columns.ColumnLineageDatasetFacet(
        fields=fields, dataset=[columns.InputField(SNOWFLAKE, table, source) for table, source in whole]
    )


def _transformation(kind: str) -> Any:
    type_, _, subtype = kind.partition("/")
    return columns.Transformation(type_, subtype or None)


def shown(edge: ObservedEdge) -> tuple[str, list[str], dict[str, list[str]]]:
    """Return an edge in short: its tables' names, and columns as ``table.column``."""
    return (
        edge.destination.name,
        [source.name for source in edge.sources],
        {name: [f"{one.dataset.name}.{one.column}" for one in sources] for name, sources in edge.columns.items()},
    )


def spooled(root: Path) -> list[Observation]:
    """Return the observations that wait in the spool under a manifest root, oldest first."""
    files = sorted((root / "spool" / "incoming").rglob("*.json.gz"), key=lambda path: path.name)
    return [msgspec.json.decode(gzip.decompress(path.read_bytes()), type=Observation) for path in files]
