"""A short notation for what a text of SQL should give, and the comparison with what it does give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.events import LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.lineage import LineageResult, extract_lineage

Name = tuple[str, str, str]
Edge = tuple[Name, str, frozenset[Name], tuple[tuple[str, frozenset[tuple[Name, str]]], ...]]


@dataclass(frozen=True)
class Expected:
    """One edge.

    :param destination: ``table``, ``schema.table`` or ``database.schema.table``; a tuple where parts hold dots.
    :param sources: likewise, separated by blanks or as a sequence.
    :param columns: column → ``table.column …`` by the last part of a source's name, or pairs.
    """

    destination: str | Name
    sources: str | Sequence[str | Name]
    columns: Mapping[str, str | Sequence[tuple[str, str]]]
    kind: str = "TABLE"


def edge(
    destination: str | Name,
    sources: str | Sequence[str | Name],
    columns: Mapping[str, str | Sequence[tuple[str, str]]] | None = None,
    *,
    kind: str = "TABLE",
    **more: str,
) -> Expected:
    """Build an expected edge; columns with plain names can be keywords."""
    return Expected(destination, sources, {**(columns or {}), **more}, kind)


@dataclass(frozen=True)
class Case:
    """A text and what it should give.

    :param unparsed: the reasons that should be reported, in order.
    :param counts: counts that should be there, besides others.
    """

    name: str
    sql: str
    edges: Sequence[Expected]
    dialect: str = "snowflake"
    database: str | None = "DB"
    schema: str | None = "SC"
    catalog: Mapping[str, str] = field(default_factory=dict)
    unparsed: Sequence[str] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def full(self, name: str | Name) -> Name:
        if isinstance(name, tuple):
            return name
        parts = name.split(".")
        defaults = [self.database or "", self.schema or ""]
        database, schema, table = [*defaults[: 3 - len(parts)], *parts]
        return (database, schema, table)

    def run(self) -> LineageResult:
        catalog = {self.full(name): columns.split() for name, columns in self.catalog.items()}
        return extract_lineage(
            self.sql,
            dialect=self.dialect,
            default_database=self.database,
            default_schema=self.schema,
            catalog=catalog or None,
        )

    def expected(self) -> list[Edge]:
        return [self._expected(item) for item in self.edges]

    def _expected(self, item: Expected) -> Edge:
        listed = item.sources.split() if isinstance(item.sources, str) else item.sources
        sources = [self.full(name) for name in listed]
        by_name = {name[2]: name for name in sources}
        columns = []
        for column, cited in item.columns.items():
            pairs = [tuple(ref.split(".")) for ref in cited.split()] if isinstance(cited, str) else cited
            columns.append((column, frozenset((by_name[table], name) for table, name in pairs)))
        return (self.full(item.destination), item.kind, frozenset(sources), tuple(sorted(columns)))


def edges_of(result: LineageResult) -> list[Edge]:
    """Return the edges of a result in a form that can be compared."""
    return [_edge(event) for event in result.edges]


def _edge(event: LineageEvent) -> Edge:
    by_id = {source.asset_id: _name(source) for source in event.sources}
    columns = sorted(
        (column.name, frozenset((by_id[ref.asset_id], ref.field_name) for ref in column.source_fields))
        for column in event.fields
    )
    sources = frozenset(_name(source) for source in event.sources)
    return (_name(event.destination), event.destination.type, sources, tuple(columns))


def _name(asset: LineageAssetRef) -> Name:
    return (asset.database, asset.schema, asset.name)


def check(case: Case) -> None:
    """Run ``case`` and compare everything."""
    result = case.run()
    assert edges_of(result) == case.expected()
    assert [item.reason for item in result.unparsed] == list(case.unparsed)
    for event in result.edges:
        ids = [source.asset_id for source in event.sources]
        assert None not in ids
        assert len(set(ids)) == len(ids)
        assert all(column.source_fields for column in event.fields)
        names = [column.name for column in event.fields]
        assert len(set(names)) == len(names)
    for reason, number in case.counts.items():
        assert result.counts[reason] == number, dict(result.counts)
