"""How far tables are from having Monte Carlo's detectors watch them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.detectors.history import History, KeptManifest, LeftOut, read_history
from airflow_provider_montecarlo_push.detectors.report import Report, summarise
from airflow_provider_montecarlo_push.detectors.thresholds import VOLUME_WINDOW_DAYS
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, GraphQLError, ManifestNotFoundError
from airflow_provider_montecarlo_push.graphql.detectors import MOST_ASKED_AT_ONCE, detectors_in, detectors_of
from airflow_provider_montecarlo_push.graphql.tables import table_name
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook, Session
from airflow_provider_montecarlo_push.hooks.locations import (
    folder_at,
    folder_of_run,
    manifest_folder,
    manifest_root,
    run_of,
)
from airflow_provider_montecarlo_push.manifests.model import Manifest
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.operators.detector_report import SHOWN, log_table, result_of
from airflow_provider_montecarlo_push.operators.given import as_list, is_given
from airflow_provider_montecarlo_push.operators.kept_manifests import kept_manifests
from airflow_provider_montecarlo_push.progress import Progress

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_montecarlo_push.graphql.detectors import DetectorStatus

log = logging.getLogger(__name__)

_ON_PAGE = 200


class MonteCarloDetectorStatusOperator(BaseOperator):
    """Report what Monte Carlo's freshness and volume detectors still lack, and which column lineage is about to expire.

    What was pushed is told from the manifests and receipts of the last 42 days under the manifest root, whichever DAG
    pushed them: those of the connection that ``manifest`` or ``source_conn_id`` names, or all. The tables furthest from
    training are asked about at Monte Carlo.

    The XCom result holds counts of tables by state (``freshness``, ``volume``) and by Monte Carlo's status
    (``freshness_status``, ``volume_status``), ``column_lineage``, ``left_out`` by reason, the 50 tables ``furthest``
    from training with what they need, and ``report``, the URI of an HTML page beside the newest manifest.

    :param manifest: output of a metadata collect task, or the URI of a manifest: gives the connection, and the patterns
        unless there are others.
    :param source_conn_id: connection of the warehouse, instead.
    :param tables: names of tables, ``database.schema.table``; these only.
    :param include: patterns ``database.schema.table``, as in the collect operators; all when empty.
    :param exclude: likewise; none when empty.
    :param resource_uuid: the Monte Carlo warehouse; default: that which the manifests were pushed to.
    :param montecarlo_conn_id: connection of type ``montecarlo``, with the API key.
    :param max_tables: most tables to ask Monte Carlo about, the furthest from training first; with 0, no key is needed.
    :param manifest_root: where manifests are kept, instead of the manifest's own root or the setting.
    """

    template_fields: Sequence[str] = (
        "manifest",
        "source_conn_id",
        "tables",
        "include",
        "exclude",
        "resource_uuid",
        "montecarlo_conn_id",
        "max_tables",
        "manifest_root",
    )
    ui_color = "#efe6fb"

    def __init__(
        self,
        *,
        manifest: dict[str, Any] | str | None = None,
        source_conn_id: str | None = None,
        tables: Sequence[str | Mapping[str, str]] | str | None = None,
        include: str | Sequence[str] | None = None,
        exclude: str | Sequence[str] | None = None,
        resource_uuid: str | None = None,
        montecarlo_conn_id: str = MonteCarloHook.default_conn_name,
        max_tables: int | str = 500,
        manifest_root: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.manifest = manifest
        self.source_conn_id = source_conn_id
        self.tables = tables
        self.include = include
        self.exclude = exclude
        self.resource_uuid = resource_uuid
        self.montecarlo_conn_id = montecarlo_conn_id
        self.max_tables = max_tables
        self.manifest_root = manifest_root

    def execute(self, context: Context) -> dict[str, Any]:
        """Read what was pushed, ask Monte Carlo, and return the counts and the report.

        :raises FinalError: when something has to be changed first; Airflow does not retry.
        :raises TransientError: when Monte Carlo does not answer; Airflow retries.
        """
        with airflow_failures():
            now = datetime.now(UTC)
            header = self._header()
            names = self._names()
            most = _whole_number(self.max_tables, "max_tables")
            wanted = self._wanted(names, header)
            left_out = LeftOut()
            kept = self._kept(header, now, left_out)
            resource = self._resource(header, kept)
            pushed = [manifest for manifest in kept if manifest.pushes_to(resource)]
            self._require_history(pushed, kept, resource, names, left_out)
            history = read_history(pushed, resource, now, wanted=wanted, left_out=left_out)
            report = self._summarise(history, resource, pushed, names, most, left_out)
            self._ask(report, most)
            uri = self._write(report, pushed, context)
        log.info("%s\nReport: %s", log_table(report), uri)
        return result_of(report, uri)

    def _header(self) -> Manifest | None:
        if not is_given(self.manifest):
            return None
        reader = ManifestReader(manifest_folder(self.manifest))
        reader.manifest.require_flow(Flow.METADATA, reader.uri)
        return reader.manifest

    def _names(self) -> list[TableName]:
        given = as_list(self.tables, "tables")
        return list(dict.fromkeys(table_name(item, "tables") for item in given))

    def _wanted(self, names: list[TableName], header: Manifest | None) -> Callable[[TableName], bool]:
        include, exclude = self.include or None, self.exclude or None
        if names:
            if include or exclude:
                raise ConfigurationError("Give tables, or include and exclude, not both.")
            folded = {"\0".join(name).casefold() for name in names}
            return lambda name: "\0".join(name).casefold() in folded
        if header and include is None and exclude is None:
            include, exclude = header.scope.get("include"), header.scope.get("exclude")
        chosen = TableFilter(include, exclude)
        return lambda name: chosen.matches(*name)

    def _kept(self, header: Manifest | None, now: datetime, left_out: LeftOut) -> list[KeptManifest]:
        connection = header.source_conn_id if header else None
        if is_given(self.source_conn_id):
            connection = self.source_conn_id
        root = self._root(header)
        log.info(
            "Looking under %s for what was pushed within %s days%s",
            root.uri,
            VOLUME_WINDOW_DAYS,
            f" from connection {connection!r}" if connection else "",
        )

        def wanted(manifest: Manifest) -> bool:
            return manifest.flow in (Flow.METADATA, Flow.LINEAGE) and connection in (None, manifest.source_conn_id)

        return kept_manifests(root, now - timedelta(days=VOLUME_WINDOW_DAYS), left_out, wanted)

    def _root(self, header: Manifest | None) -> Folder:
        given = self.manifest_root or (header.root if header else None)
        return folder_at(given) if given else manifest_root(None)

    def _resource(self, header: Manifest | None, kept: list[KeptManifest]) -> str:
        if is_given(self.resource_uuid):
            return check_resource_uuid(self.resource_uuid)
        own = [manifest for manifest in kept if header and manifest.reader.manifest.id == header.id]
        found = _resources(own) or _resources(kept)
        if len(found) != 1:
            were = f"were pushed to {' and '.join(sorted(found))}" if found else "have not been pushed"
            raise ConfigurationError(
                f"Give resource_uuid, the Monte Carlo warehouse whose tables are meant: the manifests kept {were}."
            )
        return found.pop()

    def _require_history(
        self,
        pushed: list[KeptManifest],
        kept: list[KeptManifest],
        resource: str,
        names: list[TableName],
        left_out: LeftOut,
    ) -> None:
        if any(manifest.reader.manifest.flow is Flow.METADATA for manifest in pushed):
            return
        elsewhere = sorted(_resources(kept) - {resource})
        message = (
            f"No metadata manifest that was pushed to {resource} within {VOLUME_WINDOW_DAYS} days is kept"
            + (f"; others were pushed to {', '.join(elsewhere)}" if elsewhere else "")
            + (f"; left out: {dict(left_out.counts)}" if left_out.counts else "")
            + f". Without them, nothing tells how far tables are from training: let the store's lifecycle rule keep "
            f"manifests with their receipts for {VOLUME_WINDOW_DAYS} days, or check manifest_root and the connection."
        )
        if not names:
            raise ManifestNotFoundError(
                f"{message} To see what Monte Carlo says of some tables all the same, name them."
            )
        log.warning("%s Only what Monte Carlo says is reported.", message)

    def _summarise(
        self,
        history: History,
        resource: str,
        pushed: list[KeptManifest],
        names: list[TableName],
        most: int,
        left_out: LeftOut,
    ) -> Report:
        report = summarise(history, resource, names=names, rows=max(most, _ON_PAGE), columns=_ON_PAGE)
        report.manifests = len(pushed)
        report.since = min(
            (push.receipt.started_at for kept in pushed for push in kept.pushes_to(resource)), default=None
        )
        report.left_out = left_out.counts
        return report

    def _ask(self, report: Report, most: int) -> None:
        rows = report.rows[:most]
        if not rows:
            return
        if report.tables > most:
            log.info(
                "Asking about the %s of %s tables that are furthest from training", f"{most:,}", f"{report.tables:,}"
            )
        progress = Progress(log, "Asked Monte Carlo about", "tables", total=len(rows))
        with MonteCarloHook(self.montecarlo_conn_id).session() as session:
            for start in range(0, len(rows), MOST_ASKED_AT_ONCE):
                some = rows[start : start + MOST_ASKED_AT_ONCE]
                answers = _answers(session, [row.name for row in some], report.resource_uuid)
                for row, status in zip(some, answers, strict=True):
                    row.status = status
                progress.add(len(some))
        report.take_answers()
        if report.asked.not_visible:
            shown = ", ".join(report.asked.not_visible[:SHOWN])
            log.warning(
                "Monte Carlo does not show %s of the tables: %s. What was pushed within the last 15 minutes may not be "
                "visible yet; otherwise check the names and resource_uuid.",
                f"{len(report.asked.not_visible):,}",
                shown,
            )

    def _write(self, report: Report, pushed: list[KeptManifest], context: Context) -> str:
        """Write the page beside the newest manifest; where there is none, where this task would keep one."""
        from airflow_provider_montecarlo_push.detectors.page import page

        run = run_of(context)
        metadata = [kept.reader for kept in pushed if kept.reader.manifest.flow is Flow.METADATA]
        if metadata:
            folder = max(metadata, key=lambda reader: reader.manifest.collected_at).folder
        else:
            folder = folder_of_run(manifest_root(self.manifest_root), run)
        # Two tasks that look at the same manifests do not write over each other's page.
        who = json.dumps([run.dag_id, run.task_id, run.map_index])
        name = f"{report.resource_uuid}-{hashlib.sha256(who.encode()).hexdigest()[:10]}.html"
        home = folder.child("detectors")
        home.write(name, page(report, most=_ON_PAGE).encode("utf-8", "replace"))
        return home.uri_of(name)


def _answers(session: Session, names: list[TableName], warehouse: str) -> list[DetectorStatus]:
    """Ask about some tables; those that Monte Carlo fails to tell of are counted as such.

    :raises GraphQLError: when it tells of none of them.
    """
    try:
        return session.converse(detectors_of(names, warehouse))
    except GraphQLError as error:
        answers = detectors_in(error.data or {}, names, error.errors)
        if all(answer.answered != "visible" for answer in answers):
            raise
        log.warning("Of %s tables in a request: %s", len(names), error)
        return answers


def _resources(manifests: list[KeptManifest]) -> set[str]:
    return {push.resource_uuid for kept in manifests for push in kept.pushes if push.resource_uuid}


def _whole_number(value: object, what: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = -1
    if number < 0:
        raise ConfigurationError(f"{what} is {value!r}; give a whole number from 0.")
    return number
