"""Names of stages, buckets and files."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from airflow_provider_montecarlo_push.lineage.names import ExternalName, Names

_STAGE = re.compile(r'@?((?:"[^"]*"|[^/"])*)')


def of_url(text: str) -> ExternalName:
    """Return the name of a place of files: scheme, bucket and path; a plain path is on ``file`` ``localhost``."""
    parts = urlsplit(text)
    if not parts.scheme or not (parts.netloc or parts.path):
        return ExternalName("file", "localhost", text.rstrip("/") or "/")
    return ExternalName(parts.scheme, parts.netloc or "localhost", parts.path.strip("/") or "/")


def of_stage(names: Names, text: str) -> ExternalName:
    """Return the name of the stage in ``@db.schema.stage/path``.

    :raises StatementError: when it cannot be completed.
    """
    match = _STAGE.match(text)
    name = (match[1] if match is not None else text).rstrip(".")
    if name.startswith(("~", "%")):
        return ExternalName(*names.complete(None, None, names.part(name)))
    return ExternalName(*names.text(name))
