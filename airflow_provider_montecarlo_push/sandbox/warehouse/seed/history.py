"""Run the history against the account and write down what really happened."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.ledger import Ledger, Loaded
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.names import GLOBAL_SCHEMA, ObjectName
from airflow_provider_montecarlo_push.sandbox.warehouse.emulator.session import WarehouseConnection, open_session
from airflow_provider_montecarlo_push.sandbox.warehouse.seed import account_usage, loads
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.access import AccessWriter, parse_name
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.model import Actor, Step
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.query_types import query_type
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.schedule import PipeLoad, Run
from airflow_provider_montecarlo_push.sandbox.warehouse.seed.traffic import LONGEST_TEXT

if TYPE_CHECKING:
    from fakesnow.instance import FakeSnow

Row = dict[str, Any]

_EVENTS = ObjectName("RAW", "SHOP", "EVENTS")
_ERROR_PREFIX = re.compile(r"\d{6} \(\w+\): ")
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_COUNTS = {"INSERT": "ROWS_INSERTED", "UPDATE": "ROWS_UPDATED", "DELETE": "ROWS_DELETED"}
_MERGE_COUNTS = {
    "number of rows inserted": "ROWS_INSERTED",
    "number of rows updated": "ROWS_UPDATED",
    "number of rows deleted": "ROWS_DELETED",
}
_DML_COLUMNS = {"ROWS_INSERTED": "ROWS_ADDED", "ROWS_UPDATED": "ROWS_UPDATED", "ROWS_DELETED": "ROWS_REMOVED"}
_WAREHOUSE_IDS = {"LOAD_WH": 11, "TRANSFORM_WH": 12, "REPORT_WH": 13, "ADMIN_WH": 14}


class History:
    """Runs statements under a clock set to their time, and collects the rows of the account usage views.

    :param account: where they run.
    :param ledger: knows the objects' numbers.
    :param access: writes ACCESS_HISTORY.
    """

    def __init__(self, account: FakeSnow, ledger: Ledger, access: AccessWriter) -> None:
        self._account = account
        self._ledger = ledger
        self._access = access
        self._translations: dict[tuple[object, ...], exp.Expr] = {}
        self._sessions: dict[tuple[int, Actor], WarehouseConnection] = {}
        self._changes: dict[tuple[datetime, ObjectName], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._sizes: dict[ObjectName, int] = {}
        self._queries: list[Row] = []
        self._accesses: list[Row] = []
        self._copies: list[Row] = []

    def play(self, run: Run | PipeLoad) -> None:
        """Run one statement or load one file."""
        if isinstance(run, PipeLoad):
            self._load_file(run)
        else:
            self._run(run)

    def flush(self) -> None:
        """Write the collected rows into the account usage views and forget them."""
        duck = self._account.duck_conn.cursor()
        for table, rows in {
            "QUERY_HISTORY": self._queries,
            "ACCESS_HISTORY": self._accesses,
            "COPY_HISTORY": self._copies,
            "TABLE_DML_HISTORY": self._dml(),
        }.items():
            account_usage.insert(duck, table, rows)
        self._queries, self._accesses, self._copies = [], [], []
        self._changes.clear()

    def close(self) -> None:
        """End all sessions."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def _dml(self) -> list[Row]:
        """The rows of TABLE_DML_HISTORY: changed rows per table and hour."""
        return [
            {
                "START_TIME": hour,
                "END_TIME": hour + timedelta(hours=1),
                "TABLE_ID": self._ledger.object_id(name),
                "TABLE_NAME": name.name,
                "SCHEMA_NAME": name.schema,
                "DATABASE_NAME": name.database,
                "ROWS_ADDED": counts["ROWS_ADDED"],
                "ROWS_REMOVED": counts["ROWS_REMOVED"],
                "ROWS_UPDATED": counts["ROWS_UPDATED"],
            }
            for (hour, name), counts in self._changes.items()
        ]

    def _run(self, run: Run) -> None:
        session = self._session(run)
        session.clock = run.at
        kind = query_type(run.step.sql)
        cursor = session.cursor()
        database, schema = session.database, session.schema
        error: ProgrammingError | None = None
        started = time.perf_counter()
        try:
            cursor.execute(run.step.sql)
        except ProgrammingError as failure:
            error = failure
        elapsed = timedelta(seconds=time.perf_counter() - started) + run.step.takes
        row = _query_row(run, kind, elapsed) | {
            "DATABASE_NAME": database,
            "SCHEMA_NAME": schema,
            "SESSION_ID": session.session_id,
        }
        if error is not None:
            row |= _failure(error)
        else:
            row |= self._success(session, cursor, run.step, kind, run.at + elapsed)
            self._note_access(run, row)
        self._queries.append(row)

    def _session(self, run: Run) -> WarehouseConnection:
        key = run.hour, run.actor
        for old in [known for known in self._sessions if known[0] < run.hour - 2]:
            self._sessions.pop(old).close()
        if key not in self._sessions:
            session = open_session(self._account, run.actor.database, run.actor.schema)
            session.translations = self._translations
            session.user, session.role = run.actor.user, run.actor.role
            session.warehouse, session.query_tag = run.actor.warehouse, run.actor.query_tag
            self._sessions[key] = session
        return self._sessions[key]

    def _success(
        self, session: WarehouseConnection, cursor: Any, step: Step, kind: str, ended: datetime
    ) -> Mapping[str, Any]:
        rows = cursor.rowcount
        row: Row = {"EXECUTION_STATUS": "SUCCESS", "ROWS_PRODUCED": rows if kind in _WITH_ROWS else None}
        if kind in _COUNTS:
            row[_COUNTS[kind]] = rows
        elif kind == "MERGE":
            row |= _merge_counts(cursor)
        if step.lineage is None:
            return row
        row["BYTES_SCANNED"] = sum(self._size(name) for name in self._access.base_tables(step.lineage))
        if step.lineage.target is None:
            return row
        target = parse_name(step.lineage.target)
        if kind == "CREATE_TABLE_AS_SELECT":
            row["ROWS_PRODUCED"] = row["ROWS_INSERTED"] = self._rows_of(session, target)
        if step.takes:
            self._ledger.record([Loaded(target)], when=ended, owner=session.role)
        self._add_changes(target, row, ended)
        return row

    def _rows_of(self, session: WarehouseConnection, name: ObjectName) -> int:
        cursor: Any = session.cursor()
        cursor.execute(f"SELECT COUNT(*) FROM {name.sql}")  # noqa: S608 - the name is quoted
        return int(cursor.fetchone()[0])

    def _add_changes(self, target: ObjectName, row: Row, when: datetime) -> None:
        hour = when.replace(minute=0, second=0, microsecond=0)
        for column, changed in _DML_COLUMNS.items():
            if row.get(column):
                self._changes[hour, target][changed] += row[column]

    def _note_access(self, run: Run, row: Row) -> None:
        if run.step.lineage is None:
            return
        self._accesses.append(
            {
                "QUERY_ID": row["QUERY_ID"],
                "QUERY_START_TIME": row["START_TIME"],
                "USER_NAME": row["USER_NAME"],
                "POLICIES_REFERENCED": "[]",
                **self._access.row(run.step.lineage, row["QUERY_TYPE"]),
            }
        )

    def _load_file(self, load: PipeLoad) -> None:
        session = open_session(self._account, "RAW", "SHOP")
        session.clock, session.role = load.at, "PIPE_OWNER"
        cursor = session.cursor()
        cursor.execute(loads.PIPED_EVENTS.format(batch=load.batch))
        rows = int(cursor.rowcount or 0)
        session.close()
        self._sizes.clear()
        self._add_changes(_EVENTS, {"ROWS_INSERTED": rows}, load.at)
        self._copies.append(_copy_row(load, rows, self._ledger.object_id(_EVENTS)))

    def _size(self, name: ObjectName) -> int:
        if not self._sizes:
            query = f'select "TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "BYTES" from {GLOBAL_SCHEMA}._fs_tables'  # noqa: S608 - a constant
            rows = self._account.duck_conn.execute(query).fetchall()
            self._sizes = {ObjectName(*parts): int(size or 0) for *parts, size in rows}
        return self._sizes[name]


