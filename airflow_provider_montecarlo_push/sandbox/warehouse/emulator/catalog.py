"""INFORMATION_SCHEMA as Snowflake has it, over DuckDB's catalog and the emulator's ledger.

fakesnow knows no bytes, no times, no row counts after a ``DELETE``, and leaves views out of ``TABLES``. The views
here add them. Each kind is one view over all databases, which ``ACCOUNT_USAGE`` reads too, and a filtered one in
every database. Column names follow https://docs.snowflake.com/en/sql-reference/info-schema.
"""

# ruff: noqa: S608 - only names of the emulator's own tables and quoted identifiers are put into SQL

from __future__ import annotations

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import (
    GLOBAL_SCHEMA,
    INTERNAL_SCHEMA,
    identifier,
    literal,
)

# Upper case, because DuckDB drops an alias that only differs in case.
LEDGER_TABLES = f"""
create schema if not exists {GLOBAL_SCHEMA};
create table if not exists {GLOBAL_SCHEMA}._wh_databases (
    DATABASE_NAME varchar primary key, CREATED timestamptz, COMMENT varchar, ORIGIN varchar default '',
    TYPE varchar default 'STANDARD', VISIBLE boolean default true);
create table if not exists {GLOBAL_SCHEMA}._wh_schemas (
    DATABASE_NAME varchar, SCHEMA_NAME varchar, CREATED timestamptz, COMMENT varchar,
    primary key (DATABASE_NAME, SCHEMA_NAME));
create table if not exists {GLOBAL_SCHEMA}._wh_objects (
    DATABASE_NAME varchar, SCHEMA_NAME varchar, OBJECT_NAME varchar, OBJECT_ID bigint,
    CREATED timestamptz, LAST_ALTERED timestamptz, LAST_DDL timestamptz, OWNER varchar,
    ROW_COUNT bigint, DEFINITION varchar, COMMENT varchar, TABLE_TYPE varchar default 'BASE TABLE',
    IS_TRANSIENT varchar default 'NO', IS_DYNAMIC varchar default 'NO', IS_ICEBERG varchar default 'NO',
    IS_SECURE varchar default 'NO',
    primary key (DATABASE_NAME, SCHEMA_NAME, OBJECT_NAME));
create table if not exists {GLOBAL_SCHEMA}._wh_columns (
    DATABASE_NAME varchar, SCHEMA_NAME varchar, OBJECT_NAME varchar, COLUMN_NAME varchar,
    DECLARED_TYPE varchar, COMMENT varchar,
    primary key (DATABASE_NAME, SCHEMA_NAME, OBJECT_NAME, COLUMN_NAME));
"""

_USER_OBJECTS = (
    "database_name not in ('memory', 'system', 'temp', '_fs_global') "
    f"and schema_name not in ('main', 'information_schema', 'pg_catalog', '{INTERNAL_SCHEMA}')"
)
_BUILT_IN = ("COLUMNS", "DATABASES", "SCHEMATA", "TABLES", "VIEWS")

# Snowflake counts compressed blocks; eight bytes a value is a fair guess for a small table.
_BYTES = (
    "case when row_count > 0 then greatest(1024, (row_count * column_count * 8 / 512)::bigint * 512) else row_count end"
)

ALL_TABLES = f"""
create or replace view {GLOBAL_SCHEMA}._fs_tables as
with found as (
    select t.database_name, t.schema_name, t.table_name, 'BASE TABLE' as kind, t.column_count, t.estimated_size
    from duckdb_tables() t where {_USER_OBJECTS}
    union all
    select v.database_name, v.schema_name, v.view_name, 'VIEW', v.column_count, null
    from duckdb_views() v where {_USER_OBJECTS}
), known as (
    select f.database_name, f.schema_name, f.table_name, coalesce(o.owner, 'SYSADMIN') as owner,
        coalesce(o.table_type, f.kind) as table_type,
        case when coalesce(o.table_type, f.kind) in ('BASE TABLE', 'MATERIALIZED VIEW')
             then coalesce(o.row_count, f.estimated_size) end as row_count,
        f.column_count, o.created, o.last_altered, o.last_ddl, o.comment, o.object_id,
        coalesce(o.is_transient, 'NO') as is_transient, coalesce(o.is_iceberg, 'NO') as is_iceberg,
        coalesce(o.is_dynamic, 'NO') as is_dynamic
    from found f left join {GLOBAL_SCHEMA}._wh_objects o
      on o.database_name = f.database_name and o.schema_name = f.schema_name and o.object_name = f.table_name
    union all
    select d.database_name, 'INFORMATION_SCHEMA', b.name, '', 'VIEW', null, 0, null, null, null,
        'The ' || lower(b.name) || ' of this database', null, 'NO', 'NO', 'NO'
    from {GLOBAL_SCHEMA}._wh_databases d, (values {", ".join(f"('{name}')" for name in _BUILT_IN)}) b(name)
)
select database_name as "TABLE_CATALOG", schema_name as "TABLE_SCHEMA", table_name as "TABLE_NAME",
    owner as "TABLE_OWNER", table_type as "TABLE_TYPE", is_transient as "IS_TRANSIENT",
    null::varchar as "CLUSTERING_KEY", row_count as "ROW_COUNT", {_BYTES} as "BYTES",
    case when table_type = 'BASE TABLE' then 1 end as "RETENTION_TIME",
    null::varchar as "SELF_REFERENCING_COLUMN_NAME", null::varchar as "REFERENCE_GENERATION",
    null::varchar as "USER_DEFINED_TYPE_CATALOG", null::varchar as "USER_DEFINED_TYPE_SCHEMA",
    null::varchar as "USER_DEFINED_TYPE_NAME",
    case when table_type = 'BASE TABLE' then 'YES' else 'NO' end as "IS_INSERTABLE_INTO", 'YES' as "IS_TYPED",
    null::varchar as "COMMIT_ACTION", created as "CREATED", last_altered as "LAST_ALTERED", last_ddl as "LAST_DDL",
    owner as "LAST_DDL_BY", 'NO' as "AUTO_CLUSTERING_ON", comment as "COMMENT", 'NO' as "IS_TEMPORARY",
    is_iceberg as "IS_ICEBERG", is_dynamic as "IS_DYNAMIC", 'NO' as "IS_IMMUTABLE", 'NO' as "IS_HYBRID",
    object_id as "TABLE_ID"
from known
"""

