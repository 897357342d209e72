"""What facets say of where a dataset and its columns come from.

Sources: the facets ``columnLineage`` and ``lineage`` of the OpenLineage specification.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from airflow_provider_montecarlo_push.assets.model import Dataset, DatasetColumn
from airflow_provider_montecarlo_push.openlineage.values import dataset_of, facet, part, several, text

# Indirect transformations whose column is in the expression itself: what the lineage engine counts in SQL as well.
_IN_EXPRESSION = frozenset({"CONDITIONAL", "WINDOW"})
# Characters of all pairs of an event: the spool takes half a megabyte, and would drop all pairs of what is larger.
_MAX_SIZE = 400_000
_SIZE_OF_KEYS = 60


@dataclass(frozen=True)
class ColumnRules:
    """What becomes a field mapping.

    :param max_columns: how many pairs of columns of one event at most; fewer where names are long, as an observation in
        the spool is no larger than half a megabyte.
    :param indirect: whether columns count that only filter, join, group or sort.
    """

    max_columns: int = 3_000
    indirect: bool = False


@dataclass
class StatedLineage:
    """Where one dataset comes from, as facets say.

    :ivar sources: every dataset that is named, in the order they came.
    :ivar columns: which columns feed which of its own.
    :ivar is_whole: whether ``sources`` is all there is.
    """

    sources: dict[Dataset, None] = field(default_factory=dict)
    columns: dict[str, list[DatasetColumn]] = field(default_factory=dict)
    is_whole: bool = False


class ColumnReader:
    """Reads the facets of one event.

    :param left_out: counts what is not taken, by reason.
    """

    def __init__(self, rules: ColumnRules, left_out: Counter[str]) -> None:
        self._rules = rules
        self._left_out = left_out
        self._pairs = 0
        self._size = 0

    def of_dataset(self, dataset: Any) -> StatedLineage | None:
        """Return what the facets of ``dataset`` say; ``None`` when they say nothing."""
        explicit = facet(dataset, "lineage", self._left_out)
        columnar = facet(dataset, "columnLineage", self._left_out)
        stated = self.of_entry(explicit) if explicit is not None else StatedLineage()
        if columnar is not None and not stated.columns:
            self._add_columns(stated, part(columnar, "fields"), "inputFields")
            self._add_sources(stated, several(columnar, "dataset", self._left_out))
        return stated if stated.sources or stated.is_whole else None

    def of_entry(self, entry: Any) -> StatedLineage:
        """Return what a facet ``lineage`` says, or an entry of such a facet."""
        stated = StatedLineage(is_whole=part(entry, "inputs") is not None)
        self._add_sources(stated, several(entry, "inputs", self._left_out))
        if part(entry, "fields") is not None:
            self._add_columns(stated, part(entry, "fields"), "inputs")
        return stated

    def _add_sources(self, stated: StatedLineage, inputs: Sequence[Any]) -> None:
        for _, source in self._named(inputs):
            stated.sources[source] = None

    def _add_columns(self, stated: StatedLineage, fields: Any, inputs: str) -> None:
        if not isinstance(fields, Mapping):
            self._left_out["malformed_facets"] += 1
            return
        for column, entry in fields.items():
            for given, source in self._named(several(entry, inputs, self._left_out)):
                stated.sources[source] = None
                name = text(given, "field")
                if not isinstance(column, str) or not column.strip() or not name:
                    self._left_out["columns_without_name"] += 1
                elif not self._rules.indirect and not self._is_in_value(given):
                    self._left_out["indirect_columns"] += 1
                else:
                    self._add_pair(stated, column.strip(), DatasetColumn(source, name))

    def _add_pair(self, stated: StatedLineage, column: str, source: DatasetColumn) -> None:
        size = sum(map(len, (column, source.column, *msgspec.structs.astuple(source.dataset)))) + _SIZE_OF_KEYS
        if self._pairs >= self._rules.max_columns or self._size + size > _MAX_SIZE:
            self._left_out["columns_over_limit"] += 1
            return
        self._pairs += 1
        self._size += size
        stated.columns.setdefault(column, []).append(source)

    def _named(self, inputs: Sequence[Any]) -> Iterator[tuple[Any, Dataset]]:
        for given in inputs:
            source = dataset_of(given)
            if text(given, "type").upper() == "JOB":
                self._left_out["job_inputs"] += 1
            elif source is None:
                self._left_out["inputs_without_name"] += 1
            else:
                yield given, source

    def _is_in_value(self, given: Any) -> bool:
        """Tell whether the value is computed from it; it is where nothing is said, as by older producers."""
        said = several(given, "transformations", self._left_out)
        kinds = {text(one, "type").upper() for one in said} - {""}
        subtypes = {text(one, "subtype").upper() for one in said}
        return not kinds or "DIRECT" in kinds or bool(subtypes & _IN_EXPRESSION)
