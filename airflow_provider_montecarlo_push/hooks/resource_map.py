"""Which datasets belong to which Monte Carlo resource, from the Monte Carlo connection or the settings."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import BaseHook, conf

from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_type, check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_FIELD = "resources"


def resource_map(montecarlo_conn_id: str) -> ResourceMap:
    """Return what the extra ``resources`` of a connection maps, else what ``[montecarlo_push] resources`` does.

    :raises ConfigurationError: naming the entry that cannot be used.
    """
    mapped = BaseHook.get_connection(montecarlo_conn_id).extra_dejson.get(_FIELD)
    if mapped:
        return ResourceMap(mapped, origin=f"{_FIELD} in the extra of connection {montecarlo_conn_id!r}")
    return ResourceMap(conf.get("montecarlo_push", _FIELD, fallback=""), origin=f"[montecarlo_push] {_FIELD}")


def main_resource(
    resources: ResourceMap,
    montecarlo_conn_id: str,
    *,
    resource_uuid: str | None = None,
    resource_type: str | None = None,
) -> Resource | None:
    """Return the resource that requests name: the one that is asked for, the connection's, or the only one.

    :param resource_uuid: instead of the connection's.
    :param resource_type: instead of that with which it is mapped.
    :return: ``None`` when there are several and none is asked for, or when its type is not known: then every edge
        names the resources of its ends.
    :raises ConfigurationError: when a UUID is none, or a type unknown.
    """
    wanted = resource_uuid or BaseHook.get_connection(montecarlo_conn_id).extra_dejson.get("resource_uuid")
    mapped = list(resources)
    if wanted:
        uuid = check_resource_uuid(wanted)
        found = [resource for resource in mapped if resource.uuid == uuid]
        if resource_type:
            return Resource(uuid, check_resource_type(resource_type))
        if len(found) > 1:
            raise ConfigurationError(
                f"{resources.origin}: resource {uuid} has the types {', '.join(one.type for one in found)}. Keep one, "
                "or give resource_type."
            )
        return found[0] if found else None
    return mapped[0] if len(mapped) == 1 else None
