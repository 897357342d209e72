"""What Airflow knows of data: assets, what its tasks wrote from what, and the Monte Carlo resources these are in."""
