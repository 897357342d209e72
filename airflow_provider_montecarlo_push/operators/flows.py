"""Which operators belong to which flow."""

from __future__ import annotations

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.operators.collect import (
    MonteCarloCollectLineageOperator,
    MonteCarloCollectMetadataOperator,
    MonteCarloCollectOperator,
    MonteCarloCollectQueryLogsOperator,
)
from airflow_provider_montecarlo_push.operators.etl import (
    MonteCarloCollectEtlMetadataOperator,
    MonteCarloCollectEtlRunsOperator,
    MonteCarloPushEtlMetadataOperator,
    MonteCarloPushEtlRunsOperator,
)
from airflow_provider_montecarlo_push.operators.push import (
    MonteCarloPushLineageOperator,
    MonteCarloPushMetadataOperator,
    MonteCarloPushOperator,
    MonteCarloPushQueryLogsOperator,
)

COLLECT: dict[Flow, type[MonteCarloCollectOperator]] = {
    Flow.METADATA: MonteCarloCollectMetadataOperator,
    Flow.LINEAGE: MonteCarloCollectLineageOperator,
    Flow.QUERY_LOGS: MonteCarloCollectQueryLogsOperator,
    Flow.ETL_METADATA: MonteCarloCollectEtlMetadataOperator,
    Flow.ETL_RUNS: MonteCarloCollectEtlRunsOperator,
}
PUSH: dict[Flow, type[MonteCarloPushOperator]] = {
    Flow.METADATA: MonteCarloPushMetadataOperator,
    Flow.LINEAGE: MonteCarloPushLineageOperator,
    Flow.QUERY_LOGS: MonteCarloPushQueryLogsOperator,
    Flow.ETL_METADATA: MonteCarloPushEtlMetadataOperator,
    Flow.ETL_RUNS: MonteCarloPushEtlRunsOperator,
}
