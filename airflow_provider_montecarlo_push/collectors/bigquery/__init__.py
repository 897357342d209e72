"""BigQuery, and Iceberg tables that BigQuery manages: catalog, lineage and jobs, through the BigQueryHook."""
