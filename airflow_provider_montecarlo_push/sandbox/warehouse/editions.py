"""The kinds of account that the embedded warehouse can look like."""

from __future__ import annotations

from typing import Literal, get_args

Edition = Literal["enterprise", "standard", "no_account_usage", "no_grants"]
"""
- ``enterprise``: every view.
- ``standard``: no ``SNOWFLAKE.ACCOUNT_USAGE.ACCESS_HISTORY``, as in Snowflake's Standard edition.
- ``no_account_usage``: the role has no privilege on the database SNOWFLAKE; all others are visible.
- ``no_grants``: the role sees no database at all.
"""

EDITIONS: tuple[Edition, ...] = get_args(Edition)
