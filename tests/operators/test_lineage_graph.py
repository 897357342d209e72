"""Nodes and edges at the sandbox in real Airflow runs: what is made, what is refused, what a retry goes on with."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.providers.common.compat.sdk import ObjectStoragePath
from moto.server import ThreadedMotoServer
from upath import UPath

from airflow_provider_montecarlo_push.events import AssetMetadata, RelationalAsset
from airflow_provider_montecarlo_push.hooks.ingest import MonteCarloIngestHook
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.operators.airflow_runs import AirflowRun, run_dag, run_example

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]

DWH = "Snowflake (sandbox)"
LAKE = "Data lake (sandbox)"
DAY = 24 * 3600
Log = Callable[[], str]


@pytest.fixture
def task_log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Log:
    """What the tasks logged, through the standard library and through Airflow's own logger."""
    caplog.set_level(logging.INFO)
    return lambda: caplog.text + "".join(capsys.readouterr())


def run(verb: str, options: str, **more: Any) -> AirflowRun:
    """Run one operator, ``Nodes``, ``Edges`` or ``Delete``, as the task ``it``."""
    name = {"Nodes": "CreateLineageNodes", "Edges": "CreateLineageEdges", "Delete": "DeleteLineageNodes"}[verb]
    return run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarlo{name}Operator
        MonteCarlo{name}Operator(task_id="it", {options})
        """,
        **more,
    )


def nodes(*written: Any, resource: str = DWH, **options: Any) -> AirflowRun:
    return run("Nodes", f"nodes={list(written)!r}, resource={resource!r}, " + _source(options))


def edges(*written: Any, resource: str = DWH, **options: Any) -> AirflowRun:
    return run("Edges", f"edges={list(written)!r}, resource={resource!r}, " + _source(options))


def delete(*written: Any, resource: str = DWH, **options: Any) -> AirflowRun:
    return run("Delete", f"nodes={list(written)!r}, resource={resource!r}, " + _source(options))


def _source(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def push(*names: str, **where: Any) -> None:
    """Push tables ``DB.S.<name>``."""
    metadata = [AssetMetadata(name=name, database="DB", schema="S") for name in names]
    assets = [RelationalAsset(type="TABLE", metadata=one) for one in metadata]
    MonteCarloIngestHook().push_events(assets, **({"resource_type": "snowflake"} | where))


def graph(sandbox: Sandbox) -> tuple[list[Any], list[Any]]:
    """Return the whole graph without its times of creation."""
    node = [(row["mcon"], row["name"], row["expire_at"], row["properties"]) for row in sandbox.nodes()]
    edge = [(row["source"], row["destination"], row["expire_at"], row["edge_type"]) for row in sandbox.edges()]
    return sorted(node, key=str), sorted(edge, key=str)


def record_of(uri: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a record's summary, and what it says was done."""
    folder = UPath(uri).parent
    done = [json.loads(line) for path in sorted(folder.glob("done-*")) for line in path.read_text().splitlines()]
    return json.loads(UPath(uri).read_text()), done


def records(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in tmp_path.rglob("graph.json")]


MODEL = {"object_type": "model", "object_id": "shop.orders", "name": "Orders"}
REPORT = {"object_type": "report", "object_id": "r1", "name": "Revenue", "resource": LAKE}
JOB = {"object_type": "job", "object_id": "nightly"}


# Nodes ---------------------------------------------------------------------------------------------


def test_nodes_of_all_kinds_in_one_task(sandbox: Sandbox) -> None:
    outcome = nodes(MODEL, REPORT, JOB, "DB.S.T").xcom("it")
    account, dwh, lake = sandbox.config.account_uuid, sandbox.warehouse_uuid, sandbox.lake_uuid
    assert outcome["mcons"] == [
        f"MCON++{account}++{dwh}++model++shop.orders",
        f"MCON++{account}++{lake}++report++r1",
        f"MCON++{account}++{dwh}++job++nightly",
        f"MCON++{account}++{dwh}++table++DB:S.T",
    ]
    assert (outcome["asked"], outcome["done"]) == (4, 4)
    assert {row["mcon"] for row in sandbox.nodes(custom=True)} == set(outcome["mcons"])
    summary, done = record_of(outcome["record"])
    assert (summary["status"], summary["done"], summary["run"]["task_id"]) == ("done", 4, "it")
    assert [item["mcon"] for item in done] == outcome["mcons"]


