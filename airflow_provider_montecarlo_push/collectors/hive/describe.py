"""What ``DESCRIBE FORMATTED`` and ``SHOW TABLE EXTENDED`` say, in the words of Hive and in those of Spark.

Hive pads values with blanks, writes ``Key:`` with a colon, has parameters in rows that begin with an empty cell, and
escapes their line ends. Spark writes ``Key`` and value as they are, and parameters as one list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow_provider_montecarlo_push.collectors.hive.column_types import is_placeholder, spark_columns
from airflow_provider_montecarlo_push.collectors.hive.statistics import is_written_by_spark, last_change, statistics_of
from airflow_provider_montecarlo_push.collectors.hive.tables import Column, Statistics, Table

Row = Sequence[Any]

_DETAILS = "# Detailed Table Information"
_PARTITIONS = "# Partition Information"
_COLUMNS = "# col_name"
_PARAMETERS = "Table Parameters:"
_END_OF_PARAMETERS = ("# Storage Information", "")
_EXPANDED = "View Expanded Text:"
_TRINO = "/* Presto View"
_STATISTICS = re.compile(r"(\d+) bytes(?:, (\d+) rows)?")
_PROPERTY = re.compile(r"(?:^\[|, )(transient_lastDdlTime|last_modified_time)=(\d+)(?=, |\]$)")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_SPARK_KINDS = {"MANAGED": "MANAGED_TABLE", "EXTERNAL": "EXTERNAL_TABLE", "VIEW": "VIRTUAL_VIEW"}


def described_table(database: str, name: str, rows: Iterable[Row]) -> Table:
    """Return the table that the rows of ``DESCRIBE FORMATTED`` describe."""
    cells = [[_text(cell) for cell in (*row, None, None)][:3] for row in rows]
    header = next((number for number, row in enumerate(cells) if row[0].strip() == _DETAILS), len(cells))
    columns, keys = _columns(cells[:header])
    details = cells[header + 1 :]
    if any(row[0].rstrip() == "Table Type:" for row in details):
        table = _by_hive(database, name, columns, details)
    else:
        table = _by_spark(database, name, {row[0].strip(): row[1] for row in details if row[0]})
        table.columns = columns
    table.partition_columns = keys
    return table


def shown_table(database: str, name: str, information: str) -> Table:
    """Return what Spark's ``SHOW TABLE EXTENDED`` says of a table, without its columns."""
    facts: dict[str, str] = {}
    for line in information.split("\n"):
        if line.startswith("Schema: "):
            break
        key, colon, value = line.partition(": ")
        if colon:
            facts.setdefault(key, value)
    table = _by_spark(database, name, facts)
    table.partition_columns = facts.get("Partition Columns", "").count("`") // 2
    return table


def _columns(rows: Sequence[Row]) -> tuple[list[Column], int]:
    """Return the columns and how many of them are those of partitions, which Spark lists twice."""
    found: dict[str, Column] = {}
    keys = 0
    in_partitions = False
    by_hive = any(row[0].startswith(_COLUMNS) and row[0].endswith(" ") for row in rows[:1])
    for name, kind, comment in rows:
        if name.strip() == _PARTITIONS:
            in_partitions = True
        elif name.startswith("#") and not kind:
            break
        elif name and not name.startswith(_COLUMNS):
            keys += in_partitions
            if by_hive:
                name, comment = name.rstrip(), _unescaped(comment.rstrip())
            found.setdefault(name, Column(name, kind.strip(), comment or None))
    return list(found.values()), keys


def _by_hive(database: str, name: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    facts = {row[0].rstrip(): row[1].rstrip() for row in rows if row[0]}
    parameters = dict(_parameters(rows))
    statistics = statistics_of(parameters)
    return Table(
        database=database,
        name=name,
        kind=facts.get("Table Type:", "MANAGED_TABLE"),
        columns=(spark_columns(parameters) or columns) if is_placeholder(columns) else columns,
        comment=parameters.get("comment"),
        created=_time(facts.get("CreateTime:", "")),
        statistics=statistics,
        parameters=parameters,
        text=_view_text(rows),
        text_database=parameters.get("view.catalogAndNamespace.part.1"),
    )


def _parameters(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    inside = False
    for key, name, value in rows:
        if key.strip() == _PARAMETERS:
            inside = True
        elif inside and (key.strip() or not name.strip()):
            return
        elif inside:
            yield name.rstrip(), _unescaped(value.rstrip())


def _view_text(rows: Sequence[Row]) -> str | None:
    """Return the SQL of a view, a line in each row; a tab ends what HiveServer2 shows of a line."""
    lines: list[str] = []
    for key, value, more in rows:
        if key.rstrip() == _EXPANDED:
            lines.append(value.rstrip())
        elif lines and key:
            break
        elif lines:
            lines.append(more.rstrip())
    text = "\n".join(lines)
    return None if text.startswith(_TRINO) else text or None


def _by_spark(database: str, name: str, facts: Mapping[str, str]) -> Table:
    properties = dict(_PROPERTY.findall(facts.get("Table Properties", "")))
    parameters = {**properties, "spark.sql.sources.provider": facts.get("Provider", "hive")}
    counted = _STATISTICS.match(facts.get("Statistics", ""))
    size, rows = counted.groups() if counted else (None, None)
    changed = None if is_written_by_spark(parameters) else last_change(parameters)
    return Table(
        database=database,
        name=name,
        kind=_SPARK_KINDS.get(facts.get("Type", ""), facts.get("Type", "MANAGED_TABLE")),
        comment=facts.get("Comment"),
        created=_time(facts.get("Created Time", "")),
        statistics=Statistics(int(rows) if rows else None, int(size) if size else None, changed),
        parameters=parameters,
        text=facts.get("View Text"),
        text_database=facts.get("View Catalog and Namespace", "").rpartition(".")[2].strip("`") or None,
    )


def _time(text: str) -> int | None:
    """Return seconds since 1970 of a time as Java writes it; ``None`` in other zones than UTC: their names are many."""
    try:
        return int(datetime.strptime(text.strip(), "%a %b %d %H:%M:%S UTC %Y").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _character(found[1]), text) if "\\" in text else text


def _character(code: str) -> str:
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)
