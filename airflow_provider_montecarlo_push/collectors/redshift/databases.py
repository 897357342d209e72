"""Which databases of the cluster are collected."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.redshift.grants import DATABASES, current_user, view_denied
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, MonteCarloPushError

_SYSTEM = frozenset({"padb_harvest", "template0", "template1", "sys:internal"})


@dataclass(frozen=True)
class Database:
    """A database in scope.

    :param is_local: whether it belongs to this cluster and can be connected to; else it is a datashare, say.
    """

    name: str
    is_local: bool


def databases_in_scope(cluster: Cluster, tables: TableFilter) -> list[Database]:
    """Return the databases that can hold tables in scope, by name.

    :raises AccessDeniedError: when SVV_REDSHIFT_DATABASES is not granted.
    """
    sql = "SELECT database_name, database_type FROM svv_redshift_databases ORDER BY database_name"
    try:
        rows = cluster.fetch(sql, doing=f"Reading {DATABASES.view}")
    except AccessDeniedError as error:
        raise view_denied(DATABASES, current_user(cluster), error) from error
    return [
        Database(name, (kind or "local").strip().lower() == "local")
        for name, kind in rows
        if name not in _SYSTEM and tables.matches_database(name)
    ]


class Doors:
    """Tells which database of the cluster needs a connection of its own, and remembers those that refuse one."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._closed: dict[str, MonteCarloPushError] = {}
        self.home = str(cluster.fetch("SELECT current_database()", doing="Asking for the current database")[0][0])

    def to(self, database: str) -> str | None:
        """Return what :meth:`.Cluster.stream` takes for ``database``.

        :raises MonteCarloPushError: when it could not be connected to before.
        """
        if database in self._closed:
            raise self._closed[database]
        return None if database == self.home else database

    def try_to(self, database: str) -> MonteCarloPushError | None:
        """Connect to ``database`` once; return why it does not let in, ``None`` when it does."""
        if database not in self._closed and database != self.home:
            try:
                self._cluster.fetch("SELECT 1", doing=f"Connecting to {database}", database=database)
            except MonteCarloPushError as error:
                self._closed[database] = error
        return self._closed.get(database)
