"""Push a manifest to Monte Carlo and return every invocation id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator, conf

from airflow_provider_montecarlo_push.assets.freshness import EACH_TABLE
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.flags import as_bool
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.hooks.locations import folder_at, manifest_folder, manifest_root, run_of
from airflow_provider_montecarlo_push.links.receipt import RECEIPT_XCOM_KEY, MonteCarloReceiptLink
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.operators.edges import edges_manifest
from airflow_provider_montecarlo_push.operators.given import as_list, is_given
from airflow_provider_montecarlo_push.operators.item_files import items_in
from airflow_provider_montecarlo_push.push.batches import BatchLimits
from airflow_provider_montecarlo_push.push.delivered import record_delivery
from airflow_provider_montecarlo_push.push.hourly import HourlyRule
from airflow_provider_montecarlo_push.push.session import ManifestPush, plan

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.manifests.model import Manifest
    from airflow_provider_montecarlo_push.manifests.receipts import Destination
    from airflow_provider_montecarlo_push.manifests.storage import Folder
    from airflow_provider_montecarlo_push.push.gateway import Gateway

_SECTION = "montecarlo_push"


class MonteCarloPushOperator(BaseOperator):
    """Base of the push operators.

    The XCom result is a :class:`PushResult` as a dict: ``events``, ``batches``, ``invocation_ids`` (up to 500; all of
    them are in the receipt), ``receipt``, ``rejected`` and so on. A retry or a cleared task sends only what is not
    acknowledged yet.

    :param manifest: output of the collect task, or the URI of a manifest.
    :param montecarlo_conn_id: connection of type ``montecarlo-ingest``.
    :param resource_uuid: Monte Carlo warehouse, instead of the connection's.
    :param max_events: most events in one request, instead of the setting ``batch_max_events``.
    :param concurrency: most requests in flight, instead of the setting ``concurrency``.
    :param on_rejected: whether events that Monte Carlo refuses ``fail`` the task, after all others were delivered, or
        are only counted and kept (``skip``).
    :param dry_run: say what would be sent, and send nothing.
    """

    flow: ClassVar[Flow]
    template_fields: Sequence[str] = (
        "manifest",
        "montecarlo_conn_id",
        "resource_uuid",
        "max_events",
        "concurrency",
        "on_rejected",
        "only_plan",
    )
    operator_extra_links = (MonteCarloReceiptLink(),)
    ui_color = "#d6f0e0"

    def __init__(
        self,
        *,
        manifest: dict[str, Any] | str | None,
        montecarlo_conn_id: str = MonteCarloIngestHook.default_conn_name,
        resource_uuid: str | None = None,
        max_events: int | None = None,
        concurrency: int | None = None,
        on_rejected: Literal["fail", "skip"] = "fail",
        dry_run: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.manifest = manifest
        self.montecarlo_conn_id = montecarlo_conn_id
        self.resource_uuid = resource_uuid
        self.max_events = max_events
        self.concurrency = concurrency
        self.on_rejected = on_rejected
        # BaseOperator has a method of the parameter's name.
        self.only_plan = dry_run
        self.receipt: dict[str, str] | None = None
        self._push: ManifestPush | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Push, and return counts, invocation ids and the receipt.

        :raises AirflowSkipException: when freshness and volume of the same tables were pushed within the hour.
        :raises FinalError: when something has to be changed first; Airflow does not retry.
        :raises GatewayUnavailableError: when Monte Carlo does not answer; Airflow retries, and resumes.
        """
        with airflow_failures():
            reader = self._reader(context)
            reader.manifest.require_flow(self.flow, reader.uri)
            limits = self._limits()
            concurrency = _positive(self.concurrency, "concurrency")
            hook = MonteCarloIngestHook(self.montecarlo_conn_id)
            with hook.gateway(connections=concurrency) as gateway:
                destination = self._destination(hook, gateway, reader)
                if as_bool(self.only_plan, "dry_run"):
                    result = plan(reader, destination, limits)
                    self.log.info(
                        "Dry run: would send %s events in %s requests to %s",
                        f"{result.events:,}",
                        f"{result.batches:,}",
                        destination,
                    )
                    return result.to_dict()
                rule = self._hourly_rule(reader, destination)
                self._push = ManifestPush(
                    reader,
                    gateway,
                    destination,
                    limits=limits,
                    concurrency=concurrency,
                    fail_on_rejected=self._fail_on_rejected(),
                )
                collected_by = reader.manifest.run.dag_id if reader.manifest.run else self.dag_id
                self.receipt = {"dag_id": collected_by, "uri": self._push.receipt_uri}
                context["ti"].xcom_push(key=RECEIPT_XCOM_KEY, value=self.receipt)
                if not reader.manifest.events:
                    self.log.warning("%s holds no events: nothing to push.", reader.uri)
                result = self._push.run()
                now = datetime.now(UTC)
                rule.record(reader.uri, now)
                record_delivery(_root_of(reader), reader, destination, result, now)
        return result.to_dict()

    def _reader(self, context: Context) -> ManifestReader:  # noqa: ARG002 - for subclasses
        return ManifestReader(manifest_folder(self.manifest))

    def on_kill(self) -> None:
        """Stop sending; what is acknowledged is kept, and the next attempt goes on from there."""
        if self._push is not None:
            self._push.stop()

    def _limits(self) -> BatchLimits:
        return BatchLimits(
            events=_positive(self.max_events, "batch_max_events"),
            compressed_bytes=_positive(None, "batch_max_compressed_bytes"),
            raw_bytes=_positive(None, "batch_max_raw_bytes"),
        )

    def _fail_on_rejected(self) -> bool:
        if self.on_rejected not in ("fail", "skip"):
            raise ConfigurationError(f"on_rejected is {self.on_rejected!r}; give 'fail' or 'skip'.")
        return self.on_rejected == "fail"

    def _destination(self, hook: MonteCarloIngestHook, gateway: Gateway, reader: ManifestReader) -> Destination:
        manifest = reader.manifest
        return hook.destination(
            self.flow,
            gateway,
            resource_uuid=self.resource_uuid or manifest.resource_uuid,
            resource_type=getattr(self, "resource_type", None) or manifest.resource_type,
            log_type=getattr(self, "log_type", None) or manifest.log_type,
            crosses_resources=_crosses_resources(manifest),
        )

    def _hourly_rule(self, reader: ManifestReader, destination: Destination) -> HourlyRule:
        return HourlyRule(_root_of(reader), reader.manifest, destination)


