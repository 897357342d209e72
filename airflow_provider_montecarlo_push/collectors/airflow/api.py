"""Airflow's REST API, version 2: a login, and answers page by page.

Source: "Airflow API" of Airflow 3's documentation, and ``/openapi.json`` of its API server.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from airflow_provider_montecarlo_push.collectors.airflow.connection import Address
from airflow_provider_montecarlo_push.collectors.errors import one_line
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError, SourceUnavailableError
from airflow_provider_montecarlo_push.transport import json_of, retry_after_of, timeouts

log = logging.getLogger(__name__)

Row = dict[str, Any]
Key = Callable[[Row], object]

PAGE = 100  # Airflow's own [api] maximum_page_limit; more is cut to it
# Rows that vanish while pages are read move all others up: each page begins with the end of the one before.
_OVERLAP = 10
_ATTEMPTS = 4
_LONGEST_WAIT = 30.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class AirflowApi:
    """A client; a context manager.

    :param address: of the Airflow.
    :param conn_id: the Airflow connection that it is from, for errors.
    :param sleep: waits between attempts.
    """

    def __init__(self, address: Address, conn_id: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._address = address
        self._conn_id = conn_id
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=address.url,
            timeout=timeouts(address.timeout),
            verify=address.verify,
            headers={"Accept": "application/json", "User-Agent": "airflow-montecarlo-push"},
        )
        self._logged_in = False

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None, *, what: str) -> Row:
        """Return an answer of ``/api/v2``.

        :param what: which is asked for, for errors: ``DAGs``.
        :raises AccessDeniedError: when the login is refused, or not enough.
        :raises SourceError: when this is no Airflow 3, or it refuses the question.
        :raises SourceUnavailableError: when it does not answer.
        """
        found = self.find(path, parameters, what=what)
        if found is None:
            raise SourceError(
                f"{self._address.url} knows no {path} ({what}). Connection {self._conn_id!r} should name the API "
                "server of an Airflow 3, without /api/v2."
            )
        return found

    def find(self, path: str, parameters: Mapping[str, Any] | None = None, *, what: str) -> Row | None:
        """Return an answer of ``/api/v2``, or ``None`` where it is not found (404); else as :meth:`get`."""
        if not self._logged_in:
            self._log_in()
        response = self._send("GET", f"/api/v2{path}", params=_given(parameters))
        if response.status_code == httpx.codes.UNAUTHORIZED and self._address.token is None:
            self._log_in()  # tokens expire
            response = self._send("GET", f"/api/v2{path}", params=_given(parameters))
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        self._check(response, what)
        answer = json_of(response)
        if not isinstance(answer, dict):
            raise SourceError(
                f"{self._address.url}{path} does not answer as an Airflow does. Connection {self._conn_id!r} should "
                "name its API server, not a page in front of it."
            )
        return answer

    def rows(
        self, path: str, name: str, parameters: Mapping[str, Any] | None = None, *, key: Key, order_by: str, what: str
    ) -> Iterator[Row]:
        """Yield every row of a listing once, as it stands while its page is read.

        :param name: of the list in the answer: ``dag_runs``.
        :param key: what tells rows apart.
        :param order_by: a column that does not change, so that rows keep their order.
        """
        recent: deque[object] = deque(maxlen=3 * PAGE)
        offset = overlap = 0
        while True:
            asked = {**(parameters or {}), "limit": PAGE, "offset": offset, "order_by": order_by}
            page = self.get(path, asked, what=what)
            rows = page[name]
            fresh = [row for row in rows if key(row) not in recent]
            if offset and overlap and len(fresh) == len(rows):
                # More rows vanished meanwhile than the pages overlap: what was not seen yet is further up.
                offset = max(0, offset - PAGE)
                continue
            recent.extend(key(row) for row in fresh)
            yield from fresh
            end = offset + len(rows)
            if not rows or end >= page["total_entries"]:
                return
            overlap = min(_OVERLAP, len(rows) // 2)
            offset = end - overlap

    def _log_in(self) -> None:
        address = self._address
        token = address.token
        if token is None:
            if address.user is None:
                # Airflow's simple auth manager answers this when it takes everybody for an admin.
                response = self._send("GET", "/auth/token")
            else:
                body = {"username": address.user, "password": address.password or ""}
                response = self._send("POST", "/auth/token", json=body)
            if not response.is_success:
                raise self._no_login(response)
            answer = json_of(response)
            token = answer.get("access_token") if isinstance(answer, dict) else None
            if not isinstance(token, str):
                raise self._no_login(response)
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._logged_in = True

    def _no_login(self, response: httpx.Response) -> AccessDeniedError:
        who = f"user {self._address.user!r}" if self._address.user else "a client without login"
        return AccessDeniedError(
            f"{self._address.url} gives {who} no token (HTTP {response.status_code}). Put login and password of an "
            f'Airflow user into connection {self._conn_id!r}, or a token into its extra: {{"token": …}}.'
        )

    def _check(self, response: httpx.Response, what: str) -> None:
        if response.is_success:
            return
        status = response.status_code
        if status == httpx.codes.UNAUTHORIZED:
            raise AccessDeniedError(
                f"{self._address.url} refuses the token of connection {self._conn_id!r} (HTTP 401): it is wrong, or it "
                "has expired. Make a new one, or give login and password."
            )
        if status == httpx.codes.FORBIDDEN:
            raise AccessDeniedError(
                f"{self._address.url} lets the user of connection {self._conn_id!r} not read {what} (HTTP 403). Give "
                "it a role that may read DAGs, their runs, task instances and assets, such as Viewer."
            )
        if status in _PASSING:
            raise SourceUnavailableError(f"{self._address.url} cannot give {what} now: HTTP {status}.")
        raise SourceError(
            f"{self._address.url} refuses the question for {what}: HTTP {status}, {one_line(response.text)}"
        )

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, again after a pause when what went wrong may pass."""
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS
            wait = min(2.0 ** (attempt - 1), _LONGEST_WAIT)
            try:
                response = self._http.request(method, path, **options)
            except httpx.HTTPError as error:
                if last or "CERTIFICATE_VERIFY_FAILED" in str(error):
                    raise self._unreachable(error) from error
                log.warning("%s: %s; asking again", self._address.url, one_line(error) or type(error).__name__)
            else:
                if last or response.status_code not in _PASSING:
                    return response
                wait = min(retry_after_of(response) or wait, _LONGEST_WAIT)
                log.warning("%s answered HTTP %d; asking again", self._address.url, response.status_code)
            self._sleep(wait)
        raise AssertionError("unreachable")

    def _unreachable(self, error: httpx.HTTPError) -> Exception:
        reason = one_line(error) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return SourceError(
                f"The certificate of {self._address.url} is not trusted ({reason}). Name its CA in the extra of "
                f'connection {self._conn_id!r}: {{"verify": "/path/ca.pem"}}.'
            )
        return SourceUnavailableError(
            f"Cannot reach {self._address.url}: {reason}. Check the host of connection {self._conn_id!r}, and the "
            "worker's network."
        )


def segment(text: str) -> str:
    """Return an id as a segment of a path."""
    return quote(text, safe="")


def _given(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (parameters or {}).items() if value is not None}
