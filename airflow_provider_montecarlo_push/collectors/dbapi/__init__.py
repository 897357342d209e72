"""Any database with an ANSI information_schema, through the Airflow hook of its connection."""
