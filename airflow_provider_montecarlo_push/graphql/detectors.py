"""What Monte Carlo says of the freshness and volume detectors of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.graphql import documents
from airflow_provider_montecarlo_push.graphql.asking import Conversation, Question, failed_fields, numbered
from airflow_provider_montecarlo_push.graphql.tables import full_table_id

MOST_ASKED_AT_ONCE = 25

Answered = Literal["visible", "not_visible", "deleted", "failed"]


class DetectorStatus(NamedTuple):
    """A table's detectors as Monte Carlo sees them.

    :param answered: ``visible``, or why there is nothing else: ``not_visible``, ``deleted``, or ``failed`` when Monte
        Carlo answered with an error.
    :param freshness: ``ACTIVE``, ``INACTIVE`` or ``TRAINING``; ``None`` when it says nothing.
    :param expected: seconds within which the next update is expected, where it says so.
    :param unchanged_size: status of the volume detector of sizes that do not change; likewise ``size_diff``, of sizes
        that change much.
    """

    answered: Answered
    freshness: str | None = None
    freshness_reason: str | None = None
    expected: float | None = None
    unchanged_size: str | None = None
    unchanged_size_reason: str | None = None
    size_diff: str | None = None
    size_diff_reason: str | None = None

    @property
    def volume(self) -> str | None:
        """The better one of the two volume detectors' states."""
        states = (self.unchanged_size, self.size_diff)
        return next((state for state in ("ACTIVE", "TRAINING", "INACTIVE") if state in states), None)

    @property
    def volume_reason(self) -> str | None:
        """What it says about the volume detectors."""
        reasons = dict.fromkeys(reason for reason in (self.unchanged_size_reason, self.size_diff_reason) if reason)
        return " ".join(reasons) or None


def detectors_of(names: Sequence[TableName], warehouse: str) -> Conversation[list[DetectorStatus]]:
    """Return the detectors of up to 25 tables.

    :param warehouse: UUID of the Monte Carlo warehouse.
    """
    variables = numbered(t=[full_table_id(name) for name in names]) | {"warehouse": warehouse}
    answer = yield Question(documents.thresholds_by_name(len(names)), variables)
    return detectors_in(answer, names)


def detectors_in(
    answer: Mapping[str, Any], names: Sequence[TableName], errors: Sequence[Mapping[str, Any]] = ()
) -> list[DetectorStatus]:
    """Return the detectors of tables from an answer, which may be a partial one.

    :param errors: the errors that came with it.
    """
    failed = failed_fields(errors)
    return [
        DetectorStatus("failed") if f"t{number}" in failed else _detectors(answer.get(f"t{number}"), name)
        for number, name in enumerate(names)
    ]


def _detectors(table: Mapping[str, Any] | None, name: TableName) -> DetectorStatus:
    if not table or str(table.get("fullTableId")).casefold() != full_table_id(name).casefold():
        return DetectorStatus("not_visible")
    if table.get("isDeleted"):
        return DetectorStatus("deleted")
    thresholds = table.get("thresholds") or {}
    freshness, size = thresholds.get("freshness") or {}, thresholds.get("size") or {}
    return DetectorStatus(
        "visible",
        freshness.get("status"),
        freshness.get("reason"),
        freshness.get("expected"),
        size.get("ucsStatus"),
        size.get("ucsReason"),
        size.get("sdStatus"),
        size.get("sdReason"),
    )
