"""The files of a batch in, a manifest of lineage events out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from airflow_provider_montecarlo_push.assets.model import Observation
from airflow_provider_montecarlo_push.assets.resources import Resource, ResourceMap
from airflow_provider_montecarlo_push.assets.writing import manifest_of, write_lineage
from airflow_provider_montecarlo_push.collectors.report import CollectionReport
from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.manifests.model import Manifest, RunReference
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.spool.waiting import move_aside, read_all

log = logging.getLogger(__name__)

UNREADABLE = "unreadable"
TOO_OLD = "too_old"
_ORIGIN = "spool"


@dataclass(frozen=True)
class Building:
    """How observations become manifests.

    :param resources: which resource is meant by which dataset.
    :param main: whose edges go without naming their resource.
    :param run: the task instance that builds.
    :param root: the manifest root.
    :param max_age: observations older than this are dropped, counted and named.
    :param complete: fills in what an observation lacks, such as a connection's default database.
    """

    resources: ResourceMap
    main: Resource | None
    run: RunReference
    root: Folder
    max_age: timedelta
    complete: Callable[[Observation], Observation] = lambda observation: observation

    def build(self, spool: Folder, files: list[str], folder: Folder, check: Callable[[], None]) -> Manifest:
        """Write the manifest of ``files`` into ``folder``.

        Its ``left_out`` has, besides what no event could be made of, what the observations count themselves, and the
        files that are ``unreadable`` or ``too_old``; its ``counts`` has the ``observations``.

        :param check: called again and again; raises to stop.
        """
        report = CollectionReport(log)
        return write_lineage(
            self._observations(spool, files, report, check),
            self.resources,
            report,
            folder,
            manifest_of(Flow.LINEAGE, _ORIGIN, self.main, root=self.root, run=self.run),
            main=self.main,
        )

    def _observations(
        self, spool: Folder, files: list[str], report: CollectionReport, check: Callable[[], None]
    ) -> Iterator[Observation]:
        oldest = datetime.now(UTC) - self.max_age
        for path, observation in read_all(spool, files):
            check()
            if observation is None:
                report.leave_out(UNREADABLE, f"{path}, which is kept as {move_aside(spool, path)}")
                continue
            run = observation.run
            where = f"{run.dag_id}.{run.task_id}, run {run.run_id}"
            if observation.at < oldest:
                report.leave_out(TOO_OLD, f"what {where} did at {observation.at:%Y-%m-%d %H:%M}Z")
                continue
            yield self.complete(observation)
