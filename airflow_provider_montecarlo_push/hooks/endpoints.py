"""What a Monte Carlo connection says about where to connect."""

from __future__ import annotations

import math
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.transport import DEFAULT_TIMEOUT


def endpoint_of(connection: Any, default: str) -> str:
    """Return the endpoint of an Airflow connection: its host, with scheme and port where they are fields of their own.

    :param default: used when the connection names no host.
    """
    if not connection.host:
        return default
    host: str = connection.host
    if "://" not in host and connection.schema in ("http", "https"):
        host = f"{connection.schema}://{host}"
    return f"{host}:{connection.port}" if connection.port else host


def timeout_of(connection: Any) -> float:
    """Return the connection's ``timeout`` extra in seconds.

    :raises ConfigurationError: when it is no positive number.
    """
    value = connection.extra_dejson.get("timeout")
    if value in (None, ""):
        return DEFAULT_TIMEOUT
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise ConfigurationError(
            f"The timeout {value!r} of connection {connection.conn_id!r} is not a positive number of seconds."
        )
    return seconds
