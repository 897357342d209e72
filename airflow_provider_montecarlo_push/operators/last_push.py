"""Fail when nothing has been delivered to Monte Carlo for too long."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, StalePushError, UnknownValueError
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.locations import manifest_root
from airflow_provider_montecarlo_push.operators.given import as_texts, is_given
from airflow_provider_montecarlo_push.push.delivered import (
    DeliveredPush,
    delivered_pushes,
    state_folder,
    without_abandoned,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.manifests.storage import Folder

log = logging.getLogger(__name__)

_MOST_SHOWN = 20
_MOST_RETURNED = 500


class MonteCarloCheckLastPushOperator(BaseOperator):
    """Fail when the last delivered push of a scope is too old, so that ``on_failure_callback`` tells somebody.

    A scope is one flow of one connection with its filters and options, pushed to one Monte Carlo warehouse. Every scope
    that was ever delivered is checked, or those that are named; one that is named and was never delivered is stale as
    well. Only small files on the manifest root are read; Monte Carlo is not asked.

    The XCom result is a list with a dict for each scope, the oldest first, up to 500: ``flow``, ``source_conn_id``,
    ``collector``, ``scope``, ``resource_uuid``, ``dag_id``, ``task_id``, ``delivered_at``, ``age_seconds``, ``stale``,
    ``events``, ``manifest``, ``receipt``, ``state``. It is there when the task fails, too.

    :param flows: such as ``metadata``, ``lineage`` or ``query_logs``, one or several; default: whatever was pushed.
    :param source_conn_id: connection of the warehouse; default: any.
    :param resource_uuid: Monte Carlo warehouse; default: any.
    :param max_age: how old the last push may be, as ``timedelta`` or in seconds.
    :param manifest_root: where the push tasks keep manifests, instead of ``[montecarlo_push] manifest_root``.
    """

    template_fields: Sequence[str] = ("flows", "source_conn_id", "resource_uuid", "max_age", "manifest_root")
    ui_color = "#fbe9e7"

    def __init__(
        self,
        *,
        flows: str | Sequence[str] | None = None,
        source_conn_id: str | None = None,
        resource_uuid: str | None = None,
        max_age: timedelta | float | str = timedelta(hours=2),
        manifest_root: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.flows = flows
        self.source_conn_id = source_conn_id
        self.resource_uuid = resource_uuid
        self.max_age = max_age
        self.manifest_root = manifest_root

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return the last push of each scope.

        :raises StalePushError: when one is too old, or there is none; Airflow does not retry.
        :raises FinalError: when something has to be changed first.
        """
        with airflow_failures():
            flows, most = self._flows(), _seconds(self.max_age)
            root = manifest_root(_given(self.manifest_root))
            pushes = self._pushes(root, flows)
            rows = self._never(flows, pushes) + [_row(push, root) for push in pushes]
            for row in rows:
                row["stale"] = row["age_seconds"] is None or row["age_seconds"] > most
            for row in rows[:_MOST_RETURNED]:
                log.info("%s %s", "STALE" if row["stale"] else "ok   ", _sentence(row))
            if any(row["stale"] for row in rows):
                context["ti"].xcom_push(key="return_value", value=rows[:_MOST_RETURNED])
                raise _stale(rows, most, root)
        return rows[:_MOST_RETURNED]

    def _flows(self) -> list[Flow]:
        try:
            return [Flow(flow) for flow in as_texts(self.flows, "flows")]
        except ValueError as error:
            raise UnknownValueError(f"flows is {self.flows!r}; give one or a list of {', '.join(Flow)}.") from error

    def _pushes(self, root: Folder, flows: list[Flow]) -> list[DeliveredPush]:
        connection, resource = _given(self.source_conn_id), _given(self.resource_uuid)
        resources = (None, check_resource_uuid(resource)) if resource is not None else ()
        watched, abandoned = without_abandoned(
            push
            for push in delivered_pushes(root, flows or tuple(Flow))
            if connection in (None, push.source_conn_id) and (not resources or push.resource_uuid in resources)
        )
        for push in abandoned[-_MOST_SHOWN:]:
            log.info("Not watched, as its task has pushed with other filters since: %s", _sentence(_row(push, root)))
        log.info(
            "Watching %d scopes under %s; %d are not pushed like that any more", len(watched), root.uri, len(abandoned)
        )
        return watched

    def _never(self, flows: list[Flow], pushes: list[DeliveredPush]) -> list[dict[str, Any]]:
        """Return a row for each flow that was named and has no push at all; one where none was named, and none is."""
        there = {push.flow for push in pushes}
        missing: list[Flow | None] = [flow for flow in flows if flow not in there]
        if not flows and not pushes:
            missing = [None]
        return [
            {
                "flow": flow.value if flow else None,
                "source_conn_id": _given(self.source_conn_id),
                "resource_uuid": _given(self.resource_uuid),
                "delivered_at": None,
                "age_seconds": None,
            }
            for flow in missing
        ]


