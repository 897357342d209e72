"""A transport of the OpenLineage client that puts lineage into the spool.

Source: ``openlineage.client.transport`` of openlineage-python, and its documentation of custom transports.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import attr
from openlineage.client.transport import Config, Transport

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.openlineage.columns import ColumnRules
from airflow_provider_montecarlo_push.openlineage.keeping import SpoolKeeper
from airflow_provider_montecarlo_push.openlineage.locations import manifest_root
from airflow_provider_montecarlo_push.openlineage.observations import EventReader
from airflow_provider_montecarlo_push.openlineage.runs import is_of_skipped_task

if TYPE_CHECKING:
    from openlineage.client.client import Event

log = logging.getLogger(__name__)

# What the client itself, or a variable of its environment, adds to the configuration of any transport.
_OF_THE_CLIENT = frozenset({"type", "name", "priority", "transports"})


@attr.define
class MonteCarloConfig(Config):
    """Options of the transport.

    :ivar manifest_root: where manifests are kept, and the spool in it; by default ``[montecarlo_push] manifest_root``.
        Needed outside of Airflow.
    :ivar storage_options: for the file system, outside of Airflow.
    :ivar timeout: how many seconds writing the lineage of one event may take.
    :ivar max_columns: how many pairs of columns of one event are kept.
    :ivar indirect_columns: whether columns count as sources of others that only filter, join, group or sort.
    """

    manifest_root: str | None = None
    storage_options: dict[str, Any] = attr.field(factory=dict)
    timeout: float = 5.0
    max_columns: int = 3_000
    indirect_columns: bool = False

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> MonteCarloConfig:
        """Return the configuration in ``params``; an option that is unknown is logged.

        :raises ConfigurationError: naming the option that cannot be.
        """
        known = [one.name for one in attr.fields(cls)]
        unknown = sorted(set(params) - set(known) - _OF_THE_CLIENT)
        if unknown:
            log.warning(
                "The Monte Carlo transport has no %s; its options are %s.", ", ".join(unknown), ", ".join(known)
            )
        config = cls(**{name: params[name] for name in known if params.get(name) is not None})
        config.check()
        return config

    def check(self) -> None:
        """Check the values.

        :raises ConfigurationError: naming the option that cannot be.
        """
        is_right = {
            "manifest_root": self.manifest_root is None or isinstance(self.manifest_root, str),
            "storage_options": isinstance(self.storage_options, dict),
            "timeout": _is_number(self.timeout, int | float) and self.timeout > 0,
            "max_columns": _is_number(self.max_columns, int) and self.max_columns >= 0,
            "indirect_columns": isinstance(self.indirect_columns, bool),
        }
        for name, wanted in _WANTED.items():
            if not is_right[name]:
                given = "something else" if name == "storage_options" else repr(getattr(self, name))
                raise ConfigurationError(f"{name} of the Monte Carlo transport is {given}; give {wanted}.")


_WANTED = {
    "manifest_root": "a URI or an absolute path",
    "storage_options": "an object, as the file system takes it",
    "timeout": "seconds above 0",
    "max_columns": "a whole number from 0",
    "indirect_columns": "true or false",
}


class MonteCarloTransport(Transport):
    """Keeps the lineage of events in the spool, from where a DAG pushes it to Monte Carlo.

    Emitting raises nothing and takes bounded time; what goes wrong is logged once for each kind, and counted.

    :param config: its options.
    """

    kind = "montecarlo"
    config_class = MonteCarloConfig

    def __init__(self, config: MonteCarloConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._reader = EventReader(ColumnRules(config.max_columns, config.indirect_columns))
        self._keeper = SpoolKeeper(lambda: manifest_root(config.manifest_root, config.storage_options), config.timeout)

    def emit(self, event: Event) -> None:
        """Keep what ``event`` says of lineage."""
        try:
            if is_of_skipped_task():
                return
            with self._lock:
                observation = self._reader.observe(event)
            if observation is not None:
                self._keeper.keep(observation)
        except Exception as error:  # noqa: BLE001 - lineage never fails the job that it is about
            self._keeper.fail(type(error).__name__, f"{type(error).__name__}: {error}")

    def close(self, timeout: float = -1) -> bool:  # noqa: ARG002 - nothing waits to be written
        """Return whether the lineage of all events was kept."""
        lost = +self._keeper.failures
        if lost:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(lost.items()))
            log.warning("Lineage of %s OpenLineage events does not reach Monte Carlo: %s.", lost.total(), reasons)
        return not lost


def _is_number(value: object, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
