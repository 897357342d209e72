"""Datasets to tables, named as the collectors name them, so that what they and Airflow say is about the same table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_provider_montecarlo_push.assets.model import Dataset
from airflow_provider_montecarlo_push.assets.systems import System, schemes, system_of
from airflow_provider_montecarlo_push.collectors.bigquery.shards import asset_name
from airflow_provider_montecarlo_push.events.names import TableName

_PART = re.compile(r'"(?P<double>(?:[^"]|"")+)"|`(?P<back>(?:[^`]|``)+)`|\[(?P<square>[^\]]+)\]|(?P<plain>[^."`]+)')
_NEEDS_QUOTES = re.compile(r'[."`\[\]]')
_GLUE = "arn:aws:glue:"


class NotATableError(ValueError):
    """What is named is no table.

    :param reason: fit for counting: ``malformed_uris``, ``not_tables`` or ``incomplete_names``.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def table_of(dataset: Dataset, resource_type: str | None = None) -> TableName | None:
    """Return the table that a dataset is; ``None`` when it is none. See :func:`require_table`."""
    try:
        return require_table(dataset, resource_type)
    except NotATableError:
        return None


def require_table(dataset: Dataset, resource_type: str | None = None) -> TableName:
    """Return the table that a dataset is.

    Names are folded as its system does: Snowflake and Oracle have upper case unless they are in double quotes,
    Databricks, Redshift, Hive, Trino and Athena have lower case, all others stay as they are. Where database and
    schema are one thing, they are repeated. A path is database, schema and name as well: its scheme, its bucket, and
    the path without what only tells partitions apart.

    :param resource_type: of the Monte Carlo resource, for datasets whose namespace is an Airflow connection.
    :raises NotATableError: when its system is unknown, or its name has not as many parts as tables have there.
    """
    if dataset.namespace.lower().startswith(_GLUE):
        return _glue_table(dataset)
    system = system_of(dataset.namespace) or (system_of(resource_type) if resource_type else None)
    if system is None and resource_type is None:
        raise NotATableError(
            f"{dataset.namespace} {dataset.name}: the namespace is none of {', '.join(schemes())}, and not mapped to "
            "a resource either",
            reason="not_tables",
        )
    if system is not None and system.is_store:
        return _place(dataset, system)
    parts = split_name(dataset.name)
    if system is not None and system.scheme == "bigquery":
        return _bigquery_table(dataset, parts)
    levels = (system.levels,) if system is not None else (2, 3)
    if system is not None and system.scheme == "hive" and len(parts) == 3:
        parts = parts[1:]  # Spark puts the name of its catalog in front
    if len(parts) not in levels:
        raise _incomplete(dataset, levels[0])
    names = [name if quoted or system is None else system.fold(name) for name, quoted in parts]
    return TableName(names[0], *names) if len(names) == 2 else TableName(*names)


def split_name(text: str) -> list[tuple[str, bool]]:
    """Return the parts of a name such as ``db.schema."odd.name"``, and which are quoted; none of nonsense."""
    parts: list[tuple[str, bool]] = []
    position = 0
    while match := _PART.match(text, position):
        parts.append(_unquoted(match))
        position = match.end()
        if position == len(text):
            return parts if all(name.strip() for name, _ in parts) else []
        if text[position] != ".":
            return []
        position += 1
    return []


def join_name(parts: Sequence[str]) -> str:
    """Return the name of a dataset; what :func:`split_name` would take for more than one part goes into quotes."""
    return ".".join(_quoted(part) for part in parts)


def _quoted(part: str) -> str:
    if not _NEEDS_QUOTES.search(part) or len(split_name(part)) == 1:
        return part
    return '"' + part.replace('"', '""') + '"'


def _unquoted(match: re.Match[str]) -> tuple[str, bool]:
    if match["double"] is not None:
        return match["double"].replace('""', '"'), True
    if match["back"] is not None:
        return match["back"].replace("``", "`"), True
    if match["square"] is not None:
        return match["square"], True
    return match["plain"].strip(), False


def _bigquery_table(dataset: Dataset, parts: list[tuple[str, bool]]) -> TableName:
    """Projects of a domain hold dots: ``example.com:project``."""
    if len(parts) < 3:
        raise _incomplete(dataset, 3)
    names = [name for name, _ in parts]
    return TableName(".".join(names[:-2]), names[-2], asset_name(names[-1]))


def _glue_table(dataset: Dataset) -> TableName:
    """``table/database/name``, as OpenLineage names the tables of Glue; called as Hive's tables are."""
    parts = dataset.name.split("/")
    if len(parts) != 3 or parts[0] != "table" or not all(parts):
        raise _incomplete(dataset, 2)
    return TableName(parts[1].lower(), parts[1].lower(), parts[2].lower())


def _place(dataset: Dataset, system: System) -> TableName:
    """Name a path as the lineage engine names places of files."""
    where = dataset.namespace.partition("://")[2].strip("/")
    segments = [segment for segment in dataset.name.split("/") if segment]
    kept = next((number for number, segment in enumerate(segments) if number and "=" in segment), len(segments))
    return TableName(system.scheme, where or "localhost", "/".join(segments[:kept]) or "/")


def _incomplete(dataset: Dataset, levels: int) -> NotATableError:
    wanted = "database.table" if levels == 2 else "database.schema.table"
    return NotATableError(
        f"{dataset.namespace} {dataset.name}: a table there is called {wanted}", reason="incomplete_names"
    )
