"""Rules by which the sandbox misbehaves on purpose, so that a client's handling of it can be tested."""

from __future__ import annotations

import fnmatch
import re
import threading
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields
from dataclasses import field as settable
from typing import Any

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.sandbox.names import FLOWS

STATUS, DELAY, RESET, TIMEOUT, HTML, NO_ID, REJECT, TRUNCATE, GRAPHQL_ERROR = (
    "status", "delay", "reset", "timeout_after_accept", "html", "no_invocation_id", "reject", "truncate",
    "graphql_error",
)  # fmt: skip
ACTIONS = (STATUS, DELAY, RESET, TIMEOUT, HTML, NO_ID, REJECT, TRUNCATE, GRAPHQL_ERROR)
# These strike inside the handling of a request, not around it.
_INNER = frozenset({REJECT, GRAPHQL_ERROR})
_STORES = frozenset({TIMEOUT, NO_ID, TRUNCATE})
_GRAPHQL = "graphql"
_WORD = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_HEADER = re.compile(r"[\x20-\x7e]+")
_TYPES: tuple[tuple[str, type | tuple[type, ...], str], ...] = (
    ("path", str, "a string"),
    ("skip", int, "a whole number"),
    ("count", int, "a whole number"),
    ("seconds", (int, float), "a number"),
    ("status", int, "a whole number"),
    ("headers", dict, "an object"),
    ("store", bool, "true or false"),
    ("pattern", str, "a string"),
    ("field", str, "a string"),
    ("message", str, "a string"),
    ("with_index", bool, "true or false"),
)


@dataclass
class FaultRule:
    """One way to misbehave.

    :param action: ``status`` (answer with ``status``, ``headers`` and ``body``), ``delay`` (wait ``seconds``, then go
        on), ``reset`` (reset the TCP connection, no answer), ``timeout_after_accept`` (handle the request, wait
        ``seconds``, close without an answer), ``html`` (a page with ``status``, default 200), ``no_invocation_id``
        (handle the request, answer 202 ``{}``), ``reject`` (400 for every batch with an event whose name matches
        ``pattern``), ``truncate`` (handle the request, send half of the answer, close), ``graphql_error`` (``field``
        is null, with ``message`` among the errors; the rest of the data is there).
    :param flow: ``metadata``, ``lineage``, ``query_logs`` or ``graphql``; any where absent.
    :param path: glob for the request's path; any where absent.
    :param skip: how many requests that match to let pass first.
    :param count: to how many requests the rule applies; to all of them where absent.
    :param seconds: for ``delay`` (default 1) and ``timeout_after_accept`` (default 30).
    :param status: for ``status`` (default 500), ``html`` (default 200) and ``reject`` (400 always).
    :param body: for ``status``: a JSON value, or a string that is sent as text.
    :param store: whether the request is handled before the fault strikes; each action has its own default.
    :param pattern: for ``reject``: a regular expression that is searched for in ``database.schema.name`` of tables and
        in id and text of queries.
    :param field: glob. For ``graphql_error`` the field that fails: of an operation, such as ``getTable`` (all of them
        where absent), or of a type, such as ``WarehouseTable.thresholds``; ``count`` and ``skip`` count fields then.
        For other actions the rule is about GraphQL requests with such a field in their document.
    :param message: for ``graphql_error``: what the error says.
    :param with_index: for ``reject``: whether the answer says which events it was.
    """

    action: str
    flow: str | None = None
    path: str | None = None
    skip: int = 0
    count: int | None = None
    seconds: float | None = None
    status: int | None = None
    headers: dict[str, str] = settable(default_factory=dict)
    body: Any = None
    store: bool | None = None
    pattern: str | None = None
    field: str | None = None
    message: str = "Internal server error"
    with_index: bool = True
    id: str = settable(default_factory=lambda: uuid.uuid4().hex[:8])
    applied: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ConfigurationError(f"Unknown fault action {self.action!r}; use one of {', '.join(ACTIONS)}.")
        if self.flow is not None and self.flow not in (*FLOWS, _GRAPHQL):
            raise ConfigurationError(f"Unknown flow {self.flow!r}; use one of {', '.join((*FLOWS, _GRAPHQL))}.")
        self._check_types()
        if self.action == REJECT:
            self._check_pattern()
        if (self.action == GRAPHQL_ERROR or self.field is not None) and self.flow not in (None, _GRAPHQL):
            raise ConfigurationError(f"A fault of GraphQL fields cannot be about the flow {self.flow!r}.")
        if self.seconds is None:
            self.seconds = 30.0 if self.action == TIMEOUT else 1.0
        if self.status is None:
            self.status = 200 if self.action == HTML else 500
        if not 200 <= self.status <= 599:
            raise ConfigurationError(f"A fault's status must be between 200 and 599, not {self.status}.")
        if self.store is None:
            self.store = self.action in _STORES

    def _check_types(self) -> None:
        for name, kinds, wanted in _TYPES:
            value = getattr(self, name)
            if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)):
                raise ConfigurationError(f"A fault's {name} must be {wanted}, not {value!r}.")
        if self.skip < 0 or (self.count or 0) < 0 or not 0 <= (self.seconds or 0) < float("inf"):
            raise ConfigurationError("A fault's skip, count and seconds must be 0 or more.")
        for header, text in self.headers.items():
            if not (isinstance(header, str) and isinstance(text, str) and _HEADER.fullmatch(header + text)):
                raise ConfigurationError(f"The header {header!r} of a fault must have a line of ASCII text as value.")

    def _check_pattern(self) -> None:
        if not self.pattern:
            raise ConfigurationError("The fault action 'reject' needs a pattern.")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ConfigurationError(f"The pattern {self.pattern!r} is no regular expression: {error}.") from error

    def matches(self, path: str, flow: str | None) -> bool:
        """Return whether the rule is about a request, whatever its body."""
        return (self.flow is None or self.flow == flow) and (self.path is None or fnmatch.fnmatchcase(path, self.path))

    def asks_for(self, words: Collection[str]) -> bool:
        """Return whether one of the words of a document is the rule's field."""
        if self.field is None:
            return True
        wanted = self.field.rpartition(".")[2]
        return any(fnmatch.fnmatchcase(word, wanted) for word in words)

    def fails(self, owner: str, name: str, *, root: bool) -> bool:
        """Return whether a field of a type is to fail."""
        if self.field is None or "." not in self.field:
            return root and fnmatch.fnmatchcase(name, self.field or "*")
        return fnmatch.fnmatchcase(f"{owner}.{name}", self.field)

    @property
    def spent(self) -> bool:
        """Whether the rule applied as often as it should."""
        return self.count is not None and self.applied >= self.count