_WITH_ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "SHOW"}


def _query_row(run: Run, kind: str, elapsed: timedelta) -> Row:
    canonical = " ".join(_COMMENT.sub(" ", run.step.sql).split())
    milliseconds = max(1, round(elapsed.total_seconds() * 1000))
    compiling = min(milliseconds, 5)
    return {
        "QUERY_ID": f"01{uuid.uuid4()}"[:8] + str(uuid.uuid4())[8:],
        "QUERY_TEXT": run.step.sql[:LONGEST_TEXT],
        "QUERY_TYPE": kind,
        "USER_NAME": run.actor.user,
        "ROLE_NAME": run.actor.role,
        "ROLE_TYPE": "ROLE",
        "USER_TYPE": "PERSON" if run.actor.user in ("BEN", "ANNA@EXAMPLE.COM", "ADMIN") else "SERVICE",
        "WAREHOUSE_ID": _WAREHOUSE_IDS[run.actor.warehouse],
        "WAREHOUSE_NAME": run.actor.warehouse,
        "WAREHOUSE_SIZE": run.actor.warehouse_size,
        "WAREHOUSE_TYPE": "STANDARD",
        "CLUSTER_NUMBER": 1,
        "QUERY_TAG": run.actor.query_tag,
        "START_TIME": run.at,
        "END_TIME": run.at + timedelta(milliseconds=milliseconds),
        "TOTAL_ELAPSED_TIME": milliseconds,
        "COMPILATION_TIME": compiling,
        "EXECUTION_TIME": milliseconds - compiling,
        "BYTES_SCANNED": 0,
        "RELEASE_VERSION": "9.34.1",
        "IS_CLIENT_GENERATED_STATEMENT": kind == "SHOW",
        "QUERY_HASH": _hash(canonical),
        "QUERY_HASH_VERSION": 2,
        "QUERY_PARAMETERIZED_HASH": _hash(_LITERAL.sub("?", canonical)),
        "QUERY_PARAMETERIZED_HASH_VERSION": 1,
    }


