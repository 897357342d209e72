"""What came of a run: what was collected and pushed, and what Monte Carlo now says over GraphQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_montecarlo_push.sandbox.client import SandboxClient
from airflow_provider_montecarlo_push.sandbox.demo.airflow_server import AirflowServer

_IDS_SHOWN = 3

_TABLES = """
query($dw: UUID!, $invocation: String!, $after: String) {
  getTables(dwId: $dw, ingestInvocationId: $invocation, first: 100, after: $after) {
    edges { node { mcon fullTableId } } pageInfo { hasNextPage endCursor } } }
"""
_FIELDS = """
query($id: String!, $dw: UUID!) {
  getTable(fullTableId: $id, dwId: $dw) { mcon fullTableId tableType
    versions(first: 1) { edges { node { fields(first: 1000) { edges { node { name fieldType } } } } } } } }
"""
_ROWS = """
query($mcon: String!, $start: DateTime!, $end: DateTime!) {
  getMetricsV4(metricName: "total_row_count", startTime: $start, endTime: $end, metricsFilter: {mcon: $mcon}) {
    metrics { value measurementTimestamp } } }
"""
_UPSTREAM = """
query($mcon: String!) { getTableLineage(mcon: $mcon, direction: "upstream", hops: 1) {
    connectedNodes { mcon displayName objectType } } }
"""
_QUERIES = """
query($mcon: String!, $start: DateTime!, $end: DateTime!) {
  getAggregatedQueries(mcon: $mcon, queryType: read, startTime: $start, endTime: $end, limit: 100) {
    aggregatedQueries { queryHash count user } } }
"""


class Report:
    """Prints the outcome of runs and remembers whether all was well.

    :param airflow: where the runs were.
    :param monte_carlo: the sandbox that they pushed to.
    :param table: full id of a table of the seed, ``database:schema.table``, to look at more closely.
    """

    def __init__(self, airflow: AirflowServer, monte_carlo: SandboxClient, table: str) -> None:
        self._airflow = airflow
        self._monte_carlo = monte_carlo
        self._table = table
        self.failures: list[str] = []

    def run(self, dag_id: str, run: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Print each task of a run; return what its push tasks returned."""
        print(f"\n{dag_id}  ({run['dag_run_id']}: {run['state']})")
        pushes = []
        for task in self._airflow.tasks(dag_id, run["dag_run_id"]):
            label = task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else "")
            result = self._airflow.xcom(task)
            print(f"  {label:24} {task['state']:10} {_summary(result)}")
            if task["state"] == "failed":
                self.failures.append(f"{dag_id}.{label}")
                print("    " + "\n    ".join(self._airflow.log_of(task).splitlines()[-12:]))
            if isinstance(result, dict) and "invocation_ids" in result:
                pushes.append(result)
        if run["state"] != "success":
            self.failures.append(dag_id)
        return pushes

    def monte_carlo_shows(self, pushes: list[dict[str, Any]]) -> None:
        """Ask Monte Carlo over GraphQL for what was pushed, and print it."""
        print("\nMonte Carlo shows, over GraphQL")
        for flow, show in (("metadata", self._tables), ("lineage", self._lineage), ("query_logs", self._queries)):
            mine = [push for push in pushes if push["flow"] == flow]
            if not mine:
                continue
            for line in show(mine):
                print(f"  {flow:12} {line}")

    def _tables(self, pushes: list[dict[str, Any]]) -> Iterator[str]:
        tables = {
            node["fullTableId"]
            for push in pushes
            for invocation in push["invocation_ids"]
            for node in self._tables_of(push["resource_uuid"], invocation)
        }
        self._expect(tables, "tables")
        yield f"{len(tables)} tables arrived with these invocations, such as {', '.join(sorted(tables)[:_IDS_SHOWN])}"
        resource = pushes[0]["resource_uuid"]
        found = self._ask(_FIELDS, {"id": self._table, "dw": resource})["getTable"]
        versions = found["versions"]["edges"][:1]
        fields = [edge["node"] for version in versions for edge in version["node"]["fields"]["edges"]]
        self._expect(fields, f"fields of {self._table}")
        yield (
            f"{self._table} is a {found['tableType']} with "
            + ", ".join(f"{field['name']} {field['fieldType']}" for field in fields[:4])
            + (" …" if len(fields) > 4 else "")
        )
        rows = self._ask(_ROWS, {"mcon": found["mcon"], **_last_days()})["getMetricsV4"]["metrics"]
        self._expect(rows, f"row counts of {self._table}")
        yield f"{self._table} has {rows[-1]['value']:,.0f} rows"

    def _tables_of(self, resource: str, invocation: str) -> Iterator[dict[str, Any]]:
        variables: dict[str, Any] = {"dw": resource, "invocation": invocation, "after": None}
        while True:
            page = self._ask(_TABLES, variables)["getTables"]
            yield from (edge["node"] for edge in page["edges"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            variables["after"] = page["pageInfo"]["endCursor"]

    def asset_shows(self, table: str, pushes: list[dict[str, Any]]) -> None:
        """Ask for a table that an asset event told of, and print where it comes from."""
        self._expect(len(pushes) == 2, f"pushes of the asset {table}")
        print(f"  {'asset':12} {self._upstream(table)}")

    def _lineage(self, _pushes: list[dict[str, Any]]) -> Iterator[str]:
        yield self._upstream(self._table)

    def _upstream(self, table: str) -> str:
        mcon = self._mcon(table)
        found = self._ask(_UPSTREAM, {"mcon": mcon})["getTableLineage"]
        sources = [node["displayName"] for node in found["connectedNodes"] if node["mcon"] != mcon]
        self._expect(sources, f"sources of {table}")
        return f"{table} comes from {', '.join(sorted(sources))}"

    def _queries(self, _pushes: list[dict[str, Any]]) -> Iterator[str]:
        found = self._ask(_QUERIES, {"mcon": self._mcon(), **_last_days()})["getAggregatedQueries"]
        queries = found["aggregatedQueries"]
        total = sum(query["count"] for query in queries)
        failed = len(self._monte_carlo.queries(failed=True))
        yield f"{self._table} was read {total} times by {len(queries)} distinct queries; {failed} queries failed in all"

    def _mcon(self, table: str | None = None) -> str:
        database, rest = (table or self._table).split(":", 1)
        schema, name = rest.split(".", 1)
        return self._monte_carlo.mcon(database, schema, name)

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._monte_carlo.graphql(query, dict(variables)))

    def _expect(self, found: Any, what: str) -> None:
        if not found:
            self.failures.append(f"Monte Carlo shows no {what}")


def _last_days() -> dict[str, str]:
    now = datetime.now(UTC)
    return {"start": (now - timedelta(days=3)).isoformat(), "end": (now + timedelta(days=1)).isoformat()}


def _summary(result: Any) -> str:
    if not isinstance(result, dict):
        return ""
    if "invocation_ids" in result:
        ids = result["invocation_ids"]
        shown = ", ".join(ids[:_IDS_SHOWN]) + (" …" if len(ids) > _IDS_SHOWN else "")
        return f"pushed {result['events']:,} events in {result['batches']} requests, invocation ids {shown}"
    if "uri" in result:
        left_out = ", ".join(f"{count} {reason}" for reason, count in result["left_out"].items())
        return f"collected {result['events']:,} events" + (f" (left out: {left_out})" if left_out else "")
    return ""
