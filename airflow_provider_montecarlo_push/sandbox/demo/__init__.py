"""The demo: an embedded warehouse, Airflow and the sandbox on one machine, and what came of running the DAGs."""
