"""Text of one statement to sqlglot's parse tree, quietly and within bounds."""

from __future__ import annotations

import gc
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from airflow_provider_montecarlo_push.lineage.lexer import plainly_quoted
from airflow_provider_montecarlo_push.lineage.model import Reason, StatementError
from airflow_provider_montecarlo_push.lineage.profiles import Profile
from airflow_provider_montecarlo_push.lineage.rewriting import rewritten

_T = TypeVar("_T")
_OPENERS = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSERS = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_PREFIXES = frozenset({TokenType.NOT, TokenType.DASH, TokenType.TILDE})
_QUIET: ContextVar[bool] = ContextVar("montecarlo_push_quiet_sqlglot", default=False)
_DEEP: ContextVar[bool] = ContextVar("montecarlo_push_deep_stack", default=False)
_NESTED = re.compile(r"(?i:(?:\bCASE\b.*?){20}|(?:\bNOT\s+|[-~]\s*){20})", re.DOTALL)
_NESTING = 40
_DEEP_NESTING = 500
_DEEP_STACK = 256 * 1024 * 1024
_DEEP_RECURSION = 20_000
_DEEP_LOCK = threading.Lock()
_MAX_DETAIL = 200


def _audible(_: logging.LogRecord) -> bool:
    """Drop sqlglot's warnings about statements that we parse: they are counted as unparsed instead."""
    return not _QUIET.get()


logging.getLogger("sqlglot").addFilter(_audible)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep sqlglot's logger silent inside, in this thread only."""
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's garbage collector from running inside.

    A parse tree is many small objects that all stay until it is done with: looking through them again and again while
    they are made takes a third of the time and finds nothing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Grammar:
    """Parses statements of one dialect.

    :param profile: the dialect.
    :param max_tokens: longer statements are not parsed: the parser's time grows with their number.
    """

    def __init__(self, profile: Profile, *, max_tokens: int) -> None:
        self._profile = profile
        self._dialect = Dialect.get_or_raise(profile.grammar)
        self._max_tokens = max_tokens

    def parse(self, text: str) -> list[exp.Expr]:
        """Return the parse tree of ``text``; several if it holds several statements after all.

        :raises StatementError: when it is no SQL of this dialect, or too long.
        :raises RecursionError: when it is nested too deeply for the current stack.
        """
        try:
            text = plainly_quoted(text, self._profile)
            tokens = self._dialect.tokenize(text)
            if len(tokens) > self._max_tokens:
                raise StatementError(Reason.TOO_LARGE, f"{len(tokens)} tokens, over the limit of {self._max_tokens}")
            if _may_nest(text) and _nesting(tokens) > (_DEEP_NESTING if _DEEP.get() else _NESTING):
                raise RecursionError  # before a compiled parser finds the end of its stack
            trees = self._dialect.parser().parse(rewritten(tokens, self._profile.grammar, text), text)
        except SqlglotError as error:
            raise StatementError(Reason.SYNTAX, _brief(error), _position(error, text)) from error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # The parser trips over some malformed texts instead of refusing them.
            raise StatementError(Reason.SYNTAX, _brief(error)) from error
        return [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]


def _may_nest(text: str) -> bool:
    """Whether a statement can nest deeply at all."""
    return sum(text.count(mark) for mark in "([{") > _NESTING or _NESTED.search(text) is not None


def _nesting(tokens: list[Token]) -> int:
    """Return how deeply a statement nests: brackets, CASE, and runs of prefix operators."""
    depth = deepest = run = 0
    for token in tokens:
        kind = token.token_type
        if kind in _PREFIXES:
            run += 1
        elif kind in _OPENERS:
            run = 0
            depth += 1
        elif kind in _CLOSERS:
            run = 0
            depth -= 1
            continue
        else:
            run = 0
            continue
        if depth + run > deepest:
            deepest = depth + run
    return deepest


def _position(error: Exception, text: str) -> int | None:
    """Return where in ``text`` the token stands that the parser does not understand."""
    if not isinstance(error, ParseError) or not error.errors:
        return None
    line, column = error.errors[0].get("line"), error.errors[0].get("col")
    if not isinstance(line, int) or not isinstance(column, int):
        return None
    before = sum(len(each) for each in text.splitlines(keepends=True)[: line - 1])
    return max(before + column - 1, 0)


def _brief(error: Exception) -> str:
    """Return what is wrong and where. It never quotes the statement, which may hold secrets."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"{first.get('description')} at line {first.get('line')}, column {first.get('col')}"[:_MAX_DETAIL]
    if isinstance(error, TokenError):
        return "a string, a quoted name or a comment is not closed"
    return f"the parser failed with {type(error).__name__}"


def with_deep_stack(work: Callable[[], _T]) -> _T:
    """Return ``work()``, run where it may recurse about twenty times as deep as usual.

    :raises RecursionError: when that is still not deep enough.
    """
    outcome: list[_T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            _DEEP.set(True)
            with quiet():
                outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller below, whatever it is
            failure.append(error)

    with _DEEP_LOCK:
        stack, recursion = threading.stack_size(_DEEP_STACK), sys.getrecursionlimit()
        try:
            sys.setrecursionlimit(max(recursion, _DEEP_RECURSION))
            thread = threading.Thread(target=run, name="lineage-deep", daemon=True)
            thread.start()
            thread.join()
        finally:
            sys.setrecursionlimit(recursion)
            threading.stack_size(stack)
    if failure:
        raise failure[0]
    return outcome[0]
