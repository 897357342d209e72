"""The API key: Monte Carlo's GraphQL API."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import httpx
from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_montecarlo_push import __version__
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, GraphQLError, MonteCarloPushError
from airflow_provider_montecarlo_push.graphql.answers import DEFAULT_ENDPOINT, data_of
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Result
from airflow_provider_montecarlo_push.graphql.documents import WAREHOUSES
from airflow_provider_montecarlo_push.hooks.credentials import key_text
from airflow_provider_montecarlo_push.hooks.endpoints import endpoint_of, timeout_of
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.push.retries import RetryPolicy
from airflow_provider_montecarlo_push.transport import base_url, timeouts, transport_error


class Access(NamedTuple):
    """What a connection says, checked.

    :param origin: what errors call the connection.
    :param settings: of an HTTP client that carries the key.
    """

    origin: str
    endpoint: str
    timeout: float
    secret: str
    settings: dict[str, Any]

    @classmethod
    def of(cls, connection: Any, conn_id: str) -> Access:
        """Read a connection.

        :param connection: an Airflow connection, or what has its fields.
        :raises ConfigurationError: when it has no key, or its endpoint or timeout is none.
        """
        extra, origin = connection.extra_dejson, f"connection {conn_id!r}"
        key_id = key_text(connection.login or extra.get("mcd_id"), "key id", origin)
        secret = key_text(connection.password or extra.get("mcd_token"), "secret", origin)
        if not key_id or not secret:
            raise ConfigurationError(
                f"Connection {conn_id!r} has no key id or no secret. Create an API key under Settings > API; its id is "
                "the login, its secret the password."
            )
        url = httpx.URL(base_url(endpoint_of(connection, DEFAULT_ENDPOINT), example=DEFAULT_ENDPOINT))
        timeout = timeout_of(connection)
        settings = {
            "timeout": timeouts(timeout),
            "headers": {
                "x-mcd-id": key_id,
                "x-mcd-token": secret,
                "Content-Type": "application/json",
                "User-Agent": f"airflow-provider-montecarlo-push/{__version__}",
            },
        }
        endpoint = str(url.copy_with(path="/graphql") if url.path in ("", "/") else url)
        return cls(origin, endpoint, timeout, secret, settings)

    def no_answer(self, error: httpx.HTTPError) -> Exception:
        """Return the error of ours for a question that got no answer."""
        shown = str(httpx.URL(self.endpoint).copy_with(userinfo=b""))
        return transport_error(error, endpoint=shown, origin=self.origin, timeout=self.timeout)

    def data_of(self, response: httpx.Response, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the data of an answer, or raise what it says instead."""
        return data_of(response, variables or {}, origin=self.origin, secret=self.secret)


