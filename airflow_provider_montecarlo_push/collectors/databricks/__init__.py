"""Databricks Unity Catalog: catalog, lineage and query history, through the DatabricksSqlHook."""
