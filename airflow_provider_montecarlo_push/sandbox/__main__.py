"""``python -m airflow_provider_montecarlo_push.sandbox``: a local Monte Carlo."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox.config import API, INGESTION, SandboxConfig, load_config
from airflow_provider_montecarlo_push.sandbox.names import FLOWS

DEFAULT_PORT = 8085


# Flags and how argparse takes them: also those of the command `sandbox` of Airflow's command line.
ARGUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--host", {"default": "127.0.0.1", "help": "address to listen on (default %(default)s)"}),
    ("--port", {"type": int, "default": DEFAULT_PORT, "help": "port, 0 for a free one (default %(default)s)"}),
    ("--database", {"default": ":memory:", "metavar": "FILE", "help": "SQLite file (default: in memory)"}),
    ("--config", {"metavar": "FILE", "help": "JSON with account, keys, warehouses, limits and delays"}),
    ("--no-environment", {"action": "store_true", "help": "do not look at MCD_* variables"}),
    (
        "--visible-after",
        {
            "action": "append",
            "default": [],
            "metavar": "[FLOW=]SECONDS",
            "help": f"when pushes become visible over GraphQL; FLOW is one of {', '.join(FLOWS)}; may be repeated",
        },
    ),
    ("--max-raw-bytes", {"type": int, "metavar": "N", "help": "refuse larger bodies with 413"}),
    ("--no-gzip", {"action": "store_true", "help": "refuse Content-Encoding: gzip with 415"}),
    ("--quiet", {"action": "store_true", "help": "print the URL only"}),
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(
        prog="python -m airflow_provider_montecarlo_push.sandbox",
        description="A local Monte Carlo: ingest endpoints, GraphQL and a page that shows what arrived.",
        epilog="Keys and the first warehouse's UUID are taken from MCD_INGEST_ID, MCD_INGEST_TOKEN, MCD_ID, "
        "MCD_TOKEN and MCD_RESOURCE_UUID where these are set.",
    )
    for flag, options in ARGUMENTS:
        result.add_argument(flag, **options)
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox until it is interrupted; return the exit code."""
    try:
        run(parser().parse_args(arguments))
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 2
    return 0


def run(options: argparse.Namespace) -> None:
    """Run the sandbox until it is interrupted.

    :param options: a value for each of :data:`ARGUMENTS`.
    :raises ConfigurationError: when an option is wrong, or the extra ``sandbox`` is not installed.
    """
    config = load_config(
        options.config,
        None if options.no_environment else os.environ,
        visible_after=_delays(options.visible_after) or None,
        max_raw_bytes=options.max_raw_bytes,
        accept_gzip=False if options.no_gzip else None,
    )
    _serve(config, options)


def _serve(config: SandboxConfig, options: argparse.Namespace) -> None:
    try:
        from airflow_provider_montecarlo_push.sandbox.app import create_app
        from airflow_provider_montecarlo_push.sandbox.engine import Engine
        from airflow_provider_montecarlo_push.sandbox.server import create_server, listen
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The sandbox needs {error.name}: pip install 'airflow-provider-montecarlo-push[sandbox]'."
        ) from error

    socket = listen(options.host, options.port)
    engine = Engine(config, options.database)
    port = socket.getsockname()[1]
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::", "") else options.host  # noqa: S104 - to print a usable URL
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(url if options.quiet else welcome(url, config, options.database), flush=True)  # noqa: T201 - a command
    try:
        create_server(create_app(engine)).run(sockets=[socket])
    finally:
        engine.close()


def welcome(url: str, config: SandboxConfig, database: str) -> str:
    """Return what is printed at the start: where everything is, and keys to use it with.

    The keys are this sandbox's own and open nothing else.
    """
    lines = [
        f"Sandbox of Monte Carlo on {url}",
        "",
        f"  Page          {url}/",
        f"  Ingest        {url}/ingest/v1/metadata, /lineage, /querylogs",
        f"  GraphQL       {url}/graphql",
        f"  Kept in       {'memory' if database == ':memory:' else database}",
        "",
    ]
    names = {INGESTION: "Ingestion key", API: "API key"}
    lines += [f"  {names[key.kind]:<13} {key.id}  secret {key.secret}" for key in config.keys]
    lines += [f"  Warehouse     {item.uuid}  {item.name}, {item.connection_type}" for item in config.warehouses]
    slow = [f"{flow} {seconds:g} s" for flow, seconds in config.visible_after.items() if seconds]
    if slow:
        lines += ["", f"  Visible after {', '.join(slow)}"]
    return "\n".join([*lines, "", "Stop with Ctrl-C."])


def _delays(given: Sequence[str]) -> dict[str, float]:
    delays: dict[str, float] = {}
    for item in given:
        flow, separator, seconds = item.rpartition("=")
        try:
            number = float(seconds)
        except ValueError:
            raise ConfigurationError(f"--visible-after takes SECONDS or FLOW=SECONDS, not {item!r}.") from None
        delays.update({flow: number} if separator else dict.fromkeys(FLOWS, number))
    return delays


if __name__ == "__main__":
    sys.exit(main())
