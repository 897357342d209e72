"""``collect``: what a collect task does, from a terminal."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_montecarlo_push.cli.command import command
from airflow_provider_montecarlo_push.cli.output import json_argument, show
from airflow_provider_montecarlo_push.cli.running import parameters_of, run_operator
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.operators.flows import COLLECT

_OF_SOME_FLOWS = (
    "include",
    "exclude",
    "resource_type",
    "keep_asset_types",
    "only_freshness_and_volume",
    "redact_literals",
    "log_type",
    "window_start",
    "window_end",
)


@command
def collect(arguments: Namespace) -> None:
    """Collect one flow into a manifest, and show where it is."""
    flow = Flow(arguments.flow)
    operator = COLLECT[flow](
        task_id=f"collect_{flow.value}",
        source_conn_id=arguments.source_conn_id,
        collector=arguments.collector,
        collector_kwargs=json_argument(arguments.collector_kwargs, "--collector-kwargs"),
        manifest_root=arguments.manifest_root,
        **parameters_of(COLLECT[flow], arguments, _OF_SOME_FLOWS),
    )
    show(run_operator(operator), arguments.output)
