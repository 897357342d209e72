"""Which columns a user's SQL may return, and the check that it does."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.exceptions import ConfigurationError

EXTRA = "extra_"


@dataclass(frozen=True)
class Columns:
    """The columns of one kind of SQL. Their names are matched without regard to case.

    :param parameter: what the SQL is called in ``collector_kwargs``.
    :param flow: what its rows become.
    :param required: those it must return.
    :param optional: those it may return.
    :param together: of these it must return all or none.
    :param takes_extra: whether there may be any further columns, called ``extra_…``.
    """

    parameter: str
    flow: Flow
    required: Sequence[str]
    optional: Sequence[str]
    together: Sequence[Sequence[str]] = ()
    takes_extra: bool = False

    def find(self, names: Sequence[str]) -> dict[str, int]:
        """Return the position of each column that the SQL returns, by its name in lower case.

        :param names: as the database writes them.
        :raises ConfigurationError: naming columns that are missing, unknown or there twice.
        """
        found = [name.lower() for name in names]
        twice = [name for name, number in Counter(found).items() if number > 1]
        if twice:
            raise self._error(f"returns the column {twice[0]!r} twice", names)
        for name in found:
            if name not in self.required and name not in self.optional and not self._is_extra(name):
                raise self._error(f"returns the column {name!r}, which means nothing here{self._like(name)}", names)
        missing = [name for name in self.required if name not in found]
        for group in self.together:
            if any(name in found for name in group):
                missing += [name for name in group if name not in found]
        if missing:
            raise self._error(f"returns no column {', '.join(map(repr, missing))}", names)
        return {name: position for position, name in enumerate(found)}

    def _is_extra(self, name: str) -> bool:
        return self.takes_extra and name.startswith(EXTRA) and name != EXTRA

    def _like(self, name: str) -> str:
        close = difflib.get_close_matches(name, [*self.required, *self.optional], n=1)
        return f" (did you mean {close[0]!r}?)" if close else ""

    def _error(self, problem: str, names: Sequence[str]) -> ConfigurationError:
        optional = [*self.optional, *([f"{EXTRA}…"] if self.takes_extra else [])]
        return ConfigurationError(
            f"{self.parameter} {problem}. It needs {', '.join(self.required)}; it may have {', '.join(optional)}. It "
            f"returns {', '.join(names)}. Name its columns with AS."
        )


NAMES = ("database", "schema", "name")
METADATA = Columns(
    "metadata_sql",
    Flow.METADATA,
    NAMES,
    (
        *("type", "description", "view_query", "created_on", "row_count", "byte_count", "last_update_time"),
        *("column_name", "column_type", "column_description"),
    ),
    together=[("column_name", "column_type")],
)
_ENDS = tuple(f"{end}_{part}" for end in ("source", "destination") for part in NAMES)
_OF_ENDS = tuple(
    f"{end}_{part}" for end in ("source", "destination") for part in ("type", "resource_uuid", "resource_type")
)
PAIR = ("source_column", "destination_column")
LINEAGE = Columns("lineage_sql", Flow.LINEAGE, _ENDS, (*_OF_ENDS, *PAIR), together=[PAIR])
QUERY_LOGS = Columns(
    "query_logs_sql",
    Flow.QUERY_LOGS,
    ("start_time", "end_time", "query_text"),
    ("query_id", "user", "returned_rows", "error_code", "error_text"),
    takes_extra=True,
)
KINDS = (METADATA, LINEAGE, QUERY_LOGS)
