"""Every GraphQL document of this package. A test holds each against Monte Carlo's own schema."""

from __future__ import annotations

WAREHOUSES = """
query warehouses {
  getUser {
    account {
      uuid
      warehouses {
        uuid
        name
        connectionType
        pushEvents { eventType status firstReceived lastReceived lastInvocationId }
      }
    }
  }
}
"""

ETL_CONTAINERS = """
query etlContainers {
  getEtlContainers {
    uuid
    name
    pushEvents { eventType status firstReceived lastReceived lastInvocationId }
  }
}
"""

FIELDS = """
query fields($mcon: String!, $after: String) {
  getTable(mcon: $mcon) {
    versions(first: 1) {
      edges { node { fields(first: 500, after: $after) {
        edges { node { name fieldType } }
        pageInfo { hasNextPage endCursor }
      } } }
    }
  }
}
"""

DERIVED_COLUMNS = """
query derivedColumns($mcon: String!, $column: String!, $cursor: String) {
  getDerivedTablesPartialLineage(mcon: $mcon, column: $column, pageSize: 100, cursor: $cursor) {
    destinations { mcon columns { columnName } }
    isLastPage
    cursor
  }
}
"""

# Deletion ------------------------------------------------------------------------------------------

DELETE_PUSHED_TABLES = """
mutation deletePushedTables($mcons: [String!]!) {
  deletePushIngestedTables(mcons: $mcons) { success deletedCount }
}
"""


_KNOWN_TABLE = "{{ mcon fullTableId isDeleted ingestType lastObserved }}"


def tables_by_mcon(count: int) -> str:
    """Return a query for ``count`` tables by the MCONs ``$t0``, ``$t1``, …"""
    return _numbered("query", "tablesByMcon", "", "$t{0}: String!", f"getTable(mcon: $t{{0}}) {_KNOWN_TABLE}", count)


def tables_by_name(count: int) -> str:
    """Return a query for ``count`` tables of ``$warehouse``, by the full table ids ``$t0``, ``$t1``, …"""
    asked = f"getTable(fullTableId: $t{{0}}, dwId: $warehouse) {_KNOWN_TABLE}"
    return _numbered("query", "tablesByName", "$warehouse: UUID!, ", "$t{0}: String!", asked, count)


# Visibility ----------------------------------------------------------------------------------------

TABLE_OF_PUSH = """
query tableOfPush($warehouse: UUID!, $invocation: String!) {
  getTables(dwId: $warehouse, ingestInvocationId: $invocation, first: 1) { edges { node { mcon } } }
}
"""


def visible_tables(count: int) -> str:
    """Return a query for ``count`` tables of ``$warehouse``, by ``$t0``, …: which push each is from."""
    asked = "getTable(fullTableId: $t{0}, dwId: $warehouse) {{ mcon isDeleted ingestInvocationId lastObserved }}"
    return _numbered("query", "visibleTables", "$warehouse: UUID!, ", "$t{0}: String!", asked, count)


def metric_points(count: int) -> str:
    """Return a query for the points of ``count`` metrics of ``$mcon`` from ``$start`` on, by ``$t0``, …"""
    asked = (
        "getMetricsV4(metricName: $t{0}, startTime: $start, metricsFilter: {{mcon: $mcon}}) "
        "{{ metrics {{ value measurementTimestamp }} }}"
    )
    return _numbered("query", "metricPoints", "$mcon: String!, $start: DateTime!, ", "$t{0}: String!", asked, count)


def upstream_tables(count: int) -> str:
    """Return a query for what is one step upstream of ``count`` tables, by the MCONs ``$t0``, …"""
    asked = 'getTableLineage(mcon: $t{0}, direction: "upstream", hops: 1) {{ connectedNodes {{ mcon }} }}'
    return _numbered("query", "upstreamTables", "", "$t{0}: String!", asked, count)


def columns_derived_from(count: int) -> str:
    """Return a query for what is computed from ``count`` columns: ``$c0`` of the table ``$t0``, …; a page of each."""
    asked = (
        "getDerivedTablesPartialLineage(mcon: $t{0}, column: $c{0}, pageSize: 100) "
        "{{ destinations {{ mcon columns {{ columnName }} }} isLastPage cursor }}"
    )
    return _numbered("query", "columnsDerivedFrom", "", "$t{0}: String!, $c{0}: String!", asked, count)


def queries_of_tables(count: int) -> str:
    """Return a query for one group of queries of each of ``count`` tables, by the MCONs ``$t0``, …"""
    asked = (
        "getAggregatedQueries(mcon: $t{0}, queryType: $kind, startTime: $start, endTime: $end, limit: 1) "
        "{{ aggregatedQueries {{ queryHash }} }}"
    )
    declared = "$kind: QueryType!, $start: DateTime!, $end: DateTime!, "
    return _numbered("query", "queriesOfTables", declared, "$t{0}: String!", asked, count)