@dataclass(frozen=True)
class Session:
    """Asks many questions over the same connections, as :meth:`MonteCarloHook.session` opens them."""

    client: httpx.Client
    access: Access
    retries: RetryPolicy
    notify: Callable[[str], None]

    def execute(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run ``query`` and return its ``data``; see :meth:`MonteCarloHook.execute`."""

        def send() -> dict[str, Any]:
            try:
                response = self.client.post(self.access.endpoint, content=_body(query, variables))
            except httpx.HTTPError as error:
                raise self.access.no_answer(error) from error
            return self.access.data_of(response, variables)

        return self.retries.run(send, threading.Event(), self.notify)

    def converse(self, conversation: Conversation[Result]) -> Result:
        """Hold a conversation, and return what it found out; see :meth:`MonteCarloHook.converse`."""
        try:
            question = next(conversation)
            while True:
                try:
                    answer = self.execute(*question)
                except GraphQLError as error:
                    question = conversation.throw(error)
                else:
                    question = conversation.send(answer)
        except StopIteration as end:
            return cast("Result", end.value)


@dataclass(frozen=True)
class AsyncSession:
    """Does the same without blocking, as :meth:`MonteCarloHook.session_async` opens it."""

    client: httpx.AsyncClient
    access: Access
    retries: RetryPolicy
    notify: Callable[[str], None]

    async def execute(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run ``query`` and return its ``data``; see :meth:`MonteCarloHook.execute`."""

        async def send() -> dict[str, Any]:
            try:
                response = await self.client.post(self.access.endpoint, content=_body(query, variables))
            except httpx.HTTPError as error:
                raise self.access.no_answer(error) from error
            return self.access.data_of(response, variables)

        return await self.retries.run_async(send, self.notify)

    async def converse(self, conversation: Conversation[Result]) -> Result:
        """Hold a conversation, and return what it found out; see :meth:`MonteCarloHook.converse`."""
        try:
            question = next(conversation)
            while True:
                try:
                    answer = await self.execute(*question)
                except GraphQLError as error:
                    question = conversation.throw(error)
                else:
                    question = conversation.send(answer)
        except StopIteration as end:
            return cast("Result", end.value)


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
        return httpx.Client(**self._access().settings)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Look the connection up once, for many questions over the same HTTP connections.

        :raises ConfigurationError: when the connection has no key.
        """
        with airflow_failures():
            access = self._access()
            with httpx.Client(**access.settings) as client:
                yield Session(client, access, self._retries, self._notify)

    @asynccontextmanager
    async def session_async(self) -> AsyncIterator[AsyncSession]:
        """Do the same without blocking; for triggers.

        :raises ConfigurationError: when the connection has no key.
        """
        connection = await get_async_connection(self.montecarlo_conn_id)
        with airflow_failures():
            access = Access.of(await _read_async(connection), self.montecarlo_conn_id)
            async with httpx.AsyncClient(**access.settings) as client:
                yield AsyncSession(client, access, self._retries, self._notify)

    def execute(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run ``query`` and return its ``data``.

        :param variables: the query's variables, JSON values.
        :raises GraphQLError: when the answer holds errors, with the partial data.
        :raises AuthenticationError: when the key is refused.
        :raises ProtocolError: when the answer is not GraphQL.
        :raises GatewayUnavailableError: when retries did not help.
        """
        with self.session() as session:
            return session.execute(query, variables)

    async def execute_async(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Do the same without blocking; for triggers.

        :raises MonteCarloPushError: as :meth:`execute` does.
        """
        async with self.session_async() as session:
            return await session.execute(query, variables)

    def converse(self, conversation: Conversation[Result]) -> Result:
        """Hold a conversation, and return what it found out.

        :raises MonteCarloPushError: as :meth:`execute` does, and what the conversation raises.
        """
        with self.session() as session:
            return session.converse(conversation)

    async def converse_async(self, conversation: Conversation[Result]) -> Result:
        """Do the same without blocking; for triggers."""
        async with self.session_async() as session:
            return await session.converse(conversation)

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

    def _access(self) -> Access:
        return Access.of(self.get_connection(self.montecarlo_conn_id), self.montecarlo_conn_id)

    def _notify(self, reason: str) -> None:
        self.log.warning("%s", reason)


async def _read_async(connection: Any) -> SimpleNamespace:
    """Return a connection's fields, with the extra.

    To mask the secrets in it, ``extra_dejson`` asks Airflow's supervisor. On an event loop that raises
    ``DeadlockImminentError``, no ``Exception``, while another task of the loop asks too: every trigger would end.
    """
    if hasattr(connection, "aextra_dejson"):
        extra = await connection.aextra_dejson()
    else:  # Airflow before 3.3.2
        from asgiref.sync import sync_to_async

        extra = await sync_to_async(lambda: connection.extra_dejson)()
    names = ("conn_id", "host", "schema", "port", "login", "password")
    return SimpleNamespace(extra_dejson=extra, **{name: getattr(connection, name) for name in names})


def _body(query: str, variables: Mapping[str, Any] | None) -> bytes:
    return json.dumps({"query": query, "variables": dict(variables or {})}).encode()
