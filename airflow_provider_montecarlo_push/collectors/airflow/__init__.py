"""An Airflow, through its REST API: DAGs as jobs, their runs as runs."""
