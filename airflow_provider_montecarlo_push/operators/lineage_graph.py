"""Draw into Monte Carlo's lineage graph: nodes and edges between tables, dbt models, reports, jobs and the like."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.graphql.lineage_graph import (
    DELETE_NODES,
    PUT_EDGES,
    PUT_NODES,
    Edge,
    Node,
    Verb,
)
from airflow_provider_montecarlo_push.graphql.lineage_items import (
    NEVER,
    Defaults,
    UnwantedNode,
    WantedEdge,
    WantedNode,
    expiry,
    read_items,
    unwanted_node,
    wanted_edge,
    wanted_node,
)
from airflow_provider_montecarlo_push.graphql.resources import Resources, put_resource, resources
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.flags import as_bool
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.hooks.locations import folder_at, folder_of_run, manifest_root, run_of
from airflow_provider_montecarlo_push.lineage_graph.lookup import NodeLookup
from airflow_provider_montecarlo_push.lineage_graph.record import GraphRecord, GraphSummary, recorded_nodes
from airflow_provider_montecarlo_push.lineage_graph.run import Ask, GraphRun, Step, require_custom
from airflow_provider_montecarlo_push.operators.given import as_list, is_given
from airflow_provider_montecarlo_push.operators.item_files import items_in

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.manifests.model import RunReference
    from airflow_provider_montecarlo_push.manifests.storage import Folder

log = logging.getLogger(__name__)

# What XCom has of them; the record has all.
_SHOWN = 500

Item = WantedNode | WantedEdge | UnwantedNode


class MonteCarloLineageGraphOperator(BaseOperator):
    """Base of the operators that change the lineage graph.

    All items are read and checked before anything is sent. Those that Monte Carlo refuses do not keep the others from
    being done; the task fails at its end, naming them, and another attempt goes on with what is not done.

    :param resource: name or UUID of the resource that items are in which do not name one themselves.
    :param montecarlo_conn_id: connection of type ``montecarlo``, with the API key.
    :param manifest_root: where the record of what was done is kept, instead of the setting.
    """

    verb: ClassVar[Verb]
    items_field: ClassVar[str]
    template_fields: Sequence[str] = ("resource", "montecarlo_conn_id", "manifest_root")
    ui_color = "#e6e0f8"

    def __init__(
        self,
        *,
        resource: str | None = None,
        montecarlo_conn_id: str = MonteCarloHook.default_conn_name,
        manifest_root: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.resource = resource
        self.montecarlo_conn_id = montecarlo_conn_id
        self.manifest_root = manifest_root

    def execute(self, context: Context) -> dict[str, Any]:
        """Do it, and return what was done.

        :raises FinalError: when something has to be changed first, or some were refused; Airflow does not retry.
        :raises TransientError: when Monte Carlo does not answer, or tables are not visible yet; Airflow retries, and
            goes on with the rest.
        """
        with airflow_failures():
            items = self._items(self._given(), self._defaults(), self._source())
            with MonteCarloHook(self.montecarlo_conn_id).session() as session:
                return self._carry_out(items, session.converse, run_of(context))

    def _carry_out(self, items: Sequence[Item], ask: Ask, run: RunReference) -> dict[str, Any]:
        known = self._resources(ask, ask(resources()), items)
        lookup = NodeLookup(ask, known)
        lookup.look_up(reference for item in items for reference in item.references)
        steps = _steps(items, lookup, self._sent)
        self._check(ask, steps)
        now = datetime.now(UTC)
        name = self.items_field if self.verb is not DELETE_NODES else "delete"
        facts = [known.account, name, *map(repr, items)]
        digest = hashlib.sha256("\n".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:10]
        folder = folder_of_run(manifest_root(self.manifest_root), run).child("lineage_graph", f"{name}-{digest}")
        summary = GraphSummary(verb=name, run=run, started_at=now, updated_at=now, asked=len(steps))
        record = GraphRecord(folder, summary)
        if not steps:
            log.warning("%s holds no %s: nothing to do.", self._source(), self.items_field)
        GraphRun(ask, record, self.verb).carry_out(steps)
        return {"asked": len(steps), "done": len(record.done), **self._result(record), "record": record.uri}

    def _given(self) -> Sequence[Any]:
        """Return the items as the user wrote them."""
        value, file = getattr(self, self.items_field), getattr(self, f"{self.items_field}_file")
        if is_given(value) == is_given(file):
            raise ConfigurationError(f"Give either {self.items_field} or {self.items_field}_file.")
        return items_in(str(file), self.items_field) if is_given(file) else as_list(value, self.items_field)

    def _items(self, values: Sequence[Any], defaults: Defaults, source: str) -> Sequence[Item]:
        """Return the items, read and checked."""
        raise NotImplementedError

    def _source(self) -> str:
        file = getattr(self, f"{self.items_field}_file")
        return str(file) if is_given(file) else self.items_field

    def _defaults(self) -> Defaults:
        return Defaults(self.resource if is_given(self.resource) else None)

    def _resources(self, ask: Ask, known: Resources, items: Sequence[Item]) -> Resources:  # noqa: ARG002 - for subclasses
        """Return the account's resources."""
        return known

    def _sent(self, item: Any, lookup: NodeLookup) -> Any:
        """Return what is sent for an item."""
        raise NotImplementedError

    def _check(self, ask: Ask, steps: Sequence[Step]) -> None:
        """Refuse what must not be done, before anything is."""

    def _result(self, record: GraphRecord) -> dict[str, Any]:
        """Return what XCom has besides the counts."""
        return {"mcons": [item.mcon for item in record.in_order()[:_SHOWN]]}


