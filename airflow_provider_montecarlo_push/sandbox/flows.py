"""The API's paths and what each takes."""

from __future__ import annotations

INGEST_PATHS = {
    "/ingest/v1/metadata": "metadata",
    "/ingest/v1/lineage": "lineage",
    "/ingest/v1/querylogs": "query_logs",
    "/ingest/v1/etl/metadata": "etl_metadata",
    "/ingest/v1/etl/runs": "etl_runs",
}
GRAPHQL_PATH = "/graphql"
# About jobs in ETL containers; all others are about tables in warehouses.
ETL_FLOWS = frozenset({"etl_metadata", "etl_runs"})


def flow_of_path(path: str) -> str | None:
    """Return the flow of an API path, ``graphql``, or ``None`` for the sandbox's own pages and unknown paths."""
    return "graphql" if path == GRAPHQL_PATH else INGEST_PATHS.get(path)
