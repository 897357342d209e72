"""Metadata events: a table or view with its columns, volume and freshness.

Source: ``POST /ingest/v1/metadata`` of the Push Ingest API page. The structs carry pycarlo's names and encode to
the JSON that ``pycarlo.features.ingestion.models.build_metadata_payload`` makes of the equal pycarlo objects.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from airflow_provider_montecarlo_push.events.timestamps import to_utc
from airflow_provider_montecarlo_push.events.vocabulary import ASSET_TYPES
from airflow_provider_montecarlo_push.exceptions import InvalidEventError


class Tag(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A key-value tag of an asset; ``value`` is optional."""

    key: str
    value: str | None = None


class AssetField(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A column: name, type as the warehouse writes it, optional comment."""

    name: str
    type: str
    description: str | None = None


class AssetMetadata(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a table or view is called, and what is said about it.

    :param created_on: creation time, an aware ``datetime`` or an ISO 8601 string with an offset.
    :raises InvalidEventError: when a name is empty or a timestamp has no time zone.
    """

    name: str
    database: str
    schema: str
    description: str | None = None
    view_query: str | None = None
    created_on: datetime | None = None

    def __post_init__(self) -> None:
        check_names(self.database, self.schema, self.name)
        if self.created_on is not None:
            self.created_on = to_utc(self.created_on, field="created_on")


class AssetVolume(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Size of a table: number of rows, size in bytes."""

    row_count: int | None = None
    byte_count: int | None = None


class AssetFreshness(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """When the data of a table was last modified. Leave the whole block out when that is unknown.

    :param last_update_time: an aware ``datetime`` or an ISO 8601 string with an offset.
    """

    last_update_time: datetime

    def __post_init__(self) -> None:
        self.last_update_time = to_utc(self.last_update_time, field="last_update_time")


class RelationalAsset(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """One table or view.

    :param type: one of ``TABLE``, ``VIEW``, ``EXTERNAL``, ``WILDCARD``, ``WILDCARD_TABLE``.
    :raises InvalidEventError: when ``type`` is none of these.
    """

    type: str
    metadata: AssetMetadata
    tags: list[Tag] = field(default_factory=list)
    fields: list[AssetField] = field(default_factory=list)
    volume: AssetVolume | None = None
    freshness: AssetFreshness | None = None

    def __post_init__(self) -> None:
        check_asset_type(self.type, self.metadata.name)


def check_names(database: str, schema: str, name: str) -> None:
    """Refuse an asset that could not be told from another.

    :raises InvalidEventError: when one of the three names is empty.
    """
    if not (database and schema and name):
        raise InvalidEventError(
            f"An asset needs database, schema and name; got database={database!r}, schema={schema!r}, "
            f"name={name!r}. Where the source has only two levels, repeat the database as the schema."
        )


def check_asset_type(asset_type: str, name: str) -> None:
    """Refuse an asset type that the API does not list.

    :raises InvalidEventError: naming the accepted values.
    """
    if asset_type not in ASSET_TYPES:
        raise InvalidEventError(
            f"Asset {name!r} has type {asset_type!r}; Monte Carlo accepts {', '.join(sorted(ASSET_TYPES))}."
        )
