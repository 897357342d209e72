"""What users choose about the BigQuery collector."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from airflow_provider_montecarlo_push.collectors.bigquery.shards import is_sharded
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, UnknownValueError

JobsScope = Literal["project", "organization"]

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]*")
_REGION = re.compile(r"[a-z]+(-[a-z0-9]+)*")
_TRUTH = {"true": True, "false": False, "": False, "none": False}


@dataclass(frozen=True)
class Options:
    """Checked options; their meaning is documented at :class:`.collector.BigQueryCollector`.

    :ivar projects: project ids, empty for that of the connection.
    :ivar regions: names such as ``us`` or ``europe-west1``, empty for those of the connection or of the datasets.
    :raises UnknownValueError: when one of them has a value that does not exist.
    :raises ConfigurationError: when one cannot be a project, a region, or true or false.
    """

    projects: tuple[str, ...]
    regions: tuple[str, ...]
    iceberg_only: bool
    jobs_scope: str
    keep_asset_types: bool

    @classmethod
    def check(
        cls,
        *,
        projects: str | Sequence[str] | None,
        regions: str | Sequence[str] | None,
        iceberg_only: bool | str,
        jobs_scope: str,
        keep_asset_types: bool,
    ) -> Options:
        """Return the options, from what users write or templates render."""
        scopes = get_args(JobsScope)
        if jobs_scope not in scopes:
            raise UnknownValueError(
                f"Unknown jobs_scope {jobs_scope!r} in collector_kwargs; choose from {', '.join(scopes)}."
            )
        iceberg = iceberg_only if isinstance(iceberg_only, bool) else _TRUTH.get(str(iceberg_only).lower())
        if iceberg is None:
            raise ConfigurationError(f"iceberg_only in collector_kwargs is {iceberg_only!r}; give true or false.")
        return cls(
            projects=_names("projects", projects, _PROJECT, "my-project"),
            regions=tuple(dict.fromkeys(map(region_name, _names("regions", regions, _REGION, "us or europe-west1")))),
            iceberg_only=iceberg,
            jobs_scope=jobs_scope,
            keep_asset_types=keep_asset_types,
        )

    def asset_type(self, kind: str | None, name: str = "") -> str:
        """Return the asset type for a kind of table or view.

        :param kind: a ``table_type``: ``BASE TABLE``, ``MATERIALIZED VIEW``, ….
        :param name: its name, which tells date shards.
        """
        if kind == "VIEW":
            return "VIEW"
        if self.keep_asset_types and is_sharded(name):
            return "WILDCARD_TABLE"
        return "EXTERNAL" if self.keep_asset_types and kind == "EXTERNAL" else "TABLE"


def region_name(text: str) -> str:
    """Return a region as views are qualified with it: ``us`` for ``US`` and ``region-us``."""
    return text.strip().lower().removeprefix("region-")


def _names(option: str, value: str | Sequence[str] | None, fits: re.Pattern[str], example: str) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    names = [value] if isinstance(value, str) else value
    given = isinstance(names, list | tuple | set | frozenset) and all(isinstance(name, str) for name in names)
    if not given or not all(fits.fullmatch(name.strip().lower()) for name in names):
        raise ConfigurationError(f"{option} in collector_kwargs is {value!r}; give names such as {example}.")
    return tuple(dict.fromkeys(name.strip() for name in names))
