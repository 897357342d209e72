"""Names of tables by their ids, from pg_class of each database, in bounded memory."""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator

from airflow_provider_montecarlo_push.collectors.redshift.databases import Doors
from airflow_provider_montecarlo_push.collectors.redshift.session import Cluster
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events.names import TableName

_REMEMBERED = 50_000
_AT_ONCE = 5_000
_VIEW_STORAGE = re.compile(r"mv_tbl__(.+)__\d+")


class TableIds:
    """Looks up ids; an id is searched in the database of the query that has it.

    :param doors: how to connect to each database.
    """

    def __init__(self, cluster: Cluster, report: CollectionReport, doors: Doors) -> None:
        self._cluster = cluster
        self._report = report
        self._doors = doors
        self._names: OrderedDict[tuple[str, int], TableName | None] = OrderedDict()

    def look_up(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Look up databases and ids that are not known yet, with a statement for each database.

        A failure counts as ``databases_not_read``, and leaves these ids without names.
        """
        unknown: defaultdict[str, set[int]] = defaultdict(set)
        for database, table in wanted:
            if (database, table) in self._names:
                self._names.move_to_end((database, table))
            else:
                unknown[database].add(table)
        for database, tables in unknown.items():
            found = dict(self._read(database, sorted(tables)))
            for table in tables:
                self._names[database, table] = found.get(table)
        while len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)

    def name(self, database: str, table: int) -> TableName | None:
        """Return the name of a table that was looked up; ``None`` for one that is temporary, dropped or elsewhere."""
        return self._names.get((database, table))

    def _read(self, database: str, tables: list[int]) -> Iterator[tuple[int, TableName]]:
        problem = self._doors.try_to(database)
        if problem is not None:
            if not self._report.counts["databases_not_read"]:
                self._report.note(f"Tables of database {database} cannot be told by their ids: {problem}")
            self._report.count("databases_not_read")
            return
        for start in range(0, len(tables), _AT_ONCE):
            ids = ", ".join(map(str, tables[start : start + _AT_ONCE]))
            sql = (
                "SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "  # noqa: S608 - numbers
                f"WHERE c.oid IN ({ids})"
            )
            doing = f"Reading the names of tables of {database}"
            for oid, schema, name in self._cluster.fetch(sql, doing=doing, database=self._doors.to(database)):
                if schema.startswith("pg_"):
                    continue
                storage = _VIEW_STORAGE.fullmatch(name)
                yield int(oid), TableName(database, schema, storage[1] if storage else name)
