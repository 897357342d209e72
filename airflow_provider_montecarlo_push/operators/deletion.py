"""Delete tables at Monte Carlo that are no longer in the warehouse."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator

from airflow_provider_montecarlo_push.deletion.baselines import Baselines
from airflow_provider_montecarlo_push.deletion.difference import difference, require_comparable, require_whole
from airflow_provider_montecarlo_push.deletion.record import DeletionRecord, DeletionSummary
from airflow_provider_montecarlo_push.deletion.report import deletion_table, result_of
from airflow_provider_montecarlo_push.deletion.run import DeletionRun
from airflow_provider_montecarlo_push.events.vocabulary import check_resource_uuid
from airflow_provider_montecarlo_push.exceptions import ConfigurationError, DeletionRefusedError, MonteCarloPushError
from airflow_provider_montecarlo_push.graphql.deletion import find_by_mcon, find_by_name
from airflow_provider_montecarlo_push.graphql.lineage_items import mcon_parts
from airflow_provider_montecarlo_push.graphql.tables import table_name
from airflow_provider_montecarlo_push.hooks.failures import airflow_failures
from airflow_provider_montecarlo_push.hooks.flags import as_bool
from airflow_provider_montecarlo_push.hooks.graphql import MonteCarloHook
from airflow_provider_montecarlo_push.hooks.locations import folder_of_run, manifest_folder, manifest_root, run_of
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.operators.earlier_manifests import previous_manifest, resource_of, root_of
from airflow_provider_montecarlo_push.operators.given import as_list, as_texts, is_given

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

ManifestInput = dict[str, Any] | str | None


class MonteCarloDeletePushedTablesOperator(BaseOperator):
    """Delete push-ingested tables at Monte Carlo, which never does so by itself; or report which it would delete.

    Give one of ``mcons``, ``tables`` and ``manifest``. With ``manifest``, the tables go that ``previous`` holds and
    ``manifest`` does not.

    The XCom result is ``{"dry_run", "status", "resource_uuid", "manifest", "previous", "older", "newer",
    "databases_gone", "asked", "to_delete", "deleted", "left_alone", "tables", "record"}``: ``to_delete`` and
    ``deleted`` are counts, ``left_alone`` counts by reason, ``tables`` the first 50 names, ``record`` the URI of a JSON
    file beside the manifest.

    :param mcons: MCONs of the tables.
    :param tables: their names, ``database.schema.table``, in the warehouse ``resource_uuid``.
    :param manifest: output of a metadata collect task, or the URI of a manifest: what is there now.
    :param previous: likewise, what was there before. Default: the last manifest of the same scope and task up to which
        everything was dealt with, or the one before ``manifest`` when nothing was yet.
    :param resource_uuid: the Monte Carlo warehouse; for manifests, default: that which they were pushed to.
    :param montecarlo_conn_id: connection of type ``montecarlo``, with the API key.
    :param max_fraction: refuse when more than this part of the previous manifest's tables would go, from 0 to 1.
    :param max_tables: refuse when more tables than this would go.
    :param dry_run: only report; ``False`` deletes.
    :param manifest_root: where manifests are kept, instead of the manifest's own root or the setting.
    """

    template_fields: Sequence[str] = (
        "mcons",
        "tables",
        "manifest",
        "previous",
        "resource_uuid",
        "montecarlo_conn_id",
        "max_fraction",
        "max_tables",
        "only_report",
        "manifest_root",
    )
    ui_color = "#fbe3e0"

    def __init__(
        self,
        *,
        mcons: Sequence[str] | str | None = None,
        tables: Sequence[str | Mapping[str, str]] | str | None = None,
        manifest: ManifestInput = None,
        previous: ManifestInput = None,
        resource_uuid: str | None = None,
        montecarlo_conn_id: str = MonteCarloHook.default_conn_name,
        max_fraction: float | str = 0.10,
        max_tables: int | str | None = None,
        dry_run: bool | str = True,
        manifest_root: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mcons = mcons
        self.tables = tables
        self.manifest = manifest
        self.previous = previous
        self.resource_uuid = resource_uuid
        self.montecarlo_conn_id = montecarlo_conn_id
        self.max_fraction = max_fraction
        self.max_tables = max_tables
        # BaseOperator has a method of the parameter's name.
        self.only_report = dry_run
        self.manifest_root = manifest_root

    def execute(self, context: Context) -> dict[str, Any]:
        """Report, or delete, and return the counts and the record.

        :raises AirflowSkipException: when there is no earlier manifest yet to compare with.
        :raises FinalError: when a guard refuses or something has to be changed first; nothing was deleted then.
        :raises TransientError: when Monte Carlo does not answer; Airflow retries, and goes on with the rest.
        """
        with airflow_failures():
            only_report = as_bool(self.only_report, "dry_run")
            given = [name for name in ("mcons", "tables", "manifest") if is_given(getattr(self, name))]
            if len(given) != 1:
                raise ConfigurationError(
                    f"Give one of mcons, tables and manifest, not {' and '.join(given) or 'none of them'}."
                )
            if given == ["manifest"]:
                return self._dropped(context, only_report)
            return self._named(context, only_report, given[0])

    def _named(self, context: Context, only_report: bool, what: str) -> dict[str, Any]:
        warehouse = self._warehouse()
        find: Any = find_by_mcon
        if what == "tables":
            if warehouse is None:
                raise ConfigurationError("tables needs resource_uuid, the Monte Carlo warehouse that they are in.")
            targets: list[Any] = [table_name(target, "tables") for target in as_list(self.tables, "tables")]
            find = partial(find_by_name, warehouse=warehouse)
        else:
            targets = _mcons(self.mcons, warehouse)
        targets = list(dict.fromkeys(targets))
        run = run_of(context)
        facts = json.dumps([what, warehouse, [str(target) for target in targets], only_report])
        folder = folder_of_run(manifest_root(self.manifest_root), run)
        now = datetime.now(UTC)
        summary = DeletionSummary(run=run, started_at=now, updated_at=now, resource_uuid=warehouse, asked=len(targets))
        record = DeletionRecord(folder.child("deletions", _digest(facts)), summary)
        with MonteCarloHook(self.montecarlo_conn_id).session() as session:
            deletion = DeletionRun(session.converse, record)
            if not _is_to_be_followed(record, only_report):
                record.begin_plan()
                self._guard(record, None)
                deletion.plan(iter(targets), find)
            return self._finish(deletion, record, only_report)

    def _dropped(self, context: Context, only_report: bool) -> dict[str, Any]:
        newer = ManifestReader(manifest_folder(self.manifest))
        older = ManifestReader(manifest_folder(self.previous)) if is_given(self.previous) else None
        warehouse = resource_of(self._warehouse(), [reader for reader in (older, newer) if reader])
        root = root_of(newer, self.manifest_root)
        baselines = Baselines(root, newer.manifest, warehouse)
        if older is None:
            require_whole(newer)
            older = previous_manifest(newer, baselines, root)
            if older is None:
                raise AirflowSkipException(
                    f"No complete manifest of the same scope was collected before {newer.uri}, by the same task and "
                    f"under {root.uri}: there is nothing to compare it with yet. The next run has this one. To compare "
                    "with another one, give previous."
                )
            resource_of(warehouse, [older])
            # Whatever comes in between now, the next run must look back as far.
            baselines.start(older)
        require_comparable(older, newer)
        log.info("Comparing %s with %s", newer.uri, older.uri)
        now = datetime.now(UTC)
        summary = DeletionSummary(
            manifest=newer.uri,
            previous=older.uri,
            resource_uuid=warehouse,
            run=run_of(context),
            started_at=now,
            updated_at=now,
        )
        key = f"{warehouse}-{_digest(newer.manifest.id + older.manifest.id)}"
        record = DeletionRecord(newer.folder.child("deletions", key), summary)
        with MonteCarloHook(self.montecarlo_conn_id).session() as session:
            deletion = DeletionRun(session.converse, record, compared_at=newer.manifest.collected_at)
            self._plan_dropped(deletion, record, older, newer, only_report)
            result = self._finish(deletion, record, only_report)
        nothing_left = record.summary.status == "deleted" or not record.summary.planned
        if nothing_left and not record.summary.left_alone.get("pushed_since"):
            baselines.move(older, newer)
        return result

    def _plan_dropped(
        self,
        deletion: DeletionRun,
        record: DeletionRecord,
        older: ManifestReader,
        newer: ManifestReader,
        only_report: bool,
    ) -> None:
        """Find the dropped tables, unless a report that is to be carried out, or an earlier attempt, found them."""
        if _is_to_be_followed(record, only_report):
            self._guard(record, record.summary.older)
            log.info("By the plan in %s", record.uri)
            return
        record.begin_plan()
        with difference(older, newer) as found:
            summary = record.summary
            summary.older, summary.newer, summary.asked = found.older, found.newer, found.dropped
            summary.databases_gone = found.databases_gone
            log.info(
                "%s tables before, %s now, %s dropped", *(f"{n:,}" for n in (found.older, found.newer, found.dropped))
            )
            if found.databases_gone:
                log.warning("No table is left of %s: dropped, or no longer granted?", ", ".join(found.databases_gone))
            self._guard(record, found.older)
            deletion.plan(found.tables(), partial(find_by_name, warehouse=str(summary.resource_uuid)))

    def _guard(self, record: DeletionRecord, older: int | None) -> None:
        asked = record.summary.asked
        most = _number(self.max_tables, "max_tables", int)
        fraction = _number(self.max_fraction, "max_fraction", float)
        if fraction is None or not 0 <= fraction <= 1:
            raise ConfigurationError(f"max_fraction is {self.max_fraction!r}; give a number from 0 to 1, such as 0.1.")
        problem = None
        if older and asked > fraction * older:
            share = f"{asked:,} of {older:,} tables ({asked / older:.1%})"
            problem = f"{share} would go, more than max_fraction={fraction:g} allows"
        elif most is not None and asked > most:
            problem = f"{asked:,} tables would go, more than max_tables={most:,} allows"
        if problem:
            gone = record.summary.databases_gone
            hint = f" No table is left of {', '.join(gone)}: were grants withdrawn?" if gone else ""
            message = f"{problem}. Nothing was deleted.{hint} If all of them were dropped indeed, raise the limit."
            if not record.has_begun:
                record.close("refused", message)
            raise DeletionRefusedError(message)

    def _finish(self, deletion: DeletionRun, record: DeletionRecord, only_report: bool) -> dict[str, Any]:
        log.info("%s\nRecord: %s", deletion_table(record), record.uri)
        if only_report and not record.has_begun:
            log.info("Dry run: nothing was deleted. dry_run=False deletes %s tables.", f"{record.summary.planned:,}")
        elif not only_report:
            try:
                deletion.carry_out()
            except MonteCarloPushError:
                log.exception("%s tables were deleted before", f"{record.summary.deleted:,}")
                raise
            log.info("Deleted %s tables; record: %s", f"{record.summary.deleted:,}", record.uri)
        return result_of(record, only_report)

    def _warehouse(self) -> str | None:
        return check_resource_uuid(self.resource_uuid) if is_given(self.resource_uuid) else None


def _is_to_be_followed(record: DeletionRecord, only_report: bool) -> bool:
    """Tell whether the plan on storage holds: a report that is to be carried out, or what an earlier attempt began."""
    return record.has_begun or (record.is_planned and not only_report)


def _mcons(value: object, warehouse: str | None) -> list[str]:
    """Return MCONs, each of the warehouse where one is given.

    :raises ConfigurationError: when one is not.
    """
    mcons = as_texts(value, "mcons")
    for mcon in mcons:
        _, resource, _, object_id = mcon_parts(mcon)
        if not object_id:
            raise ConfigurationError(
                f"mcons holds {mcon!r}, which is no MCON: MCON++account++resource++type++id. Names go into tables."
            )
        if warehouse is not None and resource.lower() != warehouse:
            raise ConfigurationError(
                f"mcons holds {mcon!r}, a table of another warehouse than resource_uuid, {warehouse}. Without "
                "resource_uuid, they may be of several."
            )
    return mcons


def _number(value: Any, what: str, kind: type[int] | type[float]) -> float | None:
    if not is_given(value):
        return None
    try:
        number = kind(value)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{what} is {value!r}; give a number.") from None
    if number < 0:
        raise ConfigurationError(f"{what} is {value!r}; give a number from 0.")
    return number


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
