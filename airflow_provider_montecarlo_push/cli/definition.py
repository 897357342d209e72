"""The commands, as Airflow's command line takes them; what they do is imported when one is run."""

from __future__ import annotations

from pathlib import Path

from airflow.cli.cli_config import (
    ARG_OUTPUT,
    ARG_VERBOSE,
    ARG_YES,
    ActionCommand,
    Arg,
    GroupCommand,
    lazy_load_command,
    positive_int,
)

from airflow_provider_montecarlo_push.events.vocabulary import Flow
from airflow_provider_montecarlo_push.sandbox.__main__ import ARGUMENTS as SANDBOX_ARGUMENTS

_CLI = "airflow_provider_montecarlo_push.cli"
_EXIT_CODES = (
    "Exit codes: 0 done, 1 failed and will fail again, 2 wrong usage, 3 not done or not visible yet, 75 failed for "
    "now: try again."
)


def location(text: str) -> str:
    """Return a location; a relative path becomes an absolute one."""
    return text if "://" in text else str(Path(text).absolute())


_INGEST = Arg(
    ("--ingest-conn-id",),
    default="montecarlo_ingest_default",
    help="Connection of type montecarlo-ingest, with the Ingestion key (default: %(default)s)",
)
_API = Arg(
    ("--api-conn-id",),
    default="montecarlo_default",
    help="Connection of type montecarlo, with the API key (default: %(default)s)",
)
_RESOURCE = Arg(("--resource-uuid",), metavar="UUID", help="Monte Carlo warehouse, instead of the connection's")
_RESOURCE_TYPE = Arg(("--resource-type",), help="Such as snowflake or data-lake, instead of the collector's")
_LOG_TYPE = Arg(("--log-type",), help="Such as snowflake or s3, for query logs, instead of the collector's")
_ROOT = Arg(
    ("--manifest-root",),
    metavar="URI",
    type=location,
    help="Where manifests are kept, instead of [montecarlo_push] manifest_root",
)
_MANIFEST = Arg(("manifest",), metavar="MANIFEST", type=location, help="URI or path of a manifest or of its folder")
_COMMON = (ARG_OUTPUT, ARG_VERBOSE)


def _flag(name: str, text: str) -> Arg:
    return Arg((f"--{name}",), action="store_true", help=text)


def _repeated(name: str, text: str, metavar: str) -> Arg:
    return Arg((f"--{name}",), action="append", metavar=metavar, help=f"{text}; may be repeated")


