"""Log lines as PostgreSQL 15 writes them, for what cannot be had of a server in a test."""

from __future__ import annotations

import csv
import io
from typing import Any

COLUMNS = [
    "log_time",
    "user_name",
    "database_name",
    "process_id",
    "connection_from",
    "session_id",
    "session_line_num",
    "command_tag",
    "session_start_time",
    "virtual_transaction_id",
    "transaction_id",
    "error_severity",
    "sql_state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_query_pos",
    "context",
    "query",
    "query_pos",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
]
_USUAL = {
    "log_time": "2026-11-20 12:00:00.000 UTC",
    "user_name": "anna",
    "database_name": "shop",
    "process_id": "17",
    "connection_from": "127.0.0.1:5000",
    "session_id": "6b01875d.11",
    "session_line_num": "1",
    "command_tag": "SELECT",
    "session_start_time": "2026-11-20 11:00:00 UTC",
    "error_severity": "LOG",
    "sql_state_code": "00000",
    "backend_type": "client backend",
    "query_id": "0",
}
_BARE = frozenset(
    [
        "log_time",
        "process_id",
        "session_id",
        "session_line_num",
        "session_start_time",
        "virtual_transaction_id",
        "transaction_id",
        "error_severity",
        "sql_state_code",
        "leader_pid",
        "query_id",
    ]
)


def line(message: str = "", *, columns: int = len(COLUMNS), **values: Any) -> str:
    """Return one record: texts in quotes, everything else as it is, with a line feed."""
    facts = {**_USUAL, "message": message, **values}
    cells = []
    for name in COLUMNS[:columns]:
        value = str(facts.get(name, ""))
        cells.append(value if name in _BARE or not value else '"' + value.replace('"', '""') + '"')
    text = ",".join(cells)
    assert next(csv.reader(io.StringIO(text))) is not None
    return text + "\n"
