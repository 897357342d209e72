"""One request to Monte Carlo's integration gateway, and what its answer means."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import httpx

from airflow_provider_montecarlo_push import __version__
from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConfigurationError,
    GatewayUnavailableError,
    ProtocolError,
)
from airflow_provider_montecarlo_push.push.envelope import Body
from airflow_provider_montecarlo_push.transport import (
    DEFAULT_TIMEOUT,
    base_url,
    json_of,
    message_of,
    redirect_of,
    retry_after_of,
    timeouts,
    transport_error,
)

DEFAULT_ENDPOINT = "https://integrations.getmontecarlo.com"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway said to one request.

    :param status: 2xx (accepted), 400 (refused, see ``message``) or 413 (too large).
    :param invocation_id: set when accepted.
    :param trace_id: the id that was sent with the request.
    """

    status: int
    trace_id: str
    invocation_id: str | None = None
    message: str = ""

    @property
    def accepted(self) -> bool:
        return self.invocation_id is not None


class Gateway:
    """Keeps connections to the gateway alive and sends bodies over them; safe to use from several threads.

    :param key_id: id of a key with scope Ingestion.
    :param key_secret: its secret.
    :param endpoint: base URL.
    :param timeout: seconds that one request may take.
    :param compress: send bodies gzipped.
    :param connections: most connections at once.
    :param origin: where the key comes from, for errors: ``connection 'montecarlo_ingest_default'``.
    :raises ConfigurationError: when a part of the key is missing or the endpoint is no http(s) URL.
    """

    def __init__(
        self,
        key_id: str,
        key_secret: str,
        *,
        endpoint: str = DEFAULT_ENDPOINT,
        timeout: float = DEFAULT_TIMEOUT,
        compress: bool = False,
        connections: int = 4,
        origin: str = "the given key",
    ) -> None:
        if not key_id or not key_secret:
            raise ConfigurationError(
                f"{origin} has no key id or no secret. Create a key with scope Ingestion "
                "(montecarlo integrations create-key --scope Ingestion); its id is the login, its secret the password."
            )
        self.endpoint = base_url(endpoint, example=DEFAULT_ENDPOINT)
        self._origin = origin
        self._secret = key_secret
        self._timeout = timeout
        self._compress = compress
        self._client = httpx.Client(
            headers={
                "x-mcd-id": key_id,
                "x-mcd-token": key_secret,
                "x-mcd-session-id": f"airflow-provider-montecarlo-push-{__version__}-{uuid.uuid4()}",
                "Content-Type": "application/json",
                "User-Agent": f"airflow-provider-montecarlo-push/{__version__}",
                **({"Content-Encoding": "gzip"} if compress else {}),
            },
            timeout=timeouts(timeout),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def post(self, path: str, body: Body) -> Answer:
        """Send ``body`` once and return the answer if it is about the body.

        :raises GatewayUnavailableError: no connection, no answer in time, 429 or 5xx.
        :raises AuthenticationError: 401.
        :raises AuthorizationError: 403.
        :raises ProtocolError: any other answer.
        """
        trace_id = str(uuid.uuid4())
        # Sent in pieces of known length: the HTTP library would copy what is left of a large body again and again.
        content = body.gzipped if self._compress else body
        try:
            response = self._client.post(
                self.endpoint + path,
                content=content,
                headers={"x-mcd-trace-id": trace_id, "Content-Length": str(len(content))},
            )
        except httpx.HTTPError as error:
            raise transport_error(error, endpoint=self.endpoint, origin=self._origin, timeout=self._timeout) from error
        return self._interpret(response, trace_id)

    def _interpret(self, response: httpx.Response, trace_id: str) -> Answer:
        status = response.status_code
        message = message_of(response, self._secret)
        if response.is_success:
            return Answer(status, trace_id, self._invocation_id(response, message))
        if status in (400, 413, 422):
            return Answer(413 if status == 413 else 400, trace_id, message=message)
        if status == 401:
            raise AuthenticationError(
                f"401 from {self.endpoint}: {message} The key of {self._origin} is wrong or deleted, or is a GraphQL "
                "API key: pushing needs a key with scope Ingestion.",
                status=status,
            )
        if status == 403:
            raise AuthorizationError(
                f"403 from {self.endpoint}: {message} The key of {self._origin} is not allowed for this "
                "resource_uuid. Check the UUID, or add the warehouse to the key.",
                status=status,
            )
        if status == 429 or status >= 500:
            raise GatewayUnavailableError(
                f"{status} from {self.endpoint}: {message}", retry_after=retry_after_of(response)
            )
        raise ProtocolError(
            f"{status} from {self.endpoint}{redirect_of(response)}: {message} This is not Monte Carlo's ingest "
            f"gateway; check the host of {self._origin} (default {DEFAULT_ENDPOINT}).",
            status=status,
        )

    def _invocation_id(self, response: httpx.Response, message: str) -> str:
        answer = json_of(response)
        invocation_id = answer.get("invocation_id") if isinstance(answer, dict) else None
        if isinstance(invocation_id, str) and invocation_id:
            return invocation_id
        raise ProtocolError(
            f"{response.status_code} from {self.endpoint} without an invocation_id: {message} Without it the push "
            f"cannot be traced, so it is not counted as delivered. Check that the host of {self._origin} is the "
            "gateway and not a proxy's page.",
            status=response.status_code,
        )
