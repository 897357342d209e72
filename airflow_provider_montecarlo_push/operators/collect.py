"""Collect one flow from a warehouse into a manifest; the connection's type picks the collector."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator, redact

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.run import collect
from airflow_provider_montecarlo_push.collectors.windows import explicit_window, window_of_run
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import check_log_type, check_resource_type
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidWindowError
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.flags import as_bool
from airflow_provider_montecarlo_push.hooks.locations import folder_of_run, manifest_root, run_of
from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest, TimeWindow
from airflow_provider_montecarlo_push.operators.sources import collector_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.collectors.base import Collector

log = logging.getLogger(__name__)

Patterns = str | Sequence[str] | None


class MonteCarloCollectOperator(BaseOperator):
    """Base of the collect operators.

    The XCom result is ``{"uri", "flow", "events", "counts", "left_out", "complete"}``; give it to the push operator
    of the same flow.

    :param source_conn_id: Airflow connection of the warehouse; its type picks the collector.
    :param collector: dotted path of a :class:`Collector` class of your own, instead.
    :param collector_kwargs: options of the collector, such as ``{"freshness": "dml"}`` for Snowflake.
    :param manifest_root: where manifests are kept, instead of ``[montecarlo_push] manifest_root``.
    """

    flow: ClassVar[Flow]
    template_fields: Sequence[str] = ("source_conn_id", "collector", "collector_kwargs", "manifest_root")
    ui_color = "#e8edfb"

    def __init__(
        self,
        *,
        source_conn_id: str,
        collector: str | None = None,
        collector_kwargs: dict[str, Any] | None = None,
        manifest_root: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_conn_id = source_conn_id
        self.collector = collector
        self.collector_kwargs = collector_kwargs
        self.manifest_root = manifest_root

    def execute(self, context: Context) -> dict[str, Any]:
        """Collect, and return where the manifest is.

        :raises FinalError: when something has to be changed first; Airflow does not retry.
        :raises SourceUnavailableError: when the warehouse does not answer; Airflow retries.
        """
        with airflow_failures():
            run = run_of(context)
            root = manifest_root(self.manifest_root)
            folder = folder_of_run(root, run)
            collector = self._make_collector()
            collector.require(self.flow)
            manifest = Manifest(
                format=FORMAT,
                id="",
                flow=self.flow,
                collector=collector.name,
                source_conn_id=self.source_conn_id,
                scope=self._scope(),
                root=root.uri,
                run=run,
                collected_at=datetime.now(UTC),
            )
            self._complete_header(manifest, collector, context)
            manifest = collect(
                collector,
                manifest,
                folder,
                tables=self._tables(),
                jobs=self._jobs(),
                only_freshness_and_volume=self._only_freshness_and_volume(),
                redact_literals=self._redact_literals(),
            )
        return {
            "uri": folder.uri,
            "flow": manifest.flow.value,
            "events": manifest.events,
            "counts": manifest.counts,
            "left_out": manifest.left_out,
            "complete": manifest.complete,
        }

    def _make_collector(self) -> Collector:
        return collector_of(
            self.source_conn_id,
            self.collector,
            self.collector_kwargs,
            log,
            keep_asset_types=self._keep_asset_types(),
        )

    def _complete_header(self, manifest: Manifest, collector: Collector, context: Context) -> None:
        raise NotImplementedError

    def _tables(self) -> TableFilter:
        return TableFilter()

    def _jobs(self) -> JobFilter | None:
        return None

    def _scope(self) -> dict[str, Any]:
        if not self.collector_kwargs:
            return {}
        # The manifest keeps what was asked for, never a secret, and never what JSON cannot hold.
        return {"collector_kwargs": json.loads(json.dumps(redact(self.collector_kwargs), default=repr))}

    def _keep_asset_types(self) -> bool:
        return False

    def _only_freshness_and_volume(self) -> bool:
        return False

    def _redact_literals(self) -> bool:
        return False


class _RedactionMixin(MonteCarloCollectOperator):
    """For flows that carry SQL.

    :param redact_literals: replace the strings and numbers in SQL, and leave out its comments, for those who may not
        ship values: in query texts and their errors, in the SQL of views.
    """

    template_fields: Sequence[str] = (*MonteCarloCollectOperator.template_fields, "redact_literals")

    def __init__(self, *, redact_literals: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.redact_literals = redact_literals

    def _redact_literals(self) -> bool:
        return as_bool(self.redact_literals, "redact_literals")

    def _scope(self) -> dict[str, Any]:
        scope = super()._scope()
        return scope | {"redact_literals": True} if self._redact_literals() else scope


class _TablesMixin(MonteCarloCollectOperator):
    """For flows that are about tables.

    :param include: patterns ``database.schema.table`` with ``*`` and ``?``, one string or several; all when empty.
    :param exclude: likewise; none when empty.
    :param resource_type: instead of the collector's, such as ``data-lake``.
    :param keep_asset_types: keep ``EXTERNAL`` and ``WILDCARD`` instead of normalising to ``TABLE`` and ``VIEW``.
    """

    template_fields: Sequence[str] = (
        *MonteCarloCollectOperator.template_fields,
        "include",
        "exclude",
        "resource_type",
        "keep_asset_types",
    )

    def __init__(
        self,
        *,
        include: Patterns = None,
        exclude: Patterns = None,
        resource_type: str | None = None,
        keep_asset_types: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.include = include
        self.exclude = exclude
        self.resource_type = resource_type
        self.keep_asset_types = keep_asset_types

    def _tables(self) -> TableFilter:
        return TableFilter(self.include or None, self.exclude or None)

    def _scope(self) -> dict[str, Any]:
        scope = super()._scope() | self._tables().describe()
        if self._keep_asset_types():
            scope["keep_asset_types"] = True
        return scope

    def _keep_asset_types(self) -> bool:
        return as_bool(self.keep_asset_types, "keep_asset_types")

    def _complete_header(self, manifest: Manifest, collector: Collector, context: Context) -> None:  # noqa: ARG002 - the window needs it
        manifest.resource_type = check_resource_type(self.resource_type or collector.resource_type)


class WindowMixin(MonteCarloCollectOperator):
    """For flows that are about a stretch of time.

    :param window_start: start of the window, included; ISO 8601 with an offset, or an aware ``datetime``. Default: the
        run's data interval moved back by the collector's latency; without an interval, the hour before ``run_after``.
    :param window_end: its end, not included; both or neither.
    """

    template_fields: Sequence[str] = (*MonteCarloCollectOperator.template_fields, "window_start", "window_end")

    def __init__(
        self, *, window_start: datetime | str | None = None, window_end: datetime | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.window_start = window_start
        self.window_end = window_end

    def _window(self, collector: Collector, context: Context) -> TimeWindow:
        start, end = _given(self.window_start), _given(self.window_end)
        if start is not None and end is not None:
            return explicit_window(start, end)
        if start is not None or end is not None:
            raise InvalidWindowError("Only one of window_start and window_end is given; give both or neither.")
        interval_start, interval_end = context.get("data_interval_start"), context.get("data_interval_end")
        interval = None
        if interval_start is not None and interval_end is not None and interval_start < interval_end:
            interval = (interval_start, interval_end)
        else:
            log.info("This run has no data interval: collecting the hour before it was due.")
        run_after: Any = context["dag_run"].run_after
        latency = collector.latency.get(self.flow, timedelta(0))
        window = window_of_run(interval, run_after, latency=latency)
        log.info("Window: %s to %s", window.start.isoformat(), window.end.isoformat())
        return window


def _given(value: datetime | str | None) -> datetime | str | None:
    """Return a bound, or ``None`` for what an unset template or form field renders to."""
    return None if value is None or (isinstance(value, str) and value.strip() in ("", "None")) else value


class MonteCarloCollectMetadataOperator(_TablesMixin, _RedactionMixin):
    """Collect tables and views: columns, comments, SQL, tags, volume, freshness.

    Further parameters: those of :class:`_TablesMixin`, :class:`_RedactionMixin` and
    :class:`MonteCarloCollectOperator`.

    :param only_freshness_and_volume: leave out what seldom changes; for hourly runs.
    """

    flow: ClassVar[Flow] = Flow.METADATA
    template_fields: Sequence[str] = (*_TablesMixin.template_fields, "redact_literals", "only_freshness_and_volume")

    def __init__(self, *, only_freshness_and_volume: bool | str = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.only_freshness_and_volume = only_freshness_and_volume

    def _only_freshness_and_volume(self) -> bool:
        return as_bool(self.only_freshness_and_volume, "only_freshness_and_volume")

    def _scope(self) -> dict[str, Any]:
        return super()._scope() | {"only_freshness_and_volume": self._only_freshness_and_volume()}


class MonteCarloCollectLineageOperator(_TablesMixin, WindowMixin):
    """Collect table and column lineage of what was written in a window, and of views.

    Parameters: those of :class:`_TablesMixin` (about the destinations), :class:`WindowMixin` and
    :class:`MonteCarloCollectOperator`.
    """

    flow: ClassVar[Flow] = Flow.LINEAGE
    template_fields: Sequence[str] = tuple(dict.fromkeys((*_TablesMixin.template_fields, *WindowMixin.template_fields)))

    def _complete_header(self, manifest: Manifest, collector: Collector, context: Context) -> None:
        super()._complete_header(manifest, collector, context)
        manifest.window = self._window(collector, context)


class MonteCarloCollectQueryLogsOperator(WindowMixin, _RedactionMixin):
    """Collect the queries that ended in a window, failed ones included.

    Further parameters: those of :class:`WindowMixin`, :class:`_RedactionMixin` and
    :class:`MonteCarloCollectOperator`.

    :param log_type: instead of the collector's, such as ``s3``.
    """

    flow: ClassVar[Flow] = Flow.QUERY_LOGS
    template_fields: Sequence[str] = (*WindowMixin.template_fields, "redact_literals", "log_type")

    def __init__(self, *, log_type: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.log_type = log_type

    def _complete_header(self, manifest: Manifest, collector: Collector, context: Context) -> None:
        log_type = self.log_type or collector.log_type
        if not log_type:
            raise ConfigurationError(
                f"The {collector.name} collector has no log_type of its own; give one, such as log_type='s3'."
            )
        manifest.log_type = check_log_type(log_type)
        manifest.window = self._window(collector, context)
