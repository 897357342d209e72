"""Where the spool is, in Airflow and outside of it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from upath import UPath

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.storage import Folder

# In abfss://container@account, what stands before the host is no connection.
_HAS_CONTAINER = ("abfss", "wasbs", "wasb")


def manifest_root(uri: str | None, storage_options: Mapping[str, Any] | None = None) -> Folder:
    """Return the manifest root.

    In a process of Airflow, locations are Airflow's: ``s3://conn_id@bucket/key`` brings the credentials of a
    connection. Elsewhere they are fsspec's, and credentials come from ``storage_options`` or from where the library
    of the store looks for them.

    :param uri: a URI or an absolute path; only Airflow has a default, the setting ``manifest_root``.
    :param storage_options: for the file system, outside of Airflow.
    :raises ConfigurationError: when there is none, or no file system is known for it.
    """
    in_airflow = "airflow" in sys.modules
    if not uri:
        if not in_airflow:
            raise ConfigurationError(
                "Outside of Airflow the transport must be told where the spool is: give it manifest_root, the same as "
                "[montecarlo_push] manifest_root of the Airflow that pushes."
            )
        from airflow_provider_montecarlo_push.hooks.locations import manifest_root_uri

        uri = manifest_root_uri()
    if uri.startswith("/"):
        uri = Path(uri).as_uri()
    if "://" not in uri:
        raise ConfigurationError(f"manifest_root {uri!r} is neither a URI nor an absolute path.")
    try:
        return Folder(_airflow_path(uri) if in_airflow or _connection(uri) else UPath(uri, **(storage_options or {})))
    except (ValueError, ImportError) as error:
        raise ConfigurationError(
            f"No file system for {uri!r}: {error}. Where the events are emitted, install the fsspec implementation of "
            "that store, such as s3fs; in Airflow, the provider of that store."
        ) from error


def _airflow_path(uri: str) -> Any:
    if importlib.util.find_spec("airflow") is None:
        raise ConfigurationError(
            f"manifest_root {uri!r} names an Airflow connection, {_connection(uri)!r}, and there is no Airflow here. "
            "Leave it out, and give credentials as storage_options or where the library of the store looks for them."
        )
    from airflow.providers.common.compat.sdk import ObjectStoragePath
    from airflow.sdk.io import attach

    protocol = urlsplit(uri).scheme
    store = attach(protocol, _connection(uri) or None)
    # The events of a task are emitted in a fork of its process, where asynchronous file systems refuse to work.
    if getattr(store.fs, "_pid", os.getpid()) != os.getpid():
        del store.fs
    return ObjectStoragePath(uri)


def _connection(uri: str) -> str:
    parsed = urlsplit(uri)
    return "" if parsed.scheme in _HAS_CONTAINER else parsed.netloc.rpartition("@")[0]
