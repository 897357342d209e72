"""The engine's front door: texts in, lineage events out."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.binder import Binder
from airflow_provider_montecarlo_push.lineage.changes import sketch_change
from airflow_provider_montecarlo_push.lineage.dispatch import follow, read
from airflow_provider_montecarlo_push.lineage.effects import Outcome, Use
from airflow_provider_montecarlo_push.lineage.fingerprints import RecentlyUsed
from airflow_provider_montecarlo_push.lineage.grammar import Grammar, collector_paused, quiet, with_deep_stack
from airflow_provider_montecarlo_push.lineage.known import ColumnsOf, Known, lower
from airflow_provider_montecarlo_push.lineage.lexer import with_versioned_comments
from airflow_provider_montecarlo_push.lineage.model import (
    AssetTypes,
    Catalog,
    LineageResult,
    Reason,
    StatementError,
    Unparsed,
)
from airflow_provider_montecarlo_push.lineage.names import ExternalName, Names
from airflow_provider_montecarlo_push.lineage.phrases import Phrase
from airflow_provider_montecarlo_push.lineage.profiles import profile_of
from airflow_provider_montecarlo_push.lineage.resolution import Resolver
from airflow_provider_montecarlo_push.lineage.scanner import Statement, scan
from airflow_provider_montecarlo_push.lineage.scripts import Script
from airflow_provider_montecarlo_push.lineage.statements import without_edge
from airflow_provider_montecarlo_push.lineage.tables import Edge, Tables
from airflow_provider_montecarlo_push.lineage.targets import SKETCHED, Work

_SHOWN = 1_000
_CACHED_NAMES = 300_000  # some 60 MB


class LineageParser:
    """Reads statements of one warehouse's SQL. It is used by one thread.

    Statements that differ only in literals, white space and comments are parsed once; so the catalog must answer
    the same for the parser's lifetime.

    :param dialect: ``snowflake``, ``bigquery``, ``databricks``, ``redshift``, ``hive``, ``postgres``, …; ``""`` is
        a neutral one.
    :param catalog: columns of tables, by which ``*`` is expanded and unqualified columns are placed. Looked up
        when a statement needs it. Without it, columns are given only where they are certain.
    :param asset_types: corrects the asset types of tables; otherwise ``VIEW`` for what CREATE VIEW defines and
        ``TABLE`` for all else.
    :param columns: follow columns; without, queries are not parsed but searched for tables, four times as fast.
    :param external: stages, buckets and files are ends of edges too, with asset type ``EXTERNAL``.
    :param cache_size: number of statement shapes to remember; 0 for none.
    :param max_bytes: longer statements are not parsed.
    :param max_tokens: nor are those of more tokens.
    :param time_limit: seconds after which a statement is given up.
    :raises UnknownValueError: for an unknown dialect.
    """

    def __init__(
        self,
        dialect: str | None,
        catalog: Catalog | None = None,
        *,
        asset_types: AssetTypes | None = None,
        columns: bool = True,
        external: bool = False,
        cache_size: int = 5_000,
        max_bytes: int = 1_000_000,
        max_tokens: int = 300_000,
        time_limit: float = 10.0,
    ) -> None:
        self.profile = profile_of(dialect)
        self._asset_type = _type_lookup(asset_types)
        self._external = external
        self._grammar = Grammar(self.profile, max_tokens=max_tokens)
        self._columns = _column_lookup(catalog)
        self._spelling: dict[tuple[str, ...], TableName] = {}
        if self.profile.tables_match_any_case and isinstance(catalog, Mapping):
            self._spelling = {lower(name): TableName(*name) for name in catalog}
        self._columns_wanted = columns
        self._max_bytes = max_bytes
        self._time_limit = time_limit
        self._cache: RecentlyUsed[Outcome] = RecentlyUsed(cache_size, _CACHED_NAMES)

    @property
    def cache_hits(self) -> int:
        """How many statements were known by their shape."""
        return self._cache.hits

    @property
    def cache_misses(self) -> int:
        """How many statements had to be parsed."""
        return self._cache.misses

    def extract(
        self, sql: str, default_database: str | None = None, default_schema: str | None = None
    ) -> LineageResult:
        """Return the lineage of a text of one or many statements, which stands for itself.

        Its statements are handled in order: tables that are temporary, or made and dropped again, are resolved through
        to what was written into them, renames and swaps move what came before, and USE changes the defaults.

        :param sql: the text.
        :param default_database: database of names that give none, in the warehouse's own case.
        :param default_schema: schema of names that give none, likewise.
        """
        result = LineageResult()
        names = Names(self.profile, default_database, default_schema)
        tables = Tables()
        held: Statement | None = None
        several = False
        for statement in self.statements(sql, result):
            if held is not None:
                several = True
                self.take(held, names, tables, result)
            held = statement
        if held is not None:
            self.take(held, names, tables, result, alone=not several)
        self.release(tables, tables.edges, result)
        return result

    def statements(self, sql: str, result: LineageResult) -> Iterator[Statement]:
        """Yield the plain statements of a text, those inside of scripts and routines included.

        :param result: takes what cannot be read.
        """
        script = Script(self.profile)
        text = with_versioned_comments(sql.replace("\0", " "), self.profile)
        for piece in scan(text, self.profile, exact=self._external):
            for statement in script.plain(piece):
                if isinstance(statement, Unparsed):
                    result.counts["statements"] += 1
                    result.unparsed.append(statement)
                else:
                    yield statement

    def take(
        self,
        statement: Statement,
        names: Names,
        tables: Tables,
        result: LineageResult,
        owner: Hashable = None,
        *,
        alone: bool = False,
    ) -> None:
        """Add what a statement does to ``tables``.

        :param names: completes the names of tables.
        :param tables: what earlier statements have made.
        :param result: takes the counts, and what cannot be followed.
        :param owner: the connection that runs it.
        :param alone: no other statement depends on it.
        """
        result.counts["statements"] += 1
        skipped = without_edge(statement, self.profile, alone=alone, external=self._external)
        if skipped is not None:
            result.counts[skipped] += 1
            return
        outcome = self._outcome(statement, names, tables, owner)
        if outcome.failure is not None:
            result.unparsed.append(Unparsed(statement.text[:_SHOWN], outcome.failure.reason, outcome.failure.detail))
            return
        result.counts.update(outcome.without_edge)
        result.counts.update(tables.apply(outcome.effects, owner))
        for effect in outcome.effects:
            if isinstance(effect, Use):
                names.use(effect.database, effect.schema)
        if outcome.partial is not None:
            detail = f"columns are missing: {outcome.partial.detail}"
            result.unparsed.append(Unparsed(statement.text[:_SHOWN], outcome.partial.reason, detail))
        if outcome.unresolved:
            detail = "; ".join(outcome.unresolved)
            result.unparsed.append(Unparsed(statement.text[:_SHOWN], Reason.UNRESOLVED_NAME, detail))

    def release(self, tables: Tables, edges: Iterable[Edge], result: LineageResult) -> None:
        """Add the events of ``edges`` to ``result``, with names as they are by now."""
        resolver = Resolver(tables, Names(self.profile, None, None).column_key, self._type_of)
        for edge in edges:
            event = resolver.event(edge)
            if event is not None:
                result.edges.append(event)
            else:
                result.counts[Reason.STAGED] += 1

    def _outcome(self, statement: Statement, names: Names, tables: Tables, owner: Hashable) -> Outcome:
        if len(statement.text) > self._max_bytes or len(statement.text.encode(errors="replace")) > self._max_bytes:
            return Outcome(failure=StatementError(Reason.TOO_LARGE, f"longer than {self._max_bytes} bytes"))
        key = (statement.shape, names.default_database, names.default_schema, statement.variables)
        names.variables = statement.variables
        outcome = self._cache.get(key)
        if outcome is None or any(tables.columns(name, owner) != made for name, made in outcome.seen.items()):
            known = Known(
                tables,
                owner,
                self._columns,
                self._spelling,
                columns_wanted=self._columns_wanted,
                external_wanted=self._external,
            )
            outcome = self._follow(statement, names, known)
            outcome.seen = known.seen
            self._cache.put(key, outcome, outcome.weight)
        return outcome

    def _follow(self, statement: Statement, names: Names, known: Known) -> Outcome:
        try:
            with quiet(), collector_paused():
                try:
                    return self._parse(statement, names, known)
                except RecursionError:
                    return with_deep_stack(lambda: self._parse(statement, names, known))
        except StatementError as error:
            return Outcome(failure=StatementError(error.reason, error.detail))
        except RecursionError:
            return Outcome(failure=StatementError(Reason.TOO_COMPLEX, "nested too deeply"))
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A tree of a shape that nobody has thought of must not cost the other statements of an hour.
            cause = f"the engine failed with {type(error).__name__}; please report the statement"
            return Outcome(failure=StatementError(Reason.UNSUPPORTED, cause))

    def _parse(self, statement: Statement, names: Names, known: Known) -> Outcome:
        deadline = time.monotonic() + self._time_limit
        work = Work(Binder(names, known, deadline), self._grammar.parse)
        if not self._word_by_word(statement, work):
            if not self._columns_wanted and sketch_change(work, Phrase(statement.code, self.profile)):
                return work.outcome
            try:
                for tree in self._grammar.parse(statement.code):
                    follow(work.part(), tree)
            except StatementError as error:
                if error.reason not in SKETCHED or not sketch_change(work, Phrase(statement.code, self.profile), error):
                    raise
        return work.outcome

    def _type_of(self, name: TableName) -> str | None:
        return self._asset_type(name) or ("EXTERNAL" if isinstance(name, ExternalName) else None)

    def _word_by_word(self, statement: Statement, work: Work) -> bool:
        """Record what a statement does whose head is read word by word; return whether it is one."""
        head = statement.head[0] if statement.head else ""
        return read(work, lambda: Phrase(statement.code, self.profile, statement.words), head)


def _column_lookup(catalog: Catalog | None) -> ColumnsOf:
    if catalog is None:
        return lambda _: None
    if callable(catalog):
        return lambda name: catalog(*name)
    return catalog.get


def _type_lookup(types: AssetTypes | None) -> Callable[[TableName], str | None]:
    if types is None:
        return lambda _: None
    if callable(types):
        return lambda name: types(*name)
    return types.get


def extract_lineage(
    sql: str,
    *,
    dialect: str | None,
    default_database: str | None = None,
    default_schema: str | None = None,
    catalog: Catalog | None = None,
    asset_types: AssetTypes | None = None,
    external: bool = False,
) -> LineageResult:
    """Return the lineage of a text of one or many statements.

    For many texts keep a :class:`LineageParser`, which parses each shape of statement once; for queries that depend on
    one another a :class:`LineageSession`.

    :param sql: the text.
    :param dialect: ``snowflake``, ``bigquery``, ``databricks``, ``redshift``, ``hive``, ``postgres``, …
    :param default_database: database of names that give none, in the warehouse's own case.
    :param default_schema: schema of names that give none, likewise.
    :param catalog: columns of (database, schema, table): a mapping or a function.
    :param asset_types: corrects the asset type of (database, schema, table): a mapping or a function.
    :param external: stages, buckets and files are ends of edges too.
    :raises UnknownValueError: for an unknown dialect.
    """
    parser = LineageParser(dialect, catalog, asset_types=asset_types, external=external)
    return parser.extract(sql, default_database, default_schema)
