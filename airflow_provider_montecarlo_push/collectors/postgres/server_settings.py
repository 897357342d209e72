"""What a server says about its log."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from datetime import UTC, tzinfo

from airflow_provider_montecarlo_push.collectors.postgres.databases import Databases
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.collectors.text_files.times import time_zone
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_ENGLISH = ("c", "posix", "en", "")


@dataclass(frozen=True)
class ServerSettings:
    """How the log is to be read.

    :param zone: in which it writes times.
    :param encoding: of text that is no UTF-8.
    :param durations_logged: it logs the duration of every statement.
    :param databases: whose statements are wanted, ``None`` for all.
    """

    zone: tzinfo
    encoding: str
    durations_logged: bool
    databases: frozenset[str] | None

    @classmethod
    def read(cls, databases: Databases, report: CollectionReport) -> ServerSettings:
        """Ask the server, and note what keeps statements from being logged.

        :raises ConfigurationError: when its time zone is not known here.
        """
        with databases.open() as session:
            zone, encoding, language, statements, all_durations, durations = map(
                session.setting,
                (
                    "log_timezone",
                    "server_encoding",
                    "lc_messages",
                    "log_statement",
                    "log_duration",
                    "log_min_duration_statement",
                ),
            )
            names = databases.names(session)
        if language.lower() not in _ENGLISH and not language.lower().startswith(("c.", "en_", "en.")):
            report.note(f"The server logs in the language {language}; statements are found in English messages alone.")
        if statements == "none" and durations == "-1":
            report.note(
                "The server logs no statements to this role: log_statement is none and log_min_duration_statement is "
                "-1. Set log_min_duration_statement = 0, or to the milliseconds from which statements matter."
            )
        return cls(_zone(zone), _codec(encoding), all_durations == "on" or durations == "0", names)


def _zone(name: str) -> tzinfo:
    try:
        return time_zone(name) or UTC
    except ConfigurationError:
        raise ConfigurationError(
            f"log_timezone of the server, {name!r}, is not known here. Set it to a name such as UTC or Europe/Berlin."
        ) from None


def _codec(server_encoding: str) -> str:
    """Return what Python calls an encoding of PostgreSQL; UTF-8 for those that it does not know."""
    try:
        return codecs.lookup(server_encoding.lower().replace("win", "cp").replace("koi8", "koi8_")).name
    except LookupError:
        return "utf-8"
