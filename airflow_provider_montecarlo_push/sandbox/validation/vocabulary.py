"""The values that the gateway knows.

Sources: the API page for log types (``databricks`` from the vendor's skill page); for resource types the same
examples and ``WarehouseModelConnectionType`` of the GraphQL schema in kebab-case.
"""

from __future__ import annotations

RESOURCE_TYPES = frozenset(
    {
        "bigquery",
        "clickhouse",
        "custom-connector",
        "custom-integration",
        "data-lake",
        "databricks",
        "db2",
        "dremio",
        "etl",
        "microsoft-fabric",
        "mysql",
        "oracle",
        "pinecone",
        "redshift",
        "s3-metadata-events",
        "salesforce-crm",
        "salesforce-data-cloud",
        "snowflake",
        "starburst-enterprise",
        "starburst-galaxy",
        "teradata",
        "transactional-db",
    }
)

# ``EtlType`` of the GraphQL schema, and what ``ConnectionTypeEnum`` has for jobs, in kebab-case; pycarlo names
# ``airflow`` and ``dbt``.
ETL_RESOURCE_TYPES = frozenset(
    {
        "airflow", "azure-data-factory", "custom", "custom-etl-connector", "databricks", "dbt", "dbt-cloud",
        "dbt-core", "fivetran", "gcp-dataform", "informatica", "informatica-v2", "mulesoft", "power-bi-dataflow",
        "salesforce-data-cloud", "snowflake",
    }
)  # fmt: skip

LOG_TYPES = frozenset(
    {
        "athena",
        "bigquery",
        "clickhouse",
        "databricks",
        "databricks-metastore-sql-warehouse",
        "hive-s3",
        "presto-s3",
        "redshift",
        "s3",
        "snowflake",
        "teradata",
    }
)
