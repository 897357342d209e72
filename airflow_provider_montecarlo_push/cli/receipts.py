"""``receipt show``: what became of a manifest."""

from __future__ import annotations

import gzip
import io
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from airflow_provider_montecarlo_push.cli.command import command
from airflow_provider_montecarlo_push.cli.output import show
from airflow_provider_montecarlo_push.exceptions import ManifestNotFoundError
from airflow_provider_montecarlo_push.hooks.locations import folder_at
from airflow_provider_montecarlo_push.manifests.model import MANIFEST_NAME
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.receipts import (
    RECEIPT_NAME,
    REJECTED_NAME,
    Acknowledgement,
    ReceiptSummary,
    read_acknowledgements,
    read_summary,
    receipts_of,
)
from airflow_provider_montecarlo_push.manifests.storage import Folder


@command
def show_receipt(arguments: Namespace) -> None:
    """Show a receipt, or all receipts of a manifest; or the batches, or the refused events as JSON lines."""
    found = list(receipts_at(arguments.uri))
    if arguments.batches:
        show([_batch(item) for folder, _ in found for item in read_acknowledgements(folder)], arguments.output)
    elif arguments.rejected:
        for folder, _ in found:
            _print_rejected(folder)
    else:
        rows = [_row(folder, summary) for folder, summary in found]
        show(rows[0] if len(rows) == 1 else rows, arguments.output)


def receipts_at(uri: str) -> Iterator[tuple[Folder, ReceiptSummary]]:
    """Yield the receipt at ``uri``, or the receipts of the manifest there; at least one.

    :param uri: of ``receipt.json``, of ``manifest.json``, or of the folder of either.
    :raises ManifestNotFoundError: when there is none.
    """
    name = uri.rpartition("/")[2]
    folder = folder_at(uri.removesuffix(name).rstrip("/") if name in (RECEIPT_NAME, MANIFEST_NAME) else uri)
    if folder.exists(RECEIPT_NAME):
        yield folder, read_summary(folder)
        return
    if name == RECEIPT_NAME:
        raise ManifestNotFoundError(f"No receipt at {uri}: nothing was pushed there, or it was deleted.")
    reader = ManifestReader(folder)
    found = False
    for receipt, summary in receipts_of(reader.folder):
        found = True
        yield receipt, summary
    if not found:
        raise ManifestNotFoundError(f"{reader.uri} has no receipt: it has not been pushed.")


def _row(folder: Folder, summary: ReceiptSummary) -> dict[str, Any]:
    return {
        "status": summary.status,
        "flow": summary.flow.value,
        "resource_uuid": summary.destination.resource_uuid,
        "resource_type": summary.destination.resource_type or summary.destination.log_type,
        "endpoint": summary.destination.endpoint,
        "events": summary.events,
        "acknowledged": summary.acknowledged,
        "rejected": summary.rejected,
        "truncated": summary.truncated,
        "batches": summary.batches,
        "last_invocation_id": summary.last_invocation_id,
        "started_at": summary.started_at,
        "updated_at": summary.updated_at,
        "error": summary.error,
        "manifest": summary.manifest,
        "receipt": folder.uri_of(RECEIPT_NAME),
    }


def _batch(acknowledgement: Acknowledgement) -> dict[str, Any]:
    return {
        "invocation_id": acknowledgement.invocation_id,
        "events": acknowledgement.events,
        "part": acknowledgement.part,
        "first": acknowledgement.first,
        "last": acknowledgement.last,
        "bytes": acknowledgement.bytes,
        "trace_id": acknowledgement.trace_id,
        "at": acknowledgement.at,
    }


def _print_rejected(folder: Folder) -> None:
    try:
        content = folder.read(REJECTED_NAME)
    except FileNotFoundError:
        return
    with gzip.open(io.BytesIO(content), "rt", encoding="utf-8") as lines:
        for line in lines:
            print(line, end="")
