"""Time series of volume and freshness."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.clock import to_text
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.gql.arguments import own_mcon
from airflow_provider_montecarlo_push.sandbox.gql.registry import resolves
from airflow_provider_montecarlo_push.sandbox.store.catalog import METRICS

_DEFAULT_POINTS = 5000
_FILTERS = frozenset({"mcon", "fullTableId", "dwId", "ootb"})


@resolves("Query", "getMetricsV4")
def get_metrics(
    engine: Engine,
    _source: Any,
    metricName: str,  # noqa: N803 - the schema's name
    startTime: datetime,  # noqa: N803 - the schema's name
    metricsFilter: dict[str, Any],  # noqa: N803 - the schema's name
    endTime: datetime | None = None,  # noqa: N803 - the schema's name
    first: int | None = None,
    deduplicateValues: bool | None = False,  # noqa: N803 - the schema's name
) -> dict[str, Any]:
    """Return the points of a metric, oldest first.

    ``value`` is rows for ``total_row_count``, bytes for ``total_byte_count`` and, for ``last_updated_on``, the last
    update in seconds since 1970.
    """
    if metricName not in METRICS:
        raise GraphQLError(f"The sandbox has no metric {metricName!r}; it has {', '.join(METRICS)}.")
    points: list[dict[str, Any]] = []
    asset = _asset(engine, metricsFilter)
    if asset is not None:
        points = engine.catalog.measurements(
            asset["mcon"],
            metricName,
            start=to_text(startTime),
            end=to_text(endTime or engine.clock.now()),
            limit=_DEFAULT_POINTS if first is None else first,
        )
    if deduplicateValues:
        points = [
            point for index, point in enumerate(points) if index == 0 or point["value"] != points[index - 1]["value"]
        ]
    metrics = [
        {
            "fullTableId": asset["full_table_id"] if asset else None,
            "metric": metricName,
            "value": point["value"],
            "timestamp": point["measured_at"],
            "measurementTimestamp": point["measured_at"],
        }
        for point in points
    ]
    return {"metrics": metrics, "metricsJson": json.dumps(metrics), "isPartialDateRange": False}


def _asset(engine: Engine, metrics_filter: dict[str, Any]) -> dict[str, Any] | None:
    given = {name: value for name, value in metrics_filter.items() if value is not None}
    unknown = sorted(set(given) - _FILTERS)
    if unknown:
        raise GraphQLError(f"The sandbox does not implement the metrics filter {unknown[0]}.")
    if "mcon" not in given and not {"fullTableId", "dwId"} <= set(given):
        raise GraphQLError("metricsFilter needs mcon, or fullTableId and dwId.")
    if "mcon" in given:
        own_mcon(engine, given["mcon"])
    return engine.catalog.get(
        mcon=given.get("mcon"), resource_uuid=given.get("dwId"), full_table_id=given.get("fullTableId")
    )
