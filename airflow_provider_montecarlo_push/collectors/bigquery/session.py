"""A client for one collection: statements in, rows out as they stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_montecarlo_push.collectors.bigquery.errors import translate
from airflow_provider_montecarlo_push.collectors.errors import is_own_error
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

Row = tuple[Any, ...]
Value = str | datetime

# BigQuery ends a page at about 10 MB of its own.
PAGE_ROWS = 5_000


class Client(Protocol):
    """What runs statements; see :class:`.client.HookClient`."""

    @property
    def project(self) -> str | None:
        """The project that statements run in, and that pays for them."""

    @property
    def location(self) -> str | None:
        """The region that the connection names."""

    @property
    def member(self) -> str | None:
        """The account, as IAM policies name it."""

    def rows(self, sql: str, values: Sequence[Value], location: str | None, page_rows: int) -> Iterator[Row]:
        """Run a statement now; return its rows."""

    def locations(self, project: str) -> Iterable[str]:
        """The locations of a project's datasets, with repetitions."""

    def close(self) -> None:
        """Close the connections."""


class Session:
    """Runs statements, and translates what goes wrong.

    :param conn_id: the Airflow connection, for errors.
    """

    def __init__(self, client: Client, conn_id: str) -> None:
        self._client = client
        self._conn_id = conn_id

    @classmethod
    @contextmanager
    def open(cls, connect: Callable[[], Client], conn_id: str) -> Iterator[Session]:
        """Log in, and close the connections at the end.

        :raises SourceError: when the login is refused.
        """
        try:
            client = connect()
        except Exception as error:
            raise _failure(error, "Connecting to BigQuery", conn_id) from error
        try:
            yield cls(client, conn_id)
        finally:
            client.close()

    @property
    def project(self) -> str:
        """The project that statements run in.

        :raises ConfigurationError: when the connection names none.
        """
        if not self._client.project:
            raise ConfigurationError(
                f"Connection {self._conn_id!r} names no project to run queries in. Set its field 'Project Id'."
            )
        return self._client.project

    @property
    def location(self) -> str | None:
        """The region that the connection names."""
        return self._client.location

    @property
    def member(self) -> str | None:
        """The account, as IAM policies name it; ``None`` when it is not known."""
        return self._client.member

    def query(
        self,
        sql: str,
        values: Sequence[Value] = (),
        *,
        doing: str,
        location: str | None = None,
        page_rows: int = PAGE_ROWS,
    ) -> Iterator[Row]:
        """Run ``sql`` now and return its rows, which are fetched as they are asked for.

        :param sql: with ``?`` for each of ``values``.
        :param doing: what this is for, as the beginning of an error message.
        :param location: where to run it; otherwise BigQuery tells by the datasets that it names.
        :param page_rows: how many rows are fetched at once.
        :raises AccessDeniedError: when something is missing or not granted; without the roles that grant it.
        :raises MonteCarloPushError: any other error of :func:`.errors.translate`.
        """
        try:
            rows = self._client.rows(sql, values, location, page_rows)
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error
        return self._guarded(rows, doing)

    def locations(self, project: str) -> Iterator[str]:
        """Yield the locations of a project's datasets, with repetitions; errors as :meth:`query`."""
        doing = f"Listing the datasets of {project}"
        try:
            found = self._client.locations(project)
        except Exception as error:
            raise _failure(error, doing, self._conn_id) from error
        return self._guarded(iter(found), doing)

    def _guarded(self, items: Iterator[Any], doing: str) -> Iterator[Any]:
        while True:
            try:
                item = next(items)
            except StopIteration:
                return
            except Exception as error:
                raise _failure(error, doing, self._conn_id) from error
            yield item


def _failure(error: Exception, doing: str, conn_id: str) -> Exception:
    """Return what to raise: Airflow's own errors, such as a connection that is not defined, stay as they are."""
    return error if is_own_error(error) else translate(error, doing, conn_id)
