"""Warehouses to events: one module for each warehouse, picked by the Airflow connection's type."""
