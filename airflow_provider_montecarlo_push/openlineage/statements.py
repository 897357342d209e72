"""SQL that several outputs came of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from airflow_provider_montecarlo_push.assets.model import Dataset, ObservedStatement
from airflow_provider_montecarlo_push.assets.names import split_name
from airflow_provider_montecarlo_push.assets.systems import system_of

_PART = r"(?i)(?<!\w){}[\"`\]]?\s*\.\s*[\"`\[]?{}(?!\w)"


def statement_of(sql: str, datasets: Iterable[Dataset]) -> ObservedStatement | None:
    """Return the statements behind an event, for the lineage engine to read.

    An event of a task that ran several statements says what all of them read and wrote, not which wrote what.

    :param datasets: all that it read and wrote.
    :return: ``None`` when not all of it is in one warehouse whose SQL is known.
    """
    datasets = set(datasets)
    namespaces = {dataset.namespace for dataset in datasets}
    system = system_of(next(iter(namespaces))) if len(namespaces) == 1 else None
    if not sql or system is None or not system.dialect:
        return None
    names = [[name for name, _ in split_name(dataset.name)] for dataset in datasets]
    (namespace,) = namespaces
    return ObservedStatement(
        sql=sql,
        conn_id=namespace,
        conn_type=system.scheme,
        database=_default(sql, (name[-3:-1] for name in names if len(name) > 2)),
        schema=_default(sql, (name[-2:] for name in names if len(name) > 1)),
        namespace=namespace,
    )


def _default(sql: str, names: Iterable[Sequence[str]]) -> str | None:
    """Return what the producer completed names with: what stands before none of them in the SQL.

    :param names: database and schema, or schema and table, of each dataset.
    """
    added = {first for first, second in names if not re.search(_PART.format(re.escape(first), re.escape(second)), sql)}
    return added.pop() if len(added) == 1 else None
