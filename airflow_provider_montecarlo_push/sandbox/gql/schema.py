"""Monte Carlo's schema, from the introspection that the pycarlo package ships as a file.

It is read without importing pycarlo, and only when the first query arrives: reading and building take about 0.2 s.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import pkgutil
from pathlib import Path
from typing import Any, cast

from graphql import GraphQLSchema, IntrospectionQuery, build_client_schema

from airflow_provider_montecarlo_push.exceptions import MissingDependencyError
from airflow_provider_montecarlo_push.sandbox.gql import resolvers
from airflow_provider_montecarlo_push.sandbox.gql.registry import attach
from airflow_provider_montecarlo_push.sandbox.gql.scalars import apply_scalars


def introspection_file() -> Path:
    """Return the path of ``pycarlo/lib/schema.json``.

    :raises MissingDependencyError: when pycarlo is not installed or has no such file.
    """
    found = importlib.util.find_spec("pycarlo")
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        file = Path(folder) / "lib" / "schema.json"
        if file.is_file():
            return file
    raise MissingDependencyError(
        "The sandbox answers GraphQL from pycarlo's lib/schema.json, which is not there. Install pycarlo>=0.12.251."
    )


@functools.cache
def load_schema() -> GraphQLSchema:
    """Return Monte Carlo's schema with the sandbox's resolvers and scalars, built once in a process."""
    document = json.loads(introspection_file().read_bytes())
    introspection = document.get("data", document)
    _forget_defaults(introspection)
    schema = build_client_schema(cast(IntrospectionQuery, introspection), assume_valid=True)
    apply_scalars(schema)
    for module in pkgutil.iter_modules(resolvers.__path__, f"{resolvers.__name__}."):
        importlib.import_module(module.name)
    attach(schema)
    return schema


def _forget_defaults(node: Any) -> None:
    """Set every ``defaultValue`` to null: some are literals that graphql-core refuses. Resolvers know theirs."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            if "defaultValue" in current:
                current["defaultValue"] = None
            pending.extend(value for value in current.values() if isinstance(value, dict | list))
        else:
            pending.extend(value for value in current if isinstance(value, dict | list))
