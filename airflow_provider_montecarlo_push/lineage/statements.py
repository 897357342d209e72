"""Tells by its words alone when a statement cannot give an edge, so that most are never parsed."""

from __future__ import annotations

from airflow_provider_montecarlo_push.lineage.model import Reason
from airflow_provider_montecarlo_push.lineage.profiles import Profile
from airflow_provider_montecarlo_push.lineage.scanner import Statement

_READ_ONLY = frozenset(
    {
        *("ABORT", "ANALYZE", "ASSERT", "BEGIN", "CALL", "CHECKPOINT", "CLOSE", "COMMIT", "CLUSTER"),
        *("DEALLOCATE", "DECLARE", "DESC", "DESCRIBE", "DISCARD", "END", "EXPLAIN", "FETCH", "GET", "HELP", "KILL"),
        *("LIST", "LISTEN", "LOCK", "LS", "MSCK", "NOTIFY", "OPTIMIZE", "PRAGMA", "PUT", "REFRESH", "REINDEX"),
        *("RELEASE", "REMOVE", "RESET", "RM", "ROLLBACK", "SAVEPOINT", "SET", "SHOW", "START", "UNCACHE"),
        *("UNSET", "UNLISTEN", "VACUUM", "CLEAR", "PRINT", "GO", "PREPARE", "DENY"),
    }
)
_DDL = frozenset({"ALTER", "COMMENT", "GRANT", "RENAME", "REPAIR", "REVOKE", "UNDROP"})
_EXTERNAL = frozenset({"COPY", "LOAD", "UNLOAD", "EXPORT", "IMPORT"})
_SCRIPT = frozenset({"EXECUTE", "IF", "FOR", "WHILE", "LOOP", "EXEC", "DO"})
_WRITES = frozenset({"INSERT", "UPDATE", "MERGE", "INTO", "DELETE", "REPLACE", "UPSERT"})
_QUERY_WORDS = frozenset({"SELECT", "FROM", "TABLE", "WITH", "USING", "JOIN"})
_CREATE_SOURCES = frozenset({"AS", "CLONE", "LIKE", "COPY"})
_RELATIONS = frozenset({"TABLE", "VIEW"})
_OTHER_OBJECTS = frozenset(
    {
        *("PROCEDURE", "FUNCTION", "TASK", "TRIGGER", "MACRO", "STREAM", "STAGE", "SCHEMA", "DATABASE", "ROLE", "USER"),
        *("WAREHOUSE", "SEQUENCE", "INDEX", "PIPE", "TAG", "POLICY", "ALERT", "CATALOG", "MODEL", "TYPE", "EXTENSION"),
    }
)


def without_edge(statement: Statement, profile: Profile, *, last: bool) -> Reason | None:
    """Return why ``statement`` gives no edge, ``None`` when it has to be parsed to know.

    :param last: no later statement of its text depends on it.
    """
    head = statement.head[0] if statement.head else ""
    if head in ("SELECT", "WITH", "FROM"):
        return _query(statement, profile, head)
    if head in _READ_ONLY:
        return None if statement.is_script else Reason.READ_ONLY
    if head in _DDL:
        return Reason.DDL if last or head != "ALTER" else None
    if head in _EXTERNAL:
        return Reason.EXTERNAL
    if head == "DROP":
        return Reason.DDL if last else None
    if head in ("DELETE", "DEL", "TRUNCATE"):
        return Reason.DELETE
    if head in ("INSERT", "UPDATE", "REPLACE"):
        return Reason.NO_SOURCE if _QUERY_WORDS.isdisjoint(statement.words - {head}) else None
    return _create(statement, last=last) if head == "CREATE" else None


def _query(statement: Statement, profile: Profile, head: str) -> Reason | None:
    if head == "SELECT" and not profile.select_into:
        return Reason.READ_ONLY
    return Reason.READ_ONLY if _WRITES.isdisjoint(statement.words) else None


def _create(statement: Statement, *, last: bool) -> Reason | None:
    made = next((word for word in statement.head[1:] if word in _RELATIONS or word in _OTHER_OBJECTS), None)
    if made is None:
        return Reason.DDL if len(statement.head) > 2 and "SELECT" not in statement.words else None
    if statement.code[-len(made) :].upper() == made:
        return None  # it names nothing, so it is no CREATE statement after all
    if made in _OTHER_OBJECTS or (last and _CREATE_SOURCES.isdisjoint(statement.words)):
        return Reason.DDL
    return None


def is_script(statement: Statement) -> bool:
    """Whether ``statement`` is a block of code rather than one statement of SQL."""
    return statement.is_script or (bool(statement.head) and statement.head[0] in _SCRIPT)
