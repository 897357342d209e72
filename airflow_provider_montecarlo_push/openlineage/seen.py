"""What the events of a run have said so far: all of it is additive, and little is said twice."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from airflow_provider_montecarlo_push.assets.model import (
    Dataset,
    DatasetColumn,
    Observation,
    ObservedEdge,
    ObservedStatement,
)
from airflow_provider_montecarlo_push.openlineage.columns import StatedLineage
from airflow_provider_montecarlo_push.openlineage.statements import statement_of

_GONE = frozenset({"DROP"})
_SAME_ROWS = frozenset({"ALTER", "DROP"})


@dataclass
class SeenOutput:
    """An output.

    :ivar stated: where it comes from, when facets say it.
    :ivar change: of the facet ``lifecycleStateChange``, such as ``DROP``.
    """

    stated: StatedLineage | None = None
    change: str = ""


@dataclass
class SeenRun:
    """What is known of a run.

    :ivar tables: each dataset that was named, and the table that it is.
    :ivar sql: what was run, where that is said; its datasets were found by parsing it.
    :ivar left_out: what events of it say and is not here, by reason; they say much of it again and again.
    :ivar reported: what was told of it last.
    """

    inputs: dict[Dataset, None] = field(default_factory=dict)
    outputs: dict[Dataset, SeenOutput] = field(default_factory=dict)
    tables: dict[Dataset, Dataset] = field(default_factory=dict)
    sql: str = ""
    is_complete: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    reported: Observation | None = None

    def add(self, other: SeenRun) -> None:
        """Add what a later event says; a facet takes the place of an earlier one of its name."""
        self.inputs |= other.inputs
        self.tables |= other.tables
        self.left_out |= other.left_out
        self.sql = other.sql or self.sql
        self.is_complete |= other.is_complete
        for dataset, output in other.outputs.items():
            known = self.outputs.setdefault(dataset, SeenOutput())
            known.stated = output.stated or known.stated
            known.change = output.change or known.change

    @property
    def size(self) -> int:
        """How much there is to remember: datasets, pairs of columns, and SQL."""
        pairs = sum(
            len(sources)
            for output in self.outputs.values()
            if output.stated is not None
            for sources in output.stated.columns.values()
        )
        return len(self.tables) + pairs + len(self.sql) // 100

    def updated(self) -> list[Dataset]:
        """Return the tables that have new rows."""
        tables = (self._table(name) for name, output in self.outputs.items() if output.change not in _SAME_ROWS)
        return list(dict.fromkeys(tables))

    def statement(self) -> ObservedStatement | None:
        """Return the SQL that ran, where it says more than the event; see :func:`.statements.statement_of`."""
        if len(self.outputs) < 2 or any(output.stated and output.stated.is_whole for output in self.outputs.values()):
            return None
        return statement_of(self.sql, self.tables.values())

    def edges(self, left_out: Counter[str]) -> list[ObservedEdge]:
        """Return an edge for each output that comes from something.

        All inputs feed an output, unless facets say better. Where there are several outputs, one whose facets name its
        sources has those, and the inputs that no output's facets name. A table that is its own source is left out, as
        producers name the target of a MERGE among the inputs.
        """
        stated = self._stated(left_out)
        named = {source for said in stated.values() for source in said.sources}
        unnamed = [dataset for dataset in self.inputs if dataset not in named]
        edges: dict[Dataset, ObservedEdge] = {}
        for name, output in self.outputs.items():
            if output.change in _GONE:
                left_out["dropped_tables"] += 1
                continue
            table = self._table(name)
            edge = edges.setdefault(table, ObservedEdge(table))
            said = stated.get(name, StatedLineage())
            sources = (*edge.sources, *(self._table(source) for source in self._sources(said, unnamed)))
            edge.sources = [source for source in dict.fromkeys(sources) if source != table]
            self._add_columns(edge, said)
        return [edge for edge in edges.values() if edge.sources]

    def _sources(self, said: StatedLineage, unnamed: list[Dataset]) -> list[Dataset]:
        if said.is_whole:
            return list(said.sources)
        others = unnamed if len(self.outputs) > 1 and said.sources else self.inputs
        return [*others, *said.sources]

    def _add_columns(self, edge: ObservedEdge, said: StatedLineage) -> None:
        for column, sources in said.columns.items():
            pairs = [DatasetColumn(self._table(source.dataset), source.column) for source in sources]
            known = dict.fromkeys((*edge.columns.get(column, ()), *pairs))
            others = [pair for pair in known if pair.dataset != edge.destination]
            if others:
                edge.columns[column] = others

    def _stated(self, left_out: Counter[str]) -> dict[Dataset, StatedLineage]:
        """Return what facets say of each output, but for what cannot be of each.

        OpenLineage's SQL parser has one column lineage for all statements of a task, and Airflow's provider gives it to
        every output.
        """
        stated = {name: output.stated for name, output in self.outputs.items() if output.stated is not None}
        if not self.sql or len(stated) < 2:
            return stated
        shared = [
            name
            for name, said in stated.items()
            if said.columns and any(said == other for other_name, other in stated.items() if other_name != name)
        ]
        for name in shared:
            left_out["columns_of_several_outputs"] += len(stated.pop(name).columns)
        return stated

    def _table(self, dataset: Dataset) -> Dataset:
        return self.tables.get(dataset, dataset)


class SeenRuns:
    """Remembers runs until they end, the latest ones.

    :param runs: how many.
    :param size: how many datasets and pairs of columns of all of them.
    :ivar forgotten: how many were given up before they ended.
    """

    def __init__(self, runs: int = 1_000, size: int = 100_000) -> None:
        self._runs = runs
        self._size = size
        self._seen: OrderedDict[str, SeenRun] = OrderedDict()
        self._total = 0
        self.forgotten = 0

    def add(self, run_id: str, seen: SeenRun) -> SeenRun:
        """Add what an event of a run says, and return all that is known of the run."""
        known = self._seen.setdefault(run_id, SeenRun())
        self._total -= known.size
        known.add(seen)
        self._total += known.size
        self._seen.move_to_end(run_id)
        while len(self._seen) > 1 and (len(self._seen) > self._runs or self._total > self._size):
            _, oldest = self._seen.popitem(last=False)
            self._total -= oldest.size
            self.forgotten += not oldest.is_complete
        return known

    def end(self, run_id: str) -> None:
        """Forget a run."""
        known = self._seen.pop(run_id, None)
        self._total -= known.size if known is not None else 0
