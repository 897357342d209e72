"""Airflow sensors: wait until Monte Carlo shows what was pushed."""
