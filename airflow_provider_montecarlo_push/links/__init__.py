"""Extra links on tasks in the Airflow UI."""
