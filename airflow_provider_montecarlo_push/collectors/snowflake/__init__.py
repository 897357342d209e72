"""Snowflake: catalog, lineage and query history, through the SnowflakeHook."""
