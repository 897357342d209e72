"""Airflow provider that pushes metadata, lineage and query logs to Monte Carlo."""

__version__ = "0.1.0"
