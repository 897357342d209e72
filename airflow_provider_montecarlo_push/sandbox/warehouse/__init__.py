"""A small Snowflake account on this machine, for demos, tests and a first look without an account.

fakesnow behind TLS, seeded with an online shop and a day of its history, for the unmodified SnowflakeHook. Needs the
extra ``embedded``; importing this package does not.
"""

from __future__ import annotations

from airflow_provider_montecarlo_push.sandbox.warehouse.editions import EDITIONS, Edition
from airflow_provider_montecarlo_push.sandbox.warehouse.embedded import EmbeddedWarehouse

__all__ = ["EDITIONS", "Edition", "EmbeddedWarehouse"]
