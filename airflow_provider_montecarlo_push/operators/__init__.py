"""Airflow operators: collect a flow into a manifest, push a manifest."""
