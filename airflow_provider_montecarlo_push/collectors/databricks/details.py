"""``DESCRIBE DETAIL`` of single tables, several at a time in one session.

It needs ``SELECT`` on the table. Source: https://docs.databricks.com/aws/en/delta/table-details
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from airflow_provider_montecarlo_push.collectors.databricks.grants import detail_grants
from airflow_provider_montecarlo_push.collectors.databricks.names import identifier
from airflow_provider_montecarlo_push.collectors.databricks.options import Options
from airflow_provider_montecarlo_push.collectors.databricks.session import Pending, Session
from airflow_provider_montecarlo_push.collectors.databricks.values import utc
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import AssetFreshness, AssetVolume, RelationalAsset
from airflow_provider_montecarlo_push.exceptions import AccessDeniedError, SourceError

_AT_A_TIME = 8
_MOST_WAITING = 500
_UNCHANGED_FOR = timedelta(days=2)
_DESCRIBED = frozenset({"EXTERNAL", "EXTERNAL_SHALLOW_CLONE", "MANAGED", "MANAGED_SHALLOW_CLONE"})


def can_be_described(table_type: str | None, data_format: str | None) -> bool:
    """Tell whether there are details: of Delta tables, never of views."""
    return table_type in _DESCRIBED and (data_format or "").upper() == "DELTA"


class Details:
    """Completes assets that have no size, in the order in which they came.

    :ivar freshness_too: whether to take the last modification as freshness where there is none.
    """

    def __init__(self, session: Session, report: CollectionReport, options: Options) -> None:
        self._session = session
        self._report = report
        self._limit = self._left = options.most_details
        self._waiting: deque[tuple[RelationalAsset, Pending | None]] = deque()
        self._running = 0
        self._changed_since = datetime.now(UTC) - _UNCHANGED_FOR
        self.freshness_too = False

    def is_wanted(self, asset: RelationalAsset, written: datetime | None) -> bool:
        """Tell whether ``asset`` is worth a statement, and count why not.

        :param written: when it was written last, as far as that is known.
        """
        if asset.volume is not None or not self._limit:
            return False
        if written is not None and written < self._changed_since:
            self._report.count("details_unchanged")
            return False
        if not self._left:
            self._report.leave_out("details_over_limit", f"{_name(asset)}: detail_limit is {self._limit}")
            return False
        return True

    def add(self, asset: RelationalAsset, *, describe: bool) -> Iterator[RelationalAsset]:
        """Take an asset; yield those that are complete."""
        self._waiting.append((asset, self._start(asset) if describe else None))
        while self._waiting and (self._waiting[0][1] is None or self._is_full()):
            yield self._next()

    def rest(self) -> Iterator[RelationalAsset]:
        """Yield all that are left."""
        while self._waiting:
            yield self._next()

    def _is_full(self) -> bool:
        return self._running >= _AT_A_TIME or len(self._waiting) > _MOST_WAITING

    def _start(self, asset: RelationalAsset) -> Pending:
        self._left -= 1
        self._running += 1
        self._report.count("tables_described")
        table = asset.metadata
        name = ".".join(map(identifier, (table.database, table.schema, table.name)))
        return self._session.start(f"DESCRIBE DETAIL {name}", doing=f"Describing {name}")

    def _next(self) -> RelationalAsset:
        asset, pending = self._waiting.popleft()
        if pending is None:
            return asset
        self._running -= 1
        try:
            record = pending.record()
        except AccessDeniedError as error:
            grants = " ".join(detail_grants(asset.metadata.database, self._session.user))
            self._report.leave_out("details_denied", f"{_name(asset)}: {error} To include it: {grants}")
            return asset
        except SourceError as error:
            self._report.leave_out("details_failed", f"{_name(asset)}: {error}")
            return asset
        size, modified = record.get("sizeInBytes"), utc(record.get("lastModified"))
        if size is not None:
            asset.volume = AssetVolume(byte_count=int(size))
        if self.freshness_too and asset.freshness is None and modified is not None:
            asset.freshness = AssetFreshness(modified)
        return asset


def _name(asset: RelationalAsset) -> str:
    return f"{asset.metadata.database}.{asset.metadata.schema}.{asset.metadata.name}"
