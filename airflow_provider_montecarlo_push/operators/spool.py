"""Push what the listener and the OpenLineage transport have spooled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import BaseHook, BaseOperator, conf

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.hooks.locations import folder_at, folder_of_run, manifest_root, run_of
from airflow_provider_montecarlo_push.hooks.resource_map import main_resource, resource_map
from airflow_provider_montecarlo_push.links.receipt import RECEIPT_XCOM_KEY, MonteCarloReceiptLink
from airflow_provider_montecarlo_push.push.batches import BatchLimits
from airflow_provider_montecarlo_push.push.session import ManifestPush
from airflow_provider_montecarlo_push.spool.building import Building
from airflow_provider_montecarlo_push.spool.defaults import ConnectionPlace, ConnectionPlaces, place_of
from airflow_provider_montecarlo_push.spool.pushing import SpoolLimits, SpoolPush

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.assets.resources import Resource
    from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
    from airflow_provider_montecarlo_push.push.gateway import Gateway

_SECTION = "montecarlo_push"


class MonteCarloPushSpoolOperator(BaseOperator):
    """Push the lineage that waits in the spool under the manifest root, in batches.

    What earlier runs could not deliver goes first. Any number of these may push one spool, of one Airflow or several:
    each batch is pushed by one of them. While Monte Carlo cannot be reached, everything stays where it is.

    The XCom result is a :class:`~airflow_provider_montecarlo_push.spool.pushing.SpoolResult` as a dict.

    :param montecarlo_conn_id: connection of type ``montecarlo-ingest``, whose extra may have ``resources``.
    :param resource_uuid: the main resource, instead of the connection's: edges inside of it need not name resources.
    :param resource_type: of the main resource, instead of the mapped one.
    :param manifest_root: where the spool and the manifests are, instead of ``[montecarlo_push] manifest_root``.
    :param batch_files: most observations in a batch, one for each task that succeeded.
    :param max_age: seconds for which an observation or a batch is kept that cannot be delivered; then it is dropped,
        counted in ``dropped`` and named in the log.
    :param takeover: seconds after which a batch is taken over from a task that is not heard of any more.
    :param on_rejected: whether events that Monte Carlo refuses ``fail`` the task, after all others were delivered, or
        are only counted and kept (``skip``).
    """

    template_fields: Sequence[str] = (
        "montecarlo_conn_id",
        "resource_uuid",
        "resource_type",
        "manifest_root",
        "on_rejected",
    )
    operator_extra_links = (MonteCarloReceiptLink(),)
    ui_color = "#d6f0e0"

    def __init__(
        self,
        *,
        montecarlo_conn_id: str = MonteCarloIngestHook.default_conn_name,
        resource_uuid: str | None = None,
        resource_type: str | None = None,
        manifest_root: str | None = None,
        batch_files: int = SpoolLimits.batch_files,
        max_age: float = SpoolLimits.max_age.total_seconds(),
        takeover: float = SpoolLimits.takeover.total_seconds(),
        on_rejected: Literal["fail", "skip"] = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.montecarlo_conn_id = montecarlo_conn_id
        self.resource_uuid = resource_uuid
        self.resource_type = resource_type
        self.manifest_root = manifest_root
        self.batch_files = batch_files
        self.max_age = max_age
        self.takeover = takeover
        self.on_rejected = on_rejected
        self.receipt: dict[str, str] | None = None
        self._push: SpoolPush | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Push, and return counts, invocation ids and manifests.

        :raises FinalError: when something has to be changed first; Airflow does not retry.
        :raises GatewayUnavailableError: when Monte Carlo does not answer; Airflow retries, and the task resumes.
        """
        with airflow_failures():
            if self.on_rejected not in ("fail", "skip"):
                raise ConfigurationError(f"on_rejected is {self.on_rejected!r}; give 'fail' or 'skip'.")
            limits = self._limits()
            run = run_of(context)
            root = manifest_root(self.manifest_root)
            resources = resource_map(self.montecarlo_conn_id)
            main = main_resource(
                resources,
                self.montecarlo_conn_id,
                resource_uuid=self.resource_uuid,
                resource_type=self.resource_type,
            )
            hook = MonteCarloIngestHook(self.montecarlo_conn_id)
            concurrency = conf.getint(_SECTION, "concurrency")
            with hook.gateway(connections=concurrency) as gateway:

                def push_of(reader: ManifestReader) -> ManifestPush:
                    return self._push_of(reader, hook, gateway, main, concurrency)

                folder = folder_of_run(root, run)
                places = ConnectionPlaces(_place_of_connection)
                self._push = SpoolPush(
                    root,
                    _owner(context),
                    Building(resources, main, run, root, limits.max_age, places.complete),
                    folder_of=folder.child,
                    open_folder=folder_at,
                    push_of=push_of,
                    limits=limits,
                )
                result = self._push.run()
        if result.receipt:
            self.receipt = {"dag_id": self.dag_id, "uri": result.receipt}
            context["ti"].xcom_push(key=RECEIPT_XCOM_KEY, value=self.receipt)
        return result.to_dict()

    def on_kill(self) -> None:
        """Stop sending; what is acknowledged is kept, and the next attempt goes on from there."""
        if self._push is not None:
            self._push.stop()

    def _limits(self) -> SpoolLimits:
        for name in ("batch_files", "max_age", "takeover"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)!r}; give a number above 0.")
        return SpoolLimits(
            batch_files=int(self.batch_files),
            max_age=timedelta(seconds=self.max_age),
            takeover=timedelta(seconds=self.takeover),
        )

    def _push_of(
        self,
        reader: ManifestReader,
        hook: MonteCarloIngestHook,
        gateway: Gateway,
        main: Resource | None,
        concurrency: int,
    ) -> ManifestPush:
        # What an earlier run built is pushed to the resource that it was built for.
        scope = reader.manifest.scope
        destination = hook.destination(
            Flow.LINEAGE,
            gateway,
            resource_uuid=scope.get("resource_uuid") or (main.uuid if main else None),
            resource_type=reader.manifest.resource_type,
            crosses_resources=all(part.crosses_resources for part in reader.manifest.parts),
        )
        return ManifestPush(
            reader,
            gateway,
            destination,
            limits=BatchLimits(
                events=conf.getint(_SECTION, "batch_max_events"),
                compressed_bytes=conf.getint(_SECTION, "batch_max_compressed_bytes"),
                raw_bytes=conf.getint(_SECTION, "batch_max_raw_bytes"),
            ),
            concurrency=concurrency,
            fail_on_rejected=self.on_rejected == "fail",
        )


def _owner(context: Context) -> str:
    """Return what each attempt of a task instance has in common, and the task instances of another Airflow have not."""
    run = run_of(context)
    started = getattr(context["dag_run"], "start_date", None)
    return f"{run.dag_id}/{run.run_id}/{run.task_id}/{run.map_index} started {started}"


def _place_of_connection(conn_id: str, conn_type: str) -> ConnectionPlace | None:
    try:
        connection = BaseHook.get_connection(conn_id)
    except Exception:  # noqa: BLE001 - secrets backends raise what they like; what lacks a database is counted
        return None
    return place_of(conn_type, connection.schema, connection.extra_dejson)
