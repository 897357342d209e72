"""Files: query logs and lineage edges in JSON lines or CSV, on any storage that Airflow's ObjectStoragePath reaches."""
