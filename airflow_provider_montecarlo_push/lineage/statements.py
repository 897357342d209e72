"""Tells by its words alone when a statement cannot give an edge, so that most are never parsed."""

from __future__ import annotations

from airflow_provider_montecarlo_push.lineage.model import Reason
from airflow_provider_montecarlo_push.lineage.profiles import Profile
from airflow_provider_montecarlo_push.lineage.scanner import Statement

_READ_ONLY = frozenset(
    {
        *("ABORT", "ANALYZE", "ASSERT", "BEGIN", "BREAK", "CALL", "CHECKPOINT", "CLEAR", "CLOSE", "CLUSTER", "COLLECT"),
        *("COMMIT", "CONTINUE", "DEALLOCATE", "DECLARE", "DENY", "DESC", "DESCRIBE", "DISCARD", "END", "EXPLAIN"),
        *(
            "FETCH",
            "GET",
            "GO",
            "GOTO",
            "HELP",
            "KILL",
            "LET",
            "LIST",
            "LISTEN",
            "LOCK",
            "LS",
            "MSCK",
            "NOTIFY",
            "NULL",
        ),
        *("OPEN", "OPTIMIZE", "PERFORM", "PRAGMA", "PREPARE", "PRINT", "PUT", "RAISE", "RAISERROR", "REFRESH"),
        *("REINDEX", "RELEASE", "REMOVE", "RESET", "RETURN", "RM", "ROLLBACK", "SAVE", "SAVEPOINT", "SET", "SHOW"),
        *("START", "THROW", "UNCACHE", "UNLISTEN", "UNLOCK", "UNSET", "VACUUM", "WAITFOR"),
    }
)
_DDL = frozenset({"ALTER", "COMMENT", "EXCHANGE", "GRANT", "RENAME", "REPAIR", "REVOKE", "UNDROP", "DETACH"})
_MOVES_ROWS = frozenset({"APPEND", "ATTACH", "EXCHANGE", "MOVE", "REPLACE", "SWITCH"})
_EXTERNAL = frozenset({"COPY", "LOAD", "UNLOAD", "EXPORT", "IMPORT", "BULK"})
_CALLS = frozenset({"EXECUTE", "EXEC", "SP_RENAME"})
_WRITES = frozenset({"INSERT", "UPDATE", "MERGE", "INTO", "DELETE", "REPLACE", "UPSERT"})
_QUERY_WORDS = frozenset({"SELECT", "SEL", "FROM", "TABLE", "WITH", "USING", "JOIN", "EXEC", "EXECUTE"})
_CREATE_SOURCES = frozenset({"AS", "CLONE", "COPY", "FROM", "LOCATION", "SELECT"})
_RELATIONS = frozenset({"TABLE", "VIEW"})
_OTHER_OBJECTS = frozenset(
    {
        *("PROCEDURE", "FUNCTION", "TASK", "TRIGGER", "MACRO", "STREAM", "STAGE", "SCHEMA", "DATABASE", "ROLE", "USER"),
        *("WAREHOUSE", "SEQUENCE", "INDEX", "PIPE", "TAG", "POLICY", "ALERT", "CATALOG", "MODEL", "TYPE", "EXTENSION"),
        *("SYNONYM", "DICTIONARY", "EVENT", "PACKAGE", "PUBLICATION", "SERVER", "STATISTICS", "FORMAT", "INTEGRATION"),
    }
)
# What changes the meaning of names for later statements.
_LASTING = frozenset({"ALTER", "DROP", "RENAME", "EXCHANGE", "TRUNCATE"})


def without_edge(statement: Statement, profile: Profile, *, alone: bool, external: bool) -> Reason | None:
    """Return why ``statement`` gives no edge, ``None`` when it has to be read to know.

    :param alone: no other statement depends on it.
    :param external: stages and files count as ends.
    """
    head = statement.head[0] if statement.head else ""
    if head in _READ_ONLY:
        return None if "SEARCH_PATH" in statement.head and not alone else Reason.READ_ONLY
    if head in _DDL and head not in _LASTING:
        return Reason.DDL
    if head in _EXTERNAL:
        return None if external else Reason.EXTERNAL
    if head in _LASTING:
        return _lasting(statement, head, alone=alone)
    if head == "CREATE":
        return _create(statement, alone=alone)
    if head in ("SELECT", "SEL", "WITH", "FROM"):
        return _query(statement, profile, head, external=external)
    return _change(statement, profile, head)


def _change(statement: Statement, profile: Profile, head: str) -> Reason | None:
    if head in _CALLS:
        return None if "SP_RENAME" in statement.head else Reason.READ_ONLY
    if head in ("DELETE", "DEL"):
        return None if {"OUTPUT", "INTO"} <= statement.words else Reason.DELETE
    if head == "UPDATE" and profile.grammar == "mysql":  # UPDATE t, s SET …
        return None
    if head in ("INSERT", "INS", "UPDATE", "UPD", "REPLACE"):
        return Reason.NO_SOURCE if _QUERY_WORDS.isdisjoint(statement.words - {head}) else None
    return None


def _query(statement: Statement, profile: Profile, head: str, *, external: bool) -> Reason | None:
    if "OUTFILE" in statement.words and profile.grammar == "mysql":
        return None if external else Reason.EXTERNAL
    if head in ("SELECT", "SEL") and not profile.select_into:
        return Reason.READ_ONLY
    return Reason.READ_ONLY if _WRITES.isdisjoint(statement.words) else None


def _lasting(statement: Statement, head: str, *, alone: bool) -> Reason | None:
    rows = _MOVES_ROWS | {"AS"} if "VIEW" in statement.head else _MOVES_ROWS
    if not alone or (head == "ALTER" and not rows.isdisjoint(statement.words)):
        return None
    return Reason.DELETE if head == "TRUNCATE" else Reason.DDL


def _create(statement: Statement, *, alone: bool) -> Reason | None:
    made = next((word for word in statement.head[1:] if word in _RELATIONS or word in _OTHER_OBJECTS), None)
    if "FUNCTION" in statement.head[:5]:
        made = "FUNCTION"
    if made is None:
        return Reason.DDL if len(statement.head) > 2 and "SELECT" not in statement.words else None
    if statement.code[-len(made) :].upper() == made:
        return None  # it names nothing, so it is no CREATE statement after all
    if made in ("STREAM", "SYNONYM"):
        return Reason.DDL if alone else None
    if made in _OTHER_OBJECTS or (alone and _CREATE_SOURCES.isdisjoint(statement.words)):
        return Reason.DDL
    return None