class FaultRules:
    """The rules in force, oldest first. The first that matches applies; ``delay`` lets later ones apply as well."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()

    def add(self, values: Mapping[str, Any]) -> FaultRule:
        """Add a rule from a JSON object.

        :raises ConfigurationError: for an unknown field, action or flow, or a bad pattern.
        """
        settable = {item.name for item in fields(FaultRule)} - {"id", "applied"}
        unknown = sorted(set(values) - settable)
        if unknown:
            raise ConfigurationError(f"Unknown fault field {unknown[0]!r}; known are {', '.join(sorted(settable))}.")
        try:
            rule = FaultRule(**values)
        except TypeError as error:
            raise ConfigurationError(f"The fault rule cannot be used: {error}.") from error
        with self._lock:
            self._rules.append(rule)
        return rule

    def look_inside(self, flow: str | None) -> bool:
        """Return whether there is a rule that depends on the body of GraphQL requests."""
        with self._lock:
            return flow == _GRAPHQL and any(
                rule.field is not None and rule.action not in _INNER for rule in self._rules
            )

    def take(self, path: str, flow: str | None, body: bytes = b"") -> list[FaultRule]:
        """Return the rules that apply to a request, in order: any number of delays, then at most one other.

        :param body: of the request, where :meth:`look_inside` asked for it.
        """
        taken: list[FaultRule] = []
        words = set(_WORD.findall(body.decode("utf-8", "replace")))
        with self._lock:
            for rule in self._rules:
                if rule.action in _INNER or rule.spent or not rule.matches(path, flow) or not rule.asks_for(words):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                rule.applied += 1
                taken.append(rule)
                if rule.action != DELAY:
                    break
        return taken

    def rejected(
        self, path: str, flow: str, names: Callable[[], list[list[str]]]
    ) -> tuple[FaultRule, list[int]] | None:
        """Return the first ``reject`` rule that an ingest request falls under, and the indexes of its events.

        :param names: gives the names of each event, called only when there is a rule to hold against them.
        """
        with self._lock:
            rules = [
                rule for rule in self._rules if rule.action == REJECT and not rule.spent and rule.matches(path, flow)
            ]
            for rule in rules:
                pattern = re.compile(rule.pattern or "")
                hits = [index for index, texts in enumerate(names()) if any(pattern.search(text) for text in texts)]
                if hits and rule.skip > 0:
                    rule.skip -= 1
                elif hits:
                    rule.applied += 1
                    return rule, hits
        return None

    def failing(self, path: str, owner: str, name: str, *, root: bool) -> FaultRule | None:
        """Return the first ``graphql_error`` rule that a field falls under.

        :param root: whether it is a field of the query or mutation itself.
        """
        with self._lock:
            for rule in self._rules:
                if rule.action != GRAPHQL_ERROR or rule.spent or not rule.matches(path, _GRAPHQL):
                    continue
                if not rule.fails(owner, name, root=root):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                rule.applied += 1
                return rule
        return None

    def list(self) -> list[dict[str, Any]]:
        """Return every rule with how often it applied."""
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def remove(self, rule_id: str) -> bool:
        """Remove one rule; return whether it was there."""
        with self._lock:
            before = len(self._rules)
            self._rules = [rule for rule in self._rules if rule.id != rule_id]
            return len(self._rules) < before

    def clear(self) -> None:
        """Remove every rule."""
        with self._lock:
            self._rules = []
