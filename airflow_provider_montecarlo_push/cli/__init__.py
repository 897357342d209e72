"""``airflow montecarlo …``, and the same without Airflow's own command line: ``python -m <this package> …``."""
