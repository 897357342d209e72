"""Airflow hooks: the Ingestion key for pushing, the API key for GraphQL."""
