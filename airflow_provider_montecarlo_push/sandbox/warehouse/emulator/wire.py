"""Results on their way to the client."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def keeping_nulls(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return ``convert``, which makes the connector's structures of timestamps, with nulls left as nulls.

    fakesnow's makes structures whose fields are null, and the client then reads 1970.

    :param convert: takes and returns a pyarrow array.
    """
    struct_array = importlib.import_module("pyarrow").StructArray

    def converted(column: Any) -> Any:
        made = convert(column)
        fields = [made.field(place).fill_null(0) for place in range(made.type.num_fields)]
        return struct_array.from_arrays(fields, fields=list(made.type), mask=made.field(0).is_null())

    return converted
