"""``python -m airflow_provider_montecarlo_push.sandbox.warehouse``: start the embedded warehouse."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_montecarlo_push.sandbox.warehouse.connection import connection_json, environment
from airflow_provider_montecarlo_push.sandbox.warehouse.editions import EDITIONS

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.sandbox.warehouse.certificates import Certificates


def main(argv: Sequence[str] | None = None) -> int:
    """Run the warehouse until Ctrl-C or SIGTERM; returns the exit code."""
    options = _parser().parse_args(argv)
    try:
        from airflow_provider_montecarlo_push.sandbox.warehouse.server import Settings, serve
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"The embedded warehouse needs {error.name}, which is not installed. Run:\n"
            "  pip install 'airflow-provider-montecarlo-push[embedded]'\n"
        )
        return 2
    try:
        serve(Settings(**vars(options)), _announce)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {options.host}:{options.port}: {error}. Choose another --port.\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_montecarlo_push.sandbox.warehouse",
        description="A small Snowflake account on this machine: fakesnow behind TLS, with a shop in it.",
    )
    parser.add_argument("--port", type=int, default=8086, help="port to listen on; 0 takes a free one (8086)")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (127.0.0.1)")
    parser.add_argument(
        "--hostname", dest="hostnames", action="append", default=[], help="further name for the certificate"
    )
    parser.add_argument(
        "--directory", type=Path, default=Path("embedded-warehouse"), help="where the certificates are written"
    )
    parser.add_argument("--seed", action=argparse.BooleanOptionalAction, default=True, help="fill it with the shop")
    parser.add_argument(
        "--live", action="store_true", help="go on with the shop's statements, some every hour, while it runs"
    )
    parser.add_argument("--edition", choices=EDITIONS, default="enterprise", help="kind of account to look like")
    parser.add_argument("--ready-file", type=Path, help="file to write, with the port, once it answers")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop with the parent process")
    return parser


def _announce(port: int, files: Certificates, seconds: float) -> None:
    bundle = Path(files.bundle).resolve()
    lines = [
        f"The embedded warehouse answers on https://127.0.0.1:{port} (ready after {seconds:.1f} s).",
        "Let Airflow use it, in the shell that runs it:",
        "",
        *[f"  export {name}='{value}'" for name, value in environment(port, bundle).items()],
        "",
        f"Or add a Snowflake connection with this JSON:\n\n  {connection_json(port)}\n",
        "Stop with Ctrl-C.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