def _merge_counts(cursor: Any) -> Row:
    counted = dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))
    return {column: int(counted[text]) for text, column in _MERGE_COUNTS.items() if text in counted}


def _hash(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _failure(error: ProgrammingError) -> Row:
    return {
        "EXECUTION_STATUS": "FAIL",
        "ERROR_CODE": f"{error.errno:06d}",
        "ERROR_MESSAGE": _ERROR_PREFIX.sub("", str(error.msg), count=1),
    }


def _copy_row(load: PipeLoad, rows: int, table_id: int | None) -> Row:
    return {
        "FILE_NAME": f"events/{load.at:%Y/%m/%d/%H}/part-{load.batch:05d}.json.gz",
        "STAGE_LOCATION": "s3://shop-landing/",
        "LAST_LOAD_TIME": load.at,
        "ROW_COUNT": rows,
        "ROW_PARSED": rows,
        "FILE_SIZE": rows * 74,
        "ERROR_COUNT": 0,
        "ERROR_LIMIT": 1,
        "STATUS": "Loaded",
        "TABLE_ID": table_id,
        "TABLE_NAME": _EVENTS.name,
        "TABLE_SCHEMA_NAME": _EVENTS.schema,
        "TABLE_CATALOG_NAME": _EVENTS.database,
        "PIPE_CATALOG_NAME": "RAW",
        "PIPE_SCHEMA_NAME": "SHOP",
        "PIPE_NAME": "EVENTS_PIPE",
        "PIPE_RECEIVED_TIME": load.at - timedelta(seconds=40),
        "FIRST_COMMIT_TIME": load.at,
    }
