"""The API's paths and what each takes."""

from __future__ import annotations

INGEST_PATHS = {
    "/ingest/v1/metadata": "metadata",
    "/ingest/v1/lineage": "lineage",
    "/ingest/v1/querylogs": "query_logs",
}
GRAPHQL_PATH = "/graphql"


def flow_of_path(path: str) -> str | None:
    """Return the flow of an API path, ``graphql``, or ``None`` for the sandbox's own pages and unknown paths."""
    return "graphql" if path == GRAPHQL_PATH else INGEST_PATHS.get(path)