_CHECK = ActionCommand(
    name="check",
    help="Check both connections, the key's scope, the resource and the manifest root",
    func=lazy_load_command(f"{_CLI}.check.check"),
    args=(
        _INGEST,
        _API,
        _RESOURCE,
        _ROOT,
        Arg(("--source-conn-id",), help="Connection of a warehouse: check what its collector can read as well"),
        *_COMMON,
    ),
)
_WAREHOUSES = ActionCommand(
    name="warehouses",
    help="List the account's warehouses and what each received by push",
    func=lazy_load_command(f"{_CLI}.keys.warehouses"),
    args=(_API, *_COMMON),
)
_CREATE_KEY = ActionCommand(
    name="create-key",
    help="Create an Ingestion key; put it into a connection, or print it once",
    func=lazy_load_command(f"{_CLI}.keys.create_key"),
    args=(
        Arg(("--description",), required=True, help="What Monte Carlo's list of keys shows"),
        _repeated("warehouse", "UUID of a warehouse that the key may push to, if not to all", "UUID"),
        Arg(("--conn-id",), help="Write the key into this connection instead of printing it"),
        Arg(("--resource-uuid",), metavar="UUID", help="Warehouse that the connection pushes to"),
        Arg(("--host",), help="Endpoint of the connection, if not Monte Carlo's own"),
        _flag("replace", "Put the key into a connection that is there already"),
        _API,
        *_COMMON,
    ),
)
_COLLECT = ActionCommand(
    name="collect",
    help="Collect one flow from a warehouse into a manifest",
    func=lazy_load_command(f"{_CLI}.collect.collect"),
    args=(
        Arg(("flow",), choices=tuple(flow.value for flow in Flow), help="What to collect"),
        Arg(("--source-conn-id",), required=True, help="Connection of the warehouse; its type picks the collector"),
        _repeated("include", "Only these tables, such as ANALYTICS.*.*", "PATTERN"),
        _repeated("exclude", "Not these tables", "PATTERN"),
        Arg(("--window-start",), help="ISO 8601 with an offset (default: the last hour, moved back by the lag)"),
        Arg(("--window-end",), help="Likewise; not included"),
        _flag("only-freshness-and-volume", "Leave out what seldom changes"),
        _flag("redact-literals", "Take the values out of SQL"),
        _flag("keep-asset-types", "Send EXTERNAL and WILDCARD instead of TABLE"),
        _RESOURCE_TYPE,
        _LOG_TYPE,
        Arg(("--collector",), metavar="CLASS", help="Dotted path of a collector, instead of the connection's"),
        Arg(("--collector-kwargs",), metavar="JSON", help="Options of the collector"),
        _ROOT,
        *_COMMON,
    ),
    epilog=_EXIT_CODES,
)
_PUSH = ActionCommand(
    name="push",
    help="Push a manifest, from where an earlier push of it stopped",
    func=lazy_load_command(f"{_CLI}.push.push"),
    args=(
        _MANIFEST,
        _INGEST,
        _RESOURCE,
        _RESOURCE_TYPE,
        _LOG_TYPE,
        Arg(("--max-events",), type=positive_int(allow_zero=False), help="Most events in one request"),
        Arg(("--concurrency",), type=positive_int(allow_zero=False), help="Most requests in flight"),
        Arg(
            ("--on-rejected",),
            choices=("fail", "skip"),
            default="fail",
            help="Fail when events are refused, after all others were delivered, or only count them",
        ),
        Arg(("--min-interval",), type=float, metavar="SECONDS", help="Between two pushes of the same tables"),
        _flag("force", "Push freshness and volume within the hour all the same"),
        _flag("dry-run", "Say what would be sent, and send nothing"),
        *_COMMON,
    ),
    epilog=_EXIT_CODES,
)
_VALIDATE = ActionCommand(
    name="validate",
    help="Look whether Monte Carlo shows what was pushed",
    func=lazy_load_command(f"{_CLI}.validate.validate"),
    args=(
        Arg(("uri",), metavar="RECEIPT", type=location, help="URI or path of a receipt, or of a manifest pushed once"),
        Arg(("--wait",), type=float, default=0, metavar="SECONDS", help="Look again for so long (default: once)"),
        Arg(("--interval",), type=float, default=30, metavar="SECONDS", help="Between two looks (default: 30)"),
        _flag("received", "Only look whether Monte Carlo has received it, as is done for query logs"),
        _repeated("table", "For query logs, look for queries of this table, database.schema.table", "NAME"),
        _RESOURCE,
        _API,
        *_COMMON,
    ),
    epilog=_EXIT_CODES,
)
_DELETE = ActionCommand(
    name="delete",
    help="Delete push-ingested tables at Monte Carlo, after a report and a question",
    func=lazy_load_command(f"{_CLI}.delete.delete"),
    args=(
        _repeated("table", "Table database.schema.table; needs --resource-uuid", "NAME"),
        _repeated("mcon", "MCON of a table", "MCON"),
        Arg(
            ("--manifest",),
            metavar="URI",
            type=location,
            help="Delete the tables that --previous holds and this manifest does not",
        ),
        Arg(("--previous",), metavar="URI", type=location, help="The manifest before (default: found)"),
        Arg(("--max-fraction",), type=float, default=0.1, help="Refuse if a larger part would go (default: 0.1)"),
        Arg(("--max-tables",), type=int, help="Refuse if more tables would go"),
        _flag("dry-run", "Only report"),
        ARG_YES,
        _RESOURCE,
        _API,
        _ROOT,
        *_COMMON,
    ),
    epilog=_EXIT_CODES,
)
_MANIFESTS = GroupCommand(
    name="manifest",
    help="Look into manifests",
    subcommands=(
        ActionCommand(
            name="show",
            help="Show flow, scope, counts and what was left out",
            func=lazy_load_command(f"{_CLI}.manifests.show_manifest"),
            args=(
                Arg(("uri",), metavar="MANIFEST", type=location, help="URI or path of a manifest or of its folder"),
                Arg(
                    ("--events",),
                    type=positive_int(allow_zero=False),
                    metavar="N",
                    help="Show the first N events instead, as JSON lines",
                ),
                _flag("verify", "Read all parts and check their sums"),
                *_COMMON,
            ),
        ),
        ActionCommand(
            name="diff",
            help="Show what was added, removed and altered between two manifests of one flow",
            func=lazy_load_command(f"{_CLI}.manifests.diff_manifests"),
            args=(
                Arg(("older",), metavar="OLDER", type=location, help="URI or path of a manifest"),
                Arg(("newer",), metavar="NEWER", type=location, help="Likewise"),
                Arg(
                    ("--limit",),
                    type=positive_int(allow_zero=True),
                    default=50,
                    metavar="N",
                    help="Most names of each kind (default: 50)",
                ),
                *_COMMON,
            ),
        ),
    ),
)
_RECEIPTS = GroupCommand(
    name="receipt",
    help="Look into receipts",
    subcommands=(
        ActionCommand(
            name="show",
            help="Show what became of a manifest: status, counts, ids",
            func=lazy_load_command(f"{_CLI}.receipts.show_receipt"),
            args=(
                Arg(("uri",), metavar="RECEIPT", type=location, help="URI or path of a receipt, or of a manifest"),
                _flag("batches", "Show every batch with its invocation id"),
                _flag("rejected", "Show the refused events with the reasons, as JSON lines"),
                *_COMMON,
            ),
        ),
    ),
)
_SANDBOX = ActionCommand(
    name="sandbox",
    help="Run a local Monte Carlo: ingest endpoints, GraphQL and a page that shows what arrived",
    func=lazy_load_command(f"{_CLI}.sandbox.sandbox"),
    args=(*(Arg((flag,), **options) for flag, options in SANDBOX_ARGUMENTS), ARG_VERBOSE),
)


def get_cli_commands() -> list[GroupCommand]:
    """Return the commands of ``airflow montecarlo``."""
    return [
        GroupCommand(
            name="montecarlo",
            help="Collect, push and check what Monte Carlo gets",
            description="Feed Monte Carlo: collect from a warehouse, push, look what arrived.",
            subcommands=(
                _CHECK,
                _WAREHOUSES,
                _CREATE_KEY,
                _COLLECT,
                _PUSH,
                _VALIDATE,
                _DELETE,
                _MANIFESTS,
                _RECEIPTS,
                _SANDBOX,
            ),
        )
    ]
