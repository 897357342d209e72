"""Waits in the triggerer until something is visible at Monte Carlo."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_montecarlo_push.exceptions import FinalError, TransientError
from airflow_provider_montecarlo_push.graphql.visibility import CONVERSATIONS
from airflow_provider_montecarlo_push.graphql.visibility.expecting import Expectation, pack, unpack
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.push.retries import RetryPolicy

# A trigger that fires within some three seconds can fail its task: Airflow 3.3 may not have written down yet that it
# is deferred.
FIRST_POLL = 10.0
LEAST_INTERVAL = 1.0
# A sensor asks again anyway, so one question is not sent again for long.
RETRIES = RetryPolicy(attempts=3, timeouts=1)
MOST_NAMED = 20
# The least that one round of questions may take, so that the one at the deadline is answered.
_LEAST_PATIENCE = 60.0

VISIBLE, TIMED_OUT, FAILED = "visible", "timed_out", "failed"


class VisibilityTrigger(BaseTrigger):
    """Asks until nothing is missing, the deadline has passed, or an error is final.

    The event is ``{"status": "visible", "result"}``, ``{"status": "timed_out", "missing", "count", "trouble"}`` or
    ``{"status": "failed", "kind", "message"}``: ``missing`` are up to twenty of ``count`` lines, ``trouble`` is the
    last transient failure when it kept the last round from an answer, ``kind`` the name of one of our exceptions.

    :param subject: which of :data:`~.visibility.CONVERSATIONS` to hold.
    :param expectation: as that conversation takes it, plain or packed.
    :param result: passed on in the event.
    :param montecarlo_conn_id: connection of type ``montecarlo``.
    :param poke_interval: seconds between two rounds; the first is at least ten after deferring.
    :param deadline: when to stop, in seconds since 1970.
    """

    def __init__(
        self,
        *,
        subject: str,
        expectation: Expectation | str,
        result: dict[str, Any],
        montecarlo_conn_id: str,
        poke_interval: float,
        deadline: float,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow declares no types here
        self.subject = subject
        self.expectation: Expectation = unpack(expectation) if isinstance(expectation, str) else expectation
        self.result = result
        self.montecarlo_conn_id = montecarlo_conn_id
        self.poke_interval = poke_interval
        self.deadline = deadline
        self._missing: list[str] = []
        self._trouble: str | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow needs to make this trigger again."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "subject": self.subject,
                "expectation": pack(self.expectation),
                "result": self.result,
                "montecarlo_conn_id": self.montecarlo_conn_id,
                "poke_interval": self.poke_interval,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event."""
        pause = max(FIRST_POLL, min(self.poke_interval, self._left()))
        hook = MonteCarloHook(self.montecarlo_conn_id, retries=RETRIES)
        while True:
            await asyncio.sleep(pause)
            event = await self._ask(hook)
            if event is None and self._left() <= 0:
                event = {
                    "status": TIMED_OUT,
                    "missing": self._missing[:MOST_NAMED],
                    "count": len(self._missing),
                    "trouble": self._trouble,
                }
            if event is not None:
                yield TriggerEvent(event)  # type: ignore[no-untyped-call]  # likewise
                return
            pause = min(max(self.poke_interval, LEAST_INTERVAL), max(self._left(), LEAST_INTERVAL))

    def _left(self) -> float:
        return self.deadline - time.time()

    async def _ask(self, hook: MonteCarloHook) -> dict[str, Any] | None:
        """Hold one conversation; return the event when it ends the waiting."""
        try:
            async with asyncio.timeout(max(self._left(), _LEAST_PATIENCE)):
                outlook = await hook.converse_async(CONVERSATIONS[self.subject](self.expectation))
        except FinalError as error:
            return {"status": FAILED, "kind": type(error).__name__, "message": str(error)}
        except (TransientError, TimeoutError, AirflowNotFoundException) as error:
            # The sensor found the connection; Airflow says the same when its API or a secrets backend does not answer.
            self._trouble = str(error) or "Monte Carlo did not answer in time."
            self.log.warning("Asking again: %s", self._trouble)
            return None
        self._missing, self.expectation = outlook
        self._trouble = None
        if not self._missing:
            return {"status": VISIBLE, "result": self.result}
        self.log.info("Not visible yet: %s, such as: %s", f"{len(self._missing):,}", self._missing[0])
        return None
