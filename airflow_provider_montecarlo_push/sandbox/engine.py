"""Everything a sandbox is made of, in one place, without a server."""

from __future__ import annotations

from airflow_provider_montecarlo_push.sandbox.clock import Clock
from airflow_provider_montecarlo_push.sandbox.config import SandboxConfig, check_delays
from airflow_provider_montecarlo_push.sandbox.faults import FaultRules
from airflow_provider_montecarlo_push.sandbox.processing import Processing
from airflow_provider_montecarlo_push.sandbox.store.access import Access
from airflow_provider_montecarlo_push.sandbox.store.catalog import Catalog
from airflow_provider_montecarlo_push.sandbox.store.custom_lineage import CustomLineage
from airflow_provider_montecarlo_push.sandbox.store.database import Database
from airflow_provider_montecarlo_push.sandbox.store.deletions import Deletions
from airflow_provider_montecarlo_push.sandbox.store.etl import Jobs
from airflow_provider_montecarlo_push.sandbox.store.lineage import Lineage
from airflow_provider_montecarlo_push.sandbox.store.pushes import Pushes
from airflow_provider_montecarlo_push.sandbox.store.queries import Queries
from airflow_provider_montecarlo_push.sandbox.store.requests import RequestLog
from airflow_provider_montecarlo_push.sandbox.store.resources import Resources


class Engine:
    """A Monte Carlo account on this machine.

    :param config: what it starts with and returns to on :meth:`reset`.
    :param database: SQLite file, or ``:memory:``. A file keeps its keys and content from one start to the next.
    """

    def __init__(self, config: SandboxConfig | None = None, database: str = ":memory:") -> None:
        self.config = config or SandboxConfig()
        self.clock = Clock()
        self.database = Database(database)
        self.access = Access(self.database, self.clock)
        self.access.add_missing(self.config)
        self.requests = RequestLog(self.database, self.clock)
        self.pushes = Pushes(self.database, self.clock, self.config.visible_after)
        self.catalog = Catalog(self.database, self.config.account_uuid)
        self.lineage = Lineage(self.database, self.clock, self.config.account_uuid)
        self.custom_lineage = CustomLineage(
            self.database, self.clock, self.config.account_uuid, self.catalog, self.lineage
        )
        self.deletions = Deletions(self.database, self.clock, self.lineage)
        self.resources = Resources(self.database, self.clock)
        self.queries = Queries(self.database)
        self.jobs = Jobs(self.database, self.config.account_uuid)
        self.processing = Processing(self.database, self.clock, self.catalog, self.lineage, self.queries, self.jobs)
        self.faults = FaultRules()
        self.accept_gzip = self.config.accept_gzip
        self.max_compressed_bytes = self.config.max_compressed_bytes
        self.max_raw_bytes = self.config.max_raw_bytes

    def set_delays(self, delays: dict[str, float]) -> None:
        """Change after how many seconds pushes of some flows become visible; pushes already there keep theirs.

        :raises ConfigurationError: for an unknown flow or a negative delay.
        """
        self.pushes.visible_after = check_delays({**self.pushes.visible_after, **delays})

    def reset(self) -> None:
        """Forget every push, request and fault rule; return clock, limits, delays, keys and warehouses to the start."""
        self.clock.reset()
        self.database.clear()
        self.access.restore(self.config)
        self.faults.clear()
        self.pushes.visible_after = dict(self.config.visible_after)
        self.accept_gzip = self.config.accept_gzip
        self.max_compressed_bytes = self.config.max_compressed_bytes
        self.max_raw_bytes = self.config.max_raw_bytes

    def close(self) -> None:
        """Close the database."""
        self.database.close()
