"""The GraphQL documents that hold against Monte Carlo's schema, and what they answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from airflow_provider_montecarlo_push.exceptions import GraphQLError
from airflow_provider_montecarlo_push.sandbox import KeyConfig, Sandbox

pytestmark = pytest.mark.integration

GET_TABLE = """
query($id:String!,$dw:UUID!){ getTable(fullTableId:$id,dwId:$dw){ mcon fullTableId tableType isDeleted ingestType
  ingestInvocationId versions(first:1){edges{node{fields{edges{node{name fieldType}}}}}}
  thresholds{freshness{status reason expected} size{ucsStatus ucsReason sdStatus sdReason}} } }
"""
GET_METRICS = """
query($m:String!,$n:String!,$s:DateTime!,$e:DateTime!){ getMetricsV4(metricName:$n,startTime:$s,endTime:$e,
  metricsFilter:{mcon:$m}){ metrics{value measurementTimestamp} metricsJson} }
"""
GET_LINEAGE = """
query($m:String!,$d:String!,$h:Int){ getTableLineage(mcon:$m,direction:$d,hops:$h){
  baseNode{mcon hasUpstreamNodes hasDownstreamNodes} connectedNodes{mcon displayName objectType expireAt}
  flattenedEdges{mcon directlyConnectedMcons}} }
"""
GET_DERIVED = """
query($m:String!,$c:String!,$p:Int,$a:String){ getDerivedTablesPartialLineage(mcon:$m,column:$c,pageSize:$p,cursor:$a){
  destinations{mcon displayName columns{columnName columnType}} isLastPage cursor} }
"""
GET_QUERIES = """
query($m:String!,$s:DateTime!,$e:DateTime!,$t:QueryType!,$l:Int!,$a:String){
  getAggregatedQueries(mcon:$m,queryType:$t,startTime:$s,endTime:$e,limit:$l,endCursor:$a){
  aggregatedQueries{date queryHash count user category latestQuery latestQueryTimestamp averageRunTime}
  pageInfo{hasNextPage endCursor}} }
"""
GET_USER = """
query { getUser{account{warehouses{uuid name connectionType
  pushEvents{eventType status firstReceived lastReceived lastInvocationId}}}} }
"""
GET_TABLES = """
query($dw:UUID,$inv:String,$first:Int,$after:String,$search:String,$mcons:[String],$deleted:Boolean){
  getTables(dwId:$dw,ingestInvocationId:$inv,first:$first,after:$after,search:$search,mcons:$mcons,isDeleted:$deleted){
  edges{node{mcon fullTableId}} pageInfo{hasNextPage endCursor}} }
