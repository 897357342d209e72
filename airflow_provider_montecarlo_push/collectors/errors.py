"""What the errors of all sources have in common."""

from __future__ import annotations

from airflow_provider_montecarlo_push.exceptions import MissingDependencyError, MonteCarloPushError

_LONGEST_MESSAGE = 600


def is_own_error(error: Exception) -> bool:
    """Tell whether ``error`` says enough already: one of this package, or Airflow's, such as a missing connection."""
    return isinstance(error, MonteCarloPushError) or type(error).__module__.startswith("airflow.")


def one_line(error: object) -> str:
    """Return the message of an error on one line, shortened; sources put the whole statement into theirs."""
    text = " ".join(str(error).split())
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"


def missing_provider(conn_id: str, provider: str, extra: str, error: ImportError) -> MissingDependencyError:
    """Return the error for a hook that cannot be imported.

    :param provider: what is missing, such as ``Snowflake provider``.
    :param extra: of this package, which installs it.
    """
    return MissingDependencyError(
        f"Connection {conn_id!r} needs the {provider}, which cannot be imported ({error}). Install "
        f"airflow-provider-montecarlo-push[{extra}] on the workers."
    )