ALL_VIEWS = f"""
create or replace view {GLOBAL_SCHEMA}._fs_views as
select v.database_name as "TABLE_CATALOG", v.schema_name as "TABLE_SCHEMA", v.view_name as "TABLE_NAME",
    coalesce(o.owner, 'SYSADMIN') as "TABLE_OWNER", coalesce(o.definition, v.sql) as "VIEW_DEFINITION",
    'NONE' as "CHECK_OPTION", 'NO' as "IS_UPDATABLE", 'NO' as "INSERTABLE_INTO",
    coalesce(o.is_secure, 'NO') as "IS_SECURE", o.created as "CREATED", o.last_altered as "LAST_ALTERED",
    o.last_ddl as "LAST_DDL", o.owner as "LAST_DDL_BY", o.comment as "COMMENT", o.object_id as "TABLE_ID"
from duckdb_views() v left join {GLOBAL_SCHEMA}._wh_objects o
  on o.database_name = v.database_name and o.schema_name = v.schema_name and o.object_name = v.view_name
where v.{_USER_OBJECTS.replace("and schema_name", "and v.schema_name")} and coalesce(o.table_type, 'VIEW') = 'VIEW'
"""

_NUMBERS = "('BIGINT', 'HUGEINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'UBIGINT', 'UINTEGER')"

_DATA_TYPE = f"""
case when d.declared_type is not null then d.declared_type
     when starts_with(k.data_type, 'DECIMAL') or k.data_type in {_NUMBERS} then 'NUMBER'
     when k.data_type = 'VARCHAR' then 'TEXT'
     when k.data_type in ('DOUBLE', 'FLOAT') then 'FLOAT'
     when k.data_type = 'BLOB' then 'BINARY'
     when starts_with(k.data_type, 'TIMESTAMP WITH') then 'TIMESTAMP_TZ'
     when starts_with(k.data_type, 'TIMESTAMP') then 'TIMESTAMP_NTZ'
     when k.data_type = 'JSON' then 'VARIANT'
     when ends_with(k.data_type, '[]') then 'ARRAY'
     when starts_with(k.data_type, 'STRUCT') or starts_with(k.data_type, 'MAP') then 'OBJECT'
     else k.data_type end
"""

