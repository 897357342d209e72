"""The warehouses and stores that datasets can be in: what their URIs look like, and what they do to names.

Sources: "Naming conventions" of the OpenLineage specification, and the asset URIs of Airflow's own providers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=://)")


def _kept(name: str) -> str:
    return name


@dataclass(frozen=True, slots=True)
class System:
    """A kind of warehouse or store.

    :param scheme: in the namespaces of its datasets.
    :param levels: how many names a table has there: 3 for ``database.schema.table``, 2 for ``database.table``; 0 for
        stores, where paths are.
    :param fold: what it does to the case of names that are not quoted.
    :param fold_columns: what it does to the case of columns that are not quoted.
    :param port: which URIs without one mean; Airflow's providers write it into their assets.
    :param dialect: of its SQL, as the lineage engine calls it.
    """

    scheme: str
    levels: int
    fold: Callable[[str], str] = _kept
    fold_columns: Callable[[str], str] = _kept
    port: int | None = None
    dialect: str = ""

    @property
    def is_store(self) -> bool:
        """Whether datasets are paths."""
        return not self.levels


_SYSTEMS = (
    System("snowflake", 3, str.upper, str.upper, dialect="snowflake"),
    System("bigquery", 3, dialect="bigquery"),
    System("databricks", 3, str.lower, dialect="databricks"),
    System("redshift", 3, str.lower, str.lower, 5439, dialect="redshift"),
    System("postgres", 3, port=5432, dialect="postgres"),
    System("trino", 3, str.lower, str.lower, dialect="trino"),
    System("presto", 3, str.lower, str.lower, dialect="presto"),
    System("awsathena", 3, str.lower, str.lower, dialect="athena"),
    System("oracle", 3, str.upper, str.upper, dialect="oracle"),
    System("mssql", 3, dialect="tsql"),
    System("db2", 3, str.upper, str.upper),
    System("mysql", 2, dialect="mysql"),
    System("hive", 2, str.lower, str.lower, dialect="hive"),
    System("clickhouse", 2, dialect="clickhouse"),
    System("teradata", 2, dialect="teradata"),
    *(System(scheme, 0) for scheme in ("s3", "gs", "abfss", "wasbs", "adl", "hdfs", "dbfs", "file")),
)
_BY_SCHEME = {system.scheme: system for system in _SYSTEMS}
_ALSO_CALLED = {
    "abfs": "abfss",
    "athena": "awsathena",
    "gcs": "gs",
    "hive2": "hive",
    "hiveserver2": "hive",
    "mariadb": "mysql",
    "postgresql": "postgres",
    "s3a": "s3",
    "s3n": "s3",
    "sqlserver": "mssql",
    "wasb": "wasbs",
}
# Airflow's types of connections, where they are called otherwise than the scheme.
_BY_CONNECTION_TYPE = {
    "gcpbigquery": "bigquery",
    "google_cloud_platform": "bigquery",
    "hive_cli": "hive",
    "hive_metastore": "hive",
}
_BY_RESOURCE_TYPE = {"starburst-enterprise": "trino", "starburst-galaxy": "trino"}


def system_of(name: str) -> System | None:
    """Return the system of a scheme, a namespace, a resource type or a type of Airflow connections.

    :param name: such as ``s3a``, ``snowflake://org-account``, ``starburst-galaxy`` or ``google_cloud_platform``.
    :return: ``None`` when there is none of that name, as for ``transactional-db``.
    """
    name = name.strip().lower()
    found = _SCHEME.match(name)
    if found:
        name = found.group()
    for names in (_ALSO_CALLED, _BY_CONNECTION_TYPE, _BY_RESOURCE_TYPE):
        name = names.get(name, name)
    return _BY_SCHEME.get(name)


def is_store(scheme: str) -> bool:
    """Tell whether datasets of a scheme are paths."""
    system = _BY_SCHEME.get(scheme)
    return system is not None and system.is_store


def schemes() -> list[str]:
    """Return the schemes that a dataset's namespace may begin with, for messages."""
    return sorted(_BY_SCHEME)
