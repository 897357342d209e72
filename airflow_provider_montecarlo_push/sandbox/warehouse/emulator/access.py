"""Which system views an account shows: the editions that a collector has to cope with."""

from __future__ import annotations

from dataclasses import dataclass

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from airflow_provider_montecarlo_push.sandbox.warehouse.editions import Edition
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.errors import not_authorized
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import stored


@dataclass(frozen=True)
class Access:
    """What a session may see.

    :param denied_views: names in SNOWFLAKE.ACCOUNT_USAGE that do not exist for it.
    :param denied_databases: databases that do not exist for it.
    :param denies_all: no database exists for it.
    """

    denied_views: frozenset[str] = frozenset()
    denied_databases: frozenset[str] = frozenset()
    denies_all: bool = False

    def refusal(self, statement: exp.Expr, database: str | None) -> ProgrammingError | None:
        """The error for the first table of ``statement`` that is out of reach, ``None`` if there is none."""
        for table in statement.find_all(exp.Table):
            catalog = stored(table.args.get("catalog")) or database
            if catalog and self.hides(catalog):
                return not_authorized("Database", catalog)
            schema, name = stored(table.args.get("db")), stored(table.this)
            if catalog == "SNOWFLAKE" and schema == "ACCOUNT_USAGE" and name in self.denied_views:
                return not_authorized("Object", f"SNOWFLAKE.ACCOUNT_USAGE.{name}")
        return None

    def hides(self, database: str) -> bool:
        """Whether ``database`` is invisible."""
        return self.denies_all or database in self.denied_databases


ACCESS: dict[Edition, Access] = {
    "enterprise": Access(),
    "standard": Access(denied_views=frozenset({"ACCESS_HISTORY"})),
    "no_account_usage": Access(denied_databases=frozenset({"SNOWFLAKE"})),
    "no_grants": Access(denies_all=True),
}