class MonteCarloCreateLineageNodesOperator(MonteCarloLineageGraphOperator):
    """Create nodes of the lineage graph, or update those that are there. Further parameters: those of
    :class:`MonteCarloLineageGraphOperator`.

    The XCom result is ``{"asked", "done", "mcons", "record"}``: ``mcons`` are the first 500 in the order that was asked
    for, ``record`` is the URI of a JSON file with all of them beside it.

    :param nodes: one node or a list: a table as ``"database.schema.name"``, or ``{"object_type", "object_id"}`` or
        ``{"table"}`` with, where wanted, ``"resource"``, ``"name"``, ``"properties"`` and ``"expire_at"``.
    :param nodes_file: the same in a JSON or YAML file, which is read when the task runs: a URI or an absolute path.
    :param expire_at: when nodes go that do not say so themselves, an ISO 8601 date or time.
    :param create_resources: create the resources that are named and are not there.
    """

    verb = PUT_NODES
    items_field = "nodes"
    template_fields: Sequence[str] = (
        *MonteCarloLineageGraphOperator.template_fields,
        "nodes",
        "nodes_file",
        "expire_at",
        "create_resources",
    )

    def __init__(
        self,
        *,
        nodes: Sequence[Mapping[str, Any] | str] | Mapping[str, Any] | str | None = None,
        nodes_file: str | None = None,
        expire_at: str | date = NEVER,
        create_resources: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.nodes = nodes
        self.nodes_file = nodes_file
        self.expire_at = expire_at
        self.create_resources = create_resources

    def _defaults(self) -> Defaults:
        return super()._defaults()._replace(expire_at=_expiry(self.expire_at))

    def _resources(self, ask: Ask, known: Resources, items: Sequence[Item]) -> Resources:
        if not as_bool(self.create_resources, "create_resources"):
            return known
        names = dict(known.names)
        for name in dict.fromkeys(reference.resource for item in items for reference in item.references):
            if known.find(name) is None:
                names[ask(put_resource(name))] = name
                log.info("Created the resource %r.", name)
        return known._replace(names=names)

    def _items(self, values: Sequence[Any], defaults: Defaults, source: str) -> Sequence[Item]:
        return read_items(values, wanted_node, defaults, source)

    def _sent(self, item: WantedNode, lookup: NodeLookup) -> Node:
        return Node(lookup.key(item.node), item.expire_at, item.name, item.properties)


class MonteCarloCreateLineageEdgesOperator(MonteCarloLineageGraphOperator):
    """Create edges of the lineage graph, or update those that are there. Further parameters: those of
    :class:`MonteCarloLineageGraphOperator`.

    The XCom result is ``{"asked", "done", "edges", "record"}``: ``edges`` are the first 500 as ``{"source",
    "destination"}`` with the MCONs, ``record`` is the URI of a JSON file with all of them beside it.

    :param edges: one edge or a list: ``{"source", "destination"}``, each a node as
        :class:`MonteCarloCreateLineageNodesOperator` takes it, of whichever resources, with, where wanted,
        ``"edge_type"`` (``IS_DOWNSTREAM``, ``MODIFIES`` or ``IS_READ_BY``) and ``"expire_at"``.
    :param edges_file: the same in a JSON or YAML file, which is read when the task runs: a URI or an absolute path.
    :param expire_at: when edges go that do not say so themselves, an ISO 8601 date or time.
    """

    verb = PUT_EDGES
    items_field = "edges"
    template_fields: Sequence[str] = (
        *MonteCarloLineageGraphOperator.template_fields,
        "edges",
        "edges_file",
        "expire_at",
    )

    def __init__(
        self,
        *,
        edges: Sequence[Mapping[str, Any] | Sequence[Any]] | Mapping[str, Any] | None = None,
        edges_file: str | None = None,
        expire_at: str | date = NEVER,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.edges = edges
        self.edges_file = edges_file
        self.expire_at = expire_at

    def _defaults(self) -> Defaults:
        return super()._defaults()._replace(expire_at=_expiry(self.expire_at))

    def _items(self, values: Sequence[Any], defaults: Defaults, source: str) -> Sequence[Item]:
        return read_items(values, wanted_edge, defaults, source)

    def _sent(self, item: WantedEdge, lookup: NodeLookup) -> Edge:
        return Edge(lookup.key(item.source), lookup.key(item.destination), item.expire_at, item.edge_type)

    def _result(self, record: GraphRecord) -> dict[str, Any]:
        edges = [{"source": item.source, "destination": item.destination} for item in record.in_order()[:_SHOWN]]
        return {"edges": edges}


class MonteCarloDeleteLineageNodesOperator(MonteCarloLineageGraphOperator):
    """Delete nodes of the lineage graph with the edges that touch them. Further parameters: those of
    :class:`MonteCarloLineageGraphOperator`.

    The XCom result is ``{"asked", "done", "absent", "edges_deleted", "mcons", "record"}``: ``absent`` of those done
    were not there (any more), ``mcons`` are the first 500 that were.

    :param nodes: MCONs, or nodes as :class:`MonteCarloCreateLineageNodesOperator` takes them, one or a list; or the
        output of such a task, for all nodes that it made.
    :param nodes_file: the same in a JSON or YAML file, which is read when the task runs: a URI or an absolute path.
    :param only_custom: refuse to delete anything when one of the nodes was pushed, or collected by Monte Carlo.
    """

    verb = DELETE_NODES
    items_field = "nodes"
    template_fields: Sequence[str] = (
        *MonteCarloLineageGraphOperator.template_fields,
        "nodes",
        "nodes_file",
        "only_custom",
    )
    ui_color = "#fbe3e0"

    def __init__(
        self,
        *,
        nodes: Sequence[Mapping[str, Any] | str] | Mapping[str, Any] | str | None = None,
        nodes_file: str | None = None,
        only_custom: bool | str = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.nodes = nodes
        self.nodes_file = nodes_file
        self.only_custom = only_custom

    def _given(self) -> Sequence[Any]:
        if isinstance(self.nodes, Mapping) and "record" in self.nodes and not is_given(self.nodes_file):
            return recorded_nodes(_folder_of(self.nodes["record"]))
        return super()._given()

    def _items(self, values: Sequence[Any], defaults: Defaults, source: str) -> Sequence[Item]:
        return read_items(values, unwanted_node, defaults, source)

    def _sent(self, item: UnwantedNode, lookup: NodeLookup) -> str:
        return item.mcon or (lookup.mcon(item.node) if item.node else "")

    def _check(self, ask: Ask, steps: Sequence[Step]) -> None:
        if as_bool(self.only_custom, "only_custom"):
            require_custom(ask, steps)

    def _result(self, record: GraphRecord) -> dict[str, Any]:
        items = record.in_order()
        absent = [item.item for item in items if item.absent]
        if absent:
            log.warning("%s of %s nodes were not there: %s", len(absent), len(items), ", ".join(absent[:20]))
        return {
            "absent": len(absent),
            "edges_deleted": sum(item.edges for item in items),
            "mcons": [item.mcon for item in items if not item.absent][:_SHOWN],
        }


def _steps(items: Sequence[Any], lookup: NodeLookup, sent: Any) -> list[Step]:
    """Return what is to be done; items that turn out to be about the same node or edge are one.

    :raises ConfigurationError: when they want different things of it.
    """
    steps: dict[Any, Step] = {}
    for position, item in enumerate(items):
        what = sent(item, lookup)
        invisible = tuple(str(reference.table) for reference in item.references if lookup.is_invisible(reference))
        step = Step(position, str(item), what, invisible)
        first = steps.setdefault(_identity(what), step)
        if first.sent != what:
            raise ConfigurationError(f"{first.name} and {step.name} are the same, with different facts. Keep one.")
    return list(steps.values())


def _identity(sent: Node | Edge | str) -> Any:
    if isinstance(sent, Node):
        return sent.key
    return (sent.source, sent.destination) if isinstance(sent, Edge) else sent


def _folder_of(uri: str) -> Folder:
    return folder_at(str(uri).rpartition("/")[0])


def _expiry(value: Any) -> str:
    return expiry(value, "expire_at") if is_given(value) else NEVER
