"""Which Monte Carlo resource a dataset or a connection belongs to. What is not mapped belongs to none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.names import split_name
from airflow_provider_montecarlo_push.assets.systems import system_of
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_type, check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

_FIELDS = ("resource_uuid", "resource_type")
_SEPARATORS = "/:"
_EXAMPLE = '{"snowflake://org-account": {"resource_uuid": "<uuid>", "resource_type": "snowflake"}}'
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)


class Resource(NamedTuple):
    """A Monte Carlo resource: its UUID, and the ``resource_type`` that pushes to it name."""

    uuid: str
    type: str


class ResourceMap:
    """Finds the resource of datasets and connections.

    A key with ``://``, or the bare name of a system such as ``bigquery``, is the beginning of datasets' namespaces and
    names; the longest one wins, and it ends where a host, a port, a bucket or a name does. Any other key is the id of
    an Airflow connection.

    :param entries: ``{"snowflake://org-account": {"resource_uuid": …, "resource_type": …}, …}``, or the same in JSON.
    :param origin: where they come from, for messages.
    :raises ConfigurationError: naming the entry that cannot be used, and what it lacks.
    """

    def __init__(self, entries: object = None, *, origin: str = "resources") -> None:
        self.origin = origin
        self._connections: dict[str, Resource] = {}
        self._prefixes: dict[str, Resource] = {}
        for key, value in _mapping(entries, origin).items():
            resource = _resource(key, value, origin)
            if "://" not in key:
                self._connections[key] = resource
            if "://" in key or system_of(key) is not None:
                self._add_prefix(key, resource)

    def __bool__(self) -> bool:
        """Whether anything is mapped at all."""
        return bool(self._connections or self._prefixes)

    def __iter__(self) -> Iterator[Resource]:
        """Yield each resource that something is mapped to, once."""
        return iter(dict.fromkeys((*self._connections.values(), *self._prefixes.values())))

    def of(self, dataset: Dataset) -> Resource | None:
        """Return the resource of a dataset; ``None`` when nothing is mapped that it belongs to."""
        if system_of(dataset.namespace) is None and dataset.namespace in self._connections:
            return self._connections[dataset.namespace]
        text = _place_of(dataset)
        end = len(text)
        while end > 0:
            found = self._prefixes.get(text[:end])
            if found is not None:
                return found
            end = max(text.rfind(separator, 0, end) for separator in _separators(text))
        return None

    def of_connection(self, conn_id: str, conn_type: str | None = None) -> Resource | None:
        """Return the resource that statements on a connection are about.

        :param conn_type: the connection's; one whose whole system is mapped needs no entry of its own.
        """
        found = self._connections.get(conn_id)
        if found is None and conn_type:
            system = system_of(conn_type)
            found = self._prefixes.get(system.scheme) if system is not None else None
        return found

    def advice(self) -> str:
        """Return what to do about ends that are not mapped."""
        return (
            "Map them under 'resources' in the extra of the montecarlo-ingest connection, or in [montecarlo_push] "
            f"resources: {_EXAMPLE}; a key is a namespace, its beginning, or the id of an Airflow connection."
        )

    def _add_prefix(self, key: str, resource: Resource) -> None:
        prefix = _normal(key)
        if self._prefixes.setdefault(prefix, resource) != resource:
            raise ConfigurationError(f"{self.origin}: {key!r} is there twice, with different resources. Keep one.")


def _separators(text: str) -> str:
    # An account locator of Snowflake may be followed by region and cloud, which are no other account's.
    return _SEPARATORS + "." if text.startswith("snowflake:") else _SEPARATORS


def _place_of(dataset: Dataset) -> str:
    """Return namespace and name as one URI, as keys are written."""
    system = system_of(dataset.namespace)
    if system is None:
        return dataset.namespace
    if system.is_store:
        return _normal(f"{dataset.namespace}/{dataset.name.strip('/')}")
    parts = "/".join(name for name, _ in split_name(dataset.name))
    namespace = dataset.namespace
    return _normal(f"{namespace}/{parts}" if "://" in namespace else f"{namespace}://{parts}")


def _normal(text: str) -> str:
    """Return the form in which keys and datasets are compared: without user, and in lower case but for paths."""
    match = _URI.match(text.strip())
    if match is None:
        system = system_of(text)
        return system.scheme if system is not None else text
    system = system_of(match["scheme"])
    scheme = system.scheme if system is not None else match["scheme"].lower()
    host, slash, rest = match["rest"].partition("/")
    if system is None or not system.is_store:
        host, rest = host.rpartition("@")[2], rest.lower()
    return f"{scheme}://{host.lower()}{slash}{rest}".rstrip("/:")


def _mapping(entries: object, origin: str) -> Mapping[str, Any]:
    if isinstance(entries, str):
        try:
            entries = json.loads(entries) if entries.strip() else None
        except ValueError as error:
            raise ConfigurationError(f"{origin} is no JSON: {error}. Write {_EXAMPLE}.") from error
    if entries is None:
        return {}
    if not isinstance(entries, Mapping) or not all(isinstance(key, str) and key.strip() for key in entries):
        raise ConfigurationError(f"{origin} is a {type(entries).__name__}; write {_EXAMPLE}.")
    return {key.strip(): value for key, value in entries.items()}


def _resource(key: str, value: object, origin: str) -> Resource:
    where = f"{origin}: entry {key!r}"
    if not isinstance(value, Mapping) or not all(value.get(name) for name in _FIELDS):
        raise ConfigurationError(f"{where} needs resource_uuid and resource_type, as in {_EXAMPLE}.")
    unknown = [str(name) for name in value if name not in _FIELDS]
    if unknown:
        raise ConfigurationError(f"{where} has {', '.join(unknown)}; it takes resource_uuid and resource_type only.")
    try:
        return Resource(check_resource_uuid(value["resource_uuid"]), check_resource_type(value["resource_type"]))
    except ConfigurationError as error:
        raise type(error)(f"{where}: {error}") from None