class MonteCarloPushMetadataOperator(MonteCarloPushOperator):
    """Push tables and views. Further parameters: those of :class:`MonteCarloPushOperator`.

    :param resource_type: instead of the manifest's, such as ``data-lake``.
    :param min_interval: seconds between two pushes of freshness and volume of the same tables, instead of the setting
        ``min_interval``; within them the task is skipped.
    :param force: push all the same.
    """

    flow: ClassVar[Flow] = Flow.METADATA
    template_fields: Sequence[str] = (*MonteCarloPushOperator.template_fields, "resource_type", "min_interval", "force")

    def __init__(
        self,
        *,
        resource_type: str | None = None,
        min_interval: float | None = None,
        force: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.resource_type = resource_type
        self.min_interval = min_interval
        self.force = force

    def _hourly_rule(self, reader: ManifestReader, destination: Destination) -> HourlyRule:
        rule = super()._hourly_rule(reader, destination)
        if not as_bool(self.force, "force") and not reader.manifest.scope.get(EACH_TABLE):
            seconds = conf.getint(_SECTION, "min_interval") if self.min_interval is None else float(self.min_interval)
            reason = rule.reason_to_wait(datetime.now(UTC), timedelta(seconds=seconds))
            if reason:
                raise AirflowSkipException(reason)
        return rule


class MonteCarloPushLineageOperator(MonteCarloPushOperator):
    """Push table and column lineage. Further parameters: those of :class:`MonteCarloPushOperator`.

    Give one of ``manifest``, ``edges`` and ``edges_file``. Edges are written into a manifest first, so that a retry
    goes on with what is not acknowledged yet.

    :param edges: edges of your own, one or a list: ``{"destination": "DB.SCHEMA.TABLE", "sources": […], "fields":
        {"COLUMN": ["DB.SCHEMA.SOURCE.COLUMN"]}}``. A table is its name as the warehouse stores it, a URI such as
        ``snowflake://org-account/DB/SCHEMA/TABLE``, or an object with room for ``type``, ``resource_uuid`` and
        ``resource_type``.
    :param edges_file: the same in a JSON or YAML file, which is read when the task runs: a URI or an absolute path.
    :param resource_type: instead of the manifest's, such as ``data-lake``.
    :param manifest_root: where the manifest of edges is kept, instead of ``[montecarlo_push] manifest_root``.
    """

    flow: ClassVar[Flow] = Flow.LINEAGE
    template_fields: Sequence[str] = (
        *MonteCarloPushOperator.template_fields,
        "edges",
        "edges_file",
        "resource_type",
        "manifest_root",
    )

    def __init__(
        self,
        *,
        manifest: dict[str, Any] | str | None = None,
        edges: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
        edges_file: str | None = None,
        resource_type: str | None = None,
        manifest_root: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(manifest=manifest, **kwargs)
        self.edges = edges
        self.edges_file = edges_file
        self.resource_type = resource_type
        self.manifest_root = manifest_root

    def _reader(self, context: Context) -> ManifestReader:
        given = [name for name in ("manifest", "edges", "edges_file") if is_given(getattr(self, name))]
        if len(given) > 1:
            raise ConfigurationError(f"{' and '.join(given)} are given; give one of manifest, edges and edges_file.")
        if given in ([], ["manifest"]):
            return super()._reader(context)
        in_file = given == ["edges_file"]
        return edges_manifest(
            items_in(str(self.edges_file), "edges") if in_file else as_list(self.edges, "edges"),
            str(self.edges_file) if in_file else "edges",
            run=run_of(context),
            root=manifest_root(self.manifest_root),
            montecarlo_conn_id=self.montecarlo_conn_id,
            resource_uuid=self.resource_uuid,
            resource_type=self.resource_type,
        )


class MonteCarloPushQueryLogsOperator(MonteCarloPushOperator):
    """Push query logs. Further parameters: those of :class:`MonteCarloPushOperator`.

    :param log_type: instead of the manifest's, such as ``s3``.
    """

    flow: ClassVar[Flow] = Flow.QUERY_LOGS
    template_fields: Sequence[str] = (*MonteCarloPushOperator.template_fields, "log_type")

    def __init__(self, *, log_type: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.log_type = log_type


def _crosses_resources(manifest: Manifest) -> bool:
    """Tell whether no request is to name a resource: every event does, or there is none and no main resource."""
    if not manifest.parts:
        return manifest.flow is Flow.LINEAGE and manifest.resource_type is None
    return all(part.crosses_resources for part in manifest.parts)


def _root_of(reader: ManifestReader) -> Folder:
    return folder_at(reader.manifest.root) if reader.manifest.root else manifest_root(None)


def _positive(value: int | str | None, setting: str) -> int:
    number = conf.getint(_SECTION, setting) if value in (None, "") else value
    try:
        number = int(number)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise ConfigurationError(f"{setting} is {value!r}; give a whole number from 1.")
    return number
