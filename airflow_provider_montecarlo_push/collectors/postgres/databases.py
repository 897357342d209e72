"""Which databases of the server are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.options import Options
from airflow_provider_montecarlo_push.collectors.postgres.session import Connect, Session, identifier
from airflow_provider_montecarlo_push.collectors.report import CollectionReport

_LIST = """
SELECT datname::text, pg_catalog.has_database_privilege(oid, 'CONNECT')
FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1
"""


class Databases:
    """Opens a session for each database in scope, one after the other: a connection reads one only."""

    def __init__(self, connect: Connect, conn_id: str, options: Options, report: CollectionReport) -> None:
        self._connect = connect
        self._conn_id = conn_id
        self._options = options
        self._report = report

    def open(self, database: str | None = None) -> AbstractContextManager[Session]:
        """Open a session; see :meth:`.session.Session.open`."""
        return Session.open(self._connect, self._conn_id, database)

    def sessions(self, tables: TableFilter) -> Iterator[Session]:
        """Yield an open session for each database in scope that ``tables`` can match.

        :raises AccessDeniedError: when the role may not connect to one that is named.
        """
        for name in self.wanted(tables):
            with self.open(name) as session:
                if tables.matches_database(session.database):
                    yield session
                else:
                    self._report.note(
                        f"Connection {self._conn_id!r} reads database {session.database!r}, which "
                        f"{tables.describe()} does not match. A PostgreSQL connection reads one database; name others "
                        "with the option databases."
                    )

    def wanted(self, tables: TableFilter) -> Sequence[str | None]:
        """Return the databases in scope that ``tables`` can match; ``None`` stands for that of the connection."""
        names = self._listed() if self._options.all_databases else self._options.database_names
        return [name for name in dict.fromkeys(names) if tables.matches_database(name)] if names else [None]

    def names(self, session: Session) -> frozenset[str] | None:
        """Return the databases in scope, ``None`` for all.

        :param session: of the connection's own database.
        """
        if self._options.all_databases:
            return None
        return frozenset(self._options.database_names or (session.database,))

    def _listed(self) -> list[str]:
        with self.open() as session:
            rows = session.rows(_LIST, doing="Listing the databases")
        for name, allowed in rows:
            if not allowed:
                grant = f"GRANT CONNECT ON DATABASE {identifier(name)} TO {identifier(session.role)};"
                self._report.leave_out("database_denied", f"{name}. To include it: {grant}")
        return [name for name, allowed in rows if allowed]
