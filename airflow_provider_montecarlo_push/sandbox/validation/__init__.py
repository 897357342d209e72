"""Strict validation of what the Ingest API accepts, written from the API page alone.

It shares no code with ``events``, so that it can catch their mistakes.
"""

from airflow_provider_montecarlo_push.sandbox.validation.requests import Checked, check_request, named_resources

__all__ = ["Checked", "check_request", "named_resources"]
