"""Statistics out of the parameters that the metastore keeps with tables and partitions.

Hive writes ``numRows``, ``totalSize`` and ``transient_lastDdlTime`` when it writes data, and says in
``COLUMN_STATS_ACCURATE`` whether the numbers still hold. Without that, 0 and -1 mean that nobody counted, and other
numbers of rows may be long out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from airflow_provider_montecarlo_push.collectors.hive.tables import Statistics

# Engines that keep the same parameters, but not the mark that they are accurate.
_IMPALA = "impala.lastComputeStatsTime"
_SPARK_ROWS = "spark.sql.statistics.numRows"
_SPARK_SIZE = "spark.sql.statistics.totalSize"
_SNAPSHOT_MILLISECONDS = "current-snapshot-timestamp-ms"
_PROVIDER = "spark.sql.sources.provider"
_HIVE_PROVIDER = "hive"


def statistics_of(parameters: Mapping[str, str]) -> Statistics:
    """Return what ``parameters`` of a table or partition say that can be trusted."""
    rows, size = _volume(parameters)
    return Statistics(rows, size, last_change(parameters))


def _volume(parameters: Mapping[str, str]) -> tuple[int | None, int | None]:
    rows, size = _number(parameters, "numRows"), _number(parameters, "totalSize")
    if is_accurate(parameters) or is_iceberg(parameters):
        return rows, size
    if _SPARK_SIZE in parameters:
        return _number(parameters, _SPARK_ROWS), _number(parameters, _SPARK_SIZE)
    return rows if _IMPALA in parameters else None, size or None


def last_change(parameters: Mapping[str, str]) -> int | None:
    """Return when data was last written, in seconds; ``None`` when it is not known.

    ``transient_lastDdlTime`` moves with data and with definitions; when it equals ``last_modified_time``, which ALTER
    alone sets, the last change was one of the definition. Spark's own formats are written without telling the
    metastore.
    """
    if is_iceberg(parameters):
        milliseconds = _number(parameters, _SNAPSHOT_MILLISECONDS)
        return milliseconds // 1000 if milliseconds else None
    changed = _number(parameters, "transient_lastDdlTime")
    altered = _number(parameters, "last_modified_time")
    if not changed or (altered is not None and altered >= changed) or is_written_by_spark(parameters):
        return None
    return changed


def is_accurate(parameters: Mapping[str, str]) -> bool:
    """Tell whether Hive says that rows and bytes are accurate.

    The mark is ``true`` up to Hive 1.2, and JSON such as ``{"BASIC_STATS":"true"}`` since then.
    """
    mark = parameters.get("COLUMN_STATS_ACCURATE", "")
    with suppress(msgspec.MsgspecError):
        found = msgspec.json.decode(mark.lower())
        return found is True or (isinstance(found, dict) and str(found.get("basic_stats")).lower() == "true")
    return False


def is_iceberg(parameters: Mapping[str, str]) -> bool:
    """Tell whether it is an Iceberg table, whose numbers are those of its current snapshot."""
    return parameters.get("table_type", "").upper() == "ICEBERG"


def is_written_by_spark(parameters: Mapping[str, str]) -> bool:
    """Tell whether it has one of Spark's own formats rather than one of Hive's."""
    return parameters.get(_PROVIDER, _HIVE_PROVIDER).lower() != _HIVE_PROVIDER


def _number(parameters: Mapping[str, str], name: str) -> int | None:
    """Return a number from 0 on, ``None`` where there is none."""
    try:
        number = int(parameters[name])
    except (KeyError, ValueError):
        return None
    return number if number >= 0 else None
