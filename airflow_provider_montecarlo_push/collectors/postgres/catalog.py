"""SELECT statements over pg_catalog.

Sizes wait for locks, so a relation that somebody holds or awaits an ACCESS EXCLUSIVE lock on has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.collectors.postgres.session import Session

VIEW_KINDS = ("v", "m")
TABLE_KINDS = ("r", "p", "m", "f")
ALL_KINDS = (*TABLE_KINDS, "v")

# Kind r is a table, p a partitioned one, m a materialized view, f a foreign table, v a view.
_SCOPE = """
SELECT r.oid, n.nspname, r.relname, r.relkind, r.relpersistence, r.reltuples, r.relpages
FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE r.relkind::text = ANY (%s::text[]) AND NOT r.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast' AND {condition}
"""

_LOCKED = """
SELECT DISTINCT COALESCE(i.indrelid, l.relation) AS relation
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = l.relation
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""

# The statistics count from what ANALYZE or VACUUM found; before these, from the first row that was written, unless they
# were lost in a crash or are those of a standby, which keeps none: then reltuples knows more.
_ROWS = """
CASE WHEN c.relkind = 'f' THEN CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint END
     WHEN l.relation IS NULL AND pg_catalog.pg_relation_size(c.oid) = 0 THEN 0
     WHEN COALESCE(pg_catalog.pg_stat_get_last_analyze_time(c.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid),
                   pg_catalog.pg_stat_get_last_vacuum_time(c.oid), pg_catalog.pg_stat_get_last_autovacuum_time(c.oid))
          IS NOT NULL THEN pg_catalog.pg_stat_get_live_tuples(c.oid)
     WHEN GREATEST(pg_catalog.pg_stat_get_live_tuples(c.oid), c.reltuples::bigint) > 0
          THEN GREATEST(pg_catalog.pg_stat_get_live_tuples(c.oid), c.reltuples::bigint)
     WHEN pg_catalog.pg_stat_get_tuples_inserted(c.oid) > 0 THEN 0
END
"""
_BYTES = "CASE WHEN c.relkind <> 'f' AND l.relation IS NULL THEN pg_catalog.pg_total_relation_size(c.oid) END"

_COLUMNS = """
(SELECT pg_catalog.json_agg(
   pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), d.description)
   ORDER BY a.attnum)
 FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_description d
   ON d.objoid = a.attrelid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = a.attnum
 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
"""
_COMMENT = "pg_catalog.obj_description(c.oid, 'pg_class')"
_READABLE = (
    "pg_catalog.has_schema_privilege(c.nspname::text, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')"
)

_TABLES = f"""
WITH scope AS MATERIALIZED ({_SCOPE}),
locked AS MATERIALIZED ({_LOCKED}),
part AS MATERIALIZED (
  SELECT pg_catalog.pg_partition_root(oid) AS root, oid, relkind, reltuples, relpages
  FROM pg_catalog.pg_class WHERE relispartition AND relkind IN ('r', 'p', 'f')
),
parts AS MATERIALIZED (
  SELECT c.root, count(*) AS partitions, bool_or(l.relation IS NOT NULL) AS locked,
         CASE WHEN bool_and(c.relkind = 'p' OR {_ROWS} IS NOT NULL) THEN sum({_ROWS}) END::bigint AS row_count,
         CASE WHEN bool_and(c.relkind = 'p' OR {_BYTES} IS NOT NULL) THEN sum({_BYTES}) END::bigint AS byte_count
  FROM part c LEFT JOIN locked l ON l.relation = c.oid
  WHERE c.root IN (SELECT oid FROM scope WHERE relkind = 'p')
  GROUP BY c.root
)
SELECT c.oid::bigint, c.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text,
       CASE WHEN c.relkind = 'p' THEN CASE WHEN p.root IS NULL THEN 0 ELSE p.row_count END
            WHEN c.relkind <> 'v' THEN {_ROWS} END,
       CASE WHEN c.relkind = 'p' THEN CASE WHEN p.root IS NULL THEN 0 ELSE p.byte_count END
            WHEN c.relkind <> 'v' THEN {_BYTES} END,
       COALESCE(p.partitions, 0), COALESCE(p.locked, l.relation IS NOT NULL),
       {{readable}}, {{comment}}, {{columns}}
FROM scope c LEFT JOIN parts p ON p.root = c.oid LEFT JOIN locked l ON l.relation = c.oid
"""  # noqa: S608 - constants of this module

_VIEWS = f"""
WITH scope AS MATERIALIZED ({_SCOPE})
SELECT c.oid::bigint, c.nspname::text, c.relname::text FROM scope c
"""  # noqa: S608 - constants of this module


class Table(NamedTuple):
    """A table or view of the catalog.

    :param kind: ``relkind``.
    :param rows: ``None`` where it is not known; likewise ``size``, in bytes.
    :param partitions: how many partitions it has; rows and size are theirs.
    :param locked: somebody keeps others from it, so that its size is not known.
    :param readable: whether its rows may be read; ``None`` when it was not asked.
    :param columns: name, type as ``format_type`` writes it and comment of each; ``None`` without any.
    """

    oid: int
    schema: str
    name: str
    kind: str
    persistence: str
    rows: int | None
    size: int | None
    partitions: int
    locked: bool
    readable: bool | None
    comment: str | None
    columns: list[tuple[str, str, str | None]] | None


class View(NamedTuple):
    """A view or materialized view."""

    oid: int
    schema: str
    name: str


def read_tables(
    session: Session, tables: TableFilter, kinds: tuple[str, ...], *, described: bool, readable: bool
) -> Iterator[Table]:
    """Yield tables and views of the session's database, partitions summed up in the table that they are partitions of.

    :param tables: pushed down; the rows still have to pass ``tables.matches``.
    :param kinds: of ``relkind``.
    :param described: ask for columns and comments.
    :param readable: ask whether the role may read the rows.
    """
    condition, values = _condition(session, tables)
    sql = _TABLES.format(
        condition=condition,
        comment=_COMMENT if described else "NULL",
        columns=_COLUMNS if described else "NULL",
        readable=_READABLE if readable else "NULL",
    )
    return map(
        Table._make, session.stream(sql, [list(kinds), *values], doing=f"Reading the tables of {session.database}")
    )


def read_views(session: Session, tables: TableFilter) -> Iterator[View]:
    """Yield views and materialized views; see :func:`read_tables`."""
    condition, values = _condition(session, tables)
    sql = _VIEWS.format(condition=condition)
    doing = f"Reading the views of {session.database}"
    return map(View._make, session.stream(sql, [list(VIEW_KINDS), *values], doing=doing))


def _condition(session: Session, tables: TableFilter) -> tuple[str, list[str]]:
    return tables.condition(session.database, "n.nspname", "r.relname")
