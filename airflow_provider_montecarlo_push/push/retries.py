"""How a request that may yet succeed is sent again: backoff with jitter, the gateway's own wish first."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from airflow_provider_montecarlo_push.exceptions import GatewayUnavailableError

T = TypeVar("T")
# A gateway that wants to rest longer than this is left to Airflow's own retries.
_LONGEST_RETRY_AFTER = 300.0


class StoppedError(Exception):
    """The push was stopped while this request waited for its turn."""


@dataclass(frozen=True)
class RetryPolicy:
    """When a request is sent again.

    :param attempts: most attempts for one request.
    :param timeouts: most attempts after which a request that was not answered in time is given up.
    :param first_wait: seconds before the second attempt, doubled for each further one.
    :param longest_wait: most seconds between two attempts.
    """

    attempts: int = 6
    timeouts: int = 2
    first_wait: float = 1.0
    longest_wait: float = 60.0

    def run(self, send: Callable[[], T], stopped: threading.Event, notify: Callable[[str], None]) -> T:
        """Call ``send`` until it succeeds, fails for good, or the attempts are used up.

        :param stopped: ends the waiting.
        :param notify: told why a request is sent again.
        :raises GatewayUnavailableError: the last failure.
        :raises StoppedError: when ``stopped`` was set meanwhile.
        """

        def sleep(seconds: float) -> None:
            if stopped.wait(seconds):
                raise StoppedError

        return Retrying(sleep=sleep, **self._rules(notify))(send)

    async def run_async(self, send: Callable[[], Awaitable[T]], notify: Callable[[str], None]) -> T:
        """Do the same for a coroutine function.

        :raises GatewayUnavailableError: the last failure.
        """
        return await AsyncRetrying(**self._rules(notify))(send)

    def _rules(self, notify: Callable[[str], None]) -> dict[str, Any]:
        backoff = wait_exponential(self.first_wait, max=self.longest_wait) + wait_random(0, self.first_wait)

        def wait(state: RetryCallState) -> float:
            error = _error_of(state)
            return error.retry_after if error.retry_after is not None else backoff(state)

        def give_up(state: RetryCallState) -> bool:
            error = _error_of(state)
            return (
                stop_after_attempt(self.timeouts if error.timed_out else self.attempts)(state)
                or (error.retry_after or 0) > _LONGEST_RETRY_AFTER
            )

        def before_sleep(state: RetryCallState) -> None:
            notify(f"{_error_of(state)} Sending again (attempt {state.attempt_number + 1} of {self.attempts}).")

        return {
            "retry": retry_if_exception_type(GatewayUnavailableError),
            "wait": wait,
            "stop": give_up,
            "before_sleep": before_sleep,
            "reraise": True,
        }


def _error_of(state: RetryCallState) -> GatewayUnavailableError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, GatewayUnavailableError):
        raise TypeError(f"retried for another reason than an unavailable gateway: {error!r}")
    return error
