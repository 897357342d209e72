"""Types as Redshift writes them: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html"""

from __future__ import annotations

_WITH_LENGTH = frozenset(
    {"CHARACTER VARYING", "CHARACTER", "VARCHAR", "CHAR", "NVARCHAR", "NCHAR", "BPCHAR"}
    | {"BINARY VARYING", "VARBINARY", "VARBYTE"}
)
_WITH_PRECISION = frozenset({"NUMERIC", "DECIMAL"})


def column_type(data_type: str | None, length: int | None, precision: int | None, scale: int | None) -> str:
    """Return a type with its length, or precision and scale, in upper case.

    :param data_type: as in SVV_ALL_COLUMNS; external tables have theirs complete, as ``decimal(10,2)`` or
        ``struct<a:int>``.
    """
    name = " ".join((data_type or "").split()).upper()
    if not name:
        return "UNKNOWN"
    if "(" in name or "<" in name:
        return name
    if name in _WITH_LENGTH and length is not None and length > 0:
        return f"{name}({length})"
    if name in _WITH_PRECISION and precision is not None and precision > 0:
        return f"{name}({precision},{scale or 0})"
    return name