# Detectors -----------------------------------------------------------------------------------------


def thresholds_by_name(count: int) -> str:
    """Return a query for the detectors of ``count`` tables of ``$warehouse``, by the full table ids ``$t0``, …"""
    asked = (
        "getTable(fullTableId: $t{0}, dwId: $warehouse) {{ fullTableId isDeleted thresholds {{ "
        "freshness {{ status reason expected }} size {{ ucsStatus ucsReason sdStatus sdReason }} }} }}"
    )
    return _numbered("query", "thresholdsByName", "$warehouse: UUID!, ", "$t{0}: String!", asked, count)


# Lineage graph -------------------------------------------------------------------------------------

RESOURCES = """
query resources {
  getUser { account { uuid warehouses { uuid name } } }
  getResources { uuid name type }
}
"""

PUT_RESOURCE = """
mutation putResource($name: String!) {
  createOrUpdateResource(name: $name) { resource { uuid name type } }
}
"""


def put_nodes(count: int) -> str:
    """Return a mutation that creates or updates ``count`` nodes: ``$id0`` of type ``$type0`` in ``$resource0``, …"""
    declared = (
        "$type{0}: String!, $id{0}: String!, $resource{0}: UUID!, $name{0}: String, "
        "$properties{0}: [ObjectPropertyInput], $expire{0}: DateTime!"
    )
    asked = (
        "createOrUpdateLineageNode(objectType: $type{0}, objectId: $id{0}, resourceId: $resource{0}, name: $name{0}, "
        "properties: $properties{0}, expireAt: $expire{0}) {{ node {{ mcon expireAt }} }}"
    )
    return _numbered("mutation", "putNodes", "", declared, asked, count)


def put_edges(count: int) -> str:
    """Return a mutation that creates or updates ``count`` edges: from ``$source0`` to ``$destination0``, …"""
    declared = "$source{0}: NodeInput!, $destination{0}: NodeInput!, $type{0}: EdgeType, $expire{0}: DateTime!"
    asked = (
        "createOrUpdateLineageEdge(source: $source{0}, destination: $destination{0}, edgeType: $type{0}, "
        "expireAt: $expire{0}) {{ edge {{ source {{ mcon }} destination {{ mcon }} expireAt }} }}"
    )
    return _numbered("mutation", "putEdges", "", declared, asked, count)


def delete_nodes(count: int) -> str:
    """Return a mutation that deletes ``count`` nodes with their edges, by the MCONs ``$mcon0``, …"""
    asked = "deleteLineageNode(mcon: $mcon{0}) {{ nodesDeleted edgesDeleted }}"
    return _numbered("mutation", "deleteNodes", "", "$mcon{0}: String!", asked, count)


def nodes_by_mcon(count: int) -> str:
    """Return a query for ``count`` nodes of the graph, by the MCONs ``$t0``, …"""
    asked = (
        'getTableLineage(mcon: $t{0}, direction: "upstream", hops: 1) '
        "{{ baseNode {{ mcon displayName objectType isCustom }} }}"
    )
    return _numbered("query", "nodesByMcon", "", "$t{0}: String!", asked, count)


# Keys ----------------------------------------------------------------------------------------------

CREATE_KEY = """
mutation createKey($description: String!, $warehouses: [UUID]) {
  createIntegrationKey(description: $description, scope: Ingestion, warehouseIds: $warehouses) { key { id secret } }
}
"""

KEYS = """
query keys($warehouse: UUID) {
  getIntegrationKeys(scope: "Ingestion", resourceUuid: $warehouse) {
    id
    description
    createdTime
    warehouses { uuid name }
  }
}
"""

DELETE_KEY = """
mutation deleteKey($id: String!) {
  deleteIntegrationKey(keyId: $id) { deleted }
}
"""

# Many of a kind in one request ---------------------------------------------------------------------


def _numbered(kind: str, operation: str, declared: str, each: str, asked: str, count: int) -> str:
    """Return a document that asks the same of ``count`` things, as ``t0``, ``t1``, …

    :param kind: ``query`` or ``mutation``.
    :param declared: variables that all of them share.
    :param each: variables of one, with ``{0}`` for its number; likewise ``asked``, the field.
    """
    variables = declared + ", ".join(each.format(number) for number in range(count))
    fields = "\n".join(f"  t{number}: {asked.format(number)}" for number in range(count))
    return f"{kind} {operation}({variables}) {{\n{fields}\n}}\n"
