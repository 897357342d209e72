-- Redshift's system views, as far as they are read, over tables that tests fill. They come first in the search path.
-- Columns and types are those of https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html

CREATE SCHEMA rs;
GRANT USAGE ON SCHEMA rs TO PUBLIC;

CREATE TABLE rs.svv_redshift_databases (
    database_name varchar(128), database_owner int, database_type varchar(32), database_acl varchar(128),
    database_options varchar(128), database_isolation_level varchar(128));
CREATE TABLE rs.svv_all_tables (
    database_name varchar(128), schema_name varchar(128), table_name varchar(128), table_acl varchar(128),
    table_type varchar(128), remarks varchar(256));
CREATE TABLE rs.svv_all_columns (
    database_name varchar(128), schema_name varchar(128), table_name varchar(128), column_name varchar(128),
    ordinal_position int, column_default varchar(4000), is_nullable varchar(3), data_type varchar(128),
    character_maximum_length int, numeric_precision int, numeric_scale int, remarks varchar(256));
CREATE TABLE rs.svv_table_info (
    database text, schema text, table_id oid, "table" text, size bigint, tbl_rows numeric(38,0),
    estimated_visible_rows numeric(38,0), create_time timestamp);

CREATE TABLE rs.history (
    user_id int, query_id bigint, query_label char(320), transaction_id bigint, session_id int,
    database_name char(128), query_type char(32), status char(10), result_cache_hit boolean, start_time timestamp,
    end_time timestamp, elapsed_time bigint, queue_time bigint, execution_time bigint, error_message char(512),
    returned_rows bigint, returned_bytes bigint, query_text char(4000), redshift_version char(256),
    usage_limit char(150), compute_type varchar(32), compile_time bigint, planning_time bigint,
    lock_wait_time bigint, username varchar(256), user_query_hash varchar(40), generic_query_hash varchar(40));
CREATE TABLE rs.texts (
    user_id int, query_id bigint, transaction_id bigint, session_id int, start_time timestamp, sequence int,
    text char(4000));
CREATE TABLE rs.detail (
    user_id int, query_id bigint, child_query_sequence int, stream_id int, segment_id int, step_id int,
    step_name text, table_id int, table_name char(136), is_rrscan char(1), start_time timestamp, end_time timestamp,
    input_rows bigint, output_rows bigint, source text, metrics_level text);

-- Regular users see their own rows only; role_monitor stands for the role sys:monitor, which PostgreSQL cannot name.
CREATE TABLE rs.unrestricted (user_name text);
CREATE FUNCTION rs.user_is_member_of(who text, what text) RETURNS boolean LANGUAGE sql AS
    $$ SELECT what = 'sys:monitor' AND pg_catalog.pg_has_role(who::name, 'role_monitor'::name, 'MEMBER') $$;
CREATE VIEW rs.svv_user_info AS
    SELECT usename::text AS user_name, usesysid::int AS user_id, usesuper AS superuser,
        CASE WHEN usename IN (SELECT user_name FROM rs.unrestricted) THEN 'UNRESTRICTED' ELSE 'RESTRICTED' END
            AS syslog_access
    FROM pg_catalog.pg_user WHERE usename = current_user;
CREATE FUNCTION rs.sees(who int) RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT bool_or(superuser OR syslog_access = 'UNRESTRICTED' OR user_id = who)
           OR rs.user_is_member_of(current_user::text, 'sys:monitor') FROM rs.svv_user_info $$;
CREATE VIEW rs.sys_query_history WITH (security_barrier) AS SELECT * FROM rs.history WHERE rs.sees(user_id);
CREATE VIEW rs.sys_query_text WITH (security_barrier) AS SELECT * FROM rs.texts WHERE rs.sees(user_id);
CREATE VIEW rs.sys_query_detail WITH (security_barrier) AS SELECT * FROM rs.detail WHERE rs.sees(user_id);

-- A late-binding view keeps its whole statement, and has no columns.
CREATE TABLE rs.late_binding (view regclass, statement text);
CREATE TABLE rs.late_binding_columns (
    view_schema name, view_name name, col_name name, col_type varchar, col_num int);
CREATE FUNCTION rs.pg_get_viewdef(view oid, pretty boolean) RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT COALESCE((SELECT statement FROM rs.late_binding l WHERE l.view = $1),
                       pg_catalog.pg_get_viewdef(view, pretty)) $$;
CREATE FUNCTION rs.pg_get_late_binding_view_cols() RETURNS SETOF record LANGUAGE sql STABLE AS
    $$ SELECT * FROM rs.late_binding_columns $$;

GRANT SELECT ON ALL TABLES IN SCHEMA rs TO PUBLIC;
REVOKE SELECT ON rs.history, rs.texts, rs.detail FROM PUBLIC;
