"""Check what a collector can read before the first run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_montecarlo_push.collectors.access import access_table
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.operators.sources import collector_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)


class MonteCarloCheckAccessOperator(BaseOperator):
    """Look at each view, database or folder that a collector may read, and tell which grants give the rest.

    The XCom result is a list of ``{"name", "flows", "readable", "needed", "grants", "problem"}``; the task log has it
    as a table. What cannot be read does not fail the task, for not every flow needs everything.

    :param source_conn_id: Airflow connection of the warehouse; its type picks the collector.
    :param collector: dotted path of a :class:`Collector` class of your own, instead.
    :param collector_kwargs: options of the collector.
    :param include: patterns of the tables that are to be collected, as for the collect operators.
    :param exclude: likewise.
    """

    template_fields: Sequence[str] = ("source_conn_id", "collector", "collector_kwargs", "include", "exclude")
    ui_color = "#e8edfb"

    def __init__(
        self,
        *,
        source_conn_id: str,
        collector: str | None = None,
        collector_kwargs: dict[str, Any] | None = None,
        include: str | Sequence[str] | None = None,
        exclude: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_conn_id = source_conn_id
        self.collector = collector
        self.collector_kwargs = collector_kwargs
        self.include = include
        self.exclude = exclude

    def execute(self, context: Context) -> list[dict[str, object]]:  # noqa: ARG002 - Airflow's signature
        """Return what can be read and what not.

        :raises ConfigurationError: when the collector cannot tell.
        :raises SourceUnavailableError: when the warehouse does not answer; Airflow retries.
        """
        with airflow_failures():
            collector = collector_of(self.source_conn_id, self.collector, self.collector_kwargs, log)
            checks = list(collector.access(TableFilter(self.include or None, self.exclude or None)))
        log.info("%s can read:\n%s", self.source_conn_id, access_table(checks))
        missing = sum(not check.readable for check in checks)
        if missing:
            log.warning("%d of %d cannot be read; the grants are above.", missing, len(checks))
        return [check.as_dict() for check in checks]
