"""What hooks record of the SQL that they ran, as statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from airflow.providers.common.compat.sdk import redact

from airflow_provider_montecarlo_push.assets.model import ObservedStatement
from airflow_provider_montecarlo_push.spool.defaults import ConnectionPlace, place_of
from airflow_provider_montecarlo_push.spool.layout import MAX_OBSERVATION_BYTES

# The key of SqlJobHookLineageExtra, without importing the provider that has it.
_SQL_JOB = "sql_job"
# Hooks whose connection is of their cloud and not of their warehouse.
_BY_HOOK = {"AthenaHook": "athena", "RedshiftDataHook": "redshift", "BigQueryHook": "gcpbigquery"}
# Masking takes its time; the spool takes less than this anyway.
_MAX_CHARACTERS = 2 * MAX_OBSERVATION_BYTES
# Where hooks keep the connection that they have looked up.
_CONNECTIONS = ("_connection", "conn", "databricks_conn")
_DATABASES = ("database", "catalog")


def statements_of(extras: Iterable[Any], task: Any, left_out: Counter[str]) -> list[ObservedStatement]:
    """Return the statements, in order, with the secrets that Airflow knows masked.

    :param extras: Airflow's ``ExtraLineageInfo``.
    :param task: some operators know more than their hook.
    :param left_out: counts ``broken_records``, ``statements_without_connection`` and ``statements_over_size``.
    """
    statements = []
    size = 0
    for info in extras:
        try:
            if info.key != _SQL_JOB or not info.value.get("sql"):
                continue
            size += len(info.value["sql"])
            if size > _MAX_CHARACTERS:
                left_out["statements_over_size"] += 1
                continue
            statement = _statement(info.value, info.context, task)
        except Exception:  # noqa: BLE001 - whatever a hook records must not harm the others
            left_out["broken_records"] += 1
            continue
        if statement is None:
            left_out["statements_without_connection"] += 1
        else:
            statements.append(statement)
    return statements


def _statement(value: dict[str, Any], hook: Any, task: Any) -> ObservedStatement | None:
    conn_id = _conn_id(hook)
    if not conn_id:
        return None
    conn_type = _conn_type(hook)
    place = _place_of_hook(hook, conn_type)
    if conn_type == "athena":
        place = ConnectionPlace(getattr(task, "catalog", None), getattr(task, "database", None))
    job_id = value.get("job_id")
    return ObservedStatement(
        sql=str(redact(str(value["sql"]))),
        conn_id=conn_id,
        conn_type=conn_type,
        database=_name(value.get("default_db")) or _name(place.database),
        schema=_name(value.get("default_schema")) or _name(place.schema),
        job_id=None if job_id is None else str(job_id),
    )


def _conn_id(hook: Any) -> str | None:
    if callable(getattr(hook, "get_conn_id", None)):
        return _name(hook.get_conn_id())
    attribute = getattr(hook, "conn_name_attr", None)
    return _name(getattr(hook, attribute, None)) if attribute else None


def _conn_type(hook: Any) -> str:
    for kind in type(hook).__mro__:
        if kind.__name__ in _BY_HOOK:
            return _BY_HOOK[kind.__name__]
    return _name(getattr(hook, "conn_type", None)) or ""


def _place_of_hook(hook: Any, conn_type: str) -> ConnectionPlace:
    """Return what the hook was given, else what it has looked up itself; nothing is looked up for this."""
    facts = vars(hook)
    cached = facts.get("_get_static_conn_params") or {}  # of Snowflake
    looked_up = _looked_up(facts, conn_type)
    database = next((facts[name] for name in _DATABASES if facts.get(name)), None)
    return ConnectionPlace(
        database or cached.get("database") or looked_up.database,
        facts.get("schema") or cached.get("schema") or looked_up.schema,
    )


def _looked_up(facts: dict[str, Any], conn_type: str) -> ConnectionPlace:
    found = (facts.get(name) for name in _CONNECTIONS)
    connection = next((one for one in found if hasattr(one, "extra_dejson")), None)
    if connection is not None:
        return place_of(conn_type, connection.schema, connection.extra_dejson)
    extras = facts.get("extras")  # of Google
    return place_of(conn_type, None, extras) if isinstance(extras, dict) else ConnectionPlace()


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
