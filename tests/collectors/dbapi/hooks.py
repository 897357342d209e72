"""DbApiHooks for databases whose providers are not installed, as users write them."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.sql.hooks.sql import DbApiHook


class DuckDbHook(DbApiHook):
    """DuckDB over the file in the connection's ``host``."""

    conn_name_attr = "duckdb_conn_id"
    default_conn_name = "duckdb_default"
    conn_type = "duckdb"
    hook_name = "DuckDB"

    def get_conn(self) -> Any:
        import duckdb

        return duckdb.connect(self.get_connection(self.get_conn_id()).host)


class PyMySqlHook(DbApiHook):
    """MySQL and MariaDB by PyMySQL."""

    conn_name_attr = "pymysql_conn_id"
    default_conn_name = "pymysql_default"
    conn_type = "pymysql"
    hook_name = "MySQL by PyMySQL"

    def get_conn(self) -> Any:
        import pymysql

        given = self.get_connection(self.get_conn_id())
        return pymysql.connect(
            host=given.host, port=given.port, user=given.login, password=given.password, database=given.schema or None
        )


def hook_info(cls: type[DbApiHook]) -> Any:
    """Return what Airflow keeps of a provider's hook."""
    from airflow.providers_manager import HookInfo

    return HookInfo(
        hook_class_name=f"{cls.__module__}.{cls.__qualname__}",
        connection_id_attribute_name=cls.conn_name_attr,
        package_name="tests",
        hook_name=cls.hook_name,
        connection_type=cls.conn_type,
        connection_testable=False,
    )
