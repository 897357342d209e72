"""What the sensors have in common: look, defer, go on looking, say what is missing."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_montecarlo_push import exceptions
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, FinalError, TransientError
from airflow_provider_montecarlo_push.graphql.visibility import CONVERSATIONS
from airflow_provider_montecarlo_push.graphql.visibility.expecting import Expectation, fits, named
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.operators.given import is_given
from airflow_provider_montecarlo_push.triggers import visibility
from airflow_provider_montecarlo_push.triggers.visibility import (
    FAILED,
    MOST_NAMED,
    RETRIES,
    TIMED_OUT,
    VISIBLE,
    VisibilityTrigger,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

# Airflow ends the waiting by itself that much after the deadline, should no triggerer be running.
_GRACE = timedelta(minutes=3)


class Wanted(NamedTuple):
    """What a sensor waits for.

    :param expectation: as the sensor's conversation takes it.
    :param result: how many things it is about, for XCom.
    """

    expectation: Expectation
    result: dict[str, int]


class MonteCarloVisibilitySensor(BaseSensorOperator):
    """Base of the sensors.

    The XCom result is a small dict: how many things were looked for. A bad key, an unknown warehouse or a query that
    Monte Carlo refuses fails the task at once, without a retry; what may pass by itself is waited for.

    :param push: result of a push operator or of ``push_events()``, ``push=push.output``.
    :param resource_uuid: Monte Carlo warehouse; needed where ``push`` does not name it.
    :param montecarlo_conn_id: connection of type ``montecarlo``.
    :param deferrable: wait in the triggerer, without a worker; ``[operators] default_deferrable`` when not given.
    :param poke_interval: seconds, or a ``timedelta``, between two rounds of questions; at least ten with
        ``mode="reschedule"``.
    :param timeout: seconds, or a ``timedelta``, after which the task fails, naming what is missing.
    """

    subject: ClassVar[str]
    template_fields: Sequence[str] = ("push", "resource_uuid", "montecarlo_conn_id")
    ui_color = "#e3eefc"

    def __init__(
        self,
        *,
        push: dict[str, Any] | None = None,
        resource_uuid: str | None = None,
        montecarlo_conn_id: str = MonteCarloHook.default_conn_name,
        deferrable: bool | None = None,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float = 1800,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.push = push
        self.resource_uuid = resource_uuid
        self.montecarlo_conn_id = montecarlo_conn_id
        self.deferrable = _default_deferrable() if deferrable is None else deferrable
        self._wanted: Wanted | None = None
        self._missing: list[str] = []
        self._trouble: str | None = None

    @abstractmethod
    def expect(self, context: Context) -> Wanted:
        """Return what to wait for.

        :raises ConfigurationError: when a parameter is missing or wrong.
        """

    def execute(self, context: Context) -> Any:
        """Wait, and return how many things are visible.

        :raises AirflowSensorTimeout: when the time is up, naming what is missing; Airflow does not retry.
        :raises AirflowSkipException: instead, with ``soft_fail``; and when the push was a dry run.
        :raises FinalError: when waiting longer would not help.
        """
        self._wanted, self._missing, self._trouble = None, [], None
        if self.deferrable:
            return self._execute_deferrable(context)
        if self.reschedule:
            # A task that runs again within some seconds is failed by Airflow, as a trigger that fires too soon is.
            self.poke_interval = max(self.poke_interval, visibility.FIRST_POLL)
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            raise AirflowSensorTimeout(self._timed_out(self._missing, len(self._missing))) from error
        except AirflowSkipException as error:
            if error.__cause__ is None and not (self._missing or self._trouble):
                raise
            # Airflow's own reason says only which parameter it is due to.
            reason = str(error.__cause__ or self._timed_out(self._missing, len(self._missing)))
            log.warning("%s", reason)
            raise AirflowSkipException(reason) from error

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once at what was missing the last time."""
        with airflow_failures():
            if self._wanted is None:
                self._wanted = self.expect(context)
                self._require_small()
                if not any(self._wanted.result.values()):
                    log.warning("Nothing was pushed: there is nothing to look for.")
            hook = MonteCarloHook(self.montecarlo_conn_id, retries=RETRIES)
            try:
                outlook = hook.converse(CONVERSATIONS[self.subject](self._wanted.expectation))
            except TransientError as error:
                self._trouble = str(error)
                log.warning("Asking again: %s", error)
                return PokeReturnValue(is_done=False)
        self._missing, self._trouble = outlook.missing, None
        self._wanted = self._wanted._replace(expectation=outlook.remaining)
        if self._missing:
            log.info("Not visible yet: %s: %s", f"{len(self._missing):,}", named(self._missing, MOST_NAMED))
            return PokeReturnValue(is_done=False)
        log.info("All is visible at Monte Carlo: %s", self._wanted.result)
        return PokeReturnValue(is_done=True, xcom_value=self._wanted.result)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, int]:  # noqa: ARG002 - Airflow's
        """Go on when the trigger has fired.

        :raises AirflowSensorTimeout: as :meth:`execute` does.
        :raises FinalError: likewise.
        """
        status = event.get("status")
        if status == VISIBLE:
            result: dict[str, int] = dict(event["result"])
            log.info("All is visible at Monte Carlo: %s", result)
            return result
        with self._skipping(), airflow_failures():
            if status == TIMED_OUT:
                self._trouble = event.get("trouble")
                raise AirflowSensorTimeout(self._timed_out(event["missing"], event["count"]))
            if status == FAILED:
                raise _error_named(event["kind"])(event["message"])
            raise FinalError(f"The trigger sent an event of another version of this package: {dict(event)}.")

    def warehouse(self, pushed_to: object = None) -> str:
        """Return the UUID of the warehouse to look at.

        :param pushed_to: the warehouse of the push.
        :raises ConfigurationError: when there is none, or it is no UUID.
        """
        uuid = self.resource_uuid if is_given(self.resource_uuid) else pushed_to
        if not uuid:
            raise ConfigurationError(
                f"{self.task_id} does not know which warehouse to look at: give resource_uuid, or push, the output of "
                "a push task. Names of tables are the same in several warehouses."
            )
        return check_resource_uuid(uuid)

    def _execute_deferrable(self, context: Context) -> dict[str, int]:
        deadline = time.time() + self.timeout
        with self._skipping():
            look = self.poke(context)
        if look.is_done or self._wanted is None:
            result: dict[str, int] = look.xcom_value or {}
            return result
        self.defer(
            trigger=VisibilityTrigger(
                subject=self.subject,
                expectation=self._wanted.expectation,
                result=self._wanted.result,
                montecarlo_conn_id=self.montecarlo_conn_id,
                poke_interval=self.poke_interval,
                deadline=deadline,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout) + _GRACE,
        )
        raise AssertionError  # pragma: no cover - defer() always raises

    @contextmanager
    def _skipping(self) -> Iterator[None]:
        """Skip instead of failing where ``soft_fail`` or ``never_fail`` ask for it, as Airflow does while it pokes."""
        try:
            yield
        except (AirflowFailException, AirflowSensorTimeout) as error:
            if self.soft_fail or self.never_fail:
                log.warning("%s", error)
                raise AirflowSkipException(str(error)) from error
            raise

    def _require_small(self) -> None:
        if self._wanted is not None and not fits(self._wanted.expectation):
            raise ConfigurationError(
                f"{self.task_id} is to wait for more than a trigger can carry. Name fewer tables, or map the sensor "
                "over parts of them."
            )

    def _timed_out(self, missing: Sequence[str], count: int) -> str:
        parts = [f"Not visible at Monte Carlo after {timedelta(seconds=self.timeout)}"]
        if count:
            more = f"; and {count - MOST_NAMED:,} more" if count > MOST_NAMED else ""
            parts[0] += f", {count:,} missing: {'; '.join(missing[:MOST_NAMED])}{more}"
        if self._trouble:
            parts.append(f"Monte Carlo could not be asked in the end: {self._trouble}")
        parts.append(
            "Metadata and lineage normally take up to 15 minutes, query logs up to 60. If it takes longer, give Monte "
            "Carlo's support the invocation ids."
        )
        return ". ".join(part.rstrip(".") for part in parts) + "."


def _default_deferrable() -> bool:
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def _error_named(kind: str) -> type[FinalError]:
    found = getattr(exceptions, kind, None)
    return found if isinstance(found, type) and issubclass(found, FinalError) else FinalError