def test_one_node_needs_no_list(sandbox: Sandbox) -> None:
    assert len(run("Nodes", f"nodes={MODEL!r}, resource={DWH!r}").xcom("it")["mcons"]) == 1
    assert len(run("Nodes", f"nodes='DB.S.T', resource={sandbox.lake_uuid!r}").xcom("it")["mcons"]) == 1


def test_nodes_do_not_expire_unless_told_to(sandbox: Sandbox) -> None:
    nodes(JOB, MODEL | {"expire_at": "2999-01-01"})
    assert sorted(row["expire_at"][:10] for row in sandbox.nodes()) == ["2999-01-01", "9999-12-31"]
    sandbox.advance(365 * DAY)
    assert len(sandbox.nodes()) == 2
    nodes(JOB, expire_at="2999-01-01")
    assert {row["expire_at"][:10] for row in sandbox.nodes()} == {"2999-01-01"}


def test_twice_is_the_same_as_once(sandbox: Sandbox) -> None:
    drawn = [MODEL | {"properties": {"owner": ["ann", "bob"]}}, "DB.S.T"]
    lines = [{"source": "DB.S.T", "destination": {"object_type": "model", "object_id": "shop.orders"}}]
    nodes(*drawn)
    edges(*lines)
    once = graph(sandbox)
    assert len(once[0]) == 2
    assert len(once[1]) == 1
    nodes(*drawn)
    edges(*lines)
    assert graph(sandbox) == once


