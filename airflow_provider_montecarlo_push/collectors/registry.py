"""Which collector reads which connection. Collectors are loaded when they are needed, never while DAGs are parsed."""

from __future__ import annotations

import importlib
from typing import Any

from airflow_provider_montecarlo_push.collectors.base import Collector
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_COLLECTORS = f"{__package__}"
_AIRFLOW = f"{_COLLECTORS}.airflow.collector.AirflowCollector"
_HIVE = f"{_COLLECTORS}.hive.collector.HiveCollector"
_BIGQUERY = f"{_COLLECTORS}.bigquery.collector.BigQueryCollector"
COLLECTORS_BY_CONNECTION_TYPE: dict[str, str] = {
    "airflow": _AIRFLOW,
    "databricks": f"{_COLLECTORS}.databricks.collector.DatabricksCollector",
    "gcpbigquery": _BIGQUERY,
    "google_cloud_platform": _BIGQUERY,
    "hive_metastore": _HIVE,
    "hiveserver2": _HIVE,
    "http": _AIRFLOW,
    "postgres": f"{_COLLECTORS}.postgres.collector.PostgresCollector",
    "redshift": f"{_COLLECTORS}.redshift.collector.RedshiftCollector",
    "snowflake": f"{_COLLECTORS}.snowflake.collector.SnowflakeCollector",
}
# Reads whatever has an information_schema and a DbApiHook, and says so of a connection that has not.
_ANY_DATABASE = f"{_COLLECTORS}.dbapi.collector.DbApiCollector"


def collector_class(conn_type: str) -> type[Collector]:
    """Return the collector for connections of ``conn_type``."""
    return load_collector(COLLECTORS_BY_CONNECTION_TYPE.get(conn_type, _ANY_DATABASE))


def load_collector(path: str) -> type[Collector]:
    """Return the collector class at the dotted ``path``.

    :raises ConfigurationError: when it cannot be imported or is no :class:`Collector`.
    """
    module_name, _, class_name = path.rpartition(".")
    try:
        found: Any = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"The collector {path!r} cannot be imported: {error}. Give 'package.module.Class', importable on the "
            "worker."
        ) from error
    if not (isinstance(found, type) and issubclass(found, Collector)):
        raise ConfigurationError(f"The collector {path!r} is not a subclass of {Collector.__module__}.Collector.")
    return found


def make_collector(
    cls: type[Collector], conn_id: str, report: CollectionReport, *, keep_asset_types: bool, options: dict[str, Any]
) -> Collector:
    """Return a collector of class ``cls`` for ``conn_id``.

    :param options: the user's ``collector_kwargs``.
    :raises ConfigurationError: when the class does not take one of them.
    """
    try:
        return cls(conn_id, report, keep_asset_types=keep_asset_types, **options)
    except TypeError as error:
        raise ConfigurationError(f"collector_kwargs do not fit {cls.__name__}: {error}.") from error
