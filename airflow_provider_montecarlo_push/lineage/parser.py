"""The engine's front door: texts in, lineage events out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.lineage.binder import Binder
from airflow_provider_montecarlo_push.lineage.dispatch import follow
from airflow_provider_montecarlo_push.lineage.fingerprints import RecentlyUsed
from airflow_provider_montecarlo_push.lineage.grammar import Grammar, quiet, with_deep_stack
from airflow_provider_montecarlo_push.lineage.model import (
    AssetTypes,
    Catalog,
    LineageResult,
    Reason,
    StatementError,
    Unparsed,
)
from airflow_provider_montecarlo_push.lineage.names import Names
from airflow_provider_montecarlo_push.lineage.profiles import profile_of
from airflow_provider_montecarlo_push.lineage.scanner import Statement, scan
from airflow_provider_montecarlo_push.lineage.session import Session
from airflow_provider_montecarlo_push.lineage.statements import is_script, without_edge
from airflow_provider_montecarlo_push.lineage.targets import Work
from airflow_provider_montecarlo_push.lineage.writes import Outcome

_SHOWN = 1_000
_CACHED_REFS = 300_000  # some 60 MB


@dataclass(frozen=True, slots=True)
class _Failure:
    """A statement that cannot be followed, as it is remembered."""

    reason: Reason
    detail: str


class LineageParser:
    """Extracts lineage from many texts of one warehouse. It is used by one thread.

    Statements that differ only in literals, white space and comments are parsed once; so the catalog must answer
    the same for the parser's lifetime.

    :param dialect: ``snowflake``, ``bigquery``, ``databricks``, ``redshift``, ``hive``, ``postgres``, …; ``""`` is
        a neutral one.
    :param catalog: columns of tables, by which ``*`` is expanded and unqualified columns are placed. Looked up
        when a statement needs it. Without it, columns are given only where they are certain.
    :param cache_size: number of statement shapes to remember; 0 for none.
    :param max_bytes: longer statements are not parsed.
    :param max_tokens: nor are those of more tokens.
    :param time_limit: statements whose columns take longer to bind are given up.
    :param asset_types: corrects the asset types of tables; otherwise ``VIEW`` for what CREATE VIEW defines and
        ``TABLE`` for all else.
    :raises UnknownValueError: for an unknown dialect.
    """

    def __init__(
        self,
        dialect: str | None,
        catalog: Catalog | None = None,
        *,
        cache_size: int = 5_000,
        max_bytes: int = 1_000_000,
        max_tokens: int = 300_000,
        time_limit: float = 10.0,
        asset_types: AssetTypes | None = None,
    ) -> None:
        self._profile = profile_of(dialect)
        self._grammar = Grammar(self._profile.grammar, max_tokens=max_tokens)
        self._columns = _column_lookup(catalog)
        self._type_of = _type_lookup(asset_types)
        self._max_bytes = max_bytes
        self._time_limit = time_limit
        self._cache: RecentlyUsed[Outcome | _Failure] = RecentlyUsed(cache_size, _CACHED_REFS)

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
        """Return the lineage of a text of one or many statements.

        :param sql: the text. Its statements are handled in order: a temporary table is resolved through to what
            was written into it, and USE changes the defaults.
        :param default_database: database of names that give none, in the warehouse's own case.
        :param default_schema: schema of names that give none, likewise.
        """
        result = LineageResult()
        names = Names(self._profile, default_database, default_schema)
        session = Session(names)
        following: Statement | None = None
        for statement in scan(sql.replace("\0", " "), self._profile):
            if following is not None:
                self._handle(following, result, session, last=False)
            following = statement
        if following is not None:
            self._handle(following, result, session, last=True)
        return result

    def _handle(self, statement: Statement, result: LineageResult, session: Session, *, last: bool) -> None:
        result.counts["statements"] += 1
        skipped = without_edge(statement, self._profile, last=last)
        if skipped is not None:
            result.counts[skipped] += 1
            return
        outcome = self._outcome(statement, session, last=last)
        if isinstance(outcome, _Failure):
            result.unparsed.append(Unparsed(statement.text[:_SHOWN], outcome.reason, outcome.detail))
            return
        result.edges.extend(write.event(self._type_of) for write in outcome.writes)
        result.counts.update(outcome.without_edge)
        if outcome.unresolved:
            detail = "; ".join(outcome.unresolved)
            result.unparsed.append(Unparsed(statement.text[:_SHOWN], Reason.UNRESOLVED_NAME, detail))

    def _outcome(self, statement: Statement, session: Session, *, last: bool) -> Outcome | _Failure:
        if len(statement.text) > self._max_bytes or len(statement.text.encode(errors="replace")) > self._max_bytes:
            return _Failure(Reason.TOO_LARGE, f"longer than {self._max_bytes} bytes")
        if is_script(statement):
            return _Failure(Reason.SCRIPT, "a block of code, not one statement")
        if not session.is_empty:
            return self._follow(statement, session)
        key = (statement.shape, session.names.default_database, session.names.default_schema)
        outcome = self._cache.get(key)
        if outcome is None or (isinstance(outcome, Outcome) and outcome.lasting and not last):
            outcome = self._follow(statement, session)
            self._cache.put(key, outcome, _weight(outcome))
        return outcome

    def _follow(self, statement: Statement, session: Session) -> Outcome | _Failure:
        try:
            with quiet():
                try:
                    return self._parse(statement, session)
                except RecursionError:
                    return with_deep_stack(lambda: self._parse(statement, session))
        except StatementError as error:
            return _Failure(error.reason, error.detail)
        except RecursionError:
            return _Failure(Reason.TOO_COMPLEX, "nested too deeply")

    def _parse(self, statement: Statement, session: Session) -> Outcome:
        total = Outcome()
        for tree in self._grammar.parse(statement.code):
            deadline = time.monotonic() + self._time_limit
            binder = Binder(session.names, self._lookup(session), session.stored, deadline)
            outcome = follow(Work(binder, session), tree)
            total.writes += outcome.writes
            total.without_edge += outcome.without_edge
            total.unresolved += outcome.unresolved
            total.lasting = total.lasting or outcome.lasting
        return total

    def _lookup(self, session: Session) -> Callable[[TableName], Sequence[str] | None]:
        def columns(name: TableName) -> Sequence[str] | None:
            created = session.columns(name)
            return created if created is not None else self._columns(name)

        return columns


def _weight(outcome: Outcome | _Failure) -> int:
    """Return how many references to columns and tables an outcome holds."""
    if isinstance(outcome, _Failure):
        return 1
    return 1 + sum(len(w.sources) + sum(1 + len(refs) for _, refs in w.fields) for w in outcome.writes)


def _column_lookup(catalog: Catalog | None) -> Callable[[TableName], Sequence[str] | None]:
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
) -> LineageResult:
    """Return the lineage of a text of one or many statements.

    For a stream of texts keep a :class:`LineageParser`, which parses each shape of statement once.

    :param sql: the text.
    :param dialect: ``snowflake``, ``bigquery``, ``databricks``, ``redshift``, ``hive``, ``postgres``, …
    :param default_database: database of names that give none, in the warehouse's own case.
    :param default_schema: schema of names that give none, likewise.
    :param catalog: columns of (database, schema, table): a mapping or a function.
    :param asset_types: corrects the asset type of (database, schema, table): a mapping or a function.
    :raises UnknownValueError: for an unknown dialect.
    """
    return LineageParser(dialect, catalog, asset_types=asset_types).extract(sql, default_database, default_schema)