def test_a_cleared_task_does_all_of_it_again(sandbox: Sandbox) -> None:
    body = f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarloCreateLineageNodesOperator
        @task(retries=1, retry_delay=timedelta(0))
        def again():
            from airflow.sdk import get_current_context
            from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
            make = MonteCarloCreateLineageNodesOperator(task_id="x", nodes=[{MODEL!r}], resource={DWH!r})
            context = get_current_context()
            first = make.execute(context)
            MonteCarloHook().execute('mutation($m:String!) {{ deleteLineageNode(mcon:$m) {{ nodesDeleted }} }}',
                {{"m": first["mcons"][0]}})
            return [first, make.execute(context)]
        again()
        """
    first, second = run_dag(body).xcom("again")
    assert first == second
    assert [row["mcon"] for row in sandbox.nodes()] == second["mcons"]


def test_a_table_that_monte_carlo_knows_is_drawn_as_what_it_is(sandbox: Sandbox) -> None:
    push("ORDERS")
    outcome = nodes("DB.S.ORDERS", {"table": "DB.S.OTHER", "object_type": "view"}).xcom("it")
    assert outcome["mcons"][0] == sandbox.mcon("DB", "S", "ORDERS")
    named = edges({"source": {"table": "DB.S.ORDERS", "object_type": "view"}, "destination": "DB.S.OTHER"}).xcom("it")
    assert named["edges"][0]["source"] == sandbox.mcon("DB", "S", "ORDERS")


def test_one_name_in_two_warehouses_is_two_nodes(sandbox: Sandbox) -> None:
    push("ORDERS")
    push("ORDERS", resource_type="data-lake", resource_uuid=sandbox.lake_uuid)
    here, there = {"table": "DB.S.ORDERS"}, {"table": "DB.S.ORDERS", "resource": LAKE}
    (edge,) = edges({"source": here, "destination": there}).xcom("it")["edges"]
    assert edge == {
        "source": sandbox.mcon("DB", "S", "ORDERS"),
        "destination": sandbox.mcon("DB", "S", "ORDERS", resource_uuid=sandbox.lake_uuid),
    }


def test_resources_that_are_not_there_are_made_when_wanted(sandbox: Sandbox, task_log: Log) -> None:
    dbt = MODEL | {"resource": "dbt"}
    assert nodes(dbt).state == "failed"
    assert "Monte Carlo has no resource 'dbt'" in task_log()
    for _ in range(2):
        assert nodes(dbt, create_resources=True).state == "success"
    assert [row["name"] for row in sandbox.resources() if not row["is_warehouse"]] == ["dbt"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "Give either nodes or nodes_file"),
        ("nodes=['A.B.C'], nodes_file='/x.json'", "Give either nodes or nodes_file"),
        ("nodes=['A.B.C']", "nodes[0] names no resource"),
        ("nodes=['A.B.C', 'A.B'], resource='x'", "nodes[1] names a table 'A.B'"),
        ("nodes='{{ [1] }}', resource='x'", "a list that a template turned into text"),
        ("nodes=['A.B.C'], resource='x', expire_at='soon'", "expire_at is 'soon'"),
        ("nodes=['A.B.C'], resource='Snowflake'", "Monte Carlo has no resource 'Snowflake'. Did you mean"),
        ("nodes=['A.B.C'], resource='x', create_resources='perhaps'", "create_resources is 'perhaps'"),
        ("nodes_file='/nowhere/nodes.yaml', resource='x'", "There is no file /nowhere/nodes.yaml"),
        ("nodes_file='nodes.yaml', resource='x'", "neither a URI nor an absolute path"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(
    sandbox: Sandbox, task_log: Log, options: str, said: str
) -> None:
    assert run("Nodes", f"retries=2, {options}").states() == {"it": "failed"}
    assert said in task_log()
    assert sandbox.nodes() == []


def test_no_nodes_are_nothing_to_do(sandbox: Sandbox, task_log: Log) -> None:
    assert nodes().xcom("it")["mcons"] == []
    assert "nodes holds no nodes: nothing to do." in task_log()


def test_the_same_node_under_two_names_is_one_or_refused(sandbox: Sandbox, task_log: Log) -> None:
    by_uuid = JOB | {"resource": sandbox.warehouse_uuid}
    assert nodes(JOB, by_uuid).xcom("it")["asked"] == 1
    assert nodes(JOB, by_uuid | {"name": "x"}).state == "failed"
    assert "are the same, with different facts" in task_log()


# Files ---------------------------------------------------------------------------------------------

BOTH = {
    "nodes": [{"object_type": "model", "object_id": "m", "expire_at": "2999-01-01"}, {"table": "DB.S.T"}],
    "edges": [{"source": "DB.S.T", "destination": {"object_type": "model", "object_id": "m"}}],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("graph.json", json.dumps(BOTH)),
        ("graph.yaml", yaml.safe_dump(BOTH)),
        ("graph.yml", yaml.safe_dump(BOTH).replace("'2999-01-01'", "2999-01-01")),
        ("graph", "\ufeff" + yaml.safe_dump(BOTH)),
    ],
)
def test_one_file_for_nodes_and_edges(sandbox: Sandbox, tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    assert len(run("Nodes", f"nodes_file={file.as_uri()!r}, resource={DWH!r}").xcom("it")["mcons"]) == 2
    assert len(run("Edges", f"edges_file={str(file)!r}, resource={DWH!r}").xcom("it")["edges"]) == 1
    assert {row["expire_at"][:10] for row in sandbox.nodes()} == {"2999-01-01", "9999-12-31"}
    assert run("Delete", f"nodes_file={str(file)!r}, resource={DWH!r}").xcom("it")["done"] == 2
    assert sandbox.nodes() == []


def test_the_file_is_read_when_the_task_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "late.jsonl"
    body = f"""
        from pathlib import Path
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarloCreateLineageNodesOperator
        @task
        def write():
            Path({str(file)!r}).write_text('{{"object_type": "job", "object_id": "j"}}\\n\\n')
            return {str(file)!r}
        MonteCarloCreateLineageNodesOperator(task_id="it", nodes_file=write(), resource="{{{{ params.where }}}}")
        """
    outcome = run_dag(body, dag_options=f"params={{'where': {DWH!r}}}").xcom("it")
    assert [row["mcon"] for row in sandbox.nodes()] == outcome["mcons"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{", "a.json cannot be understood"),
        ("a.yaml", "a: [", "a.yaml cannot be understood"),
        ("a.yaml", "", "holds NoneType where a list of nodes is expected"),
        ("a.yaml", "node: []", "has node at its top; write a list, or one under 'nodes'"),
        ("a.yaml", "edges: []", "has edges at its top"),
        ("a.yaml", "- table: A.B", "a.yaml[0] names a table 'A.B'"),
        ("a.json", b"\xff\xfe", "is not a text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used(
    sandbox: Sandbox, tmp_path: Path, task_log: Log, name: str, content: Any, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run("Nodes", f"retries=2, nodes_file={str(file)!r}, resource={DWH!r}").state == "failed"
    assert said in task_log()
    assert sandbox.nodes() == []


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket on S3, by the URI that names its connection."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    extra = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    # File systems are kept by connection id, and this one's server is gone after the test.
    name = uuid.uuid4().hex[:8]
    monkeypatch.setenv(f"AIRFLOW_CONN_STORE_{name.upper()}", json.dumps(connection))
    uri = f"s3://store_{name}@bucket-{name}"
    path = ObjectStoragePath(uri)
    path.fs.mkdir(path.bucket)
    yield uri
    server.stop()


@pytest.mark.parametrize("place", ["lineage.yaml", "team a/lineage.yaml"])
def test_file_and_record_on_object_storage(
    sandbox: Sandbox, bucket: str, monkeypatch: pytest.MonkeyPatch, task_log: Log, place: str
) -> None:
    path = ObjectStoragePath(f"{bucket}/{place}")
    path.fs.pipe_file(path.path, yaml.safe_dump(BOTH).encode())
    options = f"nodes_file='{bucket}/{place}', resource={DWH!r}, manifest_root='{bucket}/records'"
    outcome = run("Nodes", options).xcom("it")
    assert (outcome["done"], len(sandbox.nodes())) == (2, 2)
    assert outcome["record"].startswith(f"{bucket}/records/")
    assert run("Delete", f"nodes={outcome!r}").xcom("it")["mcons"] == outcome["mcons"]
    assert run("Nodes", options.replace(".yaml", ".yml")).state == "failed"
    assert f"There is no file {bucket}/{place[:-5]}.yml" in task_log()


def test_many_nodes_in_few_requests_with_a_bounded_result(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(json.dumps([{"object_type": "job", "object_id": f"j{number}"} for number in range(1_205)]))
    outcome = run("Nodes", f"nodes_file={str(file)!r}, resource={DWH!r}").xcom("it")
    assert (outcome["done"], len(outcome["mcons"]), len(sandbox.nodes())) == (1_205, 500, 1_205)
    _, done = record_of(outcome["record"])
    assert [item["item"] for item in done] == [f"job 'j{number}' in '{DWH}'" for number in range(1_205)]
    assert [item["mcon"] for item in done[:500]] == outcome["mcons"]
    deleted = run("Delete", f"nodes={outcome!r}").xcom("it")
    assert (deleted["asked"], deleted["done"], deleted["absent"], sandbox.nodes()) == (1_205, 1_205, 0, [])


# Edges ---------------------------------------------------------------------------------------------


def test_edges_across_resources(sandbox: Sandbox) -> None:
    push("ORDERS")
    bare = [{key: item[key] for key in item if key != "name"} for item in (MODEL, REPORT)]
    made = nodes(MODEL, REPORT).xcom("it")["mcons"]
    outcome = edges({"source": "DB.S.ORDERS", "destination": bare[0], "edge_type": "MODIFIES"}, bare).xcom("it")
    assert outcome["edges"] == [
        {"source": sandbox.mcon("DB", "S", "ORDERS"), "destination": made[0]},
        {"source": made[0], "destination": made[1]},
    ]
    found = {(row["source"], row["destination"]): row for row in sandbox.edges(custom=True)}
    assert {row["expire_at"][:10] for row in found.values()} == {"9999-12-31"}
    assert found[sandbox.mcon("DB", "S", "ORDERS"), made[0]]["edge_type"] == "MODIFIES"


def test_an_edge_goes_when_it_expires(sandbox: Sandbox) -> None:
    push("A", "B")
    edges(["DB.S.A", "DB.S.B"])
    assert len(sandbox.edges()) == 1
    edges(["DB.S.A", "DB.S.B"], expire_at="2020-01-01")
    assert sandbox.edges() == []


def test_an_edge_to_a_table_that_is_not_visible_yet_is_tried_again(sandbox: Sandbox, task_log: Log) -> None:
    sandbox.set_delay(3600)
    push("A")
    sandbox.set_delay(0)
    push("B", "C")
    outcome = run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import MonteCarloCreateLineageEdgesOperator
        from airflow_provider_montecarlo_push.sandbox import SandboxClient
        MonteCarloCreateLineageEdgesOperator(
            task_id="it", edges=[["DB.S.A", "DB.S.B"], ["DB.S.B", "DB.S.C"]], resource={DWH!r},
            retries=1, retry_delay=timedelta(0),
            on_retry_callback=lambda context: SandboxClient({sandbox.url!r}).advance(3600))
        """
    ).xcom("it")
    text = task_log()
    assert "1 edges lead to tables that Monte Carlo does not show: DB.S.A." in text
    assert "1 of 2 edges are done" in text
    assert "1 of 2 were done by an earlier attempt" in text
    assert [edge["source"][-1] for edge in outcome["edges"]] == ["A", "B"]
    assert len(sandbox.edges()) == 2


