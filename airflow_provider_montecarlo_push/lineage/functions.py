"""Table functions: what they give is computed from their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_provider_montecarlo_push.lineage.names import ExternalName
from airflow_provider_montecarlo_push.lineage.places import of_url
from airflow_provider_montecarlo_push.lineage.relations import Column, Open, Refs, Relation

if TYPE_CHECKING:
    from airflow_provider_montecarlo_push.lineage.binder import Binder

# Columns of table functions, from the vendors' function references. sqlglot reads FLATTEN as EXPLODE.
_SNOWFLAKE = {
    "EXPLODE": ("seq", "key", "path", "index", "value", "this"),
    "FLATTEN": ("seq", "key", "path", "index", "value", "this"),
    "SPLIT_TO_TABLE": ("seq", "index", "value"),
    "STRTOK_SPLIT_TO_TABLE": ("seq", "index", "value"),
    "GENERATOR": (),
}

_FILES = frozenset(
    {
        *("READ_PARQUET", "READ_CSV", "READ_CSV_AUTO", "READ_JSON", "READ_JSON_AUTO", "READ_NDJSON", "PARQUET_SCAN"),
        *(
            "READ_FILES",
            "CLOUD_FILES",
            "S3",
            "S3CLUSTER",
            "GCS",
            "URL",
            "FILE",
            "HDFS",
            "OPENROWSET",
            "AZUREBLOBSTORAGE",
        ),
    }
)


def files_of(function: exp.Expr) -> ExternalName | None:
    """Return the place of the files that a table function reads, ``None`` for other functions."""
    name = _name(function)
    if name not in _FILES and not isinstance(function, exp.ReadCSV | exp.ReadParquet):
        return None
    literal = next((node for node in function.find_all(exp.Literal) if node.is_string), None)
    return of_url(literal.name if literal is not None else "/")


def function_columns(binder: Binder, function: exp.Expr, refs: Refs) -> Relation:
    """Return what a table function gives.

    :param refs: what its arguments are computed from.
    """
    profile = binder.names.profile
    columns: tuple[str, ...] | None = None
    if profile.grammar == "snowflake":
        columns = _SNOWFLAKE.get(_name(function))
    elif profile.exploded is not None and isinstance(function, exp.Explode):
        columns = ("pos", profile.exploded) if isinstance(function, exp.Posexplode) else (profile.exploded,)
    if columns is None:
        return binder.make([Open(refs=refs)])
    return binder.make([Column(binder.names.column(column), refs) for column in columns])


def _name(function: exp.Expr) -> str:
    if isinstance(function, exp.Anonymous):
        return function.name.upper()
    return function.sql_names()[0].upper() if isinstance(function, exp.Func) else ""
