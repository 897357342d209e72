"""PostgreSQL in the place of Redshift: two databases with tables in them, and the system views that tests fill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.collectors.postgres.server import Server
from tests.collectors.redshift.startup_proxy import Proxy

SYSTEM_VIEWS = Path(__file__).with_name("system_views.sql")
HOME, OTHER, CLOSED, SHARED = "dev", "sales", "closed", "partner"
NOON = datetime(2026, 11, 20, 12)
PIECE = 4000

_TABLES = {
    HOME: (
        "CREATE SCHEMA raw",
        "CREATE SCHEMA mart",
        'CREATE SCHEMA "Odd ""S"" 50%"',
        "CREATE TABLE raw.orders (id bigint, customer_id int, total numeric(12,2), note varchar(40), at timestamptz)",
        "CREATE TABLE raw.customers (id int, name varchar(256))",
        "CREATE TABLE raw.empty (x int)",
        "CREATE TABLE mart.revenue (name varchar(256), revenue numeric(38,2))",
        "CREATE TABLE public.daily (day date, total numeric(38,2))",
        "CREATE TABLE mart.mv_tbl__top__0 (name varchar(256))",
        'CREATE TABLE "Odd ""S"" 50%"."it\'s {x}" ("col umn" int)',
        (
            "CREATE VIEW mart.by_customer AS SELECT c.name, o.total FROM raw.orders o "
            "JOIN raw.customers c ON c.id = o.customer_id"
        ),
        "CREATE VIEW mart.late AS SELECT 1 AS one",
        "CREATE VIEW mart.top AS SELECT name FROM mart.revenue",
        "CREATE VIEW mart.constant AS SELECT 1 AS one",
    ),
    OTHER: (
        "CREATE SCHEMA emea",
        "CREATE TABLE emea.deals (id int, amount numeric(18,4))",
        "CREATE TABLE emea.big_deals (id int)",
        "CREATE VIEW emea.seen AS SELECT id FROM emea.deals",
    ),
    CLOSED: ("CREATE TABLE public.secret (id int)",),
}
_LATE = (
    'create view "mart"."late" (id, amount) as select s.id, s.amount from spectrum.sales s '
    "join raw.orders o on o.id = s.id with no schema binding;"
)
_SALES = [("id", "bigint"), ("amount", "decimal(10,2)"), ("t", "struct<a:int>")]
_EXTERNAL = [
    (HOME, "spectrum", "sales", "EXTERNAL TABLE", _SALES),
    (SHARED, "public", "rates", "SHARED TABLE", [("rate", "double precision")]),
]
_REMARKS = {"orders": "One row per order; it's 100% complete", "total": "in euros, ünïcode"}
# rows as SVV_TABLE_INFO has them: megabytes, rows with those that are deleted, visible rows
_SIZES = {
    "orders": (12, 1000, 990),
    "customers": (3, 7, 7),
    "revenue": (2, 5, None),
    "daily": (1, 2, 2),
    "it's {x}": (1, 1, 1),
    "deals": (40, 50, 50),
    "mv_tbl__top__0": (1, 5, 5),
}


class Warehouse:
    """Redshift as far as it is read.

    Users: ``admin`` is a superuser, ``monitor`` has the role sys:monitor, ``open`` unrestricted access to the log,
    ``reader`` none of these, ``nobody`` may not even read the system views. All have the password ``secret``.
    """

    def __init__(self, server: Server, proxy: Proxy) -> None:
        self.server = server
        self.proxy = proxy
        self._queries = 0

    def uri(self, database: str = HOME, user: str = "monitor", password: str = "secret", extra: str = "") -> str:
        return f"redshift://{user}:{password}@127.0.0.1:{self.proxy.port}/{quote(database)}?ssl=false{extra}"

    def execute(self, *statements: str, database: str = HOME, **options: Any) -> list[tuple[Any, ...]]:
        return self.server.execute(*statements, database=database, **options)

    def table_id(self, name: str, database: str = HOME) -> int:
        ((found,),) = self.execute(f"SELECT '{name}'::regclass::oid::bigint", database=database)
        return int(found)

    def clear_history(self) -> None:
        for database in (HOME, OTHER):
            self.execute("TRUNCATE rs.history, rs.texts, rs.detail", database=database)

    def ran(
        self,
        text: str,
        *,
        minutes: float = 0,
        kind: str = "INSERT",
        reads: Sequence[int] = (),
        writes: Sequence[int] = (),
        deletes: Sequence[int] = (),
        database: str = HOME,
        user: str = "etl",
        session: int = 1,
        user_id: int = 100,
        status: str = "success",
        **facts: Any,
    ) -> int:
        """Put a query into the history that ended so many minutes after noon; return its id."""
        self._queries += 1
        query_id = self._queries
        end = NOON + timedelta(minutes=minutes)
        escaped = text.replace("\n", "\\n")
        pieces = _pieces(escaped)
        row = {
            "user_id": user_id,
            "query_id": query_id,
            "session_id": session,
            "transaction_id": query_id,
            "database_name": database,
            "query_type": kind,
            "status": status,
            "start_time": end - timedelta(seconds=2),
            "end_time": end,
            "elapsed_time": 2_000_000,
            "query_text": pieces[0],
            "query_label": "default",
            "username": user,
            "returned_rows": 0,
            **facts,
        }
        steps: list[tuple[str, int | None]] = [("scan", 0), ("return", None), ("sort", None)]
        for step, tables in (("scan", reads), ("insert", writes), ("delete", deletes)):
            steps += [(step, table) for table in tables]
        for place in {HOME, OTHER}:
            with self.server.connect(place) as connection:
                columns = ", ".join(row)
                values = ", ".join(["%s"] * len(row))
                connection.execute(f"INSERT INTO rs.history ({columns}) VALUES ({values})", list(row.values()))
                for number, piece in reversed(list(enumerate(pieces))):
                    connection.execute(
                        "INSERT INTO rs.texts (user_id, query_id, session_id, sequence, text) "
                        "VALUES (%s, %s, %s, %s, %s)",
                        [user_id, query_id, session, number, piece],
                    )
                for number, (step, table) in enumerate(steps):
                    # one row for each slice
                    for slice_number in range(2):
                        connection.execute(
                            "INSERT INTO rs.detail (user_id, query_id, step_id, stream_id, step_name, table_id, "
                            "start_time, end_time) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                            [user_id, query_id, number, slice_number, step, table, row["start_time"], end],
                        )
        return query_id

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Warehouse]:
        # A transaction that is left open must fail what it holds up.
        settings = {"logging_collector": "off", "log_min_duration_statement": "-1", "lock_timeout": "20s"}
        with Server.running(**settings) as server, Proxy.running(server.port) as proxy:
            warehouse = cls(server, proxy)
            warehouse._fill()
            yield warehouse

    def _fill(self) -> None:
        self.server.execute(
            "CREATE ROLE role_monitor",
            *(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'" for name in ("monitor", "open", "reader", "nobody")),
            "GRANT role_monitor TO monitor",
        )
        for database, statements in _TABLES.items():
            self.server.execute(f"CREATE DATABASE {database}")
            self.server.execute(f"ALTER DATABASE {database} SET search_path = rs, pg_catalog, public")
            self.execute(SYSTEM_VIEWS.read_text(), *statements, database=database)
            self.execute("INSERT INTO rs.unrestricted VALUES ('open')", database=database)
            self._describe(database)
        self.server.execute(f"REVOKE CONNECT ON DATABASE {CLOSED} FROM PUBLIC")
        self.server.execute("ALTER ROLE nobody SET search_path = public")
        self.execute("INSERT INTO rs.late_binding VALUES ('mart.late', $text$" + _LATE + "$text$)")
        self.execute("INSERT INTO rs.late_binding_columns VALUES ('mart', 'late', 'amount', 'numeric(10,2)', 2)")
        self.execute("INSERT INTO rs.late_binding_columns VALUES ('mart', 'late', 'id', 'bigint', 1)")
        self.execute("DELETE FROM rs.svv_all_columns WHERE table_name = 'late'")

    def _describe(self, database: str) -> None:
        """Fill the catalog's system views: those of all databases in the one that collectors connect to first."""
        with self.server.connect(database) as connection:
            tables = connection.execute(
                "SELECT n.nspname, c.relname, c.relkind, c.oid::bigint FROM pg_class c JOIN pg_namespace n "
                "ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN "
                "('rs', 'pg_catalog', 'information_schema', 'pg_toast')"
            ).fetchall()
            columns = connection.execute(
                "SELECT table_schema, table_name, column_name, ordinal_position, data_type, character_maximum_length, "
                "numeric_precision, numeric_scale FROM information_schema.columns WHERE table_schema NOT IN "
                "('rs', 'pg_catalog', 'information_schema')"
            ).fetchall()
            for schema, table, kind, oid in tables:
                if kind == "r" and table in _SIZES:
                    connection.execute(
                        "INSERT INTO rs.svv_table_info VALUES (%s, %s, %s, %s, %s, %s, %s, '2025-01-02 03:04:05')",
                        [database, schema, oid, table, *_SIZES[table]],
                    )
        with self.server.connect(HOME) as connection:
            connection.execute("INSERT INTO rs.svv_redshift_databases VALUES (%s, 100, 'local')", [database])
            for schema, table, kind, _ in tables:
                connection.execute(
                    "INSERT INTO rs.svv_all_tables VALUES (%s, %s, %s, NULL, %s, %s)",
                    [database, schema, table, "TABLE" if kind == "r" else "VIEW", _REMARKS.get(table, "")],
                )
            for schema, table, name, number, kind, length, precision, scale in columns:
                connection.execute(
                    "INSERT INTO rs.svv_all_columns VALUES (%s, %s, %s, %s, %s, NULL, 'YES', %s, %s, %s, %s, %s)",
                    [database, schema, table, name, number, kind, length, precision, scale, _REMARKS.get(name)],
                )
            if database == HOME:
                self._describe_external(connection)

    def _describe_external(self, connection: Any) -> None:
        connection.execute("INSERT INTO rs.svv_redshift_databases VALUES (%s, 100, 'shared')", [SHARED])
        connection.execute("INSERT INTO rs.svv_redshift_databases VALUES ('padb_harvest', 1, 'local')")
        rows = [*_EXTERNAL, (HOME, "pg_automv", "mv_x", "TABLE", []), (HOME, "pg_temp_7", "t", "TABLE", [])]
        for database, schema, table, kind, columns in rows:
            connection.execute(
                "INSERT INTO rs.svv_all_tables VALUES (%s, %s, %s, NULL, %s, NULL)", [database, schema, table, kind]
            )
            for number, (name, data_type) in enumerate(columns, 1):
                connection.execute(
                    "INSERT INTO rs.svv_all_columns VALUES (%s, %s, %s, %s, %s, NULL, 'YES', %s)",
                    [database, schema, table, name, number, data_type],
                )


def _pieces(text: str) -> list[str]:
    """Cut a text as Redshift does, by bytes."""
    data = text.encode()
    return [data[start : start + PIECE].decode() for start in range(0, len(data), PIECE)] or [""]
