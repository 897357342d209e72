"""fakesnow, widened until a collector cannot tell it from a small Snowflake account."""

from __future__ import annotations
