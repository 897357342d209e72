"""What ``/sandbox/api`` shows: plain dicts, ready for JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import from_seconds, to_text
from airflow_provider_montecarlo_push.sandbox.detectors import table_detectors
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.errors import RequestError
from airflow_provider_montecarlo_push.sandbox.names import FLOWS
from airflow_provider_montecarlo_push.sandbox.parameters import Parameters
from airflow_provider_montecarlo_push.sandbox.store.catalog import BYTE_COUNT, LAST_UPDATED, ROW_COUNT
from airflow_provider_montecarlo_push.sandbox.store.lineage import DOWNSTREAM, UPSTREAM, Neighbourhood

_HISTORY_POINTS = 500
_GRAPH_NODES = 200
_NOTHING_YET = {"pushes": 0, "events": 0, "raw_bytes": 0, "last_received": None}


def settings(engine: Engine) -> dict[str, Any]:
    """Delays, limits and the clock."""
    return {
        "visible_after": engine.pushes.visible_after,
        "accept_gzip": engine.accept_gzip,
        "max_compressed_bytes": engine.max_compressed_bytes,
        "max_raw_bytes": engine.max_raw_bytes,
        "now": to_text(engine.clock.now()),
        "clock_offset": engine.clock.offset,
    }


def state(engine: Engine, _parameters: Parameters) -> dict[str, Any]:
    """Account, counts, settings, keys (without secrets), warehouses and ETL containers with receipts, faults."""
    counts = engine.pushes.counts()
    warehouses = engine.access.warehouses()
    for warehouse in warehouses:
        warehouse["received"] = engine.pushes.receipts(warehouse["uuid"])
    containers = engine.access.etl_containers()
    for container in containers:
        container["received"] = engine.pushes.receipts(container["uuid"])
    return {
        "account": {"uuid": engine.config.account_uuid, "name": engine.config.account_name},
        "flows": {flow: counts.get(flow, _NOTHING_YET) for flow in FLOWS},
        "waiting": engine.pushes.waiting(),
        "tables": engine.catalog.count(),
        "deleted": engine.catalog.count(deleted=True),
        "lineage": engine.lineage.counts(),
        "queries": {"all": engine.queries.count(), "failed": engine.queries.count(failed=True)},
        "jobs": engine.jobs.count(),
        "runs": {"all": engine.jobs.count_runs(), "failed": engine.jobs.count_runs(failed=True)},
        "requests": {"all": engine.requests.count(), "refused": engine.requests.count(refused=True)},
        "settings": settings(engine),
        "keys": engine.access.keys(),
        "warehouses": warehouses,
        "etl_containers": containers,
        "faults": engine.faults.list(),
    }


def pushes(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Accepted pushes, newest first; ``before`` takes an ``id`` to page on."""
    _, limit = parameters.page()
    invocation_id = parameters.text("invocation_id")
    found = engine.pushes.list(
        flow=parameters.flow(),
        invocation_ids=None if invocation_id is None else invocation_id.split(","),
        before=parameters.number("before", 0) or None,
        limit=limit,
    )
    return {"pushes": found}


