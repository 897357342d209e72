"""Which tables show queries that read or write them.

Source: "Verifying pushed data" of the Push Ingest API page: 15 to 60 minutes after a push.
"""

from __future__ import annotations

from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question, numbered
from airflow_provider_montecarlo_push.graphql.visibility.expecting import (
    Expectation,
    Item,
    Outlook,
    answers,
    check_resources,
    chunks,
    find_tables,
    not_there,
    table_of,
)

_AT_ONCE = 10


def missing_queries(expectation: Expectation) -> Conversation[Outlook]:
    """Return which tables of ``expectation`` show no query.

    :param expectation: ``tables``, and ``kind`` (``read`` or ``write``), ``start`` and ``end``, ISO 8601.
    :raises ConfigurationError: when there is no such warehouse.
    """
    yield from check_resources(expectation)
    kind, start, end = (expectation[key] for key in ("kind", "start", "end"))
    missing: list[str] = []
    remaining: list[Item] = []
    unknown = [item for item in expectation["tables"] if "mcon" not in item]
    visible = [item for item in expectation["tables"] if "mcon" in item]
    found = yield from find_tables(unknown)
    for item, facts in zip(unknown, found, strict=True):
        why = not_there(item, facts)
        if why:
            missing.append(why)
            remaining.append(item)
        else:
            visible.append(item | {"mcon": facts["mcon"]})
    for some in chunks(visible, _AT_ONCE):
        variables = numbered(t=[item["mcon"] for item in some]) | {"kind": kind, "start": start, "end": end}
        answer = yield Question(documents.queries_of_tables(len(some)), variables)
        for item, queries in zip(some, answers(answer, len(some)), strict=True):
            if not queries.get("aggregatedQueries"):
                missing.append(f"no query that {kind}s table {table_of(item)} is visible from {start} to {end}")
                remaining.append(item)
    return Outlook(missing, expectation | {"resources": [], "tables": remaining})
