"""Wait until tables are visible at Monte Carlo, with their columns, volume and freshness."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.tables import table_name
from airflow_provider_montecarlo_push.graphql.visibility.expecting import Expectation, Item, fits
from airflow_provider_montecarlo_push.graphql.visibility.metadata import BYTE_COUNT, FRESHNESS, METRICS, ROW_COUNT
from airflow_provider_montecarlo_push.hooks.flags import as_bool
from airflow_provider_montecarlo_push.operators.given import as_list, as_texts, is_given
from airflow_provider_montecarlo_push.sensors.base import MonteCarloVisibilitySensor, Wanted
from airflow_provider_montecarlo_push.sensors.parameters import push_result, timestamp
from airflow_provider_montecarlo_push.sensors.samples import MOST_BATCHES, Pushed, Sampled, spread

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

_MOST_FIELDS = 50


class _Names(Struct):
    database: str
    schema: str
    name: str


class _Field(Struct):
    name: str


class _Volume(Struct):
    row_count: int | None = None
    byte_count: int | None = None


class _Asset(Struct):
    metadata: _Names
    fields: list[_Field] = []
    volume: _Volume | None = None
    freshness: dict[str, Any] | None = None

    def metrics(self) -> dict[str, float | None]:
        """Return what was pushed of each metric. Monte Carlo does not say in which unit it shows freshness."""
        volume = self.volume or _Volume()
        values = {ROW_COUNT: volume.row_count, BYTE_COUNT: volume.byte_count}
        found: dict[str, float | None] = {name: value for name, value in values.items() if value is not None}
        return found | ({FRESHNESS: None} if self.freshness else {})


class _Line(Struct):
    relational_asset: _Asset


_DECODER = msgspec.json.Decoder(_Line)


class MonteCarloMetadataSensor(MonteCarloVisibilitySensor):
    """Wait until tables are visible, with their columns, and until points of their volume and freshness arrive.

    Of a push, one table of each acknowledged batch is looked for, of at most 500 batches evenly spread; for 20 of those
    the columns and metrics that were pushed as well. Without a receipt, each invocation id of the result is to show
    some table. Further parameters: those of :class:`MonteCarloVisibilitySensor` and Airflow's for sensors.

    :param tables: instead of ``push``, names ``database.schema.table`` or objects ``{"database", "schema", "name"}``,
        an object with ``fields``, the columns to wait for, where they are to be certain ones.
    :param invocation_ids: instead of ``push``, or with ``tables``: invocations of which some table is to be visible.
    :param fields: whether to wait for columns.
    :param metrics: which of ``row_count``, ``byte_count`` and ``freshness`` to wait for; of a push those that it
        carried, unless given; of named tables none.
    :param since: ISO 8601 with an offset; for named tables, points in the hour of this or later count. When the run
        was due, unless given.
    """

    subject: ClassVar[str] = "metadata"
    template_fields: Sequence[str] = (
        *MonteCarloVisibilitySensor.template_fields,
        "tables",
        "invocation_ids",
        "fields",
        "metrics",
        "since",
    )

    def __init__(
        self,
        *,
        tables: Sequence[str | Mapping[str, Any]] | str | None = None,
        invocation_ids: Sequence[str] | str | None = None,
        fields: bool | str = True,
        metrics: Sequence[str] | str | None = None,
        since: datetime | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tables = tables
        self.invocation_ids = invocation_ids
        self.fields = fields
        self.metrics = metrics
        self.since = since

    def expect(self, context: Context) -> Wanted:
        """Return what to wait for; see :meth:`MonteCarloVisibilitySensor.expect`."""
        tables, ids = as_list(self.tables, "tables"), as_texts(self.invocation_ids, "invocation_ids")
        if tables or ids:
            if is_given(self.push):
                raise ConfigurationError("Give push, or tables and invocation_ids, not both.")
            resource = self.warehouse()
            items = [self._named_table(value, resource, context) for value in tables]
            return _wanted(items, ids, [resource])
        if not is_given(self.push) and not (self.tables is None and self.invocation_ids is None):
            raise ConfigurationError("tables and invocation_ids are empty: give some of them, or push.")
        push = push_result(self.push)
        if not push.get("receipt"):
            return _wanted([], push["invocation_ids"], [self.warehouse(push.get("resource_uuid"))])
        pushed = Pushed(push, Flow.METADATA)
        resource = self.warehouse(pushed.resource_uuid)
        items = [self._pushed_table(sampled, resource) for sampled in pushed.sample(_richness)]
        log.info(
            "Looking for %d tables, one of each batch%s.",
            len(items),
            "" if len(items) == pushed.summary.batches else f" of {len(items)} among {pushed.summary.batches:,}",
        )
        while not fits({"tables": items}):
            items = items[::2]
            log.info("Names are long: looking for every second of them, %d.", len(items))
        return _wanted(items, [], [resource])

    def _named_table(self, value: Any, resource: str, context: Context) -> Item:
        item: Item = {"table": list(table_name(value, "tables")), "resource": resource}
        names = as_texts(value.get("fields"), "fields of tables") if isinstance(value, Mapping) else []
        if names or as_bool(self.fields, "fields"):
            item["fields"] = names or True
        metrics = self._metrics()
        if metrics:
            item |= {"metrics": dict.fromkeys(metrics), "since": self._since(context)}
        return item

    def _pushed_table(self, sampled: Sampled, resource: str) -> Item:
        asset = _DECODER.decode(sampled.line).relational_asset
        names = asset.metadata
        at = sampled.acknowledgement.at.isoformat()
        item: Item = {
            "table": [names.database, names.schema, names.name],
            "resource": resource,
            "pushed": {"invocation": sampled.acknowledgement.invocation_id, "at": at},
        }
        if not sampled.detailed:
            return item
        if asset.fields and as_bool(self.fields, "fields"):
            item["fields"] = [field.name for field in spread(asset.fields, len(asset.fields), _MOST_FIELDS)]
        metrics = asset.metrics()
        if self.metrics is not None:  # An empty list is for none of them.
            metrics = {name: value for name, value in metrics.items() if name in self._metrics()}
        return item | ({"metrics": metrics, "since": at} if metrics else {})

    def _metrics(self) -> list[str]:
        names = as_list(self.metrics, "metrics")
        unknown = [name for name in names if name not in METRICS]
        if unknown:
            raise ConfigurationError(f"metrics has {unknown[0]!r}; give some of {', '.join(METRICS)}.")
        return [METRICS[name] for name in names]

    def _since(self, context: Context) -> str:
        return timestamp(self.since if is_given(self.since) else context["dag_run"].run_after, "since")  # type: ignore[arg-type]


def _richness(line: bytes) -> float:
    asset = _DECODER.decode(line).relational_asset
    return (bool(asset.fields) + len(asset.metrics())) / (1 + len(METRICS))


def _wanted(items: Sequence[Item], invocation_ids: Sequence[str], resources: list[str]) -> Wanted:
    if len(items) > MOST_BATCHES:
        raise ConfigurationError(f"{len(items):,} tables are too many for one sensor; give at most {MOST_BATCHES}.")
    ids = list(spread(invocation_ids, len(invocation_ids), MOST_BATCHES))
    expectation: Expectation = {
        "resources": resources,
        "tables": list(items),
        "invocations": [{"invocation": invocation, "resource": resources[0]} for invocation in ids],
    }
    result = {
        "tables": len(items),
        "with_fields": sum("fields" in item for item in items),
        "metrics": sum(len(item.get("metrics", ())) for item in items),
        "invocations": len(ids) or len({item["pushed"]["invocation"] for item in items if "pushed" in item}),
    }
    return Wanted(expectation, result)
