"""The SQL of views, some hundred at a time, keeping no locks on the tables that they read."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_montecarlo_push.collectors.postgres.errors import StatementCancelledError
from airflow_provider_montecarlo_push.collectors.postgres.session import Session
from airflow_provider_montecarlo_push.exceptions import SourceError

_SQL = "SELECT o::bigint, pg_catalog.pg_get_viewdef(o) FROM pg_catalog.unnest(%s::pg_catalog.oid[]) AS o"


def view_texts(session: Session, views: Sequence[int]) -> tuple[dict[int, str], dict[int, str]]:
    """Return the SQL of views by oid, and why that of others cannot be had.

    One that cannot be had, because its tables are locked or it was dropped meanwhile, costs the others nothing.

    :param views: their oids, as many as may be in memory.
    """
    if not views:
        return {}, {}
    try:
        rows = session.aside(_SQL, [list(views)], doing="Reading the definitions of views", lock_timeout="2s")
    except (SourceError, StatementCancelledError) as error:
        if len(views) == 1:
            return {}, {views[0]: str(error)}
        middle = len(views) // 2
        texts, failures = view_texts(session, views[:middle])
        more_texts, more_failures = view_texts(session, views[middle:])
        return texts | more_texts, failures | more_failures
    texts = {oid: text.strip().removesuffix(";") for oid, text in rows if text}
    return texts, {oid: "it is gone" for oid in views if oid not in texts}
