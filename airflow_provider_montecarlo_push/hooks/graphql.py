"""The API key: Monte Carlo's GraphQL API."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, cast

import httpx
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_montecarlo_push import __version__
from airflow_provider_montecarlo_push.exceptions import (
    AuthenticationError,
    ConfigurationError,
    GatewayUnavailableError,
    GraphQLError,
    MonteCarloPushError,
    ProtocolError,
)
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Result
from airflow_provider_montecarlo_push.graphql.documents import WAREHOUSES
from airflow_provider_montecarlo_push.hooks.endpoints import endpoint_of, timeout_of
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.push.retries import RetryPolicy
from airflow_provider_montecarlo_push.transport import (
    base_url,
    json_of,
    message_of,
    redirect_of,
    retry_after_of,
    timeouts,
    transport_error,
)

DEFAULT_ENDPOINT = "https://api.getmontecarlo.com/graphql"


class MonteCarloHook(BaseHook):
    """Queries Monte Carlo's GraphQL API.

    Connection type ``montecarlo``: login is the id of an API key, password its secret, host the endpoint (Monte
    Carlo's when empty). Extra: ``timeout`` (seconds). A connection of type ``mcd``, as the airflow-mcd package has
    it, does as well.

    :param montecarlo_conn_id: the Airflow connection.
    :param retries: when a query is sent again.
    """

    conn_name_attr = "montecarlo_conn_id"
    default_conn_name = "montecarlo_default"
    conn_type = "montecarlo"
    hook_name = "Monte Carlo"

    def __init__(self, montecarlo_conn_id: str = default_conn_name, *, retries: RetryPolicy | None = None) -> None:
        super().__init__()
        self.montecarlo_conn_id = montecarlo_conn_id
        self._retries = retries or RetryPolicy()

    @airflow_failures()
    def get_conn(self) -> httpx.Client:
        """Return an HTTP client that carries the key; close it, or use it as a context manager.

        :raises ConfigurationError: when the connection has no key.
        """
        return httpx.Client(**self._settings(self.get_connection(self.montecarlo_conn_id)))

    @airflow_failures()
    def execute(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run ``query`` and return its ``data``.

        :param variables: the query's variables, JSON values.
        :raises GraphQLError: when the answer holds errors, with the partial data.
        :raises AuthenticationError: when the key is refused.
        :raises ProtocolError: when the answer is not GraphQL.
        :raises GatewayUnavailableError: when retries did not help.
        """
        connection = self.get_connection(self.montecarlo_conn_id)
        endpoint = _endpoint(connection)
        with httpx.Client(**self._settings(connection)) as client:

            def send() -> dict[str, Any]:
                try:
                    response = client.post(endpoint, content=_body(query, variables))
                except httpx.HTTPError as error:
                    raise self._no_answer(error, endpoint, connection) from error
                return self._interpret(response)

            return self._retries.run(send, threading.Event(), self._notify)

    async def execute_async(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do the same without blocking; for triggers.

        :raises MonteCarloPushError: as :meth:`execute` does.
        """
        connection = await get_async_connection(self.montecarlo_conn_id)
        with airflow_failures():
            endpoint = _endpoint(connection)
            async with httpx.AsyncClient(**self._settings(connection)) as client:

                async def send() -> dict[str, Any]:
                    try:
                        response = await client.post(endpoint, content=_body(query, variables))
                    except httpx.HTTPError as error:
                        raise self._no_answer(error, endpoint, connection) from error
                    return self._interpret(response)

                return await self._retries.run_async(send, self._notify)

    def converse(self, conversation: Conversation[Result]) -> Result:
        """Hold a conversation, and return what it found out.

        :raises MonteCarloPushError: as :meth:`execute` does, and what the conversation raises.
        """
        try:
            question = next(conversation)
            while True:
                question = conversation.send(self.execute(*question))
        except StopIteration as end:
            return cast("Result", end.value)

    async def converse_async(self, conversation: Conversation[Result]) -> Result:
        """Do the same without blocking; for triggers."""
        try:
            question = next(conversation)
            while True:
                question = conversation.send(await self.execute_async(*question))
        except StopIteration as end:
            return cast("Result", end.value)

    def warehouses(self) -> list[dict[str, Any]]:
        """Return the account's warehouses: ``uuid``, ``name``, ``connectionType``, ``pushEvents``.

        :raises MonteCarloPushError: as :meth:`execute` does.
        """
        user = self.execute(WAREHOUSES).get("getUser") or {}
        return list((user.get("account") or {}).get("warehouses") or [])

    def test_connection(self) -> tuple[bool, str]:
        """Check key and endpoint by listing the warehouses."""
        try:
            names = [f"{warehouse['name']} ({warehouse['uuid']})" for warehouse in self.warehouses()]
        except MonteCarloPushError as error:
            return False, str(error)
        return True, f"The key is good. Warehouses: {', '.join(names) or 'none'}."

    def _settings(self, connection: Any) -> dict[str, Any]:
        extra = connection.extra_dejson
        key_id = connection.login or extra.get("mcd_id")
        secret = connection.password or extra.get("mcd_token")
        if not key_id or not secret:
            raise ConfigurationError(
                f"Connection {self.montecarlo_conn_id!r} has no key id or no secret. Create an API key under Settings "
                "> API; its id is the login, its secret the password."
            )
        return {
            "timeout": timeouts(timeout_of(connection)),
            "headers": {
                "x-mcd-id": key_id,
                "x-mcd-token": secret,
                "Content-Type": "application/json",
                "User-Agent": f"airflow-provider-montecarlo-push/{__version__}",
            },
        }

    @property
    def _origin(self) -> str:
        return f"connection {self.montecarlo_conn_id!r}"

    def _notify(self, reason: str) -> None:
        self.log.warning("%s", reason)

    def _no_answer(self, error: httpx.HTTPError, endpoint: str, connection: Any) -> Exception:
        return transport_error(error, endpoint=endpoint, origin=self._origin, timeout=timeout_of(connection))

    def _interpret(self, response: httpx.Response) -> dict[str, Any]:
        status, endpoint = response.status_code, str(response.url)
        message = message_of(response, response.request.headers["x-mcd-token"])
        if status in (401, 403):
            raise AuthenticationError(
                f"{status} from {endpoint}: {message} The key of {self._origin} is wrong, expired or deleted, or is "
                "an Ingestion key: GraphQL needs an API key (Settings > API).",
                status=status,
            )
        if status == 429 or status >= 500:
            raise GatewayUnavailableError(f"{status} from {endpoint}: {message}", retry_after=retry_after_of(response))
        answer = json_of(response)
        if isinstance(answer, dict) and answer.get("errors"):
            raise self._graphql_error(answer)
        if not response.is_success or not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
            raise ProtocolError(
                f"{status} from {endpoint}{redirect_of(response)} is not a GraphQL answer: {message} Check the host of "
                f"{self._origin} (default {DEFAULT_ENDPOINT}).",
                status=status,
            )
        return dict(answer["data"])

    def _graphql_error(self, answer: dict[str, Any]) -> GraphQLError:
        errors = [error if isinstance(error, dict) else {"message": str(error)} for error in answer["errors"]]
        data = answer.get("data")
        said = "; ".join(str(error.get("message", error)) for error in errors)
        return GraphQLError(f"Monte Carlo refused the query: {said}", errors=errors, data=data)


def _endpoint(connection: Any) -> str:
    url = httpx.URL(base_url(endpoint_of(connection, DEFAULT_ENDPOINT), example=DEFAULT_ENDPOINT))
    return str(url.copy_with(path="/graphql") if url.path in ("", "/") else url)


def _body(query: str, variables: Mapping[str, Any] | None) -> bytes:
    return json.dumps({"query": query, "variables": dict(variables or {})}).encode()
