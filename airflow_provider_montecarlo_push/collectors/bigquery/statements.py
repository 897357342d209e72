"""SELECT statements over system views."""

from __future__ import annotations

from collections.abc import Sequence


def select(
    columns: Sequence[str],
    source: str,
    conditions: Sequence[str] = (),
    *,
    distinct: bool = False,
    group_by: Sequence[str] = (),
    qualify: str | None = None,
    order_by: Sequence[str] = (),
) -> str:
    """Return a SELECT. Every part is SQL of this package: names were checked, and values are bound by its callers."""
    clauses = [f"SELECT {'DISTINCT ' if distinct else ''}{', '.join(columns)}", f"FROM {source}"]
    # QUALIFY needs one of the other clauses.
    clauses.append(f"WHERE {' AND '.join(conditions) or 'TRUE'}")
    if group_by:
        clauses.append(f"GROUP BY {', '.join(group_by)}")
    if qualify is not None:
        clauses.append(f"QUALIFY {qualify}")
    if order_by:
        clauses.append(f"ORDER BY {', '.join(order_by)}")
    return "\n".join(clauses)
