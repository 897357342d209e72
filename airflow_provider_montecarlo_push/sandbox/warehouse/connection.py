"""How an Airflow connection and a shell have to look to reach the embedded warehouse."""

from __future__ import annotations

import json
from pathlib import Path

LOGIN = "montecarlo"
PASSWORD = "any"  # noqa: S105  # the emulator accepts every password
DEFAULT_CONN_ID = "snowflake_default"


def connection_json(
    port: int,
    *,
    host: str = "127.0.0.1",
    database: str = "ANALYTICS",
    schema: str = "MARTS",
    role: str = "MONTE_CARLO",
    warehouse: str = "MONITORING_WH",
) -> str:
    """The JSON of an Airflow connection for SnowflakeHook, fit for ``AIRFLOW_CONN_…``.

    :param port: the warehouse's port.
    :param host: its name, one of those in its certificate.
    :param database: the session's current database.
    :param schema: the session's current schema.
    """
    return json.dumps(
        {
            "conn_type": "snowflake",
            "login": LOGIN,
            "password": PASSWORD,
            "schema": schema,
            "extra": {
                "account": "embedded",
                "host": host,
                "port": port,
                "database": database,
                "warehouse": warehouse,
                "role": role,
            },
        }
    )


def environment(port: int, ca_bundle: Path, conn_id: str = DEFAULT_CONN_ID) -> dict[str, str]:
    """Variables by which a process finds and trusts the warehouse.

    :param ca_bundle: the bundle that the warehouse wrote.
    :param conn_id: Airflow connection id.
    """
    return {
        f"AIRFLOW_CONN_{conn_id.upper()}": connection_json(port),
        "REQUESTS_CA_BUNDLE": str(ca_bundle),
        "SSL_CERT_FILE": str(ca_bundle),
        # Else every connect asks the metadata services of three clouds first, which can take seconds without a network.
        "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
    }
