"""In which database and schema statements ran that do not say so: as their connection has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec import structs

from airflow_provider_montecarlo_push.assets.model import Observation, ObservedStatement
from airflow_provider_montecarlo_push.assets.systems import system_of

_SEARCH_PATH = re.compile(r"search_path\s*=\s*([^\s]+)")


class ConnectionPlace(NamedTuple):
    """Where a connection leads: the database and schema in which names are looked up."""

    database: str | None = None
    schema: str | None = None


def place_of(conn_type: str, schema: str | None, extra: Mapping[str, Any]) -> ConnectionPlace:
    """Return where a connection leads.

    :param conn_type: of the connection, or of the hook that used it.
    :param schema: the connection's field of that name, in which some types have the database.
    :param extra: the connection's.
    """
    system = system_of(conn_type)
    scheme = system.scheme if system is not None else ""
    if scheme == "snowflake":
        return ConnectionPlace(_text(extra, "database", "extra__snowflake__database"), schema or None)
    if scheme in ("postgres", "redshift"):
        return ConnectionPlace(schema or _text(extra, "database"), _search_path(extra) or "public")
    if scheme == "databricks":
        return ConnectionPlace(_text(extra, "catalog"), schema or "default")
    if scheme in ("trino", "presto"):
        return ConnectionPlace(_text(extra, "catalog"), schema or None)
    if scheme == "bigquery":
        return ConnectionPlace(_project(extra), None)
    if scheme == "hive":
        return ConnectionPlace(None, schema or "default")
    if scheme == "awsathena":
        return ConnectionPlace("AwsDataCatalog", schema or None)
    if scheme == "mssql":
        return ConnectionPlace(schema or None, "dbo")
    return ConnectionPlace(schema or None, None)


class ConnectionPlaces:
    """Fills in database and schema from connections, each of which is looked up once.

    :param look_up: returns where the connection of an id leads, for statements of a type; ``None`` when there is no
        such connection.
    """

    def __init__(self, look_up: Callable[[str, str], ConnectionPlace | None]) -> None:
        self._look_up = look_up
        self._known: dict[tuple[str, str], ConnectionPlace] = {}

    def complete(self, observation: Observation) -> Observation:
        """Return ``observation`` with what its statements lack."""
        if all(one.database and one.schema for one in observation.statements):
            return observation
        return structs.replace(observation, statements=[self._completed(one) for one in observation.statements])

    def _completed(self, statement: ObservedStatement) -> ObservedStatement:
        if statement.database and statement.schema:
            return statement
        key = (statement.conn_id, statement.conn_type)
        if key not in self._known:
            self._known[key] = self._look_up(*key) or ConnectionPlace()
        place = self._known[key]
        return structs.replace(
            statement, database=statement.database or place.database, schema=statement.schema or place.schema
        )


def _text(extra: Mapping[str, Any], *names: str) -> str | None:
    return next((extra[name] for name in names if isinstance(extra.get(name), str) and extra[name]), None)


def _project(extra: Mapping[str, Any]) -> str | None:
    """Return the project of Google Cloud that jobs run in, which a key may say as well."""
    project = _text(extra, "project", "extra__google_cloud_platform__project")
    if project is None and (key := _text(extra, "keyfile_dict", "extra__google_cloud_platform__keyfile_dict")):
        with suppress(ValueError):
            found = json.loads(key)
            project = _text(found, "project_id") if isinstance(found, dict) else None
    return project


def _search_path(extra: Mapping[str, Any]) -> str | None:
    """Return the first schema of PostgreSQL's search path that is not the user's own."""
    match = _SEARCH_PATH.search(_text(extra, "options") or "")
    schemas = match[1].split(",") if match else []
    return next((schema.strip("\"' ") for schema in schemas if schema.strip("\"' ") not in ("", "$user")), None)