def test_an_edge_to_a_node_that_is_not_there_fails_for_good_after_the_others(
    sandbox: Sandbox, task_log: Log, tmp_path: Path
) -> None:
    push("A", "B")
    bare = {"object_type": "model", "object_id": "unknown"}
    assert edges(["DB.S.A", bare], ["DB.S.A", "DB.S.B"], retries=2).states() == {"it": "failed"}
    text = task_log()
    assert "Monte Carlo refused 1 edges: table 'DB:S.A' in 'Snowflake (sandbox)' → model 'unknown'" in text
    assert "1 of 2 edges are done" in text
    assert len(sandbox.edges()) == 1
    (summary,) = records(tmp_path)
    assert (summary["status"], summary["done"], summary["refused"]) == ("incomplete", 1, 1)
    (refused,) = (json.loads(path.read_text()) for path in tmp_path.rglob("refused.jsonl"))
    assert refused["position"] == 0
    assert "does not exist" in refused["message"]


# What goes wrong on the way ------------------------------------------------------------------------

FIVE = [{"object_type": "job", "object_id": f"j{number}"} for number in range(5)]


@pytest.fixture
def attempts() -> Callable[..., list[Any]]:
    """Run the same task several times, as Airflow's retries do; return what each attempt returned or raised."""

    def run_all(verb: str, number: int, options: str) -> list[Any]:
        body = f"""
            from airflow_provider_montecarlo_push.operators import lineage_graph
            @task
            def all_attempts():
                from airflow.sdk import get_current_context
                from airflow_provider_montecarlo_push.exceptions import MonteCarloPushError
                outcomes = []
                for attempt in range({number}):
                    it = lineage_graph.{verb}(task_id="x", {options})
                    try:
                        outcomes.append(it.execute(get_current_context()))
                    except MonteCarloPushError as error:
                        outcomes.append(f"{{type(error).__name__}}: {{error}}")
                return outcomes
            all_attempts()
            """
        return list(run_dag(body).xcom("all_attempts"))

    return run_all


