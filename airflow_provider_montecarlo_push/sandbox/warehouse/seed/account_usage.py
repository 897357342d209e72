"""The database SNOWFLAKE: the account's history, and its catalog as views."""

# ruff: noqa: S608 - only names of the emulator's own tables and quoted identifiers are put into SQL

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import GLOBAL_SCHEMA, identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA = '"SNOWFLAKE"."ACCOUNT_USAGE"'

_NO_SCHEMA = "\"TABLE_SCHEMA\" <> 'INFORMATION_SCHEMA'"

CATALOG_VIEWS = f"""
create or replace view {SCHEMA}."TABLES" as
select *, null::timestamptz as "DELETED" from {GLOBAL_SCHEMA}._fs_tables where {_NO_SCHEMA};
create or replace view {SCHEMA}."VIEWS" as
select *, null::timestamptz as "DELETED" from {GLOBAL_SCHEMA}._fs_views where {_NO_SCHEMA};
create or replace view {SCHEMA}."COLUMNS" as
select c.*, o.object_id as "TABLE_ID", null::timestamptz as "DELETED"
from {GLOBAL_SCHEMA}._fs_columns c left join {GLOBAL_SCHEMA}._wh_objects o
  on o.database_name = c."TABLE_CATALOG" and o.schema_name = c."TABLE_SCHEMA" and o.object_name = c."TABLE_NAME"
where {_NO_SCHEMA};
create or replace view {SCHEMA}."DATABASES" as
select database_name as "DATABASE_NAME", 'SYSADMIN' as "DATABASE_OWNER", comment as "COMMENT", created as "CREATED",
    created as "LAST_ALTERED", null::timestamptz as "DELETED", type as "TYPE"
from {GLOBAL_SCHEMA}._wh_databases;
create or replace view {SCHEMA}."SCHEMATA" as
select *, null::timestamptz as "DELETED" from {GLOBAL_SCHEMA}._fs_schemata where "SCHEMA_NAME" <> 'INFORMATION_SCHEMA';
"""


def insert(duck: DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add ``rows``, mappings of column to value, to a table of ACCOUNT_USAGE."""
    if not rows:
        return
    columns = list(dict.fromkeys(column for row in rows for column in row))
    names, places = ", ".join(map(identifier, columns)), ", ".join("?" * len(columns))
    duck.executemany(
        f"insert into {SCHEMA}.{identifier(table)} ({names}) values ({places})",
        [[row.get(column) for column in columns] for row in rows],
    )
