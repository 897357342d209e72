"""Date shards: ``events_20260101``, ``events_20260102``, … are one table, which is called ``events_*``.

That is what BigQuery's console shows them as, and what queries call them. It is told by the name alone, so that
metadata and lineage agree whatever each of them sees.
"""

from __future__ import annotations

import re

_DATE = r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_SHARD = re.compile(rf"(.*_){_DATE}", re.DOTALL)
_WILDCARD = re.compile(r"(.*_)\d{0,8}\*", re.DOTALL)
# A partition ("t$20260101") or a moment ("t@1700000000000") of a table.
_DECORATOR = re.compile(r"[$@][^$@]*$")


def shards_as_one(column: str) -> str:
    """Return a SQL expression for what the table in ``column`` is called, as :func:`asset_name` does."""
    is_shard = f"REGEXP_CONTAINS({column}, r'_{_DATE}$')"
    return f"IF({is_shard}, CONCAT(SUBSTR({column}, 1, LENGTH({column}) - 8), '*'), {column})"


def asset_name(name: str) -> str:
    """Return what a table is called in events: shards, and wildcards over them, by the name of them all."""
    name = _DECORATOR.sub("", name)
    found = _SHARD.fullmatch(name) or _WILDCARD.fullmatch(name)
    return f"{found[1]}*" if found else name


def is_sharded(name: str) -> bool:
    """Tell whether ``name`` stands for date shards."""
    return name.endswith("_*")


def is_wildcard(name: str) -> bool:
    """Tell whether ``name`` stands for several tables."""
    return name.endswith("*")