def test_a_refused_node_is_tried_again_alone(sandbox: Sandbox, attempts: Any) -> None:
    sandbox.inject("graphql_error", field="createOrUpdateLineageNode", skip=2, count=1, message="graph is busy")
    first, second = attempts("MonteCarloCreateLineageNodesOperator", 2, f"nodes={FIVE!r}, resource={DWH!r}")
    assert first.startswith("LineageRefusedError: Monte Carlo refused 1 nodes: job 'j2'")
    assert "graph is busy" in first
    assert "4 of 5 nodes are done" in first
    assert (second["asked"], second["done"]) == (5, 5)
    assert [mcon.rpartition("++")[2] for mcon in second["mcons"]] == ["j0", "j1", "j2", "j3", "j4"]
    assert len(sandbox.nodes()) == 5


def test_a_key_that_ends_on_the_way_costs_nothing_that_was_done(sandbox: Sandbox, attempts: Any) -> None:
    many = [{"object_type": "job", "object_id": f"j{number:02}"} for number in range(25)]
    sandbox.inject("status", field="createOrUpdateLineageNode", status=401, skip=1, count=1)
    first, second = attempts("MonteCarloCreateLineageNodesOperator", 2, f"nodes={many!r}, resource={DWH!r}")
    assert first.startswith("AuthenticationError: 401")
    assert (second["done"], len(second["mcons"]), len(sandbox.nodes())) == (25, 25, 25)
    assert [mcon.rpartition("++")[2] for mcon in second["mcons"]] == [item["object_id"] for item in many]


