"""Amazon Redshift: catalog, lineage and query history, through the RedshiftSQLHook."""
