"""Column types from the facts in information_schema.columns, in upper case, with length and precision."""

from __future__ import annotations

import re
from functools import lru_cache

UNKNOWN = "UNKNOWN"

_QUOTED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)""")
# "name", or "name and words that follow its parameters", as in TIMESTAMP WITH TIME ZONE.
_WITH_LENGTH = re.compile(r".*(CHAR|CHARACTER|BINARY|BIT)( VARYING)?")
_WITH_SCALE = frozenset({"NUMERIC", "DECIMAL", "NUMBER"})
_WITH_FRACTION = re.compile(r"(TIMESTAMP|TIMESTAMPTZ|TIME|TIMETZ|DATETIME2|DATETIMEOFFSET)( WITH.*)?")
_LONGEST_LENGTH = 2**30  # more is how a database says that there is no limit


@lru_cache(maxsize=4096)
def column_type(
    full_type: str | None,
    data_type: str | None,
    udt_name: str | None,
    length: int | None,
    precision: int | None,
    scale: int | None,
    fraction: int | None,
) -> str:
    """Return the type of a column, such as ``NUMERIC(10,2)`` or ``TIMESTAMP(6) WITH TIME ZONE``.

    :param full_type: ``COLUMN_TYPE``, which MySQL has: the type as it is declared.
    :param data_type: ``DATA_TYPE``; in some databases with its parameters, in others without.
    :param udt_name: ``UDT_NAME``, for the arrays and own types of PostgreSQL.
    :param length: ``CHARACTER_MAXIMUM_LENGTH``; -1 is ``MAX``.
    :param precision: ``NUMERIC_PRECISION``; likewise ``scale``.
    :param fraction: ``DATETIME_PRECISION``, digits of the fraction of a second.
    """
    if full_type:
        return upper(full_type)
    if not data_type:
        return UNKNOWN
    if "(" in data_type or "<" in data_type:
        return upper(data_type)
    name = upper(data_type)
    if udt_name and name == "ARRAY":
        return f"{upper(udt_name.removeprefix('_'))}[]"
    if udt_name and name == "USER-DEFINED":
        return upper(udt_name)
    return _with_parameters(name, length, precision, scale, fraction)


def _with_parameters(
    name: str, length: int | None, precision: int | None, scale: int | None, fraction: int | None
) -> str:
    if length is not None and _WITH_LENGTH.fullmatch(name):
        if length == -1:
            return f"{name}(MAX)"
        return f"{name}({length})" if 0 < length < _LONGEST_LENGTH else name
    if precision is not None and name in _WITH_SCALE:
        return f"{name}({precision},{scale or 0})"
    if fraction is not None and (parts := _WITH_FRACTION.fullmatch(name)):
        return f"{parts[1]}({fraction}){parts[2] or ''}"
    return name


def upper(text: str) -> str:
    """Return a type in upper case, except for what is quoted: the values of an enum, the fields of a struct."""
    return "".join(part if part[:1] in ("'", '"', "`") else part.upper() for part in _QUOTED.split(text))
