"""When the rows of a table were last written, by the commit times that the server keeps when told to."""

from __future__ import annotations

from datetime import datetime

from airflow_provider_montecarlo_push.collectors.postgres.catalog import Table
from airflow_provider_montecarlo_push.collectors.postgres.errors import StatementCancelledError
from airflow_provider_montecarlo_push.collectors.postgres.session import Session, identifier
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, SourceError

SETTING = "track_commit_timestamp"
KINDS = ("r", "p", "m")


def check_tracking(session: Session) -> None:
    """Fail when the server keeps no commit times.

    :raises ConfigurationError: saying how to make it.
    """
    if session.setting(SETTING) != "on":
        raise ConfigurationError(
            f"freshness='commit_timestamp' needs {SETTING}, which is off on the server of database "
            f"{session.database!r}. Run ALTER SYSTEM SET {SETTING} = on; and restart the server (commits before that "
            "have no time), or leave the option freshness out."
        )


class CommitTimes:
    """Asks each table for the newest commit time of its rows, which reads the whole table.

    What was deleted, or committed before the server kept times, is not seen.

    :raises ConfigurationError: when the server keeps no times.
    """

    def __init__(self, session: Session, report: CollectionReport) -> None:
        check_tracking(session)
        self._session = session
        self._report = report

    def of(self, table: Table) -> datetime | None:
        """Return when a table was last written, ``None`` when that cannot be known; why is counted."""
        if table.kind not in KINDS:
            return None
        name = f"{self._session.database}.{table.schema}.{table.name}"
        quoted = f"{identifier(table.schema)}.{identifier(table.name)}"
        if not table.readable:
            role = identifier(self._session.role)
            grants = f"GRANT USAGE ON SCHEMA {identifier(table.schema)} TO {role}; GRANT SELECT ON {quoted} TO {role};"
            self._report.leave_out("freshness_not_granted", f"{name}: {grants}")
            return None
        sql = f"SELECT pg_catalog.max(pg_catalog.pg_xact_commit_timestamp(xmin)) FROM {quoted}"  # noqa: S608 - quoted
        try:
            ((moment,),) = self._session.aside(sql, doing=f"Reading the commit times of {name}", lock_timeout="5s")
        except (SourceError, StatementCancelledError) as error:
            self._report.leave_out("freshness_unknown", str(error))
            return None
        if moment is None:
            self._report.leave_out("freshness_unknown", f"{name}: no row has a commit time")
            return None
        found: datetime = moment
        return found
