"""What Airflow is told about this provider: connection types and their forms, settings, links."""

from __future__ import annotations

from typing import Any

_PACKAGE = "airflow_provider_montecarlo_push"


def _field(kind: str | list[str], label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": kind, **schema}}


_INGEST_CONNECTION = {
    "connection-type": "montecarlo-ingest",
    "hook-class-name": f"{_PACKAGE}.hooks.ingest.MonteCarloIngestHook",
    "hook-name": "Monte Carlo Ingest",
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port"],
        "relabeling": {"host": "Endpoint", "login": "Ingestion Key ID", "password": "Ingestion Key Secret"},
        "placeholders": {
            "host": "https://integrations.getmontecarlo.com",
            "login": "id of a key with scope Ingestion",
            "password": "shown once when the key is created",
        },
    },
    "conn-fields": {
        "resource_uuid": _field(
            ["string", "null"],
            "Resource UUID",
            "UUID of the Monte Carlo warehouse to push to: Settings > Integrations, in the URL.",
        ),
        "resources": _field(
            ["object", "null"],
            "Resources",
            "Where datasets that Airflow knows of are in Monte Carlo: "
            '{"snowflake://org-account": {"resource_uuid": "…", "resource_type": "snowflake"}}.',
        ),
        "timeout": _field(
            ["number", "null"],
            "Timeout (seconds)",
            "How long one request may take before it is sent again. Default 60.",
            exclusiveMinimum=0,
        ),
        "compress": _field(
            ["boolean", "null"],
            "Compress requests",
            "Send bodies with Content-Encoding: gzip. Off by default, as Monte Carlo's own SDK sends plain JSON.",
        ),
    },
}

_GRAPHQL_CONNECTION = {
    "connection-type": "montecarlo",
    "hook-class-name": f"{_PACKAGE}.hooks.graphql.MonteCarloHook",
    "hook-name": "Monte Carlo",
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port"],
        "relabeling": {"host": "Endpoint", "login": "API Key ID", "password": "API Key Secret"},
        "placeholders": {
            "host": "https://api.getmontecarlo.com/graphql",
            "login": "id of an API key (Settings > API), not of an Ingestion key",
            "password": "shown once when the key is created",
        },
    },
    "conn-fields": {
        "timeout": _field(
            ["number", "null"],
            "Timeout (seconds)",
            "How long one query may take. Default 60.",
            exclusiveMinimum=0,
        ),
    },
}


def _option(kind: str, default: str, description: str, example: str | None = None) -> dict[str, Any]:
    return {
        "description": description,
        "version_added": "0.1.0",
        "type": kind,
        "example": example,
        "default": default,
    }


_CONFIG = {
    "montecarlo_push": {
        "description": "Collecting from warehouses and pushing to Monte Carlo.",
        "options": {
            "manifest_root": _option(
                "string",
                "",
                "Where manifests, receipts and push state are kept: any location that Airflow's object storage can "
                "reach, and that all workers share. Empty means ``montecarlo_push`` under AIRFLOW_HOME, which is "
                "right for a single machine only.",
                "s3://aws_default@my-bucket/montecarlo",
            ),
            "resources": _option(
                "string",
                "",
                "To which Monte Carlo resource the datasets and connections of Airflow belong, as JSON, where the "
                "``montecarlo-ingest`` connection does not say so. A key is the beginning of a dataset's URI, or "
                "the id of an Airflow connection.",
                '{"snowflake://org-account": {"resource_uuid": "…", "resource_type": "snowflake"}}',
            ),
            "listener_enabled": _option(
                "boolean",
                "False",
                "Whether each task that succeeds puts what it read, wrote and ran into the spool under "
                "``manifest_root``, from where ``MonteCarloPushSpoolOperator`` pushes its lineage.",
            ),
            "listener_timeout": _option(
                "float",
                "5.0",
                "Seconds that this may take after a task; what takes longer is left alone. Keep it below "
                "``[core] task_success_overtime``.",
            ),
            "listener_records_inlets": _option(
                "boolean",
                "False",
                "Whether the listener writes the inlets of each task into the events of its assets as well, where DAGs "
                "that these assets trigger can see them.",
            ),
            "batch_max_events": _option("integer", "500", "Most events in one request."),
            "batch_max_compressed_bytes": _option(
                "integer", "900000", "Most bytes of one request after compression. Monte Carlo refuses 1 MB."
            ),
            "batch_max_raw_bytes": _option("integer", "4194304", "Most bytes of one request before compression."),
            "concurrency": _option("integer", "4", "Requests in flight at once for each push task."),
            "min_interval": _option(
                "integer",
                "3600",
                "Seconds between two pushes of freshness and volume for the same tables. Monte Carlo's detectors "
                "work in hourly buckets.",
            ),
        },
    }
}


def _modules(folder: str, *names: str) -> list[dict[str, Any]]:
    return [{"integration-name": "Monte Carlo", "python-modules": [f"{_PACKAGE}.{folder}.{name}" for name in names]}]


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata.

    Source: ``airflow/provider.yaml.schema.json`` and ``airflow/provider_info.schema.json`` of Airflow 3.
    """
    return {
        "package-name": "airflow-provider-montecarlo-push",
        "name": "Monte Carlo Push",
        "description": "Push metadata, lineage and query logs from any warehouse to Monte Carlo.",
        "integrations": [
            {
                "integration-name": "Monte Carlo",
                "external-doc-url": "https://docs.getmontecarlo.com/",
                "tags": ["service"],
            }
        ],
        "connection-types": [_INGEST_CONNECTION, _GRAPHQL_CONNECTION],
        "config": _CONFIG,
        "sensors": _modules("sensors", "metadata", "lineage", "query_logs", "received"),
        "triggers": _modules("triggers", "visibility"),
        "cli": [f"{_PACKAGE}.cli.definition.get_cli_commands"],
        "extra-links": [f"{_PACKAGE}.links.receipt.MonteCarloReceiptLink"],
    }
