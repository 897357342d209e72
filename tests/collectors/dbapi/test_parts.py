"""The parts of the DB-API collector that need no database."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import psycopg
import pytest

from airflow_provider_montecarlo_push.collectors.dbapi.collector import DbApiCollector
from airflow_provider_montecarlo_push.collectors.dbapi.column_types import column_type
from airflow_provider_montecarlo_push.collectors.dbapi.drivers import driver_of, paramstyle_of
from airflow_provider_montecarlo_push.collectors.dbapi.errors import translate
from airflow_provider_montecarlo_push.collectors.dbapi.information_schema import candidates
from airflow_provider_montecarlo_push.collectors.dbapi.session import hook_of
from airflow_provider_montecarlo_push.collectors.dbapi.statements import Statement
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    SourceError,
    SourceUnavailableError,
)
from tests.collectors.dbapi.conftest import report


@pytest.mark.parametrize(
    ("style", "sql", "values"),
    [
        ("qmark", "a = ? AND b LIKE 'x%' OR c = ?", (1, 2)),
        ("numeric", "a = :1 AND b LIKE 'x%' OR c = :2", (1, 2)),
        ("named", "a = :mc_1 AND b LIKE 'x%' OR c = :mc_2", {"mc_1": 1, "mc_2": 2}),
        ("format", "a = %s AND b LIKE 'x%%' OR c = %s", (1, 2)),
        ("pyformat", "a = %(mc_1)s AND b LIKE 'x%%' OR c = %(mc_2)s", {"mc_1": 1, "mc_2": 2}),
    ],
)
def test_parameter_styles(style: str, sql: str, values: Any) -> None:
    assert Statement(["a = ", " AND b LIKE 'x%' OR c = ", ""], [1, 2]).render(style) == (sql, values)


def test_without_values_nothing_is_escaped() -> None:
    assert Statement.of("SELECT '100%'").render("pyformat") == ("SELECT '100%'", None)


def test_a_parameter_style_that_does_not_exist() -> None:
    with pytest.raises(ConfigurationError, match="'odd'"):
        Statement(["", ""], [1]).render("odd")


def test_drivers_are_told_by_their_connection() -> None:
    import duckdb

    class Wrapped(sqlite3.Connection):
        pass

    Wrapped.__module__ = "somewhere.else"
    with sqlite3.connect(":memory:") as plain, sqlite3.connect(":memory:", factory=Wrapped) as wrapped:
        assert (driver_of(plain), paramstyle_of(plain, "%s")) == ("sqlite3", "qmark")
        assert (driver_of(wrapped), paramstyle_of(wrapped, "%s")) == ("sqlite3", "qmark")
    assert paramstyle_of(duckdb.connect(), "%s") == "qmark"
    assert paramstyle_of(object(), "?") == "qmark"
    assert paramstyle_of(object(), "%s") == "format"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"full_type": "varchar(20)", "data_type": "varchar"}, "VARCHAR(20)"),
        ({"full_type": "set('a','B')"}, "SET('a','B')"),
        ({"data_type": "row(x decimal(3,1))"}, "ROW(X DECIMAL(3,1))"),
        ({"data_type": "nvarchar", "length": -1}, "NVARCHAR(MAX)"),
        ({"data_type": "varbinary", "length": 16}, "VARBINARY(16)"),
        ({"data_type": "text", "length": 65535}, "TEXT"),
        ({"data_type": "nchar", "length": 2147483647}, "NCHAR"),
        ({"data_type": "decimal", "precision": 18, "scale": 4}, "DECIMAL(18,4)"),
        ({"data_type": "decimal", "precision": 18}, "DECIMAL(18,0)"),
        ({"data_type": "integer", "precision": 32, "scale": 0}, "INTEGER"),
        ({"data_type": "datetime2", "fraction": 7}, "DATETIME2(7)"),
        ({"data_type": "datetime", "fraction": 3}, "DATETIME"),
        ({"data_type": "date", "fraction": 0}, "DATE"),
        ({"data_type": "ARRAY", "udt_name": "_int4"}, "INT4[]"),
        ({"data_type": "USER-DEFINED", "udt_name": "geometry"}, "GEOMETRY"),
        ({"data_type": None}, "UNKNOWN"),
    ],
)
def test_column_types(facts: dict[str, Any], expected: str) -> None:
    names = ("full_type", "data_type", "udt_name", "length", "precision", "scale", "fraction")
    assert column_type(*(facts.get(name) for name in names)) == expected


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("information_schema", ["information_schema.tables", "information_schema.TABLES"]),
        ("INFORMATION_SCHEMA", ["INFORMATION_SCHEMA.TABLES", "INFORMATION_SCHEMA.tables"]),
        ("hive.information_schema", ["hive.information_schema.tables", "hive.information_schema.TABLES"]),
        (
            "my-catalog.information_schema",
            ['"my-catalog".information_schema.tables', "`my-catalog`.information_schema.tables"],
        ),
        ('"a.b]c".information_schema', ['"a.b]c".information_schema.tables', "`a.b]c`.information_schema.tables"]),
    ],
)
def test_ways_to_write_the_name(name: str, tables: list[str]) -> None:
    assert [candidate["tables"] for candidate in candidates(name)][:2] == tables


def test_square_brackets_are_escaped() -> None:
    assert "[a.b]]c].information_schema.views" in [c["views"] for c in candidates('"a.b]c".information_schema')]


@pytest.mark.parametrize("name", ["", ".", "a..b", "a.", '"a"b', '""'])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ConfigurationError, match="information_schema in collector_kwargs"):
        DbApiCollector("c", report(), information_schema=name)


class DriverError(Exception):
    """An error as drivers raise it."""

    def __init__(self, *args: object, **facts: object) -> None:
        super().__init__(*args)
        self.__dict__.update(facts)


class OperationalError(DriverError):
    pass


class MySqlError(OperationalError):
    pass


MySqlError.__module__ = "pymysql.err"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DriverError("permission denied", sqlstate="42501"), AccessDeniedError),
        (DriverError("no such relation", sqlstate="42P01"), SourceError),
        (DriverError("syntax", pgcode="42601"), SourceError),
        (DriverError("password", pgcode="28P01"), SourceError),
        (DriverError("shutting down", sqlstate="57P01"), SourceUnavailableError),
        (DriverError("cancelled", sqlstate="57014"), SourceUnavailableError),
        (DriverError("too many clients", sqlstate="53300"), SourceUnavailableError),
        (DriverError("08S01", "[08S01] link failure"), SourceUnavailableError),
        (DriverError("42S02", "[42S02] Invalid object name"), SourceError),
        (MySqlError(1142, "SELECT command denied"), AccessDeniedError),
        (MySqlError(1045, "Access denied for user"), SourceError),
        (MySqlError(1064, "syntax"), SourceError),
        (MySqlError(2013, "Lost connection"), SourceUnavailableError),
        (OperationalError("server closed the connection unexpectedly"), SourceUnavailableError),
        (OperationalError('FATAL: password authentication failed for user "x"'), SourceError),
        (OperationalError('FATAL: database "x" does not exist'), SourceError),
        (ConnectionResetError("reset"), SourceUnavailableError),
        (TimeoutError(), SourceUnavailableError),
        (ValueError("what"), SourceError),
    ],
)
def test_errors(error: Exception, expected: type[Exception]) -> None:
    translated = translate(error, "Reading x", "c")
    assert type(translated) is expected
    assert "Reading x over connection 'c' failed" in str(translated)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [("SELECT * FROM missing", SourceError), ("SELEC", SourceError), ("BEGIN IMMEDIATE", SourceUnavailableError)],
)
def test_errors_of_sqlite(tmp_path: Any, sql: str, expected: type[Exception]) -> None:
    with sqlite3.connect(tmp_path / "db", timeout=0) as one, sqlite3.connect(tmp_path / "db", timeout=0) as two:
        one.execute("CREATE TABLE t (a)")
        one.commit()
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.Error) as raised:
            two.execute(sql)
    assert type(translate(raised.value, "Reading", "c")) is expected


def test_passwords_are_not_repeated() -> None:
    error = translate(ValueError("could not parse host=h password=pa55"), "Connecting", "c", secret="pa55")
    assert "pa55" not in str(error)


def test_a_port_on_which_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    connection = {"conn_type": "postgres", "host": "127.0.0.1", "port": port, "login": "u", "password": "pa55word"}
    monkeypatch.setenv("AIRFLOW_CONN_NOBODY", json.dumps(connection))
    with pytest.raises(SourceUnavailableError, match="Connecting over connection 'nobody' failed") as raised:
        list(DbApiCollector("nobody", report()).metadata(TableFilter()))
    assert "pa55word" not in str(raised.value)
    assert isinstance(raised.value.__cause__, psycopg.OperationalError)


@pytest.mark.parametrize(
    ("conn_type", "problem"),
    [("http", "HttpHook runs no SQL"), ("no-such-type", "no hook can be made")],
)
def test_connections_that_run_no_sql(monkeypatch: pytest.MonkeyPatch, conn_type: str, problem: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ODD", json.dumps({"conn_type": conn_type, "host": "h"}))
    with pytest.raises(ConfigurationError, match=problem):
        hook_of("odd")


def test_a_connection_that_is_not_defined() -> None:
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    with pytest.raises(AirflowNotFoundException):
        hook_of("nobody_defined_this")


def test_hook_params_reach_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PG", json.dumps({"conn_type": "postgres", "host": "h"}))
    hook: Any = hook_of("pg", {"options": "-c search_path=x"})
    assert hook.options == "-c search_path=x"
    with pytest.raises(ConfigurationError, match="hook_params"):
        hook_of("pg", {"postgres_conn_id": "another"})


def test_sqlite_has_no_information_schema(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LITE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "db")}))
    with pytest.raises(AccessDeniedError, match=r"no such table: information_schema\.tables"):
        list(DbApiCollector("lite", report()).metadata(TableFilter()))


def test_importing_loads_no_provider() -> None:
    import subprocess
    import sys

    modules = ("dbapi", "sql_catalog")
    code = "; ".join(f"import airflow_provider_montecarlo_push.collectors.{name}.collector" for name in modules)
    code += (
        "; import sys; print([m for m in sys.modules if m.startswith(('airflow.', 'sqlglot', 'pandas', 'psycopg'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
