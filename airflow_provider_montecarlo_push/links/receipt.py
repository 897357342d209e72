"""The link from a push task to its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, TaskInstanceKey

RECEIPT_XCOM_KEY = "montecarlo_receipt"


class MonteCarloReceiptLink(BaseOperatorLink):
    """Shows what became of each batch."""

    name = "Monte Carlo receipt"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:  # noqa: ARG002
        """Return the URI of the receipt of a task instance, or nothing when it has none."""
        return str(XCom.get_value(ti_key=ti_key, key=RECEIPT_XCOM_KEY) or "")
