"""``delete``: tables at Monte Carlo that are no longer in the warehouse."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from airflow_provider_montecarlo_push.cli.command import NOT_YET, command
from airflow_provider_montecarlo_push.cli.output import show
from airflow_provider_montecarlo_push.cli.running import context_of, run_operator
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.operators.deletion import MonteCarloDeletePushedTablesOperator

_NAMED = 10


@command
def delete(arguments: Namespace) -> int | None:
    """Report what would be deleted, ask, and delete it."""
    if not (arguments.yes or arguments.dry_run or sys.stdin.isatty()):
        raise ConfigurationError("There is no terminal to ask on: give --yes to delete, or --dry-run to look.")
    context = context_of("delete")

    def run(*, dry_run: bool) -> dict[str, Any]:
        operator = MonteCarloDeletePushedTablesOperator(
            task_id="delete",
            mcons=arguments.mcon,
            tables=arguments.table,
            manifest=arguments.manifest,
            previous=arguments.previous,
            resource_uuid=arguments.resource_uuid,
            montecarlo_conn_id=arguments.api_conn_id,
            max_fraction=arguments.max_fraction,
            max_tables=arguments.max_tables,
            manifest_root=arguments.manifest_root,
            dry_run=dry_run,
        )
        result: dict[str, Any] = run_operator(operator, context)
        return result

    if arguments.dry_run:
        show(run(dry_run=True), arguments.output)
        return None
    if not arguments.yes and not _confirmed(run(dry_run=True)):
        print("Nothing was deleted.", file=sys.stderr)
        return NOT_YET
    show(run(dry_run=False), arguments.output)
    return None


def _confirmed(report: dict[str, Any]) -> bool:
    count, names = report["to_delete"], report["tables"]
    print(f"{count:,} tables would be deleted. {report['record']} names all of them:", file=sys.stderr)
    for name in names[:_NAMED]:
        print(f"  {name}", file=sys.stderr)
    if count > _NAMED:
        print(f"  … and {count - _NAMED:,} more", file=sys.stderr)
    for reason, left in report["left_alone"].items():
        print(f"{left:,} are left alone: {reason}", file=sys.stderr)
    if not count:
        return False
    print("Delete them at Monte Carlo? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
