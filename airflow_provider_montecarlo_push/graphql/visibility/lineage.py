"""Which edges and pairs of columns are in the lineage graph.

Source: "Verifying pushed data" of the Push Ingest API page. The graph does not say which push an edge is from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question, ask_each, numbered
from airflow_provider_montecarlo_push.graphql.tables import full_table_id
from airflow_provider_montecarlo_push.graphql.visibility.expecting import (
    Expectation,
    Item,
    Node,
    Outlook,
    answers,
    check_resources,
    chunks,
    find_tables,
    table_of,
)

_AT_ONCE = 10


def missing_lineage(expectation: Expectation) -> Conversation[Outlook]:
    """Return what of ``expectation`` is not visible.

    :param expectation: ``edges``, items with ``upstream`` (tables, each as ``table`` and ``resource``) and ``columns``,
        ``[upstream, column, own column]``, the first being an index of ``upstream``; and ``account``, its UUID, once it
        is known. A visible edge has the ``mcon`` of its upstream table.
    :raises ConfigurationError: when there is no such warehouse.
    """
    account = (yield from check_resources(expectation)) or expectation.get("account")
    edges: list[Item] = expectation["edges"]
    looked_up = yield from _with_mcons(edges, account)
    yield from _see_upstream(looked_up)
    missing: list[str] = []
    remaining = []
    for item in looked_up:
        left = yield from _see_columns(item)
        why = _unseen(item) + [
            f"column {_upstream(item, source).name}.{column} to {own} of table {table_of(item)} is not visible"
            for source, column, own in left
        ]
        if why:
            remaining.append(item | {"columns": left})
            missing += why
    return Outlook(missing, {"edges": remaining, "account": account})


def _with_mcons(edges: list[Item], account: str | None) -> Conversation[list[Item]]:
    """Return copies of ``edges`` with the MCON of each table.

    A table that was pushed as lineage only need not be in the catalog, so its MCON is put together.
    """
    copies = [item | {"upstream": [dict(source) for source in item["upstream"]]} for item in edges]
    unknown = [item for item in copies if "mcon" not in item and _unseen(item)]
    found = yield from find_tables(unknown)
    for item, facts in zip(unknown, found, strict=True):
        if facts.get("mcon"):
            item["mcon"] = facts["mcon"]
    return [
        item | {"guess": f"MCON++{account}++{item['resource']}++table++{full_table_id(table_of(item))}"}
        if "mcon" not in item and account
        else item
        for item in copies
    ]


def _see_upstream(items: Sequence[Item]) -> Conversation[None]:
    """Put the MCONs of upstream tables that are visible into ``items``."""
    open_items = [item for item in items if _unseen(item) and (item.get("mcon") or item.get("guess"))]
    for some in chunks(open_items, _AT_ONCE):
        mcons = [item.get("mcon") or item["guess"] for item in some]
        # A table that is not in the graph yet may be answered with an error.
        graphs = yield from ask_each(Question(documents.upstream_tables(len(some)), numbered(t=mcons)), len(some))
        for item, graph in zip(some, graphs, strict=True):
            mcons_upstream = [node.get("mcon") for node in (graph or {}).get("connectedNodes") or [] if node]
            nodes = {Node.parse(mcon): mcon for mcon in mcons_upstream if mcon}
            for source in item["upstream"]:
                mcon = nodes.get(Node.of(table_of(source), source["resource"]))
                if mcon:
                    source["mcon"] = mcon
    for item in items:
        item.pop("guess", None)


def _unseen(item: Item) -> list[str]:
    return [
        f"edge {table_of(source)} to {table_of(item)} is not visible"
        for source in item["upstream"]
        if "mcon" not in source
    ]


def _upstream(item: Item, number: int) -> TableName:
    return table_of(item["upstream"][number])


def _see_columns(item: Item) -> Conversation[list[list[Any]]]:
    """Return the pairs of columns that are not visible. Those whose edge is not visible are not asked for."""
    pairs: list[list[Any]] = item.get("columns") or []
    known = [pair for pair in pairs if "mcon" in item["upstream"][pair[0]]]
    left = [pair for pair in pairs if pair not in known]
    for some in chunks(known, _AT_ONCE):
        mcons = [item["upstream"][source]["mcon"] for source, _, _ in some]
        variables = numbered(t=mcons, c=[column for _, column, _ in some])
        answer = yield Question(documents.columns_derived_from(len(some)), variables)
        for pair, mcon, page in zip(some, mcons, answers(answer, len(some)), strict=True):
            if not (yield from _is_derived(item, pair, mcon, page)):
                left.append(pair)
    return left


def _is_derived(item: Item, pair: Sequence[Any], mcon: str, page: dict[str, Any]) -> Conversation[bool]:
    """Tell whether a pair of columns is on ``page``, or on one of those that follow."""
    wanted, own = Node.of(table_of(item), item["resource"]), pair[2].casefold()
    cursor: str | None = None
    while True:
        for derived in page.get("destinations") or []:
            if not derived or Node.parse(derived.get("mcon")) != wanted:
                continue
            columns = [column.get("columnName") for column in derived.get("columns") or [] if column]
            if own in (name.casefold() for name in columns if name):
                return True
        if page.get("isLastPage", True) or page.get("cursor") in (None, "", cursor):
            return False
        cursor = page["cursor"]
        answer = yield Question(documents.DERIVED_COLUMNS, {"mcon": mcon, "column": pair[1], "cursor": cursor})
        page = answer.get("getDerivedTablesPartialLineage") or {}
