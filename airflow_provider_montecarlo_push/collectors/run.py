"""Run a collector into a manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.collectors.redaction import redacted
from airflow_provider_montecarlo_push.events import Event, Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, EmptyCatalogError
from airflow_provider_montecarlo_push.manifests.model import Manifest
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.manifests.writer import ManifestWriter
from airflow_provider_montecarlo_push.progress import Progress

log = logging.getLogger(__name__)


def collect(
    collector: Collector,
    manifest: Manifest,
    folder: Folder,
    *,
    tables: TableFilter,
    jobs: JobFilter | None = None,
    only_freshness_and_volume: bool = False,
    redact_literals: bool = False,
) -> Manifest:
    """Collect the flow that ``manifest`` announces into ``folder``.

    :param manifest: the header of what is written: flow, types, window, scope.
    :param tables: which tables; query logs are not filtered by table.
    :param jobs: for ETL metadata and runs: of which jobs.
    :param only_freshness_and_volume: for metadata.
    :param redact_literals: take the values out of query texts and of views' SQL.
    :return: the finished manifest.
    :raises EmptyCatalogError: when there is no table at all in the scope of a metadata collection, or no job
        in that of ETL metadata.
    """
    progress = Progress(log, "Collected")
    with ManifestWriter(folder, manifest) as writer:
        if manifest.flow.is_etl:
            events = _etl_events(collector, manifest, jobs or JobFilter())
        else:
            events = _events(collector, manifest, tables, only_freshness_and_volume)
        for event in redacted(events, collector.sql_dialect) if redact_literals else events:
            writer.write(event)
            progress.add(1)
        report = collector.report
        if manifest.flow is Flow.METADATA and not progress.done:
            raise EmptyCatalogError(
                f"Connection {collector.conn_id!r} shows not one table in {tables.describe()}. Check the patterns, "
                "and what the connection's role is granted: see the grants of this warehouse in the documentation."
            )
        if manifest.flow is Flow.ETL_METADATA and not progress.done:
            raise EmptyCatalogError(
                f"Connection {collector.conn_id!r} shows not one job in {(jobs or JobFilter()).describe()}. Check the "
                "patterns, and what its user may see."
            )
        if not progress.done:
            report.note(f"No {manifest.flow.value} events in this window.")
        manifest.counts = dict(report.counts)
        manifest.left_out = dict(report.left_out)
        manifest.notes = report.notes
        manifest.complete = report.complete
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in manifest.left_out.items()) or "nothing"
    log.info("%s; left out: %s", progress.line(), left_out)
    return manifest


def _events(
    collector: Collector, manifest: Manifest, tables: TableFilter, only_freshness_and_volume: bool
) -> Iterator[Event]:
    if manifest.flow is Flow.METADATA:
        return collector.metadata(tables, only_freshness_and_volume=only_freshness_and_volume)
    if manifest.window is None:
        raise ConfigurationError(f"A {manifest.flow.value} collection needs a window.")
    if manifest.flow is Flow.LINEAGE:
        return collector.lineage(tables, manifest.window)
    if manifest.flow is Flow.QUERY_LOGS:
        return collector.query_logs(manifest.window)
    raise ConfigurationError(f"{manifest.flow.value} is not about tables.")


def _etl_events(collector: Collector, manifest: Manifest, jobs: JobFilter) -> Iterator[Event]:
    if manifest.flow is Flow.ETL_METADATA:
        return collector.etl_metadata(jobs)
    if manifest.window is None:
        raise ConfigurationError(f"A {manifest.flow.value} collection needs a window.")
    return collector.etl_runs(jobs, manifest.window)
