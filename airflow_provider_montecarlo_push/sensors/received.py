"""Wait until a Monte Carlo warehouse or ETL container shows that it received a push."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.visibility.expecting import Expectation
from airflow_provider_montecarlo_push.operators.given import as_texts, is_given
from airflow_provider_montecarlo_push.sensors.base import MonteCarloVisibilitySensor, Wanted
from airflow_provider_montecarlo_push.sensors.parameters import push_result, timestamp
from airflow_provider_montecarlo_push.sensors.samples import LAST_IDS, Pushed

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class _Destination(Struct):
    resource_uuid: str


class _Crossing(Struct):
    destination: _Destination


class MonteCarloPushReceivedSensor(MonteCarloVisibilitySensor):
    """Wait until the warehouse's ``pushEvents`` show the end of a push, or a later push of the same flow.

    Cheaper than the other sensors, one question whatever was pushed, and for all flows; it does not tell whether
    tables, edges or queries are visible. Further parameters: those of :class:`MonteCarloVisibilitySensor` and Airflow's
    for sensors.

    :param flow: instead of ``push``: ``metadata``, ``lineage``, ``query_logs``, ``etl_metadata`` or ``etl_runs``.
    :param invocation_id: instead of ``push``: the id to wait for; unless given, any push since ``since`` will do.
    :param since: ISO 8601 with an offset; a push that was received later counts too. Unless given: when ``push`` was
        acknowledged; with ids only, now; else when the run was due.
    """

    subject: ClassVar[str] = "received"
    template_fields: Sequence[str] = (*MonteCarloVisibilitySensor.template_fields, "flow", "invocation_id", "since")

    def __init__(
        self,
        *,
        flow: str | None = None,
        invocation_id: str | None = None,
        since: datetime | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.flow = flow
        self.invocation_id = invocation_id
        self.since = since

    def expect(self, context: Context) -> Wanted:
        """Return what to wait for; see :meth:`MonteCarloVisibilitySensor.expect`."""
        ids = as_texts(self.invocation_id, "invocation_id")
        if is_given(self.flow) or ids:
            if is_given(self.push):
                raise ConfigurationError("Give push, or flow and invocation_id, not both.")
            flow = _flow(self.flow)
            return _wanted([self.warehouse()], flow, ids, self._since(context, ids))
        push = push_result(self.push)
        flow = _flow(push["flow"])
        if not push["invocation_ids"]:
            return _wanted([], flow, [], None)
        if not push.get("receipt"):
            ids = push["invocation_ids"][-LAST_IDS:]
            return _wanted([self.warehouse(push.get("resource_uuid"))], flow, ids, self._since(context, ids))
        pushed = Pushed(push, flow)
        last = pushed.last_acknowledged()
        if not last:
            return _wanted([], flow, [], None)
        resource = pushed.resource_uuid
        if not resource and not is_given(self.resource_uuid):
            line = pushed.line(last[-1].part, last[-1].first)
            resource = msgspec.json.decode(line, type=_Crossing).destination.resource_uuid
        ids = [batch.invocation_id for batch in last]
        return _wanted([self.warehouse(resource)], flow, ids, last[-1].at.isoformat())

    def _since(self, context: Context, ids: Sequence[str]) -> str | None:
        if self.since is not None and is_given(self.since):
            return timestamp(self.since, "since")
        # Nobody knows when an id was pushed, but what comes from now on is later.
        return timestamp(datetime.now(UTC) if ids else context["dag_run"].run_after, "since")


def _flow(name: Any) -> Flow:
    try:
        return Flow(name)
    except ValueError:
        raise ConfigurationError(f"flow is {name!r}; give one of {', '.join(Flow)}.") from None


def _wanted(warehouses: list[str], flow: Flow, invocations: Sequence[str], since: str | None) -> Wanted:
    expectation: Expectation = {
        "warehouses": warehouses,
        "flow": flow.value,
        "invocations": list(invocations),
        "since": since,
    }
    return Wanted(expectation, {"warehouses": len(warehouses)})