# SHOW COLUMNS and DESCRIBE of fakesnow read this view as well.
ALL_COLUMNS = f"""
create or replace view {GLOBAL_SCHEMA}._fs_columns as
select k.database_name as "TABLE_CATALOG",
    case when k.schema_name = '{INTERNAL_SCHEMA}' then 'INFORMATION_SCHEMA' else k.schema_name end as "TABLE_SCHEMA",
    case when k.schema_name = '{INTERNAL_SCHEMA}' then upper(replace(k.table_name, '_fs_', ''))
         else k.table_name end as "TABLE_NAME",
    k.column_name as "COLUMN_NAME", k.column_index as "ORDINAL_POSITION", k.column_default as "COLUMN_DEFAULT",
    case when k.is_nullable then 'YES' else 'NO' end as "IS_NULLABLE", {_DATA_TYPE} as "DATA_TYPE",
    case when k.data_type = 'VARCHAR' then coalesce(e.ext_character_maximum_length, 16777216) end
        as "CHARACTER_MAXIMUM_LENGTH",
    case when k.data_type = 'VARCHAR' then coalesce(e.ext_character_octet_length, 16777216) end
        as "CHARACTER_OCTET_LENGTH",
    case when starts_with(k.data_type, 'DECIMAL') then k.numeric_precision
         when k.data_type in {_NUMBERS} then 38 end as "NUMERIC_PRECISION",
    case when starts_with(k.data_type, 'DECIMAL') or k.data_type in {_NUMBERS} then 10 end
        as "NUMERIC_PRECISION_RADIX",
    case when starts_with(k.data_type, 'DECIMAL') then k.numeric_scale
         when k.data_type in {_NUMBERS} then 0 end as "NUMERIC_SCALE",
    case when starts_with(k.data_type, 'TIME') then 9 end as "DATETIME_PRECISION",
    null::varchar as "INTERVAL_TYPE", null::varchar as "INTERVAL_PRECISION",
    null::varchar as "CHARACTER_SET_CATALOG", null::varchar as "CHARACTER_SET_SCHEMA",
    null::varchar as "CHARACTER_SET_NAME", null::varchar as "COLLATION_CATALOG",
    null::varchar as "COLLATION_SCHEMA", null::varchar as "COLLATION_NAME",
    'NO' as "IS_IDENTITY", null::varchar as "IDENTITY_GENERATION", null::varchar as "IDENTITY_START",
    null::varchar as "IDENTITY_INCREMENT", null::varchar as "IDENTITY_MAXIMUM", null::varchar as "IDENTITY_MINIMUM",
    null::varchar as "IDENTITY_CYCLE", null::varchar as "IDENTITY_ORDERED",
    coalesce(d.comment, k.comment) as "COMMENT", null::varchar as "DATA_TYPE_ALIAS"
from duckdb_columns() k
left join {GLOBAL_SCHEMA}._fs_columns_ext e
  on e.ext_table_catalog = k.database_name and e.ext_table_schema = k.schema_name
 and e.ext_table_name = k.table_name and e.ext_column_name = k.column_name
left join {GLOBAL_SCHEMA}._wh_columns d
  on d.database_name = k.database_name and d.schema_name = k.schema_name
 and d.object_name = k.table_name and d.column_name = k.column_name
where k.database_name not in ('memory', 'system', 'temp', '_fs_global')
  and k.schema_name not in ('main', 'information_schema', 'pg_catalog')
  and (k.schema_name <> '{INTERNAL_SCHEMA}' or k.table_name in
       ('_fs_columns', 'databases', '_fs_schemata', '_fs_tables', '_fs_views'))
"""

ALL_SCHEMATA = f"""
create or replace view {GLOBAL_SCHEMA}._fs_schemata as
select n.database_name as "CATALOG_NAME",
    case when n.schema_name = '{INTERNAL_SCHEMA}' then 'INFORMATION_SCHEMA' else n.schema_name end as "SCHEMA_NAME",
    case when n.schema_name = '{INTERNAL_SCHEMA}' then '' else 'SYSADMIN' end as "SCHEMA_OWNER",
    'NO' as "IS_TRANSIENT", 'NO' as "IS_MANAGED_ACCESS", 1 as "RETENTION_TIME",
    null::varchar as "DEFAULT_CHARACTER_SET_CATALOG", null::varchar as "DEFAULT_CHARACTER_SET_SCHEMA",
    null::varchar as "DEFAULT_CHARACTER_SET_NAME", null::varchar as "SQL_PATH",
    w.created as "CREATED", w.created as "LAST_ALTERED", w.comment as "COMMENT",
    'UNSET' as "REPLICABLE_WITH_FAILOVER_GROUPS", 'ROLE' as "OWNER_ROLE_TYPE"
from duckdb_schemas() n left join {GLOBAL_SCHEMA}._wh_schemas w
  on w.database_name = n.database_name and w.schema_name = n.schema_name
where n.database_name not in ('memory', 'system', 'temp', '_fs_global')
  and n.schema_name not in ('main', 'pg_catalog', 'information_schema')
"""

GLOBAL_VIEWS = (ALL_TABLES, ALL_VIEWS, ALL_COLUMNS, ALL_SCHEMATA)


def database_views(catalog: str) -> str:
    """SQL that gives one database its INFORMATION_SCHEMA."""
    schema = f"{identifier(catalog)}.{INTERNAL_SCHEMA}"
    filtered = [
        f"create or replace view {schema}.{view} as select {columns} from {GLOBAL_SCHEMA}.{view} "
        f"where {column} = {literal(catalog)}"
        for view, columns, column in (
            ("_fs_tables", '* exclude ("TABLE_ID")', '"TABLE_CATALOG"'),
            ("_fs_views", '* exclude ("TABLE_ID")', '"TABLE_CATALOG"'),
            ("_fs_columns", "*", '"TABLE_CATALOG"'),
            ("_fs_schemata", "*", '"CATALOG_NAME"'),
        )
    ]
    databases = f"""
create or replace view {schema}.databases as
select database_name as "DATABASE_NAME", 'SYSADMIN' as "DATABASE_OWNER", 'NO' as "IS_TRANSIENT",
    comment as "COMMENT", created as "CREATED", created as "LAST_ALTERED", 1 as "RETENTION_TIME",
    type as "TYPE", 'UNSET' as "REPLICABLE_WITH_FAILOVER_GROUPS", 'ROLE' as "OWNER_ROLE_TYPE"
from {GLOBAL_SCHEMA}._wh_databases where visible
"""
    return ";".join([*filtered, databases])
