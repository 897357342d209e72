"""Wait until edges and pairs of columns are in Monte Carlo's lineage graph."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.tables import table_name
from airflow_provider_montecarlo_push.graphql.visibility.expecting import Item, fits
from airflow_provider_montecarlo_push.operators.given import as_list, is_given
from airflow_provider_montecarlo_push.sensors.base import MonteCarloVisibilitySensor, Wanted
from airflow_provider_montecarlo_push.sensors.parameters import push_result
from airflow_provider_montecarlo_push.sensors.samples import Pushed, Sampled, spread

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

_MOST_SOURCES = 3
_MOST_COLUMNS = 10
# What Monte Carlo keeps pairs of columns for.
_COLUMN_LIFETIME = timedelta(days=10)


class _Ref(Struct):
    database: str
    schema: str
    name: str
    asset_id: str | None = None
    resource_uuid: str | None = None

    def item(self, resource: str | None) -> Item:
        """Return the table as conversations have it."""
        return {"table": [self.database, self.schema, self.name], "resource": self.resource_uuid or resource}


class _SourceField(Struct):
    asset_id: str
    field_name: str


class _Column(Struct):
    name: str
    source_fields: list[_SourceField]


class _Event(Struct):
    destination: _Ref
    sources: list[_Ref]
    fields: list[_Column] = []

    def pairs(self) -> list[tuple[_Ref, str, str]]:
        """Return source, its column and the own column for each pair."""
        refs = {ref.asset_id: ref for ref in self.sources}
        return [(refs[s.asset_id], s.field_name, column.name) for column in self.fields for s in column.source_fields]


_DECODER = msgspec.json.Decoder(_Event)


class MonteCarloLineageSensor(MonteCarloVisibilitySensor):
    """Wait until a table shows its upstream tables, and columns show what is computed from them.

    Of a push, one destination of each acknowledged batch is looked for, of at most 500 batches evenly spread, with up
    to three of its sources; for 20 of those up to ten pairs of columns as well, unless they were pushed more than ten
    days ago, when Monte Carlo has dropped them. The graph does not say which push an edge is from: one that was there
    before counts. Further parameters: those of :class:`MonteCarloVisibilitySensor` and Airflow's for sensors.

    :param table: instead of ``push``, ``database.schema.table`` or ``{"database", "schema", "name"}``.
    :param upstream: tables, named likewise; with ``resource_uuid`` in an object where it is in another warehouse.
    :param columns: pairs of columns, each ``[upstream table, its column, column of table]``.
    """

    subject: ClassVar[str] = "lineage"
    template_fields: Sequence[str] = (*MonteCarloVisibilitySensor.template_fields, "table", "upstream", "columns")

    def __init__(
        self,
        *,
        table: str | Mapping[str, Any] | None = None,
        upstream: Sequence[str | Mapping[str, Any]] | str | None = None,
        columns: Sequence[Sequence[Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.upstream = upstream
        self.columns = columns

    def expect(self, context: Context) -> Wanted:  # noqa: ARG002 - the base's argument
        """Return what to wait for; see :meth:`MonteCarloVisibilitySensor.expect`."""
        if any(is_given(value) for value in (self.table, self.upstream, self.columns)):
            if is_given(self.push):
                raise ConfigurationError("Give push, or table with upstream and columns, not both.")
            return _wanted([self._named_edge()])
        push = push_result(self.push)
        if not push.get("receipt"):
            raise ConfigurationError(
                "A push without a manifest does not tell which edges it sent: give table and upstream, or wait with "
                "MonteCarloPushReceivedSensor."
            )
        pushed = Pushed(push, Flow.LINEAGE)
        # Events that cross warehouses name their own.
        named = is_given(self.resource_uuid) or pushed.resource_uuid
        resource = self.warehouse(pushed.resource_uuid) if named else None
        items = [_pushed_edges(sampled, resource) for sampled in pushed.sample(_richness)]
        while not fits({"edges": items}):
            items = items[::2]
        log.info("Looking for the edges of %d tables, of %s batches.", len(items), f"{pushed.summary.batches:,}")
        return _wanted(items)

    def _named_edge(self) -> Item:
        upstream, pairs = as_list(self.upstream, "upstream"), as_list(self.columns, "columns")
        if not is_given(self.table) or not (upstream or pairs):
            raise ConfigurationError("Give table, and its upstream tables or pairs of columns.")
        resource = self.warehouse()
        item = _named(self.table, "table", resource)
        sources = [_named(value, "upstream", resource) for value in upstream]
        columns = []
        for pair in pairs:
            whole = isinstance(pair, list | tuple) and len(pair) == 3
            if not whole or not all(isinstance(name, str) and name.strip() for name in pair[1:]):
                raise ConfigurationError(f"columns has {pair!r}; write [upstream table, its column, column of table].")
            source = _named(pair[0], "columns", resource)
            if source not in sources:
                sources.append(source)
            columns.append([sources.index(source), pair[1], pair[2]])
        return item | {"upstream": sources, "columns": columns}


def _named(value: Any, what: str, resource: str) -> Item:
    own = value.get("resource_uuid") if isinstance(value, Mapping) else None
    return {"table": list(table_name(value, what)), "resource": check_resource_uuid(own) if own else resource}


def _richness(line: bytes) -> float:
    return 1.0 if _DECODER.decode(line).fields else 0.0


def _pushed_edges(sampled: Sampled, resource: str | None) -> Item:
    event = _DECODER.decode(sampled.line)
    pairs: list[tuple[_Ref, str, str]] = []
    if sampled.detailed and datetime.now(UTC) - sampled.acknowledgement.at < _COLUMN_LIFETIME:
        all_pairs = event.pairs()
        pairs = list(spread(all_pairs, len(all_pairs), _MOST_COLUMNS))
    upstream: list[Item] = []
    for ref in (*spread(event.sources, len(event.sources), _MOST_SOURCES), *(ref for ref, _, _ in pairs)):
        if ref.item(resource) not in upstream:
            upstream.append(ref.item(resource))
    columns = [[upstream.index(ref.item(resource)), column, own] for ref, column, own in pairs]
    return event.destination.item(resource) | {"upstream": upstream, "columns": columns}


def _wanted(items: list[Item]) -> Wanted:
    resources = {item["resource"] for item in items}
    resources |= {source["resource"] for item in items for source in item["upstream"]}
    result = {
        "tables": len(items),
        "edges": sum(len(item["upstream"]) for item in items),
        "column_pairs": sum(len(item["columns"]) for item in items),
    }
    return Wanted({"resources": sorted(resources), "edges": items}, result)
