"""Where an Airflow's REST API is, and how to log in there, from an Airflow connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.transport import DEFAULT_TIMEOUT

_API = "/api/v2"


@dataclass(frozen=True)
class Address:
    """An Airflow, and who asks it.

    :param url: base URL of its API server, without ``/api/v2`` and without a slash at the end.
    :param user: with ``password``, what a token is asked for with.
    :param token: a token that somebody made; no login then.
    :param verify: whether its certificate is checked, or against which CA file.
    :param timeout: seconds that a request may take.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    verify: bool | str = True
    timeout: float = DEFAULT_TIMEOUT


def address_of(connection: Any) -> Address:
    """Return what a connection says.

    The host may be a whole URL with a path; else ``schema`` is ``http`` or ``https`` (the default), and ``port`` is
    added. A password without a login is a token, as is the extra ``token``. Further extras: ``verify`` (false, or the
    path of a CA file), ``timeout`` (seconds).

    :raises ConfigurationError: when the host is missing or no URL, or an extra is wrong.
    """
    extra = connection.extra_dejson
    password = connection.password or None
    user = connection.login or None
    token = extra.get("token") or (password if user is None else None)
    return Address(
        url=_url(connection),
        user=user,
        password=password if user is not None else None,
        token=token,
        verify=_verify(connection, extra.get("verify", True)),
        timeout=_timeout(connection, extra.get("timeout", DEFAULT_TIMEOUT)),
    )


def _url(connection: Any) -> str:
    host = (connection.host or "").strip()
    if not host:
        raise ConfigurationError(
            f"Connection {connection.conn_id!r} has no host. Give the URL of the Airflow to read, such as "
            "https://airflow.example.com."
        )
    if "://" not in host:
        host = f"{connection.schema or 'https'}://{host}"
    try:
        url = httpx.URL(host)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"The host of connection {connection.conn_id!r} is not a URL: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            f"The host of connection {connection.conn_id!r} is not an http(s) URL, such as https://airflow.example.com."
        )
    if connection.port and url.port is None:
        url = url.copy_with(port=int(connection.port))
    return str(url.copy_with(userinfo=b"", query=None, fragment=None)).rstrip("/").removesuffix(_API)


def _verify(connection: Any, value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, str) and value.strip():
        return value
    raise ConfigurationError(
        f"The extra 'verify' of connection {connection.conn_id!r} is {value!r}; give true, false or a CA file."
    )


def _timeout(connection: Any, value: object) -> float:
    try:
        seconds = float(value)  # type: ignore[arg-type]  # whatever somebody wrote into the extra
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(
            f"The extra 'timeout' of connection {connection.conn_id!r} is {value!r}; give seconds, more than 0."
        )
    return seconds
