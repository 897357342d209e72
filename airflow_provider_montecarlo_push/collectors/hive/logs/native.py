"""Records of ``org.apache.hadoop.hive.ql.hooks.LineageLogger`` to edges.

One JSON document per query that reads: ``vertices`` are columns (``db.table.column``; of a result only ``column`` or
``alias.column``) and tables (``db.table``), ``edges`` go from vertices to vertices. A PROJECTION says what a column is
computed from, a PREDICATE what decides about the rows: condition of a join, filter, grouping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.events import LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName

_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*\n?|\s|\(", re.DOTALL)
_VIEW = re.compile(r"(?:CREATE|ALTER)\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?VIEW\b", re.IGNORECASE)
_SELECT = re.compile(r"SELECT\b", re.IGNORECASE)


class EdgeType(StrEnum):
    """What an edge says."""

    PROJECTION = "PROJECTION"
    PREDICATE = "PREDICATE"


class VertexType(StrEnum):
    """What a vertex is."""

    COLUMN = "COLUMN"
    TABLE = "TABLE"


class _Vertex(msgspec.Struct):
    id: int
    type: VertexType = msgspec.field(name="vertexType")
    name: str = msgspec.field(name="vertexId")


class _Edge(msgspec.Struct):
    sources: list[int]
    targets: list[int]
    type: EdgeType = msgspec.field(name="edgeType")


class NativeLineage(msgspec.Struct):
    """What LineageLogger says about one query.

    :param timestamp: when it began, in seconds since 1970.
    :param duration: how long it took, in milliseconds; not said before Hive 1.2.
    """

    text: str = msgspec.field(name="queryText")
    edges: list[_Edge]
    vertices: list[_Vertex]
    timestamp: int = 0
    duration: int = 0

    @classmethod
    def read(cls, text: str) -> NativeLineage:
        """Return what a JSON text says.

        :raises ValueError: when it is no such document, or not a whole one.
        """
        return _DECODER.decode(text)

    @property
    def end(self) -> datetime:
        """When the query ended."""
        return datetime.fromtimestamp(self.timestamp, UTC) + timedelta(milliseconds=self.duration)

    @property
    def is_known(self) -> bool:
        """Whether it tells the lineage of the query, be it that no table was written.

        It does not where rows come from temporary tables, from files or from VALUES, and where the plan of the query
        cannot be followed.
        """
        tables = {vertex.id for vertex in self.vertices if _is_of_table(vertex)}
        written = [edge for edge in self.edges if not tables.isdisjoint(edge.targets)]
        return any(edge.sources for edge in written) if written else bool(self.edges)

    def events(self) -> Iterator[LineageEvent]:
        """Yield an event per table or view that the query wrote, where it read any other."""
        statement = first_words(self.text)
        if _SELECT.match(statement):
            return  # a column of a result may be called a.b.c
        kind = "VIEW" if _VIEW.match(statement) else "TABLE"
        vertices = {vertex.id: _split(vertex) for vertex in self.vertices}
        edges: dict[TableName, Edge] = {}
        for edge in self.edges:
            sources = _known(vertices, edge.sources)
            for table, column in _known(vertices, edge.targets):
                written = edges.setdefault(table, Edge(table, kind))
                _add(written, column if edge.type is EdgeType.PROJECTION else None, sources)
        for written in edges.values():
            event = written.event()
            if event is not None:
                yield event


_DECODER = msgspec.json.Decoder(NativeLineage)


def _is_of_table(vertex: _Vertex) -> bool:
    return vertex.type is VertexType.TABLE or vertex.name.count(".") > 1


def _known(
    vertices: dict[int, tuple[TableName, str | None] | None], ids: list[int]
) -> list[tuple[TableName, str | None]]:
    return [found for number in ids if (found := vertices.get(number)) is not None]


def _split(vertex: _Vertex) -> tuple[TableName, str | None] | None:
    """Return table and column of a vertex; ``None`` for a column of a result.

    Names of databases and tables hold no dots; those of columns may.
    """
    database, _, rest = vertex.name.partition(".")
    if vertex.type is VertexType.TABLE:
        return (TableName(database, database, rest), None) if rest else None
    table, _, column = rest.partition(".")
    return (TableName(database, database, table), column) if column else None


def _add(edge: Edge, column: str | None, sources: list[tuple[TableName, str | None]]) -> None:
    for table, source in sources:
        if edge.add_source(table, "TABLE") and column is not None and source is not None:
            edge.fields.setdefault(column, set()).add((table, source))


def first_words(text: str) -> str:
    """Return a statement without the comments, white space and parentheses before its first word."""
    position = 0
    while match := _COMMENT.match(text, position):
        position = match.end()
    return text[position:]
