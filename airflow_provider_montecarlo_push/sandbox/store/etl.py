"""ETL jobs with their tasks, and their runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from airflow_provider_montecarlo_push.sandbox.clock import from_text, to_text
from airflow_provider_montecarlo_push.sandbox.names import Mcon
from airflow_provider_montecarlo_push.sandbox.store.database import Database, like

FAILURES = ("failed", "error", "timed_out", "fail", "upstream_failed")


class Jobs:
    """The jobs of the account's ETL containers."""

    def __init__(self, database: Database, account_uuid: str) -> None:
        self._database = database
        self._account_uuid = account_uuid

    def put(
        self, connection: sqlite3.Connection, container: str, job: Mapping[str, Any], at: str, invocation_id: str
    ) -> None:
        """Store a job; it replaces the one with the same id."""
        source_id = job["job_source_id"]
        connection.execute(
            "INSERT OR REPLACE INTO etl_job (mcon, container_uuid, source_id, name, observed_at, invocation_id, job) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                str(Mcon(self._account_uuid, container, "job", source_id)), container, source_id, job["name"], at,
                invocation_id, json.dumps(job),
            ),
        )  # fmt: skip

    def put_run(
        self, connection: sqlite3.Connection, container: str, event: Mapping[str, Any], invocation_id: str
    ) -> None:
        """Store what an event says of a run and of its tasks' runs; an older event does not undo a newer one."""
        self._put_run(connection, container, event, None, invocation_id)
        for attempt in event.get("task_runs") or ():
            self._put_run(connection, container, attempt, event["run_source_id"], invocation_id)

    def _put_run(
        self,
        connection: sqlite3.Connection,
        container: str,
        event: Mapping[str, Any],
        parent: str | None,
        invocation_id: str,
    ) -> None:
        times = {name: _time(event.get(name)) for name in ("event_time", "start_time", "end_time", "queued_at")}
        run = {key: value for key, value in event.items() if key != "task_runs"}
        connection.execute(
            "INSERT INTO etl_run (container_uuid, job_source_id, task_source_id, source_id, parent_source_id, status, "
            "event_time, start_time, end_time, sort_time, events, invocation_id, run) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?) "
            "ON CONFLICT (container_uuid, job_source_id, task_source_id, source_id) DO UPDATE SET "
            "events = events + 1, parent_source_id = coalesce(excluded.parent_source_id, parent_source_id)",
            (
                container, event["job_source_id"], event.get("task_source_id") or "", event["run_source_id"], parent,
                event["status"], times["event_time"], times["start_time"], times["end_time"],
                times["start_time"] or times["queued_at"] or times["event_time"], invocation_id, json.dumps(run),
            ),
        )  # fmt: skip
        connection.execute(
            "UPDATE etl_run SET status = ?, event_time = ?, start_time = ?, end_time = ?, invocation_id = ?, run = ? "
            "WHERE container_uuid = ? AND job_source_id = ? AND task_source_id = ? AND source_id = ? "
            "AND event_time <= ?",
            (
                event["status"], times["event_time"], times["start_time"], times["end_time"], invocation_id,
                json.dumps(run), container, event["job_source_id"], event.get("task_source_id") or "",
                event["run_source_id"], times["event_time"],
            ),
        )  # fmt: skip

    def count(self, *, container: str | None = None, search: str | None = None) -> int:
        """Return how many jobs :meth:`find` would give."""
        where, parameters = _jobs(container, search)
        return int(self._database.scalar(f"SELECT count(*) FROM etl_job WHERE {where}", parameters))  # noqa: S608 - constants

    def find(
        self, *, container: str | None = None, search: str | None = None, offset: int = 0, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return jobs in order of name, each as it was sent, with its number of runs and the last of them."""
        where, parameters = _jobs(container, search)
        rows = self._database.all(
            f"SELECT * FROM etl_job WHERE {where} ORDER BY name, container_uuid LIMIT :limit OFFSET :offset",  # noqa: S608 - constants
            {**parameters, "limit": limit, "offset": offset},
        )
        return [self._described(row) for row in rows]

    def count_runs(self, *, failed: bool | None = None) -> int:
        """Return the number of runs of jobs, without those of tasks."""
        where, parameters = _runs(None, None, failed, None)
        return int(self._database.scalar(f"SELECT count(*) FROM etl_run WHERE {where}", parameters))  # noqa: S608 - constants

    def runs(
        self,
        *,
        container: str | None = None,
        job: str | None = None,
        failed: bool | None = None,
        parent: str | None = None,
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return the number of runs, and some of them, the last started first.

        :param parent: give the runs of tasks in this run of a job, in order of start, instead.
        """
        where, parameters = _runs(container, job, failed, parent)
        order = "sort_time DESC, source_id" if parent is None else "sort_time, source_id"
        total = int(self._database.scalar(f"SELECT count(*) FROM etl_run WHERE {where}", parameters))  # noqa: S608 - constants
        rows = self._database.all(
            f"SELECT * FROM etl_run WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset",  # noqa: S608 - constants
            {**parameters, "limit": limit, "offset": offset},
        )
        return total, [_run(row) for row in rows]

    def _described(self, row: sqlite3.Row) -> dict[str, Any]:
        _, last = self.runs(container=row["container_uuid"], job=row["source_id"], limit=1)
        total = self._database.scalar(
            "SELECT count(*) FROM etl_run WHERE container_uuid = ? AND job_source_id = ? AND task_source_id = ''",
            (row["container_uuid"], row["source_id"]),
        )
        return {
            "mcon": row["mcon"],
            "container_uuid": row["container_uuid"],
            "observed_at": row["observed_at"],
            "invocation_id": row["invocation_id"],
            "runs": total,
            "last_run": last[0] if last else None,
            **json.loads(row["job"]),
        }


def _run(row: sqlite3.Row) -> dict[str, Any]:
    return {
        **json.loads(row["run"]),
        "container_uuid": row["container_uuid"],
        "parent_run_source_id": row["parent_source_id"],
        "events": row["events"],
        "invocation_id": row["invocation_id"],
        "duration_ms": _duration(row["start_time"], row["end_time"]),
    }


def _duration(start: str | None, end: str | None) -> int | None:
    return None if start is None or end is None else round((from_text(end) - from_text(start)).total_seconds() * 1000)


def _time(text: str | None) -> str | None:
    return None if text is None else to_text(from_text(text))


def _jobs(container: str | None, search: str | None) -> tuple[str, dict[str, Any]]:
    where = ["1"]
    parameters: dict[str, Any] = {}
    if container is not None:
        where.append("container_uuid = :container")
        parameters["container"] = container
    if search:
        where.append("job LIKE :search ESCAPE '\\'")
        parameters["search"] = like(search)
    return " AND ".join(where), parameters


def _runs(
    container: str | None, job: str | None, failed: bool | None, parent: str | None
) -> tuple[str, dict[str, Any]]:
    where = ["task_source_id = ''" if parent is None else "parent_source_id = :parent"]
    parameters: dict[str, Any] = {} if parent is None else {"parent": parent}
    for name, column, value in (("container", "container_uuid", container), ("job", "job_source_id", job)):
        if value is not None:
            where.append(f"{column} = :{name}")
            parameters[name] = value
    if failed is not None:
        listed = ", ".join(f"'{status}'" for status in FAILURES)
        where.append(f"status {'IN' if failed else 'NOT IN'} ({listed})")
    return " AND ".join(where), parameters
