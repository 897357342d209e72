"""The edge of one job: its tables as JOBS lists them, its columns and views by the text of its statement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_montecarlo_push.collectors.bigquery.names import (
    References,
    is_system,
    is_temporary,
    table_name,
)
from airflow_provider_montecarlo_push.collectors.bigquery.options import Options
from airflow_provider_montecarlo_push.collectors.bigquery.schemas import Schemas
from airflow_provider_montecarlo_push.collectors.bigquery.shards import asset_name, is_sharded, is_wildcard
from airflow_provider_montecarlo_push.collectors.bigquery.staging import Staging
from airflow_provider_montecarlo_push.collectors.edges import Edge
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import LineageAssetRef, LineageEvent
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import InvalidEventError

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage import LineageParser, LineageResult

NATIVE = "edges_native"
PARSED = "edges_parsed"

# These move rows for certain, so that destination and references make an edge even if the text cannot be parsed.
_MOVES_ROWS = frozenset({"CREATE_TABLE_AS_SELECT", "INSERT", "MERGE", "SELECT", "UPDATE"})
# Its destination is set beside the text, which only reads.
_QUERY = "SELECT"
_TEMPORARY_TABLE = re.compile(r"\b(CREATE\s+(?:OR\s+REPLACE\s+)?)TEMP(?:ORARY)?\s+(?=TABLE\b)", re.IGNORECASE)
_MOST_OF_WILDCARD = 200


@dataclass(frozen=True)
class Job:
    """What JOBS says about a job that wrote.

    :param text: its statement; ``None`` where the view has none.
    :param destination: as JOBS gives it, ``None`` for some DML.
    :param references: tables that it names, perhaps its destination among them.
    """

    job_id: str
    project: str
    text: str | None
    statement_type: str | None
    destination: TableName | None
    references: tuple[TableName, ...]

    @classmethod
    def of(
        cls,
        job_id: str,
        project: str,
        text: str | None,
        statement_type: str | None,
        destination: Mapping[str, Any] | None,
        references: Sequence[Mapping[str, Any]] | None,
    ) -> Job:
        """Return the job of a row."""
        found = (table_name(reference) for reference in references or ())
        names = tuple(name for name in found if name is not None)
        return cls(job_id, project, text, statement_type, table_name(destination), names)


class Relations:
    """Turns the names of a job into those of the catalog."""

    def __init__(self, schemas: Schemas, options: Options) -> None:
        self._schemas = schemas
        self._options = options

    def of(self, name: TableName, asset_type: str | None = None) -> Iterator[tuple[TableName, str]]:
        """Yield the tables and asset types that a name stands for: several for a wildcard over no date shards."""
        found = TableName(name.database, name.schema, asset_name(name.name))
        if is_wildcard(found.name) and not is_sharded(name.name) and found.name == name.name:
            yield from self._matching(found)
            return
        if is_sharded(found.name) and self._schemas.asset_type(*found) is None:
            members = list(self._matching(found))
            if members:
                yield from members
                return
        yield found, self._type(found, asset_type)

    def _matching(self, wildcard: TableName) -> Iterator[tuple[TableName, str]]:
        """Yield the tables of the catalog that a wildcard matches, if they are known and not too many."""
        members = self._schemas.beginning_with(wildcard.database, wildcard.schema, wildcard.name[:-1])
        if 0 < len(members) <= _MOST_OF_WILDCARD:
            for member in members:
                name = TableName(wildcard.database, wildcard.schema, member)
                yield name, self._type(name, None)
        elif not is_sharded(wildcard.name):
            yield wildcard, "WILDCARD_TABLE" if self._options.keep_asset_types else "TABLE"

    def _type(self, name: TableName, asset_type: str | None) -> str:
        kind = asset_type or self._schemas.asset_type(*name) or "TABLE"
        return kind if kind == "VIEW" else self._options.asset_type(None, name.name)


class JobEdges:
    """Turns jobs, in the order in which they ended, into edges.

    :param parser: for BigQuery's SQL.
    """

    def __init__(self, parser: LineageParser, relations: Relations, report: CollectionReport) -> None:
        self._parser = parser
        self._relations = relations
        self._report = report
        self._staging = Staging()

    def of(self, job: Job) -> Iterator[tuple[str, LineageEvent]]:
        """Yield the edges of a job, each with :data:`NATIVE` or :data:`PARSED`: what told its destination."""
        listed = (*job.references, *((job.destination,) if job.destination else ()))
        references = References(job.project, listed)
        text = self._parse(job, references)
        for name, event in self._destinations(job, references, text):
            edge = self._edge(job, name, event, references)
            if is_temporary(edge.destination):
                self._stage(edge)
            elif (found := self._event(edge, job)) is not None:
                yield NATIVE if job.destination is not None else PARSED, found

    def _parse(self, job: Job, references: References) -> LineageResult | None:
        """Return what the text says, ``None`` without one."""
        if not job.text:
            self._report.count("jobs_without_text")
            return None
        text = job.text
        if job.destination is not None and job.statement_type == _QUERY:
            text = f"CREATE TABLE {'.'.join(f'`{part}`' for part in job.destination)} AS\n{text}"
        elif job.destination is not None and is_temporary(job.destination):
            text = _TEMPORARY_TABLE.sub(r"\1", text, count=1)
        result = self._parser.extract(text, job.project, references.default_dataset)
        self._report.count("statements_parsed")
        for unparsed in result.unparsed:
            self._report.leave_out(unparsed.reason, f"job {job.job_id}: {unparsed.detail}")
        return result

    def _destinations(
        self, job: Job, references: References, text: LineageResult | None
    ) -> list[tuple[TableName, LineageEvent | None]]:
        """Return what the job wrote, with what the text says of it."""
        named: list[tuple[TableName, LineageEvent | None]] = []
        for event in text.edges if text is not None else ():
            name = references.resolve(_name(event.destination))
            if name is not None and job.destination in (name, None):
                named.append((name, event))
        if named:
            return named
        if job.statement_type not in _MOVES_ROWS:
            self._report.count("statements_without_edges")
        elif text is not None and not text.unparsed and not text.edges:
            # Understood, and it reads nothing: VALUES, for one.
            self._report.count("writes_without_source")
        elif job.destination is not None:
            return [(job.destination, None)]
        else:
            self._report.leave_out("unknown_destination", f"job {job.job_id}")
        return []

    def _edge(self, job: Job, name: TableName, event: LineageEvent | None, references: References) -> Edge:
        ((destination, asset_type), *_) = self._relations.of(name) if not is_temporary(name) else [(name, "TABLE")]
        edge = Edge(destination, asset_type)
        aliases: dict[str, TableName] = {}
        views = False
        for source in event.sources if event is not None else ():
            found = references.resolve(_name(source))
            if found is None:
                self._report.leave_out("unresolved_name", f"job {job.job_id}: {source.name}")
                continue
            views |= source.type == "VIEW"
            self._add(edge, found, source.type if source.type == "VIEW" else None)
            aliases[source.asset_id or ""] = found
        self._add_native(edge, job, name, aliases, beside_views=views)
        for column in event.fields if event is not None else ():
            for cited in column.source_fields:
                if cited.asset_id in aliases:
                    self._add_column(edge, column.name, aliases[cited.asset_id], cited.field_name)
        return edge

    def _add_native(
        self, edge: Edge, job: Job, name: TableName, aliases: Mapping[str, TableName], *, beside_views: bool
    ) -> None:
        """Add what JOBS lists and the text does not name: tables that functions read; tables behind views are not."""
        named = set(aliases.values())
        for reference in job.references:
            if reference == name or reference in named:
                continue
            if beside_views:
                self._report.count("sources_behind_views")
            else:
                self._add(edge, reference, None)

    def _add(self, edge: Edge, source: TableName, asset_type: str | None) -> None:
        if is_system(source):
            self._report.count("system_views_read")
        elif not is_temporary(source):
            for name, kind in self._relations.of(source, asset_type):
                edge.add_source(name, kind)
        elif (staged := self._staging.read(source)) is not None:
            self._report.count("reads_resolved_through")
            for name, kind in staged.sources.items():
                edge.add_source(name, kind)
        else:
            self._report.leave_out("unknown_temporary_table", str(source))

    def _add_column(self, edge: Edge, column: str, source: TableName, source_column: str) -> None:
        if is_temporary(source):
            staged = self._staging.read(source)
            origins = staged.columns.get(source_column.lower(), set()) if staged is not None else set()
        elif is_system(source):
            origins = set()
        else:
            origins = {(name, source_column) for name, _ in self._relations.of(source)}
        known = {(name, origin) for name, origin in origins if name in edge.sources}
        if known:
            edge.fields.setdefault(column, set()).update(known)

    def _stage(self, edge: Edge) -> None:
        self._report.count("temporary_tables_written")
        if self._staging.write(edge):
            self._report.count("tables_forgotten")

    def _event(self, edge: Edge, job: Job) -> LineageEvent | None:
        try:
            event = edge.event()
        except InvalidEventError as error:
            self._report.leave_out("invalid", f"job {job.job_id}: {error}")
            return None
        if event is None:
            self._report.count("writes_without_source")
        return event


def _name(ref: LineageAssetRef) -> TableName:
    return TableName(ref.database, ref.schema, ref.name)
