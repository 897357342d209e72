"""Fill an empty account: catalog, rows, and a day of history."""

# ruff: noqa: S608 - only names of the emulator's own tables and quoted identifiers are put into SQL

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.ledger import Created
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import GLOBAL_SCHEMA, ObjectName
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.session import WarehouseConnection, open_session
from airflow_provider_montecarlo_push.sandbox.warehouse.seed import account_usage, loads, tags, views
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.access import AccessWriter
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.account_usage import CATALOG_VIEWS
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.history import History
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.schedule import HOURS, history

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from fakesnow.instance import FakeSnow

# Models that need a first run before the views over them can be made.
_FIRST_RUN = (
    loads.CUSTOMERS,
    *loads.HOURLY_MODELS,
    loads.CLICKS,
    *loads.SIX_HOURLY,
    *loads.DAILY,
)

# How SHOW DATABASES tells the databases that Snowflake itself provides.
_SHARED = f"""
update {GLOBAL_SCHEMA}._wh_databases set type = 'APPLICATION', origin = 'SNOWFLAKE.ACCOUNT_USAGE'
where database_name = 'SNOWFLAKE';
update {GLOBAL_SCHEMA}._wh_databases set type = 'IMPORTED DATABASE', origin = 'SFSALESSHARED.SFC_SAMPLES.SAMPLE_DATA'
where database_name = 'SNOWFLAKE_SAMPLE_DATA';
"""


def plant(account: FakeSnow) -> History:
    """Make the shop's databases, run its loads and questions, and write down what happened.

    :return: the history, which can go on.
    """
    now = datetime.now(UTC)
    build(account, now - timedelta(hours=HOURS, minutes=30))
    ledger = WarehouseConnection.account.ledger
    access = AccessWriter((view.lineage for view in views.ALL), ledger.object_id)
    played = History(account, ledger, access)
    for run in history(now):
        played.play(run)
    played.flush()
    played.close()
    duck = account.duck_conn.cursor()
    account_usage.insert(duck, "OBJECT_DEPENDENCIES", list(access.dependencies()))
    account_usage.insert(duck, "TAG_REFERENCES", list(tags.references(ledger.object_id)))
    return played


def build(account: FakeSnow, loaded: datetime) -> None:
    """Make all databases, with rows loaded at ``loaded`` and tables made weeks before."""
    session = open_session(account)
    session.role = "SYSADMIN"
    _run(session, script("account_usage.sql"), loaded - timedelta(days=400))
    duck = account.duck_conn.cursor()
    duck.execute(CATALOG_VIEWS)
    _show_as_views(duck, loaded - timedelta(days=400))
    _run(session, script("sample_data.sql"), loaded - timedelta(days=400))
    duck.execute(_SHARED)
    _run(session, script("raw_tables.sql"), loaded - timedelta(days=90))
    _run(session, script("raw_rows.sql"), loaded - timedelta(minutes=30))
    _run(session, script("analytics_tables.sql"), loaded - timedelta(days=60))
    _run(session, [view.sql for view in views.STAGING], loaded - timedelta(days=59))
    _run(session, script("marketing_tables.sql"), loaded - timedelta(days=30))
    _run(session, ["USE SCHEMA ANALYTICS.MARTS", *(step.sql for step in _FIRST_RUN)], loaded)
    _run(session, [view.sql for view in views.MARTS + views.MARKETING], loaded - timedelta(days=20))
    _run(session, script("other_databases.sql"), loaded - timedelta(days=3))
    session.close()


def _show_as_views(duck: DuckDBPyConnection, made: datetime) -> None:
    """Enter all of ACCOUNT_USAGE as what it is in Snowflake: views, nobody's own."""
    names = duck.execute(
        "select table_name from information_schema.tables where table_catalog = 'SNOWFLAKE' "
        "and table_schema = 'ACCOUNT_USAGE'"
    ).fetchall()
    found = [Created(ObjectName("SNOWFLAKE", "ACCOUNT_USAGE", str(name)), "VIEW") for (name,) in names]
    WarehouseConnection.account.ledger.record(found, when=made, owner="")


def _run(session: WarehouseConnection, statements: list[str], at: datetime) -> None:
    session.clock = at
    for statement in statements:
        session.cursor().execute(statement)


def script(name: str) -> list[str]:
    """The statements of ``sql/<name>``: each ends with a semicolon at the end of its line."""
    text = (files(__package__) / "sql" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" ;\n")]