"""


def _nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


class TestGetTable:
    def test_what_was_pushed(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        fields = [{"name": "id", "type": "INTEGER"}, {"name": "amount", "type": "DECIMAL(10,2)"}]
        event = events.table("orders", fields=fields, volume={"row_count": 3})
        invocation_id = push("metadata", event)
        table = sandbox.graphql(GET_TABLE, {"id": "shop:public.orders", "dw": sandbox.warehouse_uuid})["getTable"]
        (version,) = _nodes(table["versions"])
        assert _nodes(version["fields"]) == [{"name": f["name"], "fieldType": f["type"]} for f in fields]
        assert table["mcon"] == sandbox.mcon("shop", "public", "orders")
        assert table["ingestInvocationId"] == invocation_id
        assert (table["tableType"], table["isDeleted"], table["ingestType"]) == ("TABLE", False, "PUSH")
        assert table["thresholds"]["freshness"]["status"] == "INACTIVE"
        assert table["thresholds"]["size"]["sdStatus"] == "TRAINING"
        assert table["thresholds"]["size"]["sdReason"] == "1 of 10 samples."

    @pytest.mark.parametrize("full_id", ["shop:public.nothing", "shop.public.orders", "SHOP:PUBLIC.ORDERS", ""])
    def test_an_unknown_table_is_null(self, sandbox: Sandbox, push: Any, events: Any, full_id: str) -> None:
        push("metadata", events.table("orders"))
        assert sandbox.graphql(GET_TABLE, {"id": full_id, "dw": sandbox.warehouse_uuid}) == {"getTable": None}

    def test_one_name_in_two_warehouses(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("orders"))
        push("metadata", events.table("orders"), resource_uuid=sandbox.lake_uuid)
        found = {
            sandbox.graphql(GET_TABLE, {"id": "shop:public.orders", "dw": dw})["getTable"]["mcon"]
            for dw in (sandbox.warehouse_uuid, sandbox.lake_uuid)
        }
        assert len(found) == 2

    def test_a_name_alone_is_refused_and_its_warehouses_are_named(
        self, sandbox: Sandbox, push: Any, events: Any
    ) -> None:
        document = '{getTable(fullTableId:"shop:public.orders"){mcon}}'
        push("metadata", events.table("orders"))
        with pytest.raises(GraphQLError, match=r"needs mcon, or fullTableId and dwId\.$"):
            sandbox.graphql(document)
        push("metadata", events.table("orders"), resource_uuid=sandbox.lake_uuid)
        with pytest.raises(GraphQLError, match=f"2 warehouses have shop:public.orders: .*{sandbox.lake_uuid}"):
            sandbox.graphql(document)

    def test_an_unknown_warehouse_is_an_error(self, sandbox: Sandbox) -> None:
        with pytest.raises(GraphQLError, match="no warehouse 00000000-"):
            sandbox.graphql(GET_TABLE, {"id": "shop:public.orders", "dw": "00000000-0000-4000-8000-000000000000"})

    @pytest.mark.parametrize(
        "query",
        [
            'getTable(mcon:"%s"){mcon}',
            'getTableLineage(mcon:"%s",direction:"upstream"){baseNode{mcon}}',
            'getDerivedTablesPartialLineage(mcon:"%s",column:"c"){isLastPage}',
            'getMetricsV4(metricName:"total_row_count",startTime:"2024-01-01",metricsFilter:{mcon:"%s"}){metricsJson}',
            'getAggregatedQueries(mcon:"%s",startTime:"2024-01-01",endTime:"2024-01-02",queryType:read,limit:1){__typename}',
        ],
    )
    def test_what_is_no_mcon_of_this_account(self, sandbox: Sandbox, query: str) -> None:
        with pytest.raises(GraphQLError, match="'orders' is not an MCON"):
            sandbox.graphql("{" + query % "orders" + "}")
        with pytest.raises(GraphQLError, match="belongs to another account"):
            sandbox.graphql("{" + query % sandbox.mcon("a", "b", "c").replace("0acc0047", "0acc0048") + "}")

    def test_detectors_train_become_active_and_fall_back(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        def thresholds() -> dict[str, Any]:
            table = sandbox.graphql(GET_TABLE, {"id": "shop:public.orders", "dw": sandbox.warehouse_uuid})["getTable"]
            found: dict[str, Any] = table["thresholds"]
            return found

        for day in range(1, 15):
            event = events.table(
                volume={"byte_count": day}, freshness={"last_update_time": f"2024-03-{day:02}T00:00:00Z"}
            )
            push("metadata", event)
            if day == 6:
                assert thresholds()["freshness"]["reason"].startswith("6 of 7")
                assert thresholds()["freshness"]["expected"] is None
            sandbox.advance(24 * 3600)
        found = thresholds()
        assert found["freshness"]["status"] == found["size"]["ucsStatus"] == found["size"]["sdStatus"] == "ACTIVE"
        assert (found["freshness"]["reason"], found["size"]["sdReason"]) == (None, None)
        assert found["freshness"]["expected"] == pytest.approx(86_400, abs=60)
        sandbox.advance(15 * 24 * 3600)
        assert thresholds()["freshness"]["status"] == "INACTIVE"
        assert thresholds()["size"]["sdStatus"] == "ACTIVE"
        sandbox.advance(20 * 24 * 3600)
        assert thresholds()["size"]["sdStatus"] == "INACTIVE"

    def test_description_sql_tags_and_warehouse(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        event = events.table(
            "v",
            type="VIEW",
            metadata={"description": "d", "view_query": "select 1", "created_on": "2024-01-01T02:00:00+02:00"},
            tags=[{"key": "team", "value": "data"}, {"key": "pii"}],
            freshness={"last_update_time": "2024-03-01T14:30:00Z"},
        )
        push("metadata", event)
        document = """query($m:String!){getTable(mcon:$m){description viewQuery createdTime lastUpdatedOn labels
          warehouse{uuid connectionType} tags{edges{node{tag}}} objectProperties{propertyName propertyValue}}}"""
        table = sandbox.graphql(document, {"m": sandbox.mcon("shop", "public", "v")})["getTable"]
        assert (table["description"], table["viewQuery"]) == ("d", "select 1")
        assert table["createdTime"] == "2024-01-01T00:00:00+00:00"
        assert table["lastUpdatedOn"] == "2024-03-01T14:30:00+00:00"
        assert table["warehouse"] == {"uuid": sandbox.warehouse_uuid, "connectionType": "SNOWFLAKE"}
        assert table["labels"] == [node["tag"] for node in _nodes(table["tags"])] == ["team:data", "pii"]
        assert table["objectProperties"][1] == {"propertyName": "pii", "propertyValue": None}

    def test_without_anything_to_look_for(self, sandbox: Sandbox) -> None:
        with pytest.raises(GraphQLError, match="needs mcon, or fullTableId and dwId"):
            sandbox.graphql("{getTable{mcon}}")


class TestVersions:
    def test_a_changed_column_makes_a_version_and_a_repeated_push_does_not(
        self, sandbox: Sandbox, push: Any, events: Any
    ) -> None:
        for columns in (["id"], ["id"], ["id", "name"]):
            push("metadata", events.table(fields=[{"name": name, "type": "TEXT"} for name in columns]))
        document = """query($m:String!){getTable(mcon:$m){versions{edges{node{versionId
          fields{edges{node{name}}}}}}}}"""
        table = sandbox.graphql(document, {"m": sandbox.mcon("shop", "public", "orders")})["getTable"]
        found = [[field["name"] for field in _nodes(node["fields"])] for node in _nodes(table["versions"])]
        assert found == [["id", "name"], ["id"]]

    def test_a_push_of_volume_alone_keeps_columns_description_and_tags(
        self, sandbox: Sandbox, push: Any, events: Any
    ) -> None:
        push(
            "metadata",
            events.table(
                metadata={"description": "kept"},
                fields=[{"name": "id", "type": "TEXT"}],
                tags=[{"key": "team"}],
            ),
        )
        last = push("metadata", events.table(volume={"row_count": 5}))
        table = sandbox.table(sandbox.mcon("shop", "public", "orders"))
        assert (table["description"], table["tags"], len(table["versions"])) == ("kept", [{"key": "team"}], 1)
        assert table["invocation_id"] == last


class TestGetTables:
    def test_by_invocation_id_page_by_page(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("before"))
        names = [f"t{index:03}" for index in range(25)]
        invocation_id = push("metadata", *(events.table(name) for name in names))
        found: list[str] = []
        after, pages = None, 0
        while True:
            variables = {"dw": sandbox.warehouse_uuid, "inv": invocation_id, "first": 10, "after": after}
            page = sandbox.graphql(GET_TABLES, variables)["getTables"]
            found += [node["fullTableId"] for node in _nodes(page)]
            pages += 1
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert pages == 3
        assert found == [f"shop:public.{name}" for name in names]

    def test_filters(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("orders"), events.table("order%items"), events.table("customers"))
        push("metadata", events.table("orders"), resource_uuid=sandbox.lake_uuid)

        def count(**variables: Any) -> int:
            return len(sandbox.graphql(GET_TABLES, variables)["getTables"]["edges"])

        assert count() == 4
        assert count(dw=sandbox.lake_uuid) == 1
        assert count(search="ORDER") == 3
        assert count(search="r%i") == 1
        assert count(mcons=[sandbox.mcon("shop", "public", "orders"), "MCON++nothing"]) == 1
        assert count(mcons=[]) == 0
        assert count(deleted=True) == 0
        assert count(inv="nothing") == 0

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("first: 1001", "exceeds the `first` limit"),
            ("first: -1", "must not be negative"),
            ('first: 1, after: "nonsense"', "Invalid cursor"),
            ("tracked: true", "does not implement the filter tracked"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, sandbox: Sandbox, arguments: str, message: str) -> None:
        with pytest.raises(GraphQLError, match=message):
            sandbox.graphql(f"{{getTables({arguments}){{edges{{cursor}}}}}}")

    def test_last_and_before_page_backwards(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", *(events.table(name) for name in "abcde"))
        document = """query($b:String){getTables(last:2,before:$b){edges{node{tableId}}
          pageInfo{hasPreviousPage startCursor}}}"""
        last = sandbox.graphql(document)["getTables"]
        assert [node["tableId"] for node in _nodes(last)] == ["d", "e"]
        previous = sandbox.graphql(document, {"b": last["pageInfo"]["startCursor"]})["getTables"]
        assert [node["tableId"] for node in _nodes(previous)] == ["b", "c"]
        assert previous["pageInfo"]["hasPreviousPage"] is True


class TestGetMetrics:
    @pytest.mark.parametrize(
        ("metric", "expected"),
        [
            ("total_row_count", [10.0, 12.0]),
            ("total_byte_count", [1000.0, 1200.0]),
            ("last_updated_on", [datetime(2024, 3, 1, hour, tzinfo=UTC).timestamp() for hour in (10, 11)]),
        ],
    )
    def test_points_over_time(
        self, sandbox: Sandbox, push: Any, events: Any, metric: str, expected: list[float]
    ) -> None:
        for rows, hour in ((10, 10), (12, 11)):
            push(
                "metadata",
                events.table(
                    volume={"row_count": rows, "byte_count": rows * 100},
                    freshness={"last_update_time": f"2024-03-01T{hour}:00:00Z"},
                ),
            )
            sandbox.advance(3600)
        now = datetime.now(UTC)
        variables = {
            "m": sandbox.mcon("shop", "public", "orders"),
            "n": metric,
            "s": (now - timedelta(hours=1)).isoformat(),
            "e": (now + timedelta(hours=3)).isoformat(),
        }
        answer = sandbox.graphql(GET_METRICS, variables)["getMetricsV4"]
        assert [point["value"] for point in answer["metrics"]] == expected
        assert [point["value"] for point in json.loads(answer["metricsJson"])] == expected
        early = sandbox.graphql(GET_METRICS, {**variables, "e": now.isoformat()})["getMetricsV4"]
        assert [point["value"] for point in early["metrics"]] == expected[:1]

    def test_by_full_table_id_and_without_repetition(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        for rows in (1, 1, 2):
            push("metadata", events.table(volume={"row_count": rows}))
        document = """query($dw:UUID!){getMetricsV4(metricName:"total_row_count",startTime:"2020-01-01T00:00:00Z",
          deduplicateValues:true,metricsFilter:{fullTableId:"shop:public.orders",dwId:$dw}){metrics{value}}}"""
        answer = sandbox.graphql(document, {"dw": sandbox.warehouse_uuid})
        assert [point["value"] for point in answer["getMetricsV4"]["metrics"]] == [1.0, 2.0]

    def test_an_unknown_metric_is_an_error(self, sandbox: Sandbox) -> None:
        variables = {"m": "MCON", "n": "rows", "s": "2024-01-01T00:00:00Z", "e": "2025-01-01T00:00:00Z"}
        with pytest.raises(GraphQLError, match="total_row_count, total_byte_count, last_updated_on"):
            sandbox.graphql(GET_METRICS, variables)

    def test_a_table_without_volume_has_no_points(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table())
        variables = {"m": sandbox.mcon("shop", "public", "orders"), "n": "total_row_count"}
        variables |= {"s": "2024-01-01T00:00:00Z", "e": "2099-01-01T00:00:00Z"}
        assert sandbox.graphql(GET_METRICS, variables)["getMetricsV4"] == {"metrics": [], "metricsJson": "[]"}


class TestLineage:
    def _walk(self, sandbox: Sandbox, name: str, direction: str, hops: int | None = None) -> tuple[set[str], set[Any]]:
        variables = {"m": sandbox.mcon("shop", "public", name), "d": direction, "h": hops}
        graph = sandbox.graphql(GET_LINEAGE, variables)["getTableLineage"]

        def short(mcon: str) -> str:
            return mcon.rpartition(".")[2]

        edges = {
            (short(entry["mcon"]), short(mcon))
            for entry in graph["flattenedEdges"]
            for mcon in entry["directlyConnectedMcons"]
        }
        return {short(node["mcon"]) for node in graph["connectedNodes"]}, edges

    def test_directions_and_hops(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("b", "a"), events.edge("c", "b"), events.edge("d", "c", "x"))
        assert self._walk(sandbox, "c", "upstream") == ({"b"}, {("c", "b")})
        assert self._walk(sandbox, "c", "upstream", 2) == ({"a", "b"}, {("c", "b"), ("b", "a")})
        assert self._walk(sandbox, "a", "downstream", 9) == ({"b", "c", "d"}, {("a", "b"), ("b", "c"), ("c", "d")})
        assert self._walk(sandbox, "x", "upstream") == (set(), set())

    def test_a_circle_and_a_table_that_feeds_itself(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("a", "b"), events.edge("b", "a"), events.edge("c", "c"))
        assert self._walk(sandbox, "a", "upstream", 50) == ({"b"}, {("a", "b"), ("b", "a")})
        assert self._walk(sandbox, "c", "upstream") == (set(), {("c", "c")})

    def test_nodes(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("b", "a"))
        variables = {"m": sandbox.mcon("shop", "public", "b"), "d": "upstream"}
        graph = sandbox.graphql(GET_LINEAGE, variables)["getTableLineage"]
        assert graph["baseNode"]["hasUpstreamNodes"] is True
        assert graph["baseNode"]["hasDownstreamNodes"] is False
        (node,) = graph["connectedNodes"]
        assert (node["displayName"], node["objectType"]) == ("shop.public.a", "table")
        assert node["expireAt"] == "9999-12-31T00:00:00+00:00"

    def test_an_unknown_table_has_no_lineage(self, sandbox: Sandbox) -> None:
        assert self._walk(sandbox, "nothing", "upstream") == (set(), set())

    def test_filters_and_limit(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        view = {**events.ref("v"), "type": "VIEW"}
        push("lineage", {"destination": events.ref("d"), "sources": [view, events.ref("a"), events.ref("b")]})
        document = """query($m:String!,$f:[LineageFilter],$l:Int){getTableLineage(mcon:$m,direction:"upstream",
          filters:$f,limit:$l){connectedNodes{displayName}}}"""
        m = sandbox.mcon("shop", "public", "d")

        def names(**variables: Any) -> list[str]:
            graph = sandbox.graphql(document, {"m": m, **variables})["getTableLineage"]
            return [node["displayName"][-1] for node in graph["connectedNodes"]]

        assert names() == ["a", "b", "v"]
        assert names(l=2) == ["a", "b"]
        assert names(f=[{"name": "OBJECT_TYPE", "values": ["view"], "operator": "INCLUDE"}]) == ["v"]
        assert names(f=[{"name": "OBJECT_TYPE", "values": ["view"], "operator": "EXCLUDE"}]) == ["a", "b"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ('direction: "sideways", mcon: "x"', "must be 'upstream' or 'downstream'"),
            ('direction: "upstream"', "needs mcon or mcons"),
            ('direction: "upstream", mcon: "x", hops: 0', "hops must be 1 or more"),
            ('direction: "upstream", mcon: "x", agentName: "a"', "does not implement the argument agentName"),
        ],
    )
    def test_bad_arguments(self, sandbox: Sandbox, arguments: str, message: str) -> None:
        with pytest.raises(GraphQLError, match=message):
            sandbox.graphql(f"{{getTableLineage({arguments}){{baseNode{{mcon}}}}}}")

    def test_columns_page_by_page(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("t1", fields=[{"name": "total", "type": "DECIMAL"}]))
        for index in range(3):
            push("lineage", events.edge(f"t{index}", "raw", columns={"total": [("raw", "amount"), ("raw", "tax")]}))
        variables: dict[str, Any] = {"m": sandbox.mcon("shop", "public", "raw"), "c": "amount", "p": 2}
        first = sandbox.graphql(GET_DERIVED, variables)["getDerivedTablesPartialLineage"]
        assert [item["displayName"] for item in first["destinations"]] == ["shop.public.t0", "shop.public.t1"]
        assert [item["columns"][0] for item in first["destinations"]] == [
            {"columnName": "total", "columnType": None},
            {"columnName": "total", "columnType": "DECIMAL"},
        ]
        assert first["isLastPage"] is False
        rest = sandbox.graphql(GET_DERIVED, {**variables, "a": first["cursor"]})["getDerivedTablesPartialLineage"]
        assert [item["displayName"] for item in rest["destinations"]] == ["shop.public.t2"]
        assert (rest["isLastPage"], rest["cursor"]) == (True, None)

    def test_columns_expire_after_ten_days_and_tables_never(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("lineage", events.edge("curated", "raw", columns={"id": [("raw", "id")]}))
        variables = {"m": sandbox.mcon("shop", "public", "raw"), "c": "id"}
        day = 24 * 3600
        sandbox.advance(10 * day - 60)
        assert sandbox.graphql(GET_DERIVED, variables)["getDerivedTablesPartialLineage"]["destinations"]
        sandbox.advance(120)
        assert sandbox.graphql(GET_DERIVED, variables)["getDerivedTablesPartialLineage"]["destinations"] == []
        sandbox.advance(1000 * day)
        assert self._walk(sandbox, "raw", "downstream") == ({"curated"}, {("raw", "curated")})

    def test_a_repeated_push_renews_columns(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        for _ in range(2):
            push("lineage", events.edge("curated", "raw", columns={"id": [("raw", "id")]}))
            sandbox.advance(9 * 24 * 3600)
        assert sandbox.lineage()["counts"] == {"nodes": 2, "edges": 1, "column_pairs": 1}


class TestAggregatedQueries:
    def _ask(self, sandbox: Sandbox, name: str = "orders", **variables: Any) -> dict[str, Any]:
        asked = {"m": sandbox.mcon("shop", "public", name), "t": "read", "l": 100}
        asked |= {"s": "2024-03-01T00:00:00Z", "e": "2024-03-02T00:00:00Z", **variables}
        answer: dict[str, Any] = sandbox.graphql(GET_QUERIES, asked)["getAggregatedQueries"]
        return answer

    def test_reads_and_writes(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("orders"), events.table("daily"))
        push(
            "query_logs",
            events.query("SELECT * FROM shop.public.orders WHERE id = 1", user="ann"),
            events.query("select * from SHOP.public.ORDERS where id = 27 -- again", user="ann"),
            events.query("insert into shop.public.daily select * from shop.public.orders", user="etl"),
            events.query("select 'shop.public.orders'", user="bob"),
        )
        reads = self._ask(sandbox)["aggregatedQueries"]
        assert sorted((row["user"], row["count"], row["category"]) for row in reads) == [
            ("ann", 2, "query"),
            ("etl", 1, "insert_into"),
        ]
        assert {row["averageRunTime"] for row in reads} == {5000}
        assert {row["date"] for row in reads} == {"2024-03-01"}
        assert reads[0]["latestQueryTimestamp"] == "2024-03-01T12:00:05+00:00"
        assert self._ask(sandbox, t="write")["aggregatedQueries"] == []
        writes = self._ask(sandbox, "daily", t="write")["aggregatedQueries"]
        assert [(row["user"], row["category"], len(row["latestQuery"])) for row in writes] == [
            ("etl", "insert_into", 50)
        ]

    def test_pages(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("orders"))
        users = [f"user{index}" for index in range(5)]
        push("query_logs", *(events.query(user=user) for user in users))
        found, after = [], None
        while True:
            page = self._ask(sandbox, l=2, a=after)
            found += [row["user"] for row in page["aggregatedQueries"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert sorted(found) == users

    def test_the_window(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("orders"))
        push("query_logs", events.query())
        assert self._ask(sandbox, e="2024-03-01T12:00:00Z")["aggregatedQueries"] == []
        assert self._ask(sandbox, s="2024-03-01T12:00:06Z")["aggregatedQueries"] == []

    def test_unqualified_names_are_completed_from_where_the_query_ran(
        self, sandbox: Sandbox, push: Any, events: Any
    ) -> None:
        push("metadata", events.table("orders"))
        push(
            "query_logs",
            events.query("select 1 from orders", user="here", extra={"database_name": "SHOP", "schema_name": "PUBLIC"}),
            events.query("select 2 from orders", user="there", extra={"database_name": "SHOP", "schema_name": "TEST"}),
            events.query("select 3 from public.orders", user="unknown"),
        )
        assert {row["user"] for row in self._ask(sandbox)["aggregatedQueries"]} == {"here", "unknown"}

    def test_a_query_that_came_before_its_table_counts(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("query_logs", events.query())
        assert self._ask(sandbox)["aggregatedQueries"] == []
        push("metadata", events.table("orders"))
        assert len(self._ask(sandbox)["aggregatedQueries"]) == 1

    def test_a_query_pushed_twice_counts_once(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table("orders"))
        for _ in range(2):
            push("query_logs", events.query(query_id="q1"))
        assert [row["count"] for row in self._ask(sandbox)["aggregatedQueries"]] == [1]

    @pytest.mark.parametrize("limit", [0, 1001])
    def test_the_limit_is_limited(self, sandbox: Sandbox, limit: int) -> None:
        with pytest.raises(GraphQLError, match="between 1 and 1000"):
            self._ask(sandbox, l=limit)


class TestGetUser:
    def _events(self, sandbox: Sandbox, warehouse: str) -> dict[str, dict[str, Any]]:
        warehouses = sandbox.graphql(GET_USER)["getUser"]["account"]["warehouses"]
        found = next(item for item in warehouses if item["uuid"] == warehouse)
        return {item["eventType"]: item for item in found["pushEvents"]}

    def test_what_was_received(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table())
        last = push("metadata", events.table())
        lineage = push("lineage", events.edge("b", "a"))
        received = self._events(sandbox, sandbox.warehouse_uuid)
        assert (received["METADATA"]["status"], received["METADATA"]["lastInvocationId"]) == ("ACTIVE", last)
        assert received["METADATA"]["firstReceived"] < received["METADATA"]["lastReceived"]
        assert received["LINEAGE"]["lastInvocationId"] == lineage
        assert received["QUERY_LOGS"] == {
            "eventType": "QUERY_LOGS",
            "status": "NEVER_RECEIVED",
            "firstReceived": None,
            "lastReceived": None,
            "lastInvocationId": None,
        }
        assert {item["status"] for item in self._events(sandbox, sandbox.lake_uuid).values()} == {"NEVER_RECEIVED"}

    def test_lineage_across_warehouses_counts_for_each(self, sandbox: Sandbox, post: Any, events: Any) -> None:
        def ref(name: str, uuid: str) -> dict[str, Any]:
            return {**events.ref(name), "resource_uuid": uuid, "resource_type": "snowflake"}

        event = {"destination": ref("b", sandbox.warehouse_uuid), "sources": [ref("a", sandbox.lake_uuid)]}
        sandbox.set_delay(30, "lineage")
        response = post("lineage", {"event_type": "LINEAGE", "events": [event]})
        uuids = (sandbox.warehouse_uuid, sandbox.lake_uuid)
        assert {self._events(sandbox, uuid)["LINEAGE"]["lastInvocationId"] for uuid in uuids} == {None}
        sandbox.advance(31)
        found = {self._events(sandbox, uuid)["LINEAGE"]["lastInvocationId"] for uuid in uuids}
        assert found == {response.json()["invocation_id"]}

    def test_it_grows_stale(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table())
        sandbox.advance(25 * 3600)
        assert self._events(sandbox, sandbox.warehouse_uuid)["METADATA"]["status"] == "STALE"

    def test_a_new_warehouse_is_listed(self, sandbox: Sandbox) -> None:
        uuid = sandbox.add_warehouse("Second lake", "data-lake")
        warehouses = sandbox.graphql(GET_USER)["getUser"]["account"]["warehouses"]
        assert (warehouses[-1]["uuid"], warehouses[-1]["connectionType"]) == (uuid, "DATA_LAKE")


class TestVisibility:
    def test_each_flow_has_its_delay(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        sandbox.set_delay(900, "metadata")
        invocation_id = push("metadata", events.table())
        push("lineage", events.edge("b", "a"))
        assert sandbox.pushes("metadata")[0]["visible"] is False
        assert sandbox.tables() == []
        assert len(sandbox.lineage()["edges"]) == 1
        warehouse = sandbox.graphql(GET_USER)["getUser"]["account"]["warehouses"][0]
        assert [item["status"] for item in warehouse["pushEvents"]] == ["NEVER_RECEIVED", "ACTIVE", "NEVER_RECEIVED"]
        sandbox.advance(901)
        tables = sandbox.graphql(GET_TABLES, {"inv": invocation_id})["getTables"]
        assert [node["fullTableId"] for node in _nodes(tables)] == ["shop:public.orders"]
        assert sandbox.pushes("metadata")[0]["visible"] is True

    def test_a_later_push_with_a_shorter_delay_overtakes(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        sandbox.set_delay(900)
        push("metadata", events.table("late"))
        sandbox.set_delay(0)
        push("metadata", events.table("early"))
        assert [table["name"] for table in sandbox.tables()] == ["early"]


class TestAccess:
    def _post(self, sandbox: Sandbox, key: KeyConfig | None, body: Any) -> httpx.Response:
        headers = {"x-mcd-id": key.id, "x-mcd-token": key.secret} if key else {}
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return httpx.post(sandbox.graphql_url, headers=headers, **content)

    def test_keys(self, sandbox: Sandbox) -> None:
        query = {"query": "{getUser{email}}"}
        assert self._post(sandbox, None, query).status_code == 401
        assert self._post(sandbox, KeyConfig("sandbox-api-id", "wrong"), query).status_code == 401
        refused = self._post(sandbox, sandbox.ingest_key, query)
        assert refused.status_code == 403
        assert "Ingestion" in refused.json()["message"]
        key = sandbox.add_key("api")
        assert self._post(sandbox, key, query).json() == {"data": {"getUser": {"email": "sandbox@example.com"}}}
        sandbox.revoke_key(key)
        assert self._post(sandbox, key, query).status_code == 401

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"{", "not JSON"),
            ([], "with a query"),
            ({"query": 5}, "with a query"),
            ({"query": "{getUser{email}}", "variables": []}, "variables must be an object"),
            ({"query": "{getUser{email}}", "operationName": 1}, "operationName must be a string"),
        ],
    )
    def test_a_request_that_is_none(self, sandbox: Sandbox, body: Any, message: str) -> None:
        response = self._post(sandbox, sandbox.api_key, body)
        assert response.status_code == 400
        assert message in response.json()["message"]

    @pytest.mark.parametrize(
        ("query", "variables", "message"),
        [
            ("{", {}, "Syntax Error"),
            ("{getTable{displayName}}", {}, "Cannot query field 'displayName' on type 'WarehouseTable'"),
            ("query($d:UUID!){getTable(dwId:$d){mcon}}", {}, "type 'UUID!'"),
            ("query($d:UUID!){getTable(dwId:$d){mcon}}", {"d": "x"}, "UUID cannot represent value"),
            ('{getTable(dwId:"x"){mcon}}', {}, "UUID cannot represent value"),
            ("query A{getUser{email}} query B{getUser{email}}", {}, "Must provide operation name"),
        ],
    )
    def test_a_document_that_does_not_hold_is_400(
        self, sandbox: Sandbox, query: str, variables: dict[str, Any], message: str
    ) -> None:
        response = self._post(sandbox, sandbox.api_key, {"query": query, "variables": variables})
        assert response.status_code == 400
        answer = response.json()
        assert answer["data"] is None
        assert message in answer["errors"][0]["message"]

    def test_what_is_not_implemented_is_said(self, sandbox: Sandbox) -> None:
        query = "query{getUser{email} getAllDomains{name}}"
        response = self._post(sandbox, sandbox.api_key, {"query": query})
        assert response.status_code == 200
        assert response.json()["errors"][0]["message"] == "The sandbox does not implement getAllDomains of Query."
        assert response.json()["data"]["getUser"] == {"email": "sandbox@example.com"}
        mutation = 'mutation{setWarehouseName(dwId:"5f10a4e0-0000-4000-8000-000000000001",name:"x"){warehouse{name}}}'
        answer = self._post(sandbox, sandbox.api_key, {"query": mutation}).json()
        assert answer["errors"][0]["message"] == "The sandbox does not implement setWarehouseName of Mutation."

    def test_a_field_without_a_resolver_is_null_or_an_error(self, sandbox: Sandbox, push: Any, events: Any) -> None:
        push("metadata", events.table())
        variables = {"m": sandbox.mcon("shop", "public", "orders")}
        table = sandbox.graphql("query($m:String!){getTable(mcon:$m){importanceScore}}", variables)["getTable"]
        assert table == {"importanceScore": None}
        with pytest.raises(GraphQLError, match=r"does not implement WarehouseTable\.priority"):
            sandbox.graphql("query($m:String!){getTable(mcon:$m){priority}}", variables)
