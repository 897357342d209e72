"""How a resolver is attached to a field of the schema.

A module of ``resolvers`` registers functions by type and field name::

    @resolves("Query", "getTable")
    def get_table(engine: Engine, source: Any, **arguments: Any) -> Any: ...

Arguments have the names of the schema and are absent where the query leaves them out. ``UUID`` arguments arrive as
canonical strings, ``DateTime`` arguments as aware ``datetime`` in UTC. Objects are returned as dicts with the field
names of the schema; a field that a dict lacks is null, or an error where the schema says it cannot be null.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLNonNull, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.faults import FaultRule
from airflow_provider_montecarlo_push.sandbox.store.requests import RequestRecord

Resolver = Callable[..., Any]

_RESOLVERS: dict[tuple[str, str], Resolver] = {}


@dataclass
class Execution:
    """One document while it is executed: what resolvers and fault rules work on."""

    engine: Engine
    record: RequestRecord

    def fault(self, info: GraphQLResolveInfo[Any]) -> FaultRule | None:
        """Return the rule by which a field is to fail, and note it."""
        root = info.parent_type in (info.schema.query_type, info.schema.mutation_type)
        rule = self.engine.faults.failing(self.record.path, info.parent_type.name, info.field_name, root=root)
        if rule is not None:
            self.record.fault = ", ".join(item for item in (self.record.fault, rule.action) if item)
        return rule


def resolves(type_name: str, field_name: str) -> Callable[[Resolver], Resolver]:
    """Register a function as the resolver of ``type_name.field_name``.

    It is called as ``function(engine, source, **arguments)``.
    """

    def register(function: Resolver) -> Resolver:
        _RESOLVERS[type_name, field_name] = function
        return function

    return register


def attach(schema: GraphQLSchema) -> None:
    """Attach every registered resolver to its field.

    :raises LookupError: when the schema lacks a type or field, so that a misspelt name cannot pass unnoticed.
    """
    for (type_name, field_name), function in _RESOLVERS.items():
        owner = schema.type_map.get(type_name)
        if not isinstance(owner, GraphQLObjectType) or field_name not in owner.fields:
            raise LookupError(f"Monte Carlo's schema has no field {type_name}.{field_name}.")
        owner.fields[field_name].resolve = functools.partial(_call, function)


def _call(function: Resolver, source: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
    context: Execution = info.context
    fault = context.fault(info)
    if fault is not None and not fault.store:
        raise GraphQLError(fault.message)
    result = function(context.engine, source, **arguments)
    if fault is not None:
        raise GraphQLError(fault.message)
    return result


def default_resolver(source: Any, info: GraphQLResolveInfo[Any], /, **_arguments: Any) -> Any:
    """Resolve a field that has no resolver of its own.

    :raises GraphQLError: for an operation, or a field that cannot be null, that the sandbox does not implement.
    """
    name = info.field_name
    context: Execution = info.context
    fault = context.fault(info)
    if fault is not None:
        raise GraphQLError(fault.message)
    if isinstance(source, Mapping) and name in source:
        return source[name]
    owner = info.parent_type
    if owner in (info.schema.query_type, info.schema.mutation_type):
        raise GraphQLError(f"The sandbox does not implement {name} of {owner.name}.")
    if isinstance(info.return_type, GraphQLNonNull):
        raise GraphQLError(f"The sandbox does not implement {owner.name}.{name}.")
    return None
