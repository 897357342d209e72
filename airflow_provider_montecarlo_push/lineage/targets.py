"""The tables that statements write to, and one statement while it is being followed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.binder import Binder
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.relations import Column, Relation
from airflow_provider_montecarlo_push.lineage.session import Session
from airflow_provider_montecarlo_push.lineage.writes import Fields, Outcome

_TEMPORARY_PREFIX = "#"


class Work:
    """One statement while it is being followed.

    :param binder: binds its queries.
    :param session: what earlier statements of the text have changed.
    """

    def __init__(self, binder: Binder, session: Session) -> None:
        self.binder = binder
        self.session = session
        self.names = binder.names
        self.outcome = Outcome()

    def land(
        self, table: exp.Table, fields: Fields, *, relation: Relation | None = None, is_view: bool = False
    ) -> None:
        """Record what a statement writes into a table that exists, or is being created.

        :param relation: what was written as a whole, where it may hold columns that are not known by name.
        """
        stored = self.session.stored(table)
        if stored is not None:
            self.session.store(table, _poured(stored[0], fields, relation), {**stored[1], **self.binder.tables})
            self.outcome.without_edge.append(Reason.TEMPORARY)
            self.outcome.lasting = True
            return
        self.outcome.unresolved = list(self.binder.unresolved)
        self.outcome.add(self.names.table(table), self.binder.tables, fields, is_view=is_view)

    def create_temporary(self, table: exp.Table, relation: Relation) -> None:
        """Record a temporary table and what it holds."""
        self.session.store(table, relation, self.binder.tables)
        self.outcome.without_edge.append(Reason.TEMPORARY)
        self.outcome.unresolved = list(self.binder.unresolved)
        self.outcome.lasting = True

    def columns(self, table: exp.Table) -> Sequence[str] | None:
        """Return the columns of a table that is written to, ``None`` when they are not known."""
        stored = self.session.stored(table)
        if stored is not None:
            names = [item.name for item in stored[0].items if isinstance(item, Column) and item.name is not None]
            return names if names and len(names) == len(stored[0].items) else None
        try:
            return self.binder.columns(self.names.table(table))
        except StatementError:
            return None

    def own(self, table: exp.Table) -> tuple[Relation, TableName | None]:
        """Return what a table that is written to gives to the statement's own expressions.

        It is not noted as a source; what refers to it is dropped in the end.
        """
        before = dict(self.binder.tables)
        unresolved = dict(self.binder.unresolved)
        relation, name = self.binder.table(table)
        self.binder.tables, self.binder.unresolved = before, unresolved
        return relation, name


def _poured(old: Relation, fields: Fields, relation: Relation | None) -> Relation:
    """Return what a temporary table holds after more was written to it."""
    if relation is not None and not old.items:
        return relation
    if relation is not None and old.opens:
        return old.merged(relation)
    more = Relation((Column(name, refs) for name, refs in fields), old.key)
    if old.opens:
        return Relation([*old.items, *more.items], old.key)
    return old.merged_by_name(more)


def is_temporary(node: exp.Create, table: exp.Table) -> bool:
    """Whether a CREATE makes a table for the session only."""
    properties = node.args.get("properties")
    declared = properties is not None and properties.find(exp.TemporaryProperty) is not None
    return declared or has_temporary_name(table)


def has_temporary_name(table: exp.Table) -> bool:
    """Whether a table is temporary by its name, as ``#t`` is in SQL Server and Redshift."""
    return table.name.startswith(_TEMPORARY_PREFIX) or bool(
        isinstance(table.this, exp.Identifier) and table.this.args.get("temporary")
    )


def split_target(work: Work, node: exp.Expr) -> tuple[exp.Table, list[str] | None]:
    """Return the table of ``t (a, b)`` and its column list, ``None`` when there is none.

    :raises StatementError: when what is written to is no table.
    """
    table = node.this if isinstance(node, exp.Schema) else node
    if isinstance(table, exp.Directory | exp.Literal | exp.Var):
        raise StatementError(Reason.EXTERNAL)
    if not isinstance(table, exp.Table) or isinstance(table.this, exp.Var | exp.Parameter):
        raise StatementError(Reason.UNSUPPORTED, f"writing to {table.key}")
    if work.names.is_path(table):
        raise StatementError(Reason.EXTERNAL)
    if not isinstance(node, exp.Schema):
        return table, None
    columns = [column for column in node.expressions if isinstance(column, exp.Identifier | exp.Column | exp.ColumnDef)]
    return table, [work.names.column(column.this if isinstance(column, exp.Column) else column) for column in columns]


def canonical(work: Work, names: Sequence[str], known: Sequence[str] | None) -> list[str]:
    """Return ``names`` in the case that the catalog has them in."""
    spelling = {work.names.column_key(name): name for name in known or ()}
    return [spelling.get(work.names.column_key(name), name) for name in names]


def bare(node: exp.Expr) -> exp.Expr:
    """Return the identifier of a column that is written alone."""
    return node.this if isinstance(node, exp.Column) else node
