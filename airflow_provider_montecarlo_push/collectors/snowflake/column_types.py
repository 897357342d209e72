"""Column types as Snowflake writes them, from the facts in INFORMATION_SCHEMA.COLUMNS."""

from __future__ import annotations

from functools import lru_cache

_ALIASES = {"TEXT": "VARCHAR"}
_WITH_LENGTH = frozenset({"VARCHAR", "BINARY"})
_WITH_FRACTION = frozenset({"TIME", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TIMESTAMP_TZ"})
_UNKNOWN = "UNKNOWN"


@lru_cache(maxsize=4096)
def column_type(
    data_type: str | None, length: int | None, precision: int | None, scale: int | None, fraction: int | None
) -> str:
    """Return the type of a column, such as ``NUMBER(10,2)``, ``VARCHAR(255)`` or ``VARIANT``.

    :param data_type: ``DATA_TYPE``, which holds no parameters for most types.
    :param length: ``CHARACTER_MAXIMUM_LENGTH``.
    :param precision: ``NUMERIC_PRECISION``; likewise ``scale``.
    :param fraction: ``DATETIME_PRECISION``, digits of the fraction of a second.
    """
    if not data_type:
        return _UNKNOWN
    name = data_type.upper()
    name = _ALIASES.get(name, name)
    if name == "NUMBER" and precision is not None:
        return f"NUMBER({precision},{scale or 0})"
    if name in _WITH_LENGTH and length is not None:
        return f"{name}({length})"
    if name in _WITH_FRACTION and fraction is not None:
        return f"{name}({fraction})"
    return name
