"""Rows to lineage events: edges that somebody else worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_montecarlo_push.collectors.files.fields import Row
from airflow_provider_montecarlo_push.collectors.files.options import Options
from airflow_provider_montecarlo_push.collectors.text_files.problems import Problems, RowError
from airflow_provider_montecarlo_push.events import (
    ColumnLineageField,
    ColumnLineageSourceField,
    LineageAssetRef,
    LineageEvent,
)
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, InvalidEventError

_DESTINATION = "dest"
_LEVELS = ("database", "schema", "name")


class EdgeReader:
    """Makes events of rows.

    The events have asset ids of their own: those of a file may be missing, or be the same for two tables.
    """

    def __init__(self, options: Options, problems: Problems) -> None:
        self._options = options
        self._problems = problems
        self._get = options.names.get

    def event(self, row: Row) -> LineageEvent:
        """Return the event that a row says.

        A source or a column that cannot be used is left out, and counted; the rest is kept.

        :raises RowError: when there is no destination or no source, or when the API would refuse the event.
        """
        destination = self._table(self._get(row.values, "destination"), "destination")
        destination.asset_id = _DESTINATION
        sources = _Sources()
        for number, value in enumerate(self._list(row, row.values, "sources")):
            try:
                sources.add(self._table(value, f"sources[{number}]"), self._asset_id(value))
            except RowError as error:
                self._problems.part(row.place, error)
        if not sources.assets:
            raise RowError("missing_sources", f"{destination.name} has no source that can be used")
        try:
            return LineageEvent(
                destination=destination, sources=sources.assets, fields=list(self._columns(row, sources))
            )
        except InvalidEventError as error:
            raise RowError("invalid", str(error)) from error

    def _columns(self, row: Row, sources: _Sources) -> Iterator[ColumnLineageField]:
        columns: dict[str, dict[tuple[str, str], ColumnLineageSourceField]] = {}
        for number, value in enumerate(self._list(row, row.values, "fields", optional=True)):
            try:
                column = self._name(value, "column.name", f"fields[{number}]")
            except RowError as error:
                self._problems.part(row.place, error)
                continue
            found = columns.setdefault(column, {})
            for source in self._list(row, value, "column.source_fields", optional=True):
                try:
                    field_name = self._name(source, "column.field_name", f"a source of column {column!r}")
                    asset_id = sources.find(self._cited(source), f"column {column!r}")
                except RowError as error:
                    self._problems.part(row.place, error)
                    continue
                found[(asset_id, field_name)] = ColumnLineageSourceField(asset_id, field_name)
        for column, found in columns.items():
            if found:
                yield ColumnLineageField(column, list(found.values()))

    def _cited(self, value: Mapping[str, Any]) -> Any:
        """Return what tells the source of a column: its asset id, else its name, else the object itself."""
        for name in ("column.asset_id", "column.source"):
            cited = self._get(value, name)
            if cited is not None:
                return self._parts(cited, "a source of a column") if isinstance(cited, Mapping) else cited
        if self._get(value, "table.name") is not None:
            return self._parts(value, "a source of a column")
        return None

    def _table(self, value: Any, what: str) -> LineageAssetRef:
        parts = self._parts(value, what)
        kind: Any = "TABLE"
        resource: dict[str, str | None] = {}
        if isinstance(value, Mapping):
            kind = self._get(value, "table.type") or "TABLE"
            resource = {
                name: None if (found := self._get(value, f"table.{name}")) is None else str(found)
                for name in ("resource_uuid", "resource_type")
            }
        if not isinstance(kind, str):
            raise RowError("wrong_type", f"the type of {what} is a {type(kind).__name__} and no text")
        try:
            return LineageAssetRef(
                type=self._options.asset_type(kind), database=parts[0], schema=parts[1], name=parts[2], **resource
            )
        except (InvalidEventError, ConfigurationError) as error:
            raise RowError("invalid", f"{what}: {error}") from error

    def _parts(self, value: Any, what: str) -> tuple[str, str, str]:
        """Return database, schema and name of a table: of an object, or of a text such as ``db.schema.table``."""
        if isinstance(value, str):
            given = value.split(".")
            if len(given) > len(_LEVELS):
                raise RowError("wrong_type", f"{what} has {len(given)} parts; give an object of {', '.join(_LEVELS)}")
            found = dict(zip(reversed(_LEVELS), reversed(given), strict=False))
        elif isinstance(value, Mapping):
            found = {level: self._get(value, f"table.{level}") for level in _LEVELS}
        elif value is None:
            raise RowError(f"missing_{what.split('[', 1)[0]}", f"there is no {what}")
        else:
            raise RowError("wrong_type", f"{what} is a {type(value).__name__} and no object")
        defaults = {"database": self._options.default_database, "schema": self._options.default_schema}
        parts = [found.get(level) or defaults.get(level) for level in _LEVELS]
        for level, part in zip(_LEVELS, parts, strict=True):
            if part is None or part == "":
                raise RowError(f"missing_{level}", f"{what} has no {level}")
            if not isinstance(part, str):
                raise RowError("wrong_type", f"the {level} of {what} is a {type(part).__name__} and no text")
        database, schema, name = (str(part) for part in parts)
        return database, schema, name

    def _asset_id(self, value: Any) -> str | None:
        asset_id = self._get(value, "table.asset_id") if isinstance(value, Mapping) else None
        return None if asset_id is None else str(asset_id)

    def _name(self, value: Any, name: str, what: str) -> str:
        if not isinstance(value, Mapping):
            raise RowError("wrong_type", f"{what} is a {type(value).__name__} and no object")
        found = self._get(value, name)
        if not isinstance(found, str) or not found:
            raise RowError("missing_column_name", f"{what}: {self._options.names.missing(value, name)}")
        return found

    def _list(self, row: Row, values: Mapping[str, Any], name: str, *, optional: bool = False) -> list[Any]:
        value = self._get(values, name)
        if isinstance(value, list):
            return value
        if value is not None:
            error = RowError("wrong_type", f"{name} is a {type(value).__name__} and no list")
            if not optional:
                raise error
            self._problems.part(row.place, error)
        elif not optional:
            raise RowError(f"missing_{name}", self._options.names.missing(values, name))
        return []


class _Sources:
    """The sources of an edge, each once, and what columns may call them."""

    def __init__(self) -> None:
        self.assets: list[LineageAssetRef] = []
        self._known: dict[tuple[str | None, ...], str] = {}
        self._called: dict[object, set[str]] = {}

    def add(self, asset: LineageAssetRef, given_id: str | None) -> None:
        key = (asset.resource_uuid, asset.database, asset.schema, asset.name)
        if key not in self._known:
            asset.asset_id = self._known[key] = f"s{len(self.assets)}"
            self.assets.append(asset)
        parts = (asset.database, asset.schema, asset.name)
        names: list[object] = [given_id, parts, *(".".join(parts[start:]) for start in range(len(parts)))]
        for name in names:
            self._called.setdefault(name, set()).add(self._known[key])

    def find(self, cited: Any, what: str) -> str:
        """Return the asset id of the source that a column cites.

        :raises RowError: when no source is called so, or several are.
        """
        if cited is None:
            if len(self.assets) == 1:
                return self.assets[0].asset_id or ""
            raise RowError("missing_column_source", f"{what} does not say which of {len(self.assets)} sources it is of")
        cited = cited if isinstance(cited, tuple) else str(cited)
        found = self._called.get(cited, set())
        shown = ".".join(cited) if isinstance(cited, tuple) else cited
        if len(found) > 1:
            raise RowError(
                "ambiguous_column_source",
                f"{what} cites {shown!r}, which {len(found)} sources are called; give each an asset_id of its own, or "
                "name the source in full",
            )
        if not found:
            raise RowError("unknown_column_source", f"{what} cites {shown!r}, which no source is called")
        return next(iter(found))
