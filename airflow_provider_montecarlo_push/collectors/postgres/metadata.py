"""Tables and views with columns, comments, SQL, volume and freshness.

Each database takes one statement, whatever it holds; the SQL of views comes some hundred at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.catalog import (
    ALL_KINDS,
    TABLE_KINDS,
    VIEW_KINDS,
    Table,
    read_tables,
)
from airflow_provider_montecarlo_push.collectors.postgres.freshness import CommitTimes
from airflow_provider_montecarlo_push.collectors.postgres.options import Options
from airflow_provider_montecarlo_push.collectors.postgres.session import FETCH_ROWS, Session
from airflow_provider_montecarlo_push.collectors.postgres.view_texts import view_texts
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import (
    AssetField,
    AssetFreshness,
    AssetMetadata,
    AssetVolume,
    RelationalAsset,
)
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.exceptions import InvalidEventError

_UNQUOTED = re.compile(r'"[^"]*"|[^"]+')
_TEMPORARY = "t"


class MetadataReader:
    """Reads the catalog of a database.

    :param tables: which tables and views.
    :param lean: leave out columns, comments and SQL, and views, which have neither volume nor freshness.
    """

    def __init__(
        self, session: Session, report: CollectionReport, options: Options, tables: TableFilter, *, lean: bool
    ) -> None:
        self._session = session
        self._report = report
        self._options = options
        self._tables = tables
        self._lean = lean

    def read(self) -> Iterator[RelationalAsset]:
        """Yield the assets.

        :raises ConfigurationError: when freshness is asked for and the server keeps no commit times.
        """
        commits = CommitTimes(self._session, self._report) if self._options.freshness else None
        kinds = TABLE_KINDS if self._lean else ALL_KINDS
        tables = read_tables(self._session, self._tables, kinds, described=not self._lean, readable=commits is not None)
        while batch := list(islice(tables, FETCH_ROWS)):
            batch = [table for table in batch if self._is_wanted(table)]
            texts = {} if self._lean else self._texts(batch)
            for table in batch:
                try:
                    asset = self._asset(table, texts, commits)
                except InvalidEventError as error:
                    self._report.leave_out("invalid", str(error))
                    continue
                if self._lean and asset.volume is None and asset.freshness is None:
                    self._report.leave_out("no_volume_or_freshness", str(self._name(table)))
                else:
                    yield asset

    def _is_wanted(self, table: Table) -> bool:
        name = self._name(table)
        if not self._tables.matches(*name):
            self._report.leave_out("filtered", str(name))
        elif table.persistence == _TEMPORARY:
            self._report.leave_out("temporary", str(name))
        else:
            if table.partitions:
                self._report.count("partitions", table.partitions)
            return True
        return False

    def _texts(self, batch: list[Table]) -> Mapping[int, str]:
        names = {table.oid: self._name(table) for table in batch if table.kind in VIEW_KINDS}
        texts, failures = view_texts(self._session, list(names))
        for oid, detail in failures.items():
            self._report.leave_out("view_without_text", f"{names[oid]}: {detail}")
        return texts

    def _asset(self, table: Table, texts: Mapping[int, str], commits: CommitTimes | None) -> RelationalAsset:
        name = self._name(table)
        if table.locked:
            self._report.leave_out("size_locked", f"{name}: somebody holds ACCESS EXCLUSIVE on it")
        changed = commits.of(table) if commits is not None else None
        known = table.rows is not None or table.size is not None
        return RelationalAsset(
            type=self._options.asset_type(table.kind),
            metadata=AssetMetadata(
                name=name.name,
                database=name.database,
                schema=name.schema,
                description=table.comment or None,
                view_query=texts.get(table.oid),
            ),
            fields=[
                AssetField(column, type_name(written), comment or None)
                for column, written, comment in table.columns or ()
            ],
            volume=AssetVolume(table.rows, table.size) if known else None,
            freshness=AssetFreshness(changed) if changed is not None else None,
        )

    def _name(self, table: Table) -> TableName:
        return TableName(self._session.database, table.schema, table.name)


@lru_cache(maxsize=4096)
def type_name(text: str) -> str:
    """Return a type in upper case, but for names that are quoted because their case matters."""
    return "".join(part if part.startswith('"') else part.upper() for part in _UNQUOTED.findall(text))
