"""Names of tables in jobs: which are catalogued, which are temporary, and what unqualified ones mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_montecarlo_push.events.names import TableName

# Stands for the default dataset of a query, which JOBS does not tell. No dataset can be called so.
UNKNOWN_DATASET = "(default)"

_DECORATOR = re.compile(r"[$@][^$@]*$")
_SYSTEM = "INFORMATION_SCHEMA"


def table_name(reference: Mapping[str, Any] | None) -> TableName | None:
    """Return the table of a reference in JOBS, without the partition that it may name; ``None`` for none."""
    if not reference or not reference.get("table_id"):
        return None
    return TableName(
        reference.get("project_id") or "",
        reference.get("dataset_id") or "_",
        _DECORATOR.sub("", str(reference["table_id"])),
    )


def is_temporary(name: TableName) -> bool:
    """Tell whether a table is in a hidden dataset, as temporary tables and kept results are."""
    return name.schema.startswith("_")


def is_system(name: TableName) -> bool:
    """Tell whether a name is that of a system view."""
    return any(part.upper().startswith(_SYSTEM) for part in (name.schema, name.name)) or name.name == "__TABLES__"


class References:
    """The tables that a job names natively, by which the names in its text are completed.

    :param project: in which the job ran; it completes names without one.
    :param names: every table that JOBS lists for it.
    """

    def __init__(self, project: str, names: Iterable[TableName]) -> None:
        self.project = project
        self.names = dict.fromkeys(names)
        self._by_table: dict[str, list[TableName]] = {}
        for name in self.names:
            self._by_table.setdefault(name.name, []).append(name)

    @property
    def default_dataset(self) -> str:
        """The dataset of unqualified names where only one can be meant, else :data:`UNKNOWN_DATASET`."""
        datasets = {n.schema for n in self.names if n.database == self.project and not is_temporary(n)}
        return datasets.pop() if len(datasets) == 1 else UNKNOWN_DATASET

    def resolve(self, name: TableName) -> TableName | None:
        """Return the table that a name in the text means; ``None`` when several can be meant, or none."""
        if name in self.names:
            return name
        if name.schema in (UNKNOWN_DATASET, self.default_dataset):
            # A temporary table comes before one of the default dataset.
            found = self._by_table.get(name.name, [])
            temporary = [candidate for candidate in found if is_temporary(candidate)]
            if len(temporary or found) == 1:
                return (temporary or found)[0]
        return None if name.schema == UNKNOWN_DATASET else name
