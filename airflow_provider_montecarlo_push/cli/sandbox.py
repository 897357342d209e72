"""``sandbox``: a local Monte Carlo."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_montecarlo_push.cli.command import command
from airflow_provider_montecarlo_push.sandbox.__main__ import run


@command
def sandbox(arguments: Namespace) -> None:
    """Run it until it is interrupted."""
    run(arguments)
