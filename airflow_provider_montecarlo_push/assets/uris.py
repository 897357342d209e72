"""Asset URIs to datasets, named as OpenLineage and Airflow's own providers name them."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.names import NotATableError, join_name
from airflow_provider_montecarlo_push.assets.systems import System, schemes, system_of

_PASSWORD = re.compile(r"(?<=://)[^/@]*:[^/@]*@")
_ACCOUNT_OF_AZURE = re.compile(r"[^.]+\.[^.]+\.")
_AZURE = ("abfss", "wasbs", "adl")
_FORMS = {
    "bigquery": "bigquery://project/dataset/table",
    "hive": "hive://host:10000/database/table",
    2: "{scheme}://host/database/table",
    3: "{scheme}://host/database/schema/table",
}


def dataset_of_uri(uri: str) -> Dataset:
    """Return the dataset that an asset is.

    The parts of a path may be percent-encoded; one in double quotes, ``%22Orders%22``, keeps its case. User names,
    passwords and queries are no part of a dataset.

    :param uri: such as ``snowflake://org-account/DB/SCHEMA/TABLE`` or ``s3://bucket/path``.
    :raises NotATableError: with the reason ``malformed_uris`` or ``not_tables``; a ``ValueError``.
    """
    text = uri.strip()
    shown = _PASSWORD.sub("***@", text)
    try:
        parsed = urlsplit(text)
        system = system_of(parsed.scheme) if parsed.scheme else None
        # A project of a domain has a colon, as in bigquery://example.com:project/dataset/table.
        port = None if system is None or system.scheme == "bigquery" else parsed.port
    except ValueError as error:
        raise NotATableError(f"Asset {shown}: {error}", reason="malformed_uris") from None
    if system is None or "://" not in text:
        raise NotATableError(
            f"Asset {shown} is no table: its URI begins with none of {', '.join(schemes())}", reason="not_tables"
        )
    if system.is_store:
        return _path(parsed, system, shown)
    host = parsed.netloc.rpartition("@")[2].rstrip(":")
    parts = [unquote(part).strip() for part in parsed.path.strip("/").split("/")]
    names = [host, *parts] if system.scheme == "bigquery" else parts
    if not host or len(names) not in _levels(system) or not all(names):
        raise NotATableError(f"Asset {shown} should be {_form(system)}", reason="malformed_uris")
    if system.scheme == "bigquery":
        return Dataset("bigquery", join_name(names))
    if port is None and system.port is not None:
        host = f"{host}:{system.port}"
    return Dataset(f"{system.scheme}://{host}", join_name(names))


def _levels(system: System) -> tuple[int, ...]:
    return (2, 3) if system.scheme == "hive" else (system.levels,)


def _form(system: System) -> str:
    form = _FORMS.get(system.scheme) or _FORMS[system.levels]
    return form.format(scheme=system.scheme)


def _path(parsed: SplitResult, system: System, shown: str) -> Dataset:
    """Return a path; what stands before its bucket is Airflow's connection, except in Azure's full form."""
    user, _, host = parsed.netloc.rpartition("@")
    if user and system.scheme in _AZURE and _ACCOUNT_OF_AZURE.match(host):
        host = f"{user.rpartition(':')[2]}@{host}"
    # No query: what follows a question mark is part of the key.
    key = unquote(parsed.path.strip("/"))
    if system.scheme == "file":
        if not key:
            raise NotATableError(f"Asset {shown} should be file:///path", reason="malformed_uris")
        return Dataset(f"file://{host}" if host else "file", f"/{key}")
    if not host:
        raise NotATableError(f"Asset {shown} should be {system.scheme}://bucket/path", reason="malformed_uris")
    return Dataset(f"{system.scheme}://{host}", key or "/")
