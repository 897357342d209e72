"""The tables that statements write to, and one statement while it is being followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.binder import Binder
from airflow_provider_montecarlo_push.lineage.effects import Fields, Mode, Outcome, Write, merged
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.pipes import Pipe, is_piped
from airflow_provider_montecarlo_push.lineage.recovery import MOST_ITEMS, without_item
from airflow_provider_montecarlo_push.lineage.relations import Open, Relation
from airflow_provider_montecarlo_push.lineage.scopes import Ctes
from airflow_provider_montecarlo_push.lineage.sketch import tables_of

SKETCHED = (Reason.SYNTAX, Reason.UNSUPPORTED, Reason.TIME_LIMIT)


class Work:
    """One statement while it is being followed.

    :param binder: binds its queries.
    :param parse: gives the parse trees of a text.
    """

    def __init__(self, binder: Binder, parse: Callable[[str], list[exp.Expr]]) -> None:
        self.binder = binder
        self.parse = parse
        self.names = binder.names
        self.outcome = Outcome()

    def part(self) -> Work:
        """Return the work on a part of the statement that reads and writes for itself; its effects come first."""
        part = Work(self.binder.fresh(), self.parse)
        part.outcome = self.outcome
        return part

    def land(
        self,
        table: exp.Table,
        fields: Fields,
        *,
        relation: Relation | None = None,
        mode: Mode = Mode.ADD,
        is_view: bool = False,
        temporary: bool = False,
        columns: Sequence[str] = (),
    ) -> None:
        """Record what a statement writes into a table.

        :param relation: what was written as a whole, where it may hold columns that are not known by name.
        :param columns: all columns of a new table, where they are known.
        """
        target = self.new_name(table) if temporary else self.binder.name(table)
        sources = tuple(self.binder.tables)
        self.outcome.unresolved += self.binder.unresolved
        if not sources and not self.binder.unresolved and not temporary:
            self.outcome.without_edge.append(Reason.NO_SOURCE)
        self.outcome.add(
            Write(
                target=target,
                sources=sources,
                fields=merged(fields),
                opens=relation.opens if relation is not None else (),
                mode=mode,
                is_view=is_view,
                temporary=temporary,
                columns=tuple(columns),
            )
        )

    def query(self, text: str) -> exp.Expr:
        """Return the parse tree of a query.

        :raises StatementError: when ``text`` is something else.
        """
        trees = self._recovered(text)
        if len(trees) != 1 or not isinstance(trees[0], exp.Query | exp.Values | exp.Table):
            raise StatementError(Reason.SYNTAX, "a query is expected behind the name of the table")
        return trees[0]

    def _recovered(self, text: str) -> list[exp.Expr]:
        """Return the parse trees of ``text``, if need be without the select items that are not understood."""
        first: StatementError | None = None
        dropped: list[str] = []
        while True:
            try:
                trees = self.parse(text)
                break
            except StatementError as error:
                first = first or error
                shorter = without_item(text, error.position, self.names.profile) if error.position is not None else None
                if shorter is None or len(dropped) >= MOST_ITEMS:
                    raise first from None
                text, item = shorter
                dropped.append(item)
        for item in dropped:
            self.sketch(first or StatementError(Reason.SYNTAX), f"SELECT {item}")
        return trees

    def rows(self, text: str, ctes: Ctes | None = None, written: str = "") -> Relation:
        """Return what a query gives; if it is not understood, its tables are told by its words alone.

        :param ctes: the CTEs in front of it,
        :param written: and how they are written.
        :raises StatementError: when it is no query.
        """
        if not self.binder.known.columns_wanted:
            return self.read(f"{written} {text}")
        try:
            if text[:6].upper() in ("VALUES", "VALUE ", "VALUE("):
                return self._values(Phrase(text, self.names.profile), ctes or {})
            if is_piped(text):
                return Pipe(self.binder, self.query).rows(Phrase(text, self.names.profile), ctes or {})
            return self.binder.query(self.query(text), ctes or {})
        except StatementError as error:
            if error.reason not in SKETCHED:
                raise
            self.sketch(error, f"{written} {text}")
            return self.binder.make([Open()])

    def _values(self, phrase: Phrase, ctes: Ctes) -> Relation:
        """Return what VALUES gives: rows hold constants, but for the subqueries in them."""
        phrase.word()
        relation = self.binder.make(())
        while phrase.next is not None:
            phrase.take("ROW")
            row = phrase.text_in_brackets()
            if "SELECT" in row.upper():
                given = self.binder.query(self.query(f"SELECT {row}"), ctes)
                relation = given.merged(relation)
            if not phrase.take(","):
                break
        return relation

    def sketch(self, error: StatementError, text: str, *, after_using: bool = False) -> None:
        """Note the tables that ``text`` reads, and why there are no columns.

        :raises StatementError: ``error``, when that cannot be told either.
        """
        try:
            self.read(text, after_using=after_using)
        except StatementError:
            raise error from None
        self.outcome.partial = error

    def read(self, text: str, *, after_using: bool = False) -> Relation:
        """Note the tables that ``text`` reads, without its columns."""
        for table in tables_of(text, self.names.profile, after_using=after_using):
            self.binder.table(table)
        return self.binder.make([Open()])

    def new_name(self, table: exp.Table) -> TableName:
        """Return the name of a temporary table that is created; it need not be complete.

        :raises StatementError: when it is computed at run time.
        """
        try:
            return self.binder.name(table)
        except StatementError:
            partial = self.names.partial(table)
            if partial is None:
                raise
            return partial

    def columns(self, table: exp.Table) -> Sequence[str] | None:
        """Return the columns of a table that is written to, ``None`` when they are not known."""
        try:
            return self.binder.known.columns(self.binder.name(table))
        except StatementError:
            return None


def split_target(work: Work, node: exp.Expr) -> tuple[exp.Table, list[str] | None]:
    """Return the table of ``t (a, b)`` and its column list, ``None`` when there is none.

    :raises StatementError: when what is written to is no table.
    """
    table = node.this if isinstance(node, exp.Schema) else node
    if isinstance(table, exp.Directory | exp.Literal | exp.Var):
        raise StatementError(Reason.EXTERNAL)
    if not isinstance(table, exp.Table) or isinstance(table.this, exp.Var):
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
