"""What Airflow tells while tasks run."""
