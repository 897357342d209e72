"""SQL statements and the lineage that they mean, by dialect; and how what the engine says compares with that."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from airflow_provider_montecarlo_push.events import LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.lineage import LineageParser, LineageResult

FOLDER = Path(__file__).parent

Name = tuple[str, ...]
Columns = dict[str, frozenset[Name]]


@dataclass(frozen=True)
class Edge:
    """A destination, its sources, and its columns with the columns that they are computed from."""

    destination: Name
    sources: frozenset[Name]
    columns: Columns = field(hash=False)


class Verdict(Enum):
    """How well what was found matches what is expected."""

    EXACT = "exact"
    PARTIAL = "partial"  # nothing that is found is wrong, but something is missing
    WRONG = "wrong"
    UNPARSED = "unparsed"  # something is missing, and it was said so


@dataclass(frozen=True)
class CorpusCase:
    """A text and the lineage that it means.

    :param catalog: columns of tables by (database, schema, table).
    :param unparsed: the reasons that are to be reported.
    """

    dialect: str
    name: str
    kind: str
    sql: str
    database: str | None
    schema: str | None
    catalog: dict[Name, list[str]]
    external: bool
    edges: list[Edge]
    unparsed: list[str]

    @property
    def id(self) -> str:
        return f"{self.dialect}-{self.name}"

    def run(self, *, columns: bool = True) -> LineageResult:
        parser = LineageParser(
            "" if self.dialect == "neutral" else self.dialect,
            self.catalog or None,  # type: ignore[arg-type]  # its names have three parts
            columns=columns,
            external=self.external,
        )
        return parser.extract(self.sql, self.database, self.schema)


@cache
def load() -> list[CorpusCase]:
    """Return all cases."""
    return [
        _case(path.stem, item) for path in sorted(FOLDER.glob("*.yaml")) for item in yaml.safe_load(path.read_text())
    ]


def _case(dialect: str, item: dict[str, Any]) -> CorpusCase:
    return CorpusCase(
        dialect=dialect,
        name=item["name"],
        kind=item["kind"],
        sql=item["sql"],
        database=item.get("database"),
        schema=item.get("schema"),
        catalog={_name(name): columns for name, columns in (item.get("catalog") or {}).items()},
        external=item.get("external", False),
        edges=[_edge(edge) for edge in item["edges"]],
        unparsed=item.get("unparsed") or [],
    )


def _edge(item: dict[str, Any]) -> Edge:
    columns = (item.get("columns") or {}).items()
    return Edge(
        destination=_name(item["to"]),
        sources=frozenset(_name(name) for name in item["from"]),
        columns={column: frozenset(_name(ref) for ref in refs) for column, refs in columns},
    )


def _name(written: str | list[str]) -> Name:
    return tuple(written.split(".")) if isinstance(written, str) else tuple(str(part) for part in written)


def found(result: LineageResult) -> list[Edge]:
    """Return the edges of a result in a form that can be compared."""
    return [_found(event) for event in result.edges]


def _found(event: LineageEvent) -> Edge:
    by_id = {source.asset_id: _asset(source) for source in event.sources}
    return Edge(
        destination=_asset(event.destination),
        sources=frozenset(by_id.values()),
        columns={
            column.name: frozenset((*by_id[ref.asset_id], ref.field_name) for ref in column.source_fields)
            for column in event.fields
        },
    )


def _asset(asset: LineageAssetRef) -> Name:
    return (asset.database, asset.schema, asset.name)


def table_verdict(case: CorpusCase, result: LineageResult) -> Verdict:
    """Compare destinations and sources."""
    return _verdict(
        [(e.destination, e.sources) for e in case.edges], [(e.destination, e.sources) for e in found(result)], result
    )


def column_verdict(case: CorpusCase, result: LineageResult) -> Verdict:
    """Compare everything."""
    return _verdict([_whole(edge) for edge in case.edges], [_whole(edge) for edge in found(result)], result)


def _whole(edge: Edge) -> tuple[Name, frozenset[Any]]:
    columns = frozenset((name, ref) for name, refs in edge.columns.items() for ref in refs)
    return (edge.destination, edge.sources | columns)


def _verdict(
    expected: list[tuple[Name, frozenset[Any]]], actual: list[tuple[Name, frozenset[Any]]], result: LineageResult
) -> Verdict:
    if sorted(expected, key=repr) == sorted(actual, key=repr):
        return Verdict.EXACT
    wanted: dict[Name, set[Any]] = {}
    for name, items in expected:
        wanted.setdefault(name, set()).update(items)
    if any(not items <= wanted.get(name, set()) for name, items in actual):
        return Verdict.WRONG
    return Verdict.UNPARSED if result.unparsed else Verdict.PARTIAL
