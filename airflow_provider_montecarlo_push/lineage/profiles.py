"""How each SQL dialect writes names, strings and comments, as far as lineage depends on it.

Sources: the vendors' pages on identifiers and lexical structure. The grammar itself is sqlglot's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from airflow_provider_montecarlo_push.exceptions import UnknownValueError


class Fold(Enum):
    """What a warehouse does to the case of a name."""

    UPPER = "upper"
    LOWER = "lower"
    KEEP = "keep"

    @property
    def function(self) -> Callable[[str], str]:
        """What gives a name as the warehouse stores it."""
        functions: dict[Fold, Callable[[str], str]] = {Fold.UPPER: str.upper, Fold.LOWER: str.lower, Fold.KEEP: str}
        return functions[self]


@dataclass(frozen=True, slots=True)
class Profile:
    """What lineage has to know of a dialect.

    :param grammar: sqlglot's name of the dialect.
    :param tables: what happens to unquoted names of tables, schemas and databases.
    :param columns: what happens to unquoted names of columns and aliases.
    :param quoted_fold: quoted names are folded like unquoted ones.
    :param columns_match_any_case: two columns never differ by case only.
    :param tables_match_any_case: two tables never differ by case only; they are called as in the catalog.
    :param levels: 3 for database.schema.table, 2 where database and schema are the same thing.
    :param default_schema: the schema of ``database..table``.
    :param use_means_schema: ``USE x`` names a schema; elsewhere a database.
    :param lateral_aliases: a select item may use the alias of an earlier one.
    :param implicit_recursion: a CTE may read itself without the word RECURSIVE.
    :param struct_access: ``a.b`` may be field ``b`` of column ``a``.
    :param array_joins: ``FROM t, t.items`` unnests an array.
    :param select_into: ``SELECT … INTO t`` creates a table.
    :param updates_from_itself: in ``UPDATE t … FROM t JOIN s`` both mean the same rows.
    :param has_dual: DUAL is a table of one row that holds nothing.
    :param cast_keeps_name: ``a::int`` without an alias is called ``a``.
    :param calls_name_columns: ``max(a)`` without an alias is called ``max``.
    :param pseudo_columns: columns that belong to no table, in upper case.
    :param pseudo_prefix: what the names of further ones begin with.
    :param rows_as_values: the alias of a FROM item, alone, stands for its whole row.
    :param path_schemas: what looks like a schema in front of the path of a file.
    :param tables_after_in: ``x IN t`` reads a table.
    :param files_as_tables: ``FROM 'a.parquet'`` reads a file.
    :param regular_columns: a quoted select item may be a regular expression.
    :param exploded: what EXPLODE calls its column when the statement gives it no name.
    :param declare_opens_block: DECLARE is the head of a block, not a statement by itself.
    :param shares_temporary_views: global temporary views are in a schema of their own.
    :param definitions_precede: in ``CREATE TABLE t (a INT) AS SELECT …`` the query's columns come behind those.
    :param bare_statements: statements may follow one another without a semicolon.
    :param string_quotes: quotes of string literals.
    :param name_quotes: opening quotes of identifiers.
    :param backslash: a backslash escapes the next character of a string.
    :param line_comments: what starts a comment up to the end of the line.
    :param nested_comments: a block comment may hold another one.
    :param dollar_quotes: ``$$…$$`` is a string: "plain" or "tagged" (``$x$…$x$``), or empty.
    :param dashes_in_names: unquoted names may hold dashes.
    :param hashes_in_names: unquoted names may begin with ``#``, and hold it.
    :param escape_prefix: in ``E'…'`` a backslash escapes.
    :param raw_prefix: in ``r'…'`` nothing does.
    :param national_prefix: ``N'…'`` is a string.
    """

    grammar: str
    tables: Fold = Fold.KEEP
    columns: Fold = Fold.KEEP
    quoted_fold: bool = False
    columns_match_any_case: bool = True
    tables_match_any_case: bool = False
    levels: int = 3
    default_schema: str | None = None
    use_means_schema: bool = False
    lateral_aliases: bool = False
    implicit_recursion: bool = False
    struct_access: bool = False
    array_joins: bool = False
    select_into: bool = False
    updates_from_itself: bool = False
    has_dual: bool = False
    cast_keeps_name: bool = False
    calls_name_columns: bool = False
    pseudo_columns: frozenset[str] = frozenset()
    pseudo_prefix: str = ""
    rows_as_values: bool = False
    path_schemas: frozenset[str] = frozenset()
    tables_after_in: bool = False
    files_as_tables: bool = False
    regular_columns: bool = False
    exploded: str | None = None
    declare_opens_block: bool = False
    shares_temporary_views: bool = False
    definitions_precede: bool = False
    bare_statements: bool = False
    string_quotes: str = "'"
    name_quotes: str = '"'
    backslash: bool = False
    line_comments: tuple[str, ...] = ("--",)
    nested_comments: bool = False
    dollar_quotes: str = ""
    dashes_in_names: bool = False
    hashes_in_names: bool = False
    escape_prefix: bool = False
    raw_prefix: bool = False
    national_prefix: bool = False


_SNOWFLAKE = Profile(
    "snowflake",
    tables=Fold.UPPER,
    columns=Fold.UPPER,
    columns_match_any_case=False,
    default_schema="PUBLIC",
    lateral_aliases=True,
    implicit_recursion=True,
    has_dual=True,
    pseudo_prefix="METADATA$",
    declare_opens_block=True,
    backslash=True,
    line_comments=("--", "//"),
    dollar_quotes="plain",
)
_POSTGRES = Profile(
    "postgres",
    tables=Fold.LOWER,
    columns=Fold.LOWER,
    columns_match_any_case=False,
    select_into=True,
    pseudo_columns=frozenset({"USER", "SESSION_USER", "CTID", "TABLEOID"}),
    cast_keeps_name=True,
    calls_name_columns=True,
    rows_as_values=True,
    nested_comments=True,
    dollar_quotes="tagged",
    escape_prefix=True,
)
_REDSHIFT = replace(
    _POSTGRES,
    rows_as_values=False,
    struct_access=True,
    array_joins=True,
    updates_from_itself=True,
    grammar="redshift",
    quoted_fold=True,
    lateral_aliases=True,
    backslash=True,
    dollar_quotes="plain",
    hashes_in_names=True,
)
_HIVE = Profile(
    "hive",
    tables=Fold.LOWER,
    columns=Fold.LOWER,
    quoted_fold=True,
    levels=2,
    struct_access=True,
    pseudo_columns=frozenset({"INPUT__FILE__NAME", "BLOCK__OFFSET__INSIDE__FILE"}),
    regular_columns=True,
    exploded="col",
    string_quotes="'\"",
    name_quotes="`",
    backslash=True,
)
_SPARK = replace(
    _HIVE,
    grammar="spark",
    regular_columns=False,
    columns=Fold.KEEP,
    levels=3,
    shares_temporary_views=True,
    use_means_schema=True,
    lateral_aliases=True,
    path_schemas=frozenset({"avro", "binaryfile", "csv", "delta", "iceberg", "json", "orc", "parquet", "text"}),
    nested_comments=True,
    raw_prefix=True,
)
_BIGQUERY = Profile(
    "bigquery",
    struct_access=True,
    array_joins=True,
    pseudo_columns=frozenset({"_TABLE_SUFFIX", "_PARTITIONTIME", "_PARTITIONDATE", "_FILE_NAME"}),
    rows_as_values=True,
    string_quotes="'\"",
    name_quotes="`",
    backslash=True,
    line_comments=("--", "#"),
    dashes_in_names=True,
    raw_prefix=True,
)
_TRINO = Profile(
    "trino", tables=Fold.LOWER, columns=Fold.LOWER, quoted_fold=True, struct_access=True, use_means_schema=True
)

PROFILES = {
    "": Profile("", name_quotes='"`', lateral_aliases=True),
    "athena": replace(_TRINO, grammar="athena", name_quotes='"`'),
    "bigquery": _BIGQUERY,
    "clickhouse": Profile(
        "clickhouse",
        tables_after_in=True,
        columns_match_any_case=False,
        levels=2,
        lateral_aliases=True,
        backslash=True,
        name_quotes='"`',
    ),
    "databricks": replace(_SPARK, grammar="databricks"),
    "duckdb": Profile(
        "duckdb",
        tables=Fold.LOWER,
        tables_match_any_case=True,
        quoted_fold=True,
        struct_access=True,
        files_as_tables=True,
        use_means_schema=True,
        lateral_aliases=True,
        dollar_quotes="tagged",
        escape_prefix=True,
    ),
    "hive": _HIVE,
    "mysql": Profile(
        "mysql",
        levels=2,
        has_dual=True,
        definitions_precede=True,
        string_quotes="'\"",
        name_quotes="`",
        backslash=True,
        line_comments=("--", "#"),
    ),
    "oracle": Profile(
        "oracle",
        tables=Fold.UPPER,
        columns=Fold.UPPER,
        columns_match_any_case=False,
        implicit_recursion=True,
        has_dual=True,
        pseudo_columns=frozenset({"ROWNUM", "ROWID", "CONNECT_BY_ISLEAF", "CONNECT_BY_ISCYCLE", "USER", "UID"}),
        declare_opens_block=True,
        national_prefix=True,
        hashes_in_names=True,
    ),
    "postgres": _POSTGRES,
    "presto": replace(_TRINO, grammar="presto"),
    "redshift": _REDSHIFT,
    "snowflake": _SNOWFLAKE,
    "spark": _SPARK,
    "teradata": Profile("teradata", tables_match_any_case=True, levels=2, lateral_aliases=True),
    "trino": _TRINO,
    "tsql": Profile(
        "tsql",
        tables_match_any_case=True,
        select_into=True,
        updates_from_itself=True,
        pseudo_columns=frozenset({"USER", "SESSION_USER", "SYSTEM_USER"}),
        implicit_recursion=True,
        default_schema="dbo",
        name_quotes='"[',
        bare_statements=True,
        nested_comments=True,
        hashes_in_names=True,
        national_prefix=True,
    ),
}


_ALSO_CALLED = {
    "ansi": "",
    "mariadb": "mysql",
    "mssql": "tsql",
    "postgresql": "postgres",
    "spark2": "spark",
    "sparksql": "spark",
    "sqlserver": "tsql",
    "synapse": "tsql",
}


def profile_of(dialect: str | None) -> Profile:
    """Return the profile of a dialect; ``None`` and ``""`` are the neutral one.

    :raises UnknownValueError: naming the known dialects.
    """
    key = (dialect or "").lower()
    profile = PROFILES.get(_ALSO_CALLED.get(key, key))
    if profile is None:
        known = ", ".join(sorted(name for name in PROFILES if name))
        raise UnknownValueError(f"Unknown SQL dialect {dialect!r}. The lineage engine knows: {known}.")
    return profile
