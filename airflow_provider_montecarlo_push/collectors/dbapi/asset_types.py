"""What catalogs call tables and views, as asset types."""

from __future__ import annotations


def asset_type(kind: str, *, keep: bool) -> str:
    """Return the asset type for a kind of table: ``BASE TABLE``, ``Materialized view``, ``VIRTUAL_VIEW``, ….

    Any view is a ``VIEW``, and everything else a ``TABLE``.

    :param kind: in any case; an empty one is a table.
    :param keep: keep ``EXTERNAL``, which foreign tables are as well, and ``WILDCARD``.
    """
    name = kind.strip().upper().replace(" ", "_")
    if name.endswith("VIEW"):
        return "VIEW"
    if keep and name.startswith(("EXTERNAL", "FOREIGN")):
        return "EXTERNAL"
    return name if keep and name in ("WILDCARD", "WILDCARD_TABLE") else "TABLE"
