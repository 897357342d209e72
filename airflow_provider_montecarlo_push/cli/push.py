"""``push``: what a push task does, from a terminal."""

from __future__ import annotations

from argparse import Namespace

from airflow_provider_montecarlo_push.cli.command import command
from airflow_provider_montecarlo_push.cli.output import show
from airflow_provider_montecarlo_push.cli.running import parameters_of, run_operator
from airflow_provider_montecarlo_push.hooks.locations import manifest_folder
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.operators.flows import PUSH

_OF_SOME_FLOWS = ("resource_type", "log_type", "min_interval", "force")


@command
def push(arguments: Namespace) -> None:
    """Push a manifest, from where an earlier push of it stopped."""
    flow = ManifestReader(manifest_folder(arguments.manifest)).manifest.flow
    operator = PUSH[flow](
        task_id=f"push_{flow.value}",
        manifest=arguments.manifest,
        montecarlo_conn_id=arguments.ingest_conn_id,
        resource_uuid=arguments.resource_uuid,
        max_events=arguments.max_events,
        concurrency=arguments.concurrency,
        on_rejected=arguments.on_rejected,
        dry_run=arguments.dry_run,
        **parameters_of(PUSH[flow], arguments, _OF_SOME_FLOWS),
    )
    show(run_operator(operator), arguments.output)
