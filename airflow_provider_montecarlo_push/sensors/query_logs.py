"""Wait until tables show the queries that read or write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_montecarlo_push.collectors.windows import explicit_window, window_of_run
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidWindowError
from airflow_provider_montecarlo_push.graphql.tables import table_name
from airflow_provider_montecarlo_push.manifests.model import TimeWindow
from airflow_provider_montecarlo_push.operators.given import as_list, is_given
from airflow_provider_montecarlo_push.sensors.base import MonteCarloVisibilitySensor, Wanted
from airflow_provider_montecarlo_push.sensors.parameters import push_result
from airflow_provider_montecarlo_push.sensors.samples import MOST_BATCHES, Pushed

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class MonteCarloQueryLogsSensor(MonteCarloVisibilitySensor):
    """Wait until each of some tables shows a query of a window, which takes 15 to 60 minutes after a push.

    Further parameters: those of :class:`MonteCarloVisibilitySensor` and Airflow's for sensors. ``push`` is optional: it
    names the warehouse and the window.

    :param tables: names ``database.schema.table`` or objects ``{"database", "schema", "name"}``.
    :param query_type: ``read`` or ``write``.
    :param window_start: ISO 8601 with an offset; both bounds or none. Otherwise the window that was pushed, without
        ``push`` the run's data interval, without one the hour before ``run_after``.
    :param window_end: likewise, not before ``window_start``.
    """

    subject: ClassVar[str] = "query_logs"
    template_fields: Sequence[str] = (
        *MonteCarloVisibilitySensor.template_fields,
        "tables",
        "query_type",
        "window_start",
        "window_end",
    )

    def __init__(
        self,
        *,
        tables: Sequence[str | Mapping[str, Any]] | str,
        query_type: Literal["read", "write"] = "read",
        window_start: datetime | str | None = None,
        window_end: datetime | str | None = None,
        poke_interval: timedelta | float = 300,
        timeout: timedelta | float = 7200,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.tables = tables
        self.query_type = query_type
        self.window_start = window_start
        self.window_end = window_end

    def expect(self, context: Context) -> Wanted:
        """Return what to wait for; see :meth:`MonteCarloVisibilitySensor.expect`."""
        if self.query_type not in ("read", "write"):
            raise ConfigurationError(f"query_type is {self.query_type!r}; give 'read' or 'write'.")
        names = [list(table_name(value, "tables")) for value in as_list(self.tables, "tables")]
        if not 0 < len(names) <= MOST_BATCHES:
            raise ConfigurationError(f"tables has {len(names):,} names; give 1 to {MOST_BATCHES}.")
        push = push_result(self.push) if is_given(self.push) else {}
        resource = self.warehouse(push.get("resource_uuid"))
        window = self._window(context, push)
        expectation = {
            "resources": [resource],
            "tables": [{"table": name, "resource": resource} for name in names],
            "kind": self.query_type,
            "start": window.start.isoformat(),
            "end": window.end.isoformat(),
        }
        return Wanted(expectation, {"tables": len(names)})

    def _window(self, context: Context, push: Mapping[str, Any]) -> TimeWindow:
        start, end = (value if is_given(value) else None for value in (self.window_start, self.window_end))
        if start and end:
            return explicit_window(start, end)
        if start or end:
            raise InvalidWindowError("Give both window_start and window_end, or neither.")
        pushed = Pushed(push, Flow.QUERY_LOGS).reader.manifest.window if push.get("receipt") else None
        if pushed is not None:
            return pushed
        since, until = context.get("data_interval_start"), context.get("data_interval_end")
        interval = (since, until) if since is not None and until is not None else None
        run_after: Any = context["dag_run"].run_after
        return window_of_run(interval, run_after, latency=timedelta())
