"""A receipt as a page, for those who may see the DAG that collected the manifest."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader

from airflow_provider_montecarlo_push.hooks.locations import folder_at, manifest_root
from airflow_provider_montecarlo_push.links.receipt import PAGE_PATH
from airflow_provider_montecarlo_push.manifests.receipts import (
    RECEIPT_NAME,
    REJECTED_NAME,
    Acknowledgement,
    ReceiptSummary,
    read_acknowledgements,
    read_summary,
)
from airflow_provider_montecarlo_push.manifests.storage import Folder, safe_name

_BATCHES_SHOWN = 1_000
_MAY_READ_LOGS = Depends(requires_access_dag("GET", DagAccessEntity.TASK_LOGS))
_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def create_app() -> FastAPI:
    """Return the app that serves receipts below the manifest root."""
    app = FastAPI(title="Monte Carlo receipts", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get(f"/{PAGE_PATH}/{{dag_id}}", dependencies=[_MAY_READ_LOGS], response_class=HTMLResponse)
    def receipt(dag_id: str, uri: Annotated[str, Query()]) -> str:
        folder = _folder(dag_id, uri)
        summary, batches, more = _read(folder)
        return _TEMPLATES.get_template("receipt.html").render(
            summary=summary, batches=batches, more=more, uri=uri, rejected=_rejected_link(dag_id, uri, summary)
        )

    @app.get(f"/{PAGE_PATH}/{{dag_id}}/rejected", dependencies=[_MAY_READ_LOGS])
    def rejected(dag_id: str, uri: Annotated[str, Query()]) -> Response:
        try:
            content = _folder(dag_id, uri).read(REJECTED_NAME)
        except FileNotFoundError:
            raise HTTPException(404, "This push had no refused events.") from None
        disposition = {"Content-Disposition": f'attachment; filename="{REJECTED_NAME}"'}
        return Response(content, media_type="application/gzip", headers=disposition)

    return app


def _folder(dag_id: str, uri: str) -> Folder:
    """Return a receipt's folder, if it lies where ``dag_id`` keeps its manifests and nowhere else.

    :raises HTTPException: when it does not: a link must not become a way to read other files.
    """
    root = f"{manifest_root(None).uri}/{safe_name(dag_id)}/"
    folder_uri, _, name = uri.rpartition("/")
    steps = folder_uri.removeprefix(root).split("/")
    if name != RECEIPT_NAME or not folder_uri.startswith(root) or any(safe_name(step) != step for step in steps):
        raise HTTPException(
            404,
            f"Not a receipt of {dag_id} below the manifest root of this server, {root}. Where the operators are given "
            "a manifest_root of their own, read the receipt there.",
        )
    return folder_at(folder_uri)


def _read(folder: Folder) -> tuple[ReceiptSummary, list[Acknowledgement], bool]:
    try:
        summary = read_summary(folder)
    except FileNotFoundError:
        raise HTTPException(
            404, "No such receipt: deleted, or this server does not share storage with the workers."
        ) from None
    batches = list(itertools.islice(read_acknowledgements(folder), _BATCHES_SHOWN + 1))
    return summary, batches[:_BATCHES_SHOWN], len(batches) > _BATCHES_SHOWN


def _rejected_link(dag_id: str, uri: str, summary: ReceiptSummary) -> dict[str, Any] | None:
    return {"dag_id": dag_id, "uri": uri} if summary.rejected else None
