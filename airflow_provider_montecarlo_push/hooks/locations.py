"""Where a task keeps its manifest, and how a URI becomes a folder with the credentials of its connection."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import ObjectStoragePath, conf
from upath import UPath

from airflow_provider_montecarlo_push.exceptions import ConfigurationError, ManifestNotFoundError
from airflow_provider_montecarlo_push.manifests.model import MANIFEST_NAME, RunReference
from airflow_provider_montecarlo_push.manifests.storage import Folder

_LOCAL = "file://"


def folder_at(uri: str) -> Folder:
    """Return the folder at ``uri``: ``s3://conn_id@bucket/key``, ``file:///path``, or an absolute local path.

    :raises ConfigurationError: when no file system is known for it.
    """
    if "://" not in uri:
        if not uri.startswith("/"):
            raise ConfigurationError(
                f"{uri!r} is neither a URI nor an absolute path; write s3://conn_id@bucket/key or file:///path."
            )
        uri = f"{_LOCAL}{uri}"
    try:
        # Airflow's own paths load the metadata of every provider first, which takes a second.
        return Folder(UPath(uri) if uri.startswith(_LOCAL) else ObjectStoragePath(uri))
    except (ValueError, ImportError) as error:
        raise ConfigurationError(
            f"No file system for {uri!r}: {error}. Install the Airflow provider of that store on the workers, such as "
            "apache-airflow-providers-amazon[s3fs]."
        ) from error


def manifest_root(root: str | None = None) -> Folder:
    """Return the manifest root: ``root``, else the setting, else a folder under AIRFLOW_HOME.

    :raises ConfigurationError: when no file system is known for it.
    """
    return folder_at(root or manifest_root_uri())


def manifest_root_uri() -> str:
    """Return ``[montecarlo_push] manifest_root``, else a folder under AIRFLOW_HOME."""
    uri = conf.get("montecarlo_push", "manifest_root", fallback="")
    if uri:
        return str(uri)
    # Airflow's own default; the SDK that tasks run on has no function for it.
    home = os.path.expandvars(os.environ.get("AIRFLOW_HOME", "~/airflow"))
    return (Path(home).expanduser().absolute() / "montecarlo_push").as_uri()


def run_of(context: Any) -> RunReference:
    """Return the task instance that a context belongs to."""
    ti = context["ti"]
    map_index = ti.map_index if ti.map_index is not None else -1
    return RunReference(dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, map_index=map_index)


def folder_of_run(root: Folder, run: RunReference) -> Folder:
    """Return where a task instance writes its manifest."""
    names = [run.dag_id, run.run_id, run.task_id]
    if run.map_index >= 0:
        names.append(str(run.map_index))
    return root.child(*names)


def manifest_folder(manifest: object) -> Folder:
    """Return the folder of a manifest that a push operator was given.

    :param manifest: a collect task's XCom, or the URI of a manifest or its folder.
    :raises ManifestNotFoundError: when it is neither.
    """
    uri = manifest.get("uri") if isinstance(manifest, dict) else manifest
    if not isinstance(uri, str) or not uri.strip():
        raise ManifestNotFoundError(
            f"No manifest was given (got {manifest!r}). Pass the output of a collect task, manifest=collect.output, or "
            "the URI of a manifest. A collect task that was skipped or cleared has none."
        )
    return folder_at(uri.strip().removesuffix(MANIFEST_NAME).rstrip("/"))
