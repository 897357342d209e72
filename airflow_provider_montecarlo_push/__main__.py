"""``python -m airflow_provider_montecarlo_push``: the commands of ``airflow montecarlo``, by themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

# Airflow's configuration has to be loaded before its command line is.
from airflow import configuration  # noqa: F401
from airflow.cli.cli_config import ActionCommand, GroupCommand

from airflow_provider_montecarlo_push.cli.definition import get_cli_commands


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    (group,) = get_cli_commands()
    result = argparse.ArgumentParser(prog="python -m airflow_provider_montecarlo_push", description=group.description)
    _add_commands(result, group)
    return result


def _add_commands(parser: argparse.ArgumentParser, group: GroupCommand) -> None:
    commands: Any = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in group.subcommands:
        below = commands.add_parser(
            command.name, help=command.help, description=command.description or command.help, epilog=command.epilog
        )
        if isinstance(command, ActionCommand):
            for argument in command.args:
                argument.add_to_parser(below)
            below.set_defaults(func=command.func)
        else:
            _add_commands(below, command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command.

    :raises SystemExit: with its exit code, unless that is 0.
    """
    options = parser().parse_args(arguments)
    options.func(options)


if __name__ == "__main__":
    main()
