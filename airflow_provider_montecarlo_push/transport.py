"""Reading answers of Monte Carlo's HTTP endpoints, the same for the gateway and GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, GatewayUnavailableError, ProtocolError

DEFAULT_TIMEOUT = 60.0
_CONNECT_TIMEOUT = 10.0
_MESSAGE_LENGTH = 600


def timeouts(seconds: float) -> httpx.Timeout:
    """Return the time limits of one request that may take ``seconds``."""
    return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_TIMEOUT))


def base_url(endpoint: str, *, example: str) -> str:
    """Return ``endpoint`` with a scheme (https unless it has one) and no trailing slash.

    :param example: what a right one looks like, for the error.
    :raises ConfigurationError: when it is not an http(s) URL.
    """
    try:
        url = httpx.URL(endpoint if "://" in endpoint else f"https://{endpoint}")
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"The endpoint {endpoint!r} is not a URL: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(f"The endpoint {endpoint!r} is not an http(s) URL, such as {example}.")
    return str(url).rstrip("/")


def json_of(response: httpx.Response) -> Any:
    """Return the answer's JSON, or ``None`` when it holds none."""
    try:
        return response.json()
    except ValueError:
        return None


def message_of(response: httpx.Response, secret: str) -> str:
    """Return what an answer says, as one line that ends in a full stop, without ``secret`` should it be echoed."""
    answer = json_of(response)
    text = answer if isinstance(answer, str) else response.text
    if isinstance(answer, dict):
        said = [answer[key] for key in ("message", "error", "details", "errors") if answer.get(key)]
        text = "; ".join(part if isinstance(part, str) else str(part) for part in said) or response.text
    text = " ".join(text.replace(secret, "***").split())
    if len(text) > _MESSAGE_LENGTH:
        text = text[:_MESSAGE_LENGTH] + "…"
    return f"{text.rstrip('.') or 'no message'}."


def redirect_of(response: httpx.Response) -> str:
    """Return where an answer redirects to, in words, or nothing."""
    return f" (redirect to {response.headers['location']})" if "location" in response.headers else ""


def retry_after_of(response: httpx.Response) -> float | None:
    """Return the seconds of a ``Retry-After`` header, which holds either seconds or a date."""
    value = response.headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def transport_error(error: httpx.HTTPError, *, endpoint: str, origin: str, timeout: float) -> Exception:
    """Return the error of ours for a request that got no answer.

    :param origin: where the endpoint was configured: ``connection 'montecarlo_default'``.
    :param timeout: seconds that the request was given.
    """
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        return GatewayUnavailableError(
            f"{endpoint} did not answer within {timeout:g} s; it may have accepted the request all the same. Raise "
            f"the timeout of {origin} if this happens often.",
            timed_out=True,
        )
    reason = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return ProtocolError(
            f"The TLS certificate of {endpoint} is not trusted ({reason}). Behind a proxy that re-signs traffic, "
            "point SSL_CERT_FILE at its CA on the workers."
        )
    return GatewayUnavailableError(
        f"Cannot reach {endpoint}: {reason}. Check the host of {origin} and the worker's network."
    )
