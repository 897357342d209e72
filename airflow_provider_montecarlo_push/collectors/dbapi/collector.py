"""The collector for any database with an information_schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from airflow_provider_montecarlo_push.collectors.access import AccessCheck
from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.dbapi.access import check_access
from airflow_provider_montecarlo_push.collectors.dbapi.information_schema import candidates, find
from airflow_provider_montecarlo_push.collectors.dbapi.metadata import MetadataReader
from airflow_provider_montecarlo_push.collectors.dbapi.session import Connect, Session
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import RelationalAsset
from airflow_provider_montecarlo_push.exceptions import ConfigurationError


class DbApiCollector(Collector):
    """Collects the tables and views of any database that has an ANSI information_schema and a DbApiHook.

    :param information_schema: what it is called, with a catalog in front where the database needs one.
    :param dialect: the SQL of its views, as the lineage engine calls it, for ``redact_literals``.
    :param hook_params: keyword arguments of the hook, such as ``{"schema": "sales"}``.
    :param connect: returns a DB-API connection, instead of the hook.
    :raises ConfigurationError: when an option cannot be.
    """

    name: ClassVar[str] = "dbapi"
    resource_type: ClassVar[str] = "transactional-db"

    def __init__(
        self,
        conn_id: str,
        report: CollectionReport,
        *,
        keep_asset_types: bool = False,
        information_schema: str = "information_schema",
        dialect: str = "",
        hook_params: Mapping[str, Any] | None = None,
        connect: Connect | None = None,
    ) -> None:
        super().__init__(conn_id, report, keep_asset_types=keep_asset_types)
        if not isinstance(information_schema, str):
            raise ConfigurationError("information_schema in collector_kwargs is no text.")
        next(candidates(information_schema))
        self._information_schema = information_schema
        self._hook_params = hook_params
        self._connect = connect
        self.sql_dialect = dialect

    def metadata(self, tables: TableFilter, *, only_freshness_and_volume: bool = False) -> Iterator[RelationalAsset]:
        """Yield the tables and views in scope; see :class:`.metadata.MetadataReader`.

        :raises AccessDeniedError: when the information_schema may not be read, or does not exist.
        :raises SourceUnavailableError: when the database does not answer.
        """
        with self._session() as session:
            schema = find(session, self._information_schema)
            reader = MetadataReader(
                session,
                self.report,
                schema,
                tables,
                keep_asset_types=self.keep_asset_types,
                lean=only_freshness_and_volume,
            )
            yield from reader.read()

    def access(self, tables: TableFilter) -> Iterator[AccessCheck]:  # noqa: ARG002 - it is one view for all of them
        """Yield which views of the information_schema can be read; see :func:`.access.check_access`."""
        with self._session() as session:
            yield from check_access(session, self._information_schema)

    def _session(self) -> AbstractContextManager[Session]:
        return Session.open(self.conn_id, self._hook_params, self._connect)
