"""Airflow's own DAGs and runs to Monte Carlo: jobs and runs of an ETL container."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_montecarlo_push.collectors.job_filter import JobFilter
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.vocabulary import check_etl_resource_type
from airflow_provider_montecarlo_push.operators.collect import MonteCarloCollectOperator, Patterns, WindowMixin
from airflow_provider_montecarlo_push.operators.push import MonteCarloPushOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.collectors.airflow.assets import NamedAsset
    from airflow_provider_montecarlo_push.collectors.base import Collector
    from airflow_provider_montecarlo_push.manifests.model import Manifest


class _JobsMixin(MonteCarloCollectOperator):
    """For flows that are about jobs.

    :param include: patterns of DAG ids with ``*`` and ``?``, one string or several; all when empty.
    :param exclude: likewise; none when empty.
    :param resource_type: instead of the collector's, such as ``custom-etl-connector``.
    """

    template_fields: Sequence[str] = (
        *MonteCarloCollectOperator.template_fields,
        "include",
        "exclude",
        "resource_type",
    )

    def __init__(
        self,
        *,
        include: Patterns = None,
        exclude: Patterns = None,
        resource_type: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.include = include
        self.exclude = exclude
        self.resource_type = resource_type

    def _jobs(self) -> JobFilter:
        return JobFilter(self.include or None, self.exclude or None)

    def _scope(self) -> dict[str, Any]:
        return super()._scope() | self._jobs().describe()

    def _make_collector(self) -> Collector:
        collector = super()._make_collector()
        if hasattr(collector, "name_asset"):
            collector.name_asset = name_asset
        return collector

    def _complete_header(self, manifest: Manifest, collector: Collector, context: Context) -> None:  # noqa: ARG002 - the window needs it
        manifest.resource_type = check_etl_resource_type(self.resource_type or collector.resource_type)


class MonteCarloCollectEtlMetadataOperator(_JobsMixin):
    """Collect the DAGs of an Airflow with their tasks, owners, schedules, tags, inlets and outlets.

    Parameters: those of :class:`_JobsMixin` and :class:`MonteCarloCollectOperator`; ``source_conn_id`` is a connection
    of type ``http`` or ``airflow`` that names the Airflow's API server.
    """

    flow: ClassVar[Flow] = Flow.ETL_METADATA


class MonteCarloCollectEtlRunsOperator(_JobsMixin, WindowMixin):
    """Collect the DAG runs, and the attempts at their tasks, that started or ended in a window.

    Parameters: those of :class:`_JobsMixin`, :class:`WindowMixin` and :class:`MonteCarloCollectOperator`.
    """

    flow: ClassVar[Flow] = Flow.ETL_RUNS
    template_fields: Sequence[str] = tuple(dict.fromkeys((*_JobsMixin.template_fields, *WindowMixin.template_fields)))

    def _complete_header(self, manifest: Manifest, collector: Collector, context: Context) -> None:
        super()._complete_header(manifest, collector, context)
        manifest.window = self._window(collector, context)


class _PushEtlOperator(MonteCarloPushOperator):
    template_fields: Sequence[str] = (*MonteCarloPushOperator.template_fields, "resource_type")

    def __init__(self, *, resource_type: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.resource_type = resource_type


class MonteCarloPushEtlMetadataOperator(_PushEtlOperator):
    """Push jobs with their tasks. Further parameters: those of :class:`MonteCarloPushOperator`.

    :param resource_uuid: the ETL container at Monte Carlo, instead of the connection's resource.
    :param resource_type: instead of the manifest's, such as ``custom-etl-connector``.
    """

    flow: ClassVar[Flow] = Flow.ETL_METADATA


class MonteCarloPushEtlRunsOperator(_PushEtlOperator):
    """Push runs of jobs. Further parameters: those of :class:`MonteCarloPushOperator`.

    :param resource_uuid: the ETL container at Monte Carlo, instead of the connection's resource.
    :param resource_type: instead of the manifest's, such as ``custom-etl-connector``.
    """

    flow: ClassVar[Flow] = Flow.ETL_RUNS


def name_asset(uri: str) -> NamedAsset:
    """Return what Monte Carlo calls the asset of an inlet or outlet: ``DATABASE.SCHEMA.TABLE``, or a file's URI.

    :raises UnnamedAssetError: when it is neither.
    """
    from airflow_provider_montecarlo_push.assets.names import NotATableError, require_table
    from airflow_provider_montecarlo_push.assets.systems import system_of
    from airflow_provider_montecarlo_push.assets.uris import dataset_of_uri
    from airflow_provider_montecarlo_push.collectors.airflow.assets import NamedAsset, UnnamedAssetError

    try:
        dataset = dataset_of_uri(uri)
        system = system_of(dataset.namespace)
        if system is not None and system.is_store:
            return NamedAsset("FILE", uri)
        table = require_table(dataset)
    except NotATableError as error:
        raise UnnamedAssetError(str(error), reason=error.reason) from error
    return NamedAsset("TABLE", ".".join(table))