def test_a_server_that_takes_one_at_a_time(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task_log: Log) -> None:
    from airflow_provider_montecarlo_push.exceptions import GraphQLError
    from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook

    execute = MonteCarloHook.execute

    def strict(self: MonteCarloHook, query: str, variables: Any = None) -> dict[str, Any]:
        if query.count("createOrUpdateLineageNode") > 1:
            raise GraphQLError("Too many operations", errors=[{"message": "Too many operations"}])
        return execute(self, query, variables)

    monkeypatch.setattr(MonteCarloHook, "execute", strict)
    assert nodes(*FIVE).xcom("it")["done"] == 5
    assert "one by one only" in task_log()


def test_when_everything_is_refused_the_rest_is_not_tried(sandbox: Sandbox, task_log: Log, tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    file.write_text(json.dumps([{"object_type": "job", "object_id": f"j{number}"} for number in range(100)]))
    sandbox.inject("graphql_error", field="createOrUpdateLineageNode", message="no permission")
    assert run("Nodes", f"nodes_file={str(file)!r}, resource={DWH!r}").state == "failed"
    text = task_log()
    assert "Monte Carlo refused 50 nodes" in text
    assert "50 more were not tried" in text


def test_a_page_instead_of_an_answer_is_said_and_what_was_done_kept(sandbox: Sandbox, task_log: Log) -> None:
    sandbox.inject("html", field="createOrUpdateLineageNode")
    assert nodes(JOB, retries=2).states() == {"it": "failed"}
    text = task_log()
    assert "is not a GraphQL answer" in text
    assert "0 of 1 are done" in text


def test_an_unknown_resource_uuid_is_what_monte_carlo_says(sandbox: Sandbox, task_log: Log) -> None:
    unknown = "0b6f0000-0000-4000-8000-00000000dead"
    assert nodes(JOB | {"resource": unknown}).state == "failed"
    assert f"has no resource {unknown}" in task_log()


# Deletion ------------------------------------------------------------------------------------------


def test_nodes_are_deleted_with_their_edges_and_twice_is_the_same(sandbox: Sandbox) -> None:
    push("A")
    (mcon,) = nodes(MODEL).xcom("it")["mcons"]
    bare = {"object_type": "model", "object_id": "shop.orders"}
    edges(["DB.S.A", bare])
    first = delete(mcon, retries=2).xcom("it")
    assert (first["done"], first["absent"], first["edges_deleted"], first["mcons"]) == (1, 0, 1, [mcon])
    assert [row["custom"] for row in sandbox.nodes()] == [False]
    second = delete(bare).xcom("it")
    assert (second["done"], second["absent"], second["edges_deleted"], second["mcons"]) == (1, 1, 0, [])


def test_what_a_task_made_another_takes_out(sandbox: Sandbox) -> None:
    outcome = run_dag(
        f"""
        from airflow_provider_montecarlo_push.operators.lineage_graph import (
            MonteCarloCreateLineageNodesOperator, MonteCarloDeleteLineageNodesOperator)
        make = MonteCarloCreateLineageNodesOperator(task_id="make", nodes={[MODEL, JOB]!r}, resource={DWH!r})
        MonteCarloDeleteLineageNodesOperator(task_id="delete", nodes=make.output)
        """
    )
    assert outcome.xcom("delete")["mcons"] == outcome.xcom("make")["mcons"]
    assert sandbox.nodes() == []


def test_pushed_tables_are_not_deleted_by_mistake(sandbox: Sandbox, task_log: Log) -> None:
    push("A", "B")
    edges(["DB.S.A", "DB.S.B"])
    (mcon,) = nodes(MODEL).xcom("it")["mcons"]
    assert delete(mcon, "DB.S.A", retries=2).states() == {"it": "failed"}
    assert "1 of 2 nodes were not made over the API, but pushed or collected" in task_log()
    assert len(sandbox.nodes()) == 3
    assert delete(mcon, "DB.S.A", only_custom=False).xcom("it")["done"] == 2
    assert [row["mcon"] for row in sandbox.nodes()] == [sandbox.mcon("DB", "S", "B")]


def test_a_deletion_whose_answer_was_lost_is_no_failure(sandbox: Sandbox) -> None:
    (mcon,) = nodes(MODEL).xcom("it")["mcons"]
    sandbox.inject("truncate", field="deleteLineageNode", count=1)
    assert delete(mcon).xcom("it")["done"] == 1
    assert sandbox.nodes() == []


def test_a_deletion_that_is_refused_fails(sandbox: Sandbox, task_log: Log) -> None:
    first, second = nodes(MODEL, JOB).xcom("it")["mcons"]
    sandbox.inject("graphql_error", field="deleteLineageNode", count=1, message="graph is busy", store=False)
    assert delete(first, second).state == "failed"
    text = task_log()
    assert "Monte Carlo refused 1 nodes" in text
    assert "graph is busy" in text
    assert [row["mcon"] for row in sandbox.nodes()] == [first]


def test_an_mcon_of_another_account_is_refused(sandbox: Sandbox, task_log: Log) -> None:
    assert delete("MCON++0b6f0000-0000-4000-8000-000000000001++r++table++x").state == "failed"
    assert "belongs to another account" in task_log()


def test_a_record_that_is_not_there_names_the_setting(task_log: Log, tmp_path: Path) -> None:
    uri = (tmp_path / "nowhere" / "graph.json").as_uri()
    assert run("Delete", f"nodes={{'record': {uri!r}}}").state == "failed"
    assert "manifest_root to a place that all of them share" in task_log()


# The example ---------------------------------------------------------------------------------------


def test_the_example_draws_a_shop(sandbox: Sandbox) -> None:
    push("ORDERS")
    example = run_example("montecarlo_lineage_graph", run_conf={"warehouse": DWH})
    assert set(example.states().values()) == {"success"}
    assert len(sandbox.edges(custom=True)) == 3
    custom = [*sandbox.nodes(custom=True), *sandbox.edges(custom=True)]
    assert {row["expire_at"][:10] for row in custom} == {"9999-12-31"}
