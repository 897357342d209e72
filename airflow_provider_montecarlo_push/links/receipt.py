"""The link from a push task to its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom, conf

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, TaskInstanceKey

RECEIPT_XCOM_KEY = "montecarlo_receipt"
PAGE_PATH = "receipts"


class MonteCarloReceiptLink(BaseOperatorLink):
    """Shows what became of each batch, on a page of the Airflow UI."""

    name = "Monte Carlo receipt"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the URL of the receipt of a task instance, empty when it has none.

        The operator itself knows whether there is one, as long as it is the one that ran.
        """
        if hasattr(operator, "receipt"):
            receipt = operator.receipt
        else:
            receipt = XCom.get_value(ti_key=ti_key, key=RECEIPT_XCOM_KEY)
        return page_url(receipt["dag_id"], receipt["uri"]) if receipt else ""


def page_url(dag_id: str, uri: str) -> str:
    """Return the URL of the page that shows the receipt at ``uri``.

    :param dag_id: the DAG that collected the manifest, who may see which decides who may see the receipt.
    """
    base = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
    return f"{base}/montecarlo/{PAGE_PATH}/{quote(dag_id, safe='')}?{urlencode({'uri': uri})}"