def _row(push: DeliveredPush, root: Folder) -> dict[str, Any]:
    age = (datetime.now(UTC) - push.delivered_at).total_seconds()
    return {
        "flow": push.flow.value,
        "source_conn_id": push.source_conn_id,
        "collector": push.collector,
        "scope": push.scope,
        "resource_uuid": push.resource_uuid,
        "dag_id": push.run.dag_id if push.run else None,
        "task_id": push.run.task_id if push.run else None,
        "delivered_at": push.delivered_at.isoformat(),
        "age_seconds": max(round(age), 0),
        "events": push.events,
        "manifest": push.manifest,
        "receipt": push.receipt,
        "state": state_folder(root).uri_of(push.file_name),
    }


def _sentence(row: dict[str, Any]) -> str:
    """Say in one line what a scope is and when it was delivered."""
    what = f"{row['flow'] or 'anything'} of {row['source_conn_id'] or 'any connection'}"
    if row["delivered_at"] is None:
        return what + (f" to {row['resource_uuid']}" if row["resource_uuid"] else "") + ": never delivered"
    filters = "; ".join(f"{key} {value}" for key, value in row["scope"].items() if value)
    what += (f" ({filters})" if filters else "") + f" to {row['resource_uuid'] or 'several resources'}"
    return (
        f"{what}: last delivered {_span(row['age_seconds'])} ago, {row['delivered_at']}, {row['events']:,} events, "
        f"receipt {row['receipt']}" + (f", collected by {row['dag_id']}.{row['task_id']}" if row["dag_id"] else "")
    )


def _stale(rows: list[dict[str, Any]], most: float, root: Folder) -> StalePushError:
    stale = [row for row in rows if row["stale"]]
    lines = [_sentence(row) for row in stale[:_MOST_SHOWN]]
    if len(stale) > _MOST_SHOWN:
        lines.append(f"and {len(stale) - _MOST_SHOWN:,} more")
    late = [row["state"] for row in stale if row["delivered_at"]]
    if late:
        lines.append(
            "Look at the DAGs named: paused, late, failing, or skipping their push? What is not to be pushed any more "
            f"is forgotten when its file is deleted: {', '.join(late[:_MOST_SHOWN])}"
        )
    if len(late) < len(stale):
        lines.append(
            f"Of what was never delivered, {state_folder(root).uri} records no complete push: run its DAG, or check "
            "flows, source_conn_id and resource_uuid here, and that manifest_root is that of the push tasks."
        )
    return StalePushError(
        f"{len(stale):,} of {len(rows):,} scopes were not delivered to Monte Carlo within {_span(most)}:\n"
        + "\n".join(lines),
        scopes=stale,
    )


def _seconds(value: timedelta | float | str) -> float:
    try:
        seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(f"max_age is {value!r}; give a timedelta or a number of seconds above 0.")
    return seconds


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts)


def _given(value: str | None) -> str | None:
    return value if is_given(value) else None
