"""Lineage of the assets that started a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, conf

from airflow_provider_montecarlo_push.assets.extra import observed_edge
from airflow_provider_montecarlo_push.assets.freshness import EACH_TABLE, freshness_event, updated_tables
from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.assets.names import NotATableError
from airflow_provider_montecarlo_push.assets.uris import dataset_of_uri
from airflow_provider_montecarlo_push.assets.writing import manifest_of, write_events, write_lineage, xcom_of
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.flags import as_bool
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.hooks.locations import folder_of_run, manifest_root, run_of
from airflow_provider_montecarlo_push.hooks.resource_map import main_resource, resource_map
from airflow_provider_montecarlo_push.manifests.model import FORMAT, Manifest, RunReference
from airflow_provider_montecarlo_push.manifests.receipts import Destination
from airflow_provider_montecarlo_push.push.hourly import HourlyRule

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
    from airflow_provider_montecarlo_push.events.names import TableName
    from airflow_provider_montecarlo_push.manifests.storage import Folder

log = logging.getLogger(__name__)

FRESHNESS_XCOM_KEY = "freshness"
_ORIGIN = "assets"


class MonteCarloAssetLineageOperator(BaseOperator):
    """Write the lineage of the assets that started the run into a manifest, for ``MonteCarloPushLineageOperator``.

    For a DAG that is scheduled on assets. Each event that started the run is an edge, from the sources that its extra
    names (see :func:`~airflow_provider_montecarlo_push.assets.producers.record_sources`) to its asset. Events without
    sources, assets that are no tables, and ends that are in no mapped resource are counted and named; a run without
    events, such as one that was started by hand, gives an empty manifest and a warning.

    The XCom result is that of the collect operators. With ``freshness``, the XCom ``freshness`` is a second one, for
    ``MonteCarloPushMetadataOperator``: ``manifest=lineage.output["freshness"]``.

    :param montecarlo_conn_id: connection of type ``montecarlo-ingest``, whose extra may have ``resources``.
    :param resource_uuid: the main resource, instead of the connection's: edges inside of it need not name resources,
        and the freshness of its tables is pushed.
    :param resource_type: of the main resource, instead of the mapped one.
    :param freshness: say as well when the tables were updated, each at most once in ``[montecarlo_push] min_interval``.
    :param manifest_root: where manifests are kept, instead of ``[montecarlo_push] manifest_root``.
    """

    template_fields: Sequence[str] = (
        "montecarlo_conn_id",
        "resource_uuid",
        "resource_type",
        "freshness",
        "manifest_root",
    )
    ui_color = "#e8edfb"

    def __init__(
        self,
        *,
        montecarlo_conn_id: str = MonteCarloIngestHook.default_conn_name,
        resource_uuid: str | None = None,
        resource_type: str | None = None,
        freshness: bool | str = False,
        manifest_root: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.montecarlo_conn_id = montecarlo_conn_id
        self.resource_uuid = resource_uuid
        self.resource_type = resource_type
        self.freshness = freshness
        self.manifest_root = manifest_root

    def execute(self, context: Context) -> dict[str, Any]:
        """Write one manifest or two, and return where the lineage is.

        :raises ConfigurationError: when the mapping of resources cannot be used.
        """
        with airflow_failures():
            run = run_of(context)
            root = manifest_root(self.manifest_root)
            folder = folder_of_run(root, run)
            resources = resource_map(self.montecarlo_conn_id)
            main = main_resource(
                resources,
                self.montecarlo_conn_id,
                resource_uuid=self.resource_uuid,
                resource_type=self.resource_type,
            )
            report = CollectionReport(log)
            observations = list(observations_of(context.get("triggering_asset_events"), report))
            if not report.counts["asset_events"]:
                report.note("No asset event started this run: it was started by hand, or by a schedule of time.")
            manifest = write_lineage(
                observations,
                resources,
                report,
                folder,
                manifest_of(Flow.LINEAGE, _ORIGIN, main, root=root, run=run),
                main=main,
            )
            if as_bool(self.freshness, "freshness"):
                freshness = self._write_freshness(observations, resources, main, root, run)
                context["ti"].xcom_push(key=FRESHNESS_XCOM_KEY, value=freshness)
        return xcom_of(folder, manifest)

    def _write_freshness(
        self,
        observations: list[Observation],
        resources: ResourceMap,
        main: Resource | None,
        root: Folder,
        run: RunReference,
    ) -> dict[str, Any]:
        """Write the manifest of freshness: tables of the main resource that were not in one within the hour."""
        report = CollectionReport(log)
        folder = folder_of_run(root, run).child(FRESHNESS_XCOM_KEY)
        manifest = manifest_of(
            Flow.METADATA,
            _ORIGIN,
            main,
            root=root,
            run=run,
            scope={EACH_TABLE: True, "only_freshness_and_volume": True},
        )
        interval = timedelta(seconds=conf.getint("montecarlo_push", "min_interval"))
        now = datetime.now(UTC)
        rules: list[HourlyRule] = []
        due: dict[TableName, datetime] = {}
        for table, at in updated_tables(observations, resources, report, main=main).items():
            rule = _hourly_rule(root, table, main, run)
            reason = rule.reason_to_wait(now, interval)
            if reason:
                report.leave_out("within_the_hour", f"{table}: {reason}")
                continue
            rules.append(rule)
            due[table] = at
        write_events((freshness_event(table, at) for table, at in due.items()), report, folder, manifest)
        for rule in rules:
            rule.record(folder.uri, now)
        return xcom_of(folder, manifest)


def observations_of(events: Any, report: CollectionReport) -> Iterator[Observation]:
    """Yield an observation for each asset event that started a run.

    :param events: ``triggering_asset_events`` of the context: events by asset, and again by alias.
    """
    seen: set[int] = set()
    for key in events or ():
        for event in events[key]:
            if id(event) in seen:
                continue
            seen.add(id(event))
            report.count("asset_events")
            try:
                dataset = dataset_of_uri(event.asset.uri)
            except NotATableError as error:
                report.leave_out(error.reason, str(error))
                continue
            edge = observed_edge(dataset, event.extra, report)
            yield Observation(
                run=RunReference(
                    dag_id=event.source_dag_id or "",
                    run_id=event.source_run_id or "",
                    task_id=event.source_task_id or "",
                    map_index=-1 if event.source_map_index is None else event.source_map_index,
                ),
                at=event.timestamp,
                edges=[edge] if edge is not None else [],
                updated=[dataset],
            )


def _hourly_rule(root: Folder, table: TableName, main: Resource | None, run: RunReference) -> HourlyRule:
    """Return the rule for one table; a task that runs again may say what it said before."""
    one_table = Manifest(
        format=FORMAT,
        id="/".join((run.dag_id, run.run_id, run.task_id, str(run.map_index))),
        flow=Flow.METADATA,
        collector=_ORIGIN,
        scope={"table": list(table)},
        counts={"with_freshness": 1},
        collected_at=datetime.now(UTC),
    )
    return HourlyRule(root, one_table, Destination("", main.uuid if main is not None else None))
