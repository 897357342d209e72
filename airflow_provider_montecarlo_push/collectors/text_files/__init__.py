"""Files of text on any file system that Airflow reaches: logs, JSON lines, CSV."""
