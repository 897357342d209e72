"""``python -m airflow_provider_montecarlo_push.sandbox.demo``: warehouse, Airflow and Monte Carlo on this machine."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.demo.airflow_server import AirflowServer
from airflow_provider_montecarlo_push.sandbox.demo.report import Report
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse

HOURLY = ("montecarlo_snowflake_metadata", "montecarlo_snowflake_lineage", "montecarlo_snowflake_query_logs")
ETL, OF_ASSETS = "montecarlo_asset_lineage_etl", "montecarlo_asset_lineage"
TABLE = "ANALYTICS:MARTS.FCT_ORDERS"
ASSET = "ANALYTICS:MARTS.SALES_BY_CATEGORY"


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return 0 when every run succeeded and Monte Carlo shows what was pushed."""
    options = _parser().parse_args(arguments)
    # Ctrl-C and a plain kill both unwind the stack, which stops what was started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            return _demo(stack, options)
    except MonteCarloPushError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_montecarlo_push.sandbox.demo",
        description="Start an embedded Snowflake, a local Monte Carlo and Airflow; run the example DAGs.",
    )
    parser.add_argument("--directory", type=Path, default=Path(".demo"), help="what is written (default %(default)s)")
    parser.add_argument("--dags", type=Path, default=Path("dags"), help="folder of the DAGs (default %(default)s)")
    parser.add_argument("--keep-running", action="store_true", help="leave everything running, with the Airflow UI")
    parser.add_argument("--airflow-port", type=int, default=0, help="port of the Airflow UI (default: a free one)")
    parser.add_argument("--sandbox-port", type=int, default=0, help="port of Monte Carlo's page (default: a free one)")
    return parser


def _demo(stack: ExitStack, options: argparse.Namespace) -> int:
    started = time.monotonic()
    shutil.rmtree(options.directory, ignore_errors=True)
    directory = options.directory.resolve()
    print("Starting an embedded Snowflake with a small shop in it …", flush=True)
    warehouse = stack.enter_context(EmbeddedWarehouse.running(directory / "warehouse", live=options.keep_running))
    print("Starting a local Monte Carlo …", flush=True)
    sandbox = stack.enter_context(Sandbox.running(own_process=True, port=options.sandbox_port))
    print("Starting Airflow …", flush=True)
    variables = warehouse.environment() | connections(sandbox) | resources(sandbox)
    airflow = stack.enter_context(
        AirflowServer.running(directory / "airflow", options.dags, variables, port=options.airflow_port)
    )
    print(f"Airflow {airflow.url}   Monte Carlo {sandbox.url}   ({time.monotonic() - started:.0f} s)", flush=True)
    report = run_dags(airflow, sandbox)
    print(
        f"\nDone in {time.monotonic() - started:.0f} s.", "All is well." if not report.failures else "Not all is well:"
    )
    for failure in report.failures:
        print(f"  {failure}")
    if options.keep_running:
        print(f"\nAirflow UI:  {airflow.url}\nMonte Carlo: {sandbox.url}\nLogs:        {airflow.log_file}")
        print("Ctrl-C ends it.", flush=True)
        threading.Event().wait()
    return 1 if report.failures else 0


def connections(sandbox: Sandbox) -> dict[str, str]:
    """Return the two Monte Carlo connections as environment variables."""
    ingest = {
        "conn_type": "montecarlo-ingest",
        "host": sandbox.url,
        "login": sandbox.ingest_key.id,
        "password": sandbox.ingest_key.secret,
        "extra": {"resource_uuid": sandbox.warehouse_uuid},
    }
    graphql = {
        "conn_type": "montecarlo",
        "host": sandbox.graphql_url,
        "login": sandbox.api_key.id,
        "password": sandbox.api_key.secret,
    }
    return {
        "AIRFLOW_CONN_MONTECARLO_INGEST_DEFAULT": json.dumps(ingest),
        "AIRFLOW_CONN_MONTECARLO_DEFAULT": json.dumps(graphql),
    }


def resources(sandbox: Sandbox) -> dict[str, str]:
    """Return the setting that maps the assets of the embedded warehouse to Monte Carlo's."""
    mapping = {"snowflake://embedded": {"resource_uuid": sandbox.warehouse_uuid, "resource_type": "snowflake"}}
    return {"AIRFLOW__MONTECARLO_PUSH__RESOURCES": json.dumps(mapping)}


def run_dags(airflow: AirflowServer, sandbox: Sandbox) -> Report:
    """Let the hourly DAGs run for the last hour, and an ETL DAG whose asset triggers another; print what came of it."""
    report = Report(airflow, sandbox, TABLE)
    airflow.wait_for_dags([*HOURLY, ETL, OF_ASSETS])
    print("Running the hourly DAGs for the last whole hour …", flush=True)
    for dag_id in HOURLY:
        airflow.unpause(dag_id)
    pushes = []
    for dag_id in HOURLY:
        pushes += report.run(dag_id, airflow.wait_for_run(dag_id))
    print("\nRunning an ETL DAG, whose asset triggers another DAG …", flush=True)
    for dag_id in (OF_ASSETS, ETL):
        airflow.unpause(dag_id)
    airflow.trigger(ETL)
    for dag_id in (ETL, OF_ASSETS):
        of_assets = report.run(dag_id, airflow.wait_for_run(dag_id))
    report.monte_carlo_shows(pushes)
    report.asset_shows(ASSET, of_assets)
    return report


if __name__ == "__main__":
    sys.exit(main())