def push(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """One push."""
    invocation_id = parameters.required("invocation_id")
    found = engine.pushes.get(invocation_id)
    if found is None:
        raise RequestError(404, f"There is no push {invocation_id!r}.")
    return found


def events(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """The events of a push, as they were sent."""
    invocation_id = parameters.required("invocation_id")
    document = engine.pushes.document(invocation_id)
    if document is None:
        raise RequestError(404, f"There is no push {invocation_id!r}.")
    offset, limit = parameters.page(1000)
    return {"total": len(document["events"]), "events": document["events"][offset : offset + limit]}


def requests(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """The newest requests to the API, refused ones too, oldest of them first."""
    found = engine.requests.list(
        flow=parameters.flow(),
        status=parameters.number("status", 0) or None,
        refused=parameters.truth("refused") or False,
        limit=parameters.page(1000)[1],
    )
    return {"requests": found}


def tables(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Tables in order of name, with their last measurements; with ``deleted`` those that were deleted."""
    offset, limit = parameters.page()
    equal = {
        column: parameters.text(name)
        for name, column in (("warehouse", "resource_uuid"), ("invocation_id", "invocation_id"))
        if parameters.text(name)
    }
    search, deleted = parameters.text("search"), parameters.truth("deleted") or False
    found = engine.catalog.find(equal=equal, search=search, deleted=deleted, offset=offset, limit=limit)
    return {
        "total": engine.catalog.count(equal=equal, search=search, deleted=deleted),
        "tables": [_measured(asset) for asset in found],
    }


def table(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """One table by MCON: columns over time, history of volume and freshness, neighbours, column lineage."""
    mcon = parameters.required("mcon")
    asset = engine.catalog.get(mcon=mcon)
    if asset is None:
        raise RequestError(404, f"There is no table {mcon!r}.")
    neighbours = {
        side: _nodes(engine, engine.lineage.nodes(engine.lineage.neighbours(mcon, side)))
        for side in (UPSTREAM, DOWNSTREAM)
    }
    return {
        **_measured(asset),
        "versions": engine.catalog.versions(mcon),
        "detectors": _detectors(engine, mcon),
        "history": {
            "row_count": _history(engine, mcon, ROW_COUNT),
            "byte_count": _history(engine, mcon, BYTE_COUNT),
            "last_update_time": [
                {**point, "value": to_text(from_seconds(point["value"]))}
                for point in _history(engine, mcon, LAST_UPDATED)
            ],
        },
        **neighbours,
    }


def lineage(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """The graph around an MCON (``hops`` in both directions), or the whole of it where none is given."""
    mcon, limit = parameters.text("mcon"), parameters.number("limit", _GRAPH_NODES, least=1, most=2000)
    counts = engine.lineage.counts()
    if mcon is None:
        found = engine.lineage.everything(limit)
        columns: list[dict[str, Any]] = []
    else:
        hops = parameters.number("hops", 2, least=1, most=50)
        sides = [engine.lineage.walk([mcon], side, hops, limit) for side in (UPSTREAM, DOWNSTREAM)]
        found = Neighbourhood(
            list(dict.fromkeys([mcon, *sides[0].mcons, *sides[1].mcons])),
            list(dict.fromkeys(sides[0].edges + sides[1].edges)),
            any(side.truncated for side in sides),
        )
        columns = engine.lineage.columns(destination=mcon)
        columns += [pair for pair in engine.lineage.columns(source=mcon) if pair["destination"] != mcon]
    return {
        "nodes": _nodes(engine, engine.lineage.nodes(found.mcons)),
        "edges": [_edge(engine, *pair) for pair in found.edges],
        "columns": columns,
        "truncated": found.truncated,
        "counts": counts,
    }


def lineage_nodes(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Nodes of the graph with ``search`` in their name, short names first."""
    total, nodes = engine.lineage.search(parameters.required("search"), parameters.page()[1])
    return {"total": total, "nodes": _nodes(engine, nodes)}


def nodes(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Nodes of the graph in order of name; ``custom`` selects those that users created, or the others."""
    offset, limit = parameters.page()
    found = engine.lineage.list_nodes(custom=parameters.truth("custom"), offset=offset, limit=limit)
    return {"nodes": _nodes(engine, found)}


def edges(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Edges of the graph; ``custom`` selects those that users created, or the others."""
    offset, limit = parameters.page()
    found = engine.lineage.list_edges(custom=parameters.truth("custom"), offset=offset, limit=limit)
    return {"edges": [{**edge, "is_custom": bool(edge["is_custom"])} for edge in found]}


def deletions(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Tables and lineage nodes that were deleted, oldest first."""
    return {"deletions": engine.deletions.list(*parameters.page())}


def queries(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Query logs, the last ended first."""
    offset, limit = parameters.page()
    search, failed = parameters.text("search"), parameters.truth("failed")
    warehouse = parameters.text("warehouse")
    return {
        "total": engine.queries.count(search=search, failed=failed, resource_uuid=warehouse),
        "queries": engine.queries.find(
            search=search, failed=failed, resource_uuid=warehouse, offset=offset, limit=limit
        ),
    }


def query(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """One query in full, with the tables it touches."""
    found = engine.queries.get(parameters.number("number", 0, most=2**40))
    if found is None:
        raise RequestError(404, f"There is no query {parameters.text('number')}.")
    return found


def jobs(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """ETL jobs in order of name, as they were sent, with the last run of each."""
    offset, limit = parameters.page()
    container, search = parameters.text("container"), parameters.text("search")
    return {
        "total": engine.jobs.count(container=container, search=search),
        "jobs": engine.jobs.find(container=container, search=search, offset=offset, limit=limit),
    }


def runs(engine: Engine, parameters: Parameters) -> dict[str, Any]:
    """Runs of ETL jobs, the last started first; with ``parent`` the runs of tasks in that run of a job."""
    offset, limit = parameters.page()
    total, found = engine.jobs.runs(
        container=parameters.text("container"),
        job=parameters.text("job"),
        failed=parameters.truth("failed"),
        parent=parameters.text("parent"),
        offset=offset,
        limit=limit,
    )
    return {"total": total, "runs": found}


def _measured(asset: dict[str, Any]) -> dict[str, Any]:
    rows, size, updated = (asset.pop(metric) for metric in (ROW_COUNT, BYTE_COUNT, LAST_UPDATED))
    return {
        **asset,
        "row_count": None if rows is None else int(rows),
        "byte_count": None if size is None else int(size),
        "last_update_time": None if updated is None else to_text(from_seconds(updated)),
    }


def _history(engine: Engine, mcon: str, metric: str) -> list[dict[str, Any]]:
    return engine.catalog.measurements(mcon, metric, limit=_HISTORY_POINTS)


def _detectors(engine: Engine, mcon: str) -> dict[str, Any]:
    found = table_detectors(engine.catalog, mcon, engine.clock.now())
    return {"metric": found.metric, "freshness": asdict(found.freshness), "volume": asdict(found.volume)}


def _edge(engine: Engine, source: str, destination: str) -> dict[str, Any]:
    edge = engine.lineage.edge(source, destination)
    custom = {"custom": True, "expire_at": edge["expire_at"]} if edge and edge["is_custom"] else {}
    return {"source": source, "destination": destination, **custom}


def _nodes(engine: Engine, found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {resource["uuid"]: resource["name"] for resource in engine.resources.all()}
    return [{**_node(node), "resource": names.get(node["resource_uuid"])} for node in found]


def _node(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "custom": bool(node["is_custom"]),
        "expire_at": node["expire_at"],
        "object_id": node["object_id"],
        "properties": json.loads(node["properties"]),
        "mcon": node["mcon"],
        "name": node["display_name"],
        "container": node["container"],
        "label": node["label"],
        "type": node["object_type"],
        "resource_uuid": node["resource_uuid"],
        "has_upstream": bool(node["has_upstream"]),
        "has_downstream": bool(node["has_downstream"]),
    }
