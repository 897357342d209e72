"""Names in SQL to names in the warehouse."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.errors import SqlglotError

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.profiles import Profile

_DECORATOR = re.compile(r"\$\w+$")


class ExternalName(TableName):
    """A stage, or a place of files: scheme, bucket and path."""

    __slots__ = ()


class Names:
    """Folds identifiers as the dialect does, and completes tables' names.

    :param profile: the dialect.
    :param default_database: database of names that give none, exactly as the warehouse reports it.
    :param default_schema: schema of names that give none, likewise.
    """

    def __init__(self, profile: Profile, default_database: str | None, default_schema: str | None) -> None:
        self.profile = profile
        self.variables: frozenset[str] = frozenset()
        self._fold_table = profile.tables.function
        self._fold_column = profile.columns.function
        self.default_database = default_database or None
        self.default_schema = default_schema or None
        told_apart = profile.levels == 2 and None not in (self.default_database, self.default_schema)
        self._catalog = self.default_database if told_apart and default_database != default_schema else None

    def use(self, database: str | None, schema: str | None) -> None:
        """Change the defaults, as ``USE`` does; ``None`` leaves one as it is."""
        self.default_database = database or self.default_database
        self.default_schema = schema or self.default_schema

    def column(self, identifier: exp.Expr | str) -> str:
        """Return the name of a column or alias."""
        return self._folded(identifier, self._fold_column)

    def column_key(self, name: str) -> str:
        """Return what two spellings of the same column have in common."""
        return name.lower() if self.profile.columns_match_any_case else name

    def alias(self, identifier: exp.Expr | str) -> str:
        """Return what two spellings of the same table alias or CTE have in common."""
        name = self._folded(identifier, self._fold_table)
        return name.lower() if self.profile.columns_match_any_case else name

    def part(self, identifier: exp.Expr | str) -> str:
        """Return the name of a table, schema or database."""
        return self._folded(identifier, self._fold_table)

    def _folded(self, identifier: exp.Expr | str, fold: Callable[[str], str]) -> str:
        if isinstance(identifier, str):
            return fold(identifier)
        name = identifier.args.get("this")
        if not isinstance(name, str):
            name = identifier.name
        if identifier.args.get("quoted") and not self.profile.quoted_fold:
            return name
        return fold(name)

    def is_pseudo(self, identifier: exp.Expr, name: str) -> bool:
        """Whether a column belongs to no table: what the warehouse says of a row, of the user or of the run."""
        profile = self.profile
        if not profile.pseudo_columns and not profile.pseudo_prefix:
            return False
        upper = name.upper()
        if profile.pseudo_prefix and upper.startswith(profile.pseudo_prefix):
            return True
        return upper in profile.pseudo_columns and not identifier.args.get("quoted")

    def is_path(self, table: exp.Table) -> bool:
        """Whether ``table`` is a file, as in ``delta.`/a/path```."""
        schema = table.args.get("db")
        return (
            isinstance(schema, exp.Identifier)
            and "/" in table.name
            and schema.name.lower() in self.profile.path_schemas
        )

    def temporary(self, table: exp.Table) -> TableName | None:
        """Return the name of a table that is temporary by it: ``#t``, or the table variable ``@t``."""
        this = table.this
        if isinstance(this, exp.Parameter) and self.profile.grammar == "tsql":
            return TableName("", "", f"@{this.name}".lower())
        if not isinstance(this, exp.Identifier):
            return None
        if this.args.get("temporary") or this.args.get("global_"):
            return TableName("", "", "#" + this.name.lstrip("#").lower())
        return TableName("", "", this.name.lower()) if this.name.startswith("#") else None

    def partial(self, table: exp.Table) -> TableName | None:
        """Return the name of ``table`` as far as it goes: a temporary table may belong to no schema at all."""
        this = table.this
        if not isinstance(this, exp.Identifier | exp.Dot):
            return None
        database, schema, name = self._parts(table)
        return TableName(database or "", schema or "", name)

    def table(self, table: exp.Table) -> TableName:
        """Return the full name of ``table``.

        :raises StatementError: when it is computed at run time, or a part is missing and no default is known.
        """
        this = table.this
        if isinstance(this, exp.DynamicIdentifier):
            return self._dynamic(this)
        if not isinstance(this, exp.Identifier | exp.Dot):
            raise StatementError(Reason.UNRESOLVED_NAME, f"{table.sql()} is not a plain name")
        return self.complete(*self._parts(table))

    def _parts(self, table: exp.Table) -> tuple[str | None, str | None, str]:
        """Return database, schema and name as far as they are written; an empty schema is the default one."""
        this = table.this
        parts = [self.part(part) for part in this.flatten()] if isinstance(this, exp.Dot) else [self.part(this)]
        schema, database = table.args.get("db"), table.args.get("catalog")
        if schema is not None and not isinstance(schema, exp.Expr):
            schema = exp.to_identifier(self.profile.default_schema or "", quoted=True)
        written = [self.part(part) for part in (database, schema) if part is not None] + parts
        if len(written) > 3:  # a linked server, or another catalog in front
            written = written[-3:]
        name = written.pop()
        if self.profile.grammar == "bigquery":
            name = _DECORATOR.sub("", name)
            written = [part for part in written if part.upper() != "_SESSION"]
        schema_name = written.pop() if written else None
        return written.pop() if written else None, schema_name, name

    def _dynamic(self, node: exp.DynamicIdentifier) -> TableName:
        literal = node.this
        if not isinstance(literal, exp.Literal) or not literal.is_string:
            raise StatementError(Reason.UNRESOLVED_NAME, f"{node.sql()} is known only at run time")
        return self.text(literal.this)

    def text(self, text: str) -> TableName:
        """Return the full name of a table that is written inside a string.

        :raises StatementError: as :meth:`table` does.
        """
        try:
            table = exp.to_table(text, dialect=self.profile.grammar)
        except (SqlglotError, ValueError) as error:
            raise StatementError(Reason.UNRESOLVED_NAME, f"{text!r} is not a name") from error
        return self.complete(*self._parts(table))

    def complete(self, database: str | None, schema: str | None, name: str) -> TableName:
        """Return the full name, with defaults for what is ``None``.

        :raises StatementError: when no default is known.
        """
        if self.profile.levels == 2:
            schema = schema or self.default_schema or self.default_database
            database = database or self._database_of(schema)
        else:
            schema = schema or self.default_schema
            database = database or self.default_database
        if not name or not schema or not database:
            missing = "database" if schema else "schema"
            raise StatementError(Reason.UNRESOLVED_NAME, f"{name}: no {missing} given and no default known")
        return TableName(database, schema, name)

    def _database_of(self, schema: str | None) -> str | None:
        """Return the database of a schema where the two are one thing; unless the defaults tell them apart."""
        return self._catalog or schema
