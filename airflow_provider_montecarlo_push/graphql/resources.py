"""The resources of an account: warehouses, and what else contains assets, such as dbt or a tool for reports."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Mapping
from typing import NamedTuple

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, GraphQLError
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question


class Resources(NamedTuple):
    """What an account has.

    :param account: UUID of the account.
    :param names: names by UUID, warehouses among them.
    :param warehouses: UUIDs of the warehouses, which have a catalog of tables.
    """

    account: str
    names: Mapping[str, str]
    warehouses: frozenset[str]

    def find(self, named: str) -> str | None:
        """Return the UUID of a resource that is named by UUID or name; ``None`` when there is none of that name.

        :raises ConfigurationError: when several are called so.
        """
        try:
            return str(uuid.UUID(named))
        except ValueError:
            found = [key for key, name in self.names.items() if name == named]
        if len(found) > 1:
            raise ConfigurationError(
                f"{len(found)} resources are called {named!r}; give the UUID of one: {', '.join(sorted(found))}."
            )
        return found[0] if found else None

    def uuid_of(self, named: str) -> str:
        """Do the same, where there must be one.

        :raises ConfigurationError: when there is none, or several.
        """
        found = self.find(named)
        if found is None:
            close = difflib.get_close_matches(named, self.names.values(), n=1, cutoff=0.5)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            has = ", ".join(f"{name!r} ({key})" for key, name in sorted(self.names.items(), key=lambda item: item[1]))
            raise ConfigurationError(f"Monte Carlo has no resource {named!r}.{hint} It has: {has or 'none'}.")
        return found


def resources() -> Conversation[Resources]:
    """Return the account's resources.

    :raises GraphQLError: when the answer names no account.
    """
    answer = yield Question(documents.RESOURCES, {})
    account = (answer.get("getUser") or {}).get("account") or {}
    if not account.get("uuid"):
        raise GraphQLError("Monte Carlo does not say which account the key is of.", data=answer)
    warehouses = account.get("warehouses") or []
    every = [*warehouses, *(answer.get("getResources") or [])]
    return Resources(
        account=account["uuid"],
        names={item["uuid"]: item.get("name") or item["uuid"] for item in every if item},
        warehouses=frozenset(item["uuid"] for item in warehouses),
    )


def put_resource(name: str) -> Conversation[str]:
    """Create a resource, unless there is one of that name; return its UUID.

    :raises GraphQLError: when the answer has none.
    """
    answer = yield Question(documents.PUT_RESOURCE, {"name": name})
    resource = (answer.get("createOrUpdateResource") or {}).get("resource") or {}
    if not resource.get("uuid"):
        raise GraphQLError(f"Monte Carlo did not create the resource {name!r}.", data=answer)
    return str(resource["uuid"])
