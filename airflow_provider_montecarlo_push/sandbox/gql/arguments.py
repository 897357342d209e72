"""Checks of arguments that many fields share. Each raises a ``GraphQLError`` that names what is wrong."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.names import Mcon


def own_mcon(engine: Engine, text: str) -> Mcon:
    """Return the parts of an MCON of this account; whether there is such an object is another question."""
    mcon = Mcon.parse(text)
    if mcon is None:
        raise GraphQLError(f"{text!r} is not an MCON (MCON++account++resource++type++id).")
    if mcon.account_uuid != engine.config.account_uuid:
        raise GraphQLError(f"{text} belongs to another account.")
    return mcon


def existing_warehouse(engine: Engine, uuid: str) -> str:
    """Return the UUID of a warehouse of this account."""
    if not engine.access.has_warehouse(uuid):
        raise GraphQLError(f"The account has no warehouse {uuid}.")
    return uuid


def resource_of(engine: Engine, uuid: str | None, name: str | None) -> dict[str, Any]:
    """Return the resource that ``resourceId`` or ``resourceName`` names; where both are given they must agree."""
    if uuid is None and not name:
        raise GraphQLError("resourceId or resourceName is needed.")
    if uuid is not None:
        found = engine.resources.get(uuid)
        if found is None:
            raise GraphQLError(f"The account has no resource {uuid}.")
        if name and found["name"] != name:
            raise GraphQLError(f"Resource {uuid} is called {found['name']!r}, not {name!r}.")
        return found
    named = engine.resources.named(name or "")
    if len(named) > 1:
        raise GraphQLError(
            f"{len(named)} resources are called {name!r}; give resourceId, one of "
            f"{', '.join(item['uuid'] for item in named)}."
        )
    if not named:
        raise GraphQLError(f"The account has no resource called {name!r}; create it with createOrUpdateResource.")
    return named[0]
