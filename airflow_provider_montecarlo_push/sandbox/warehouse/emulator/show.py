"""What SHOW answers, over the wider catalog views.

fakesnow turns ``SHOW TABLES`` and its kin into queries on these views. Column names follow
https://docs.snowflake.com/en/sql-reference/sql/show.
"""

# ruff: noqa: S608 - only names of the emulator's own tables are put into SQL

from __future__ import annotations

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import GLOBAL_SCHEMA

SHOW_DATABASES = f"""
create or replace view {GLOBAL_SCHEMA}._fs_show_databases as
select created as "created_on", database_name as "name", 'N' as "is_default", 'N' as "is_current",
    origin as "origin", 'SYSADMIN' as "owner", coalesce(comment, '') as "comment", '' as "options",
    '1' as "retention_time", type as "kind", null::varchar as "budget", 'ROLE' as "owner_role_type",
    null::varchar as "object_visibility"
from {GLOBAL_SCHEMA}._wh_databases where visible order by database_name
"""

SHOW_SCHEMAS = f"""
create or replace view {GLOBAL_SCHEMA}._fs_show_schemas as
select n."CREATED" as "created_on", n."SCHEMA_NAME" as "name", 'N' as "is_default", 'N' as "is_current",
    n."CATALOG_NAME" as "database_name", n."SCHEMA_OWNER" as "owner", coalesce(n."COMMENT", '') as "comment",
    '' as "options", '1' as "retention_time", 'ROLE' as "owner_role_type"
from {GLOBAL_SCHEMA}._fs_schemata n
join {GLOBAL_SCHEMA}._wh_databases b on b.database_name = n."CATALOG_NAME" and b.visible
order by "database_name", "name"
"""

_LISTED = """
select "CREATED" as "created_on", "TABLE_NAME" as "name", "TABLE_CATALOG" as "database_name",
    "TABLE_SCHEMA" as "schema_name", {columns}
"""

_TABLE = """
    '' as "cluster_by", "ROW_COUNT" as "rows", "BYTES" as "bytes", "TABLE_OWNER" as "owner", '1' as "retention_time",
    'ROLE' as "owner_role_type", 'N' as "is_hybrid", left("IS_ICEBERG", 1) as "is_iceberg",
    left("IS_DYNAMIC", 1) as "is_dynamic", coalesce("COMMENT", '') as "comment"
"""

SHOW_TABLES = f"""
create or replace view {GLOBAL_SCHEMA}._fs_show_tables as
{_LISTED.format(columns=f'''case when "IS_TRANSIENT" = 'YES' then 'TRANSIENT' else 'TABLE' end as "kind", {_TABLE}''')}
from {GLOBAL_SCHEMA}._fs_tables where "TABLE_TYPE" = 'BASE TABLE'
"""

SHOW_OBJECTS = f"""
create or replace view {GLOBAL_SCHEMA}._fs_show_objects as
{_LISTED.format(columns=f'''replace("TABLE_TYPE", 'BASE ', '') as "kind", {_TABLE}''')}
from {GLOBAL_SCHEMA}._fs_tables where "TABLE_SCHEMA" <> 'INFORMATION_SCHEMA'
"""

SHOW_VIEWS = f"""
create or replace view {GLOBAL_SCHEMA}._fs_show_views as
{
    _LISTED.format(
        columns=''' '' as "reserved", "TABLE_OWNER" as "owner", coalesce("COMMENT", '') as "comment",
    "VIEW_DEFINITION" as "text", lower("IS_SECURE") = 'yes' as "is_secure", false as "is_materialized",
    'ROLE' as "owner_role_type", 'OFF' as "change_tracking" '''
    )
}
from {GLOBAL_SCHEMA}._fs_views
"""

SHOW_COMMANDS = (SHOW_DATABASES, SHOW_SCHEMAS, SHOW_TABLES, SHOW_OBJECTS, SHOW_VIEWS)
