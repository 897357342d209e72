"""Lineage events: where the rows of a table come from, and which columns feed which.

Source: ``POST /ingest/v1/lineage`` of the Push Ingest API page, and pycarlo for the cross-warehouse form, in
which every asset names its own resource.
"""

from __future__ import annotations

from msgspec import Struct, field

from airflow_provider_montecarlo_push.events.metadata import check_asset_type, check_names
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_type, check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import InvalidEventError


class LineageAssetRef(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A table or view at one end of an edge.

    :param asset_id: alias inside its own event, by which ``fields`` cite a source.
    :param resource_uuid: Monte Carlo resource of this asset, for edges across warehouses.
    :param resource_type: type of that resource; both or neither.
    :raises InvalidEventError: when only one of the two is given, a name is empty or the type unknown.
    """

    type: str
    name: str
    database: str
    schema: str
    asset_id: str | None = None
    resource_uuid: str | None = None
    resource_type: str | None = None

    def __post_init__(self) -> None:
        check_asset_type(self.type, self.name)
        check_names(self.database, self.schema, self.name)
        if self.resource_uuid is None and self.resource_type is None:
            return
        if self.resource_uuid is None or self.resource_type is None:
            raise InvalidEventError(
                f"Asset {self.name!r} names only one of resource_uuid and resource_type; "
                "an edge across warehouses needs both."
            )
        self.resource_uuid = check_resource_uuid(self.resource_uuid)
        check_resource_type(self.resource_type)


class ColumnLineageSourceField(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A column of a source: the source's ``asset_id`` and the column's name."""

    asset_id: str
    field_name: str


class ColumnLineageField(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A column of the destination and the source columns it is computed from."""

    name: str
    source_fields: list[ColumnLineageSourceField]


class LineageEvent(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """One destination, the sources its rows come from, and optionally which columns feed which.

    :raises InvalidEventError: when there is no source, when ``fields`` come without an ``asset_id`` on every asset or
        cite one that no source declares, or when only some of the assets name their resource.
    """

    destination: LineageAssetRef
    sources: list[LineageAssetRef]
    fields: list[ColumnLineageField] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.sources:
            raise InvalidEventError(f"The lineage event of {self.destination.name!r} has no sources.")
        crossing = {ref.resource_uuid is not None for ref in (self.destination, *self.sources)}
        if len(crossing) == 2:
            raise InvalidEventError(
                f"The lineage event of {self.destination.name!r} gives a resource for some of its assets only; "
                "an edge across warehouses needs resource_uuid and resource_type on every one."
            )
        if self.fields:
            self._check_aliases()

    def _check_aliases(self) -> None:
        declared = [ref.asset_id for ref in self.sources]
        if None in (*declared, self.destination.asset_id) or len(set(declared)) < len(declared):
            raise InvalidEventError(
                f"The column lineage of {self.destination.name!r} needs an asset_id on the destination and one of its "
                "own on every source."
            )
        for column in self.fields:
            for source in column.source_fields:
                if source.asset_id not in declared:
                    raise InvalidEventError(
                        f"Column {column.name!r} of {self.destination.name!r} cites asset_id {source.asset_id!r}, "
                        "which no source declares."
                    )

    @property
    def crosses_resources(self) -> bool:
        """Whether the assets name their own resources, so that the request must not name one."""
        return self.destination.resource_uuid is not None
