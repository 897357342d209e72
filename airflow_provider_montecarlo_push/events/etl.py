"""ETL events: jobs with their tasks, and the runs of both.

Source: ``POST /ingest/v1/etl/metadata`` and ``POST /ingest/v1/etl/runs`` as pycarlo speaks them
(``pycarlo.features.ingestion.etl``). The structs carry its names and encode to its JSON.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from airflow_provider_montecarlo_push.events.metadata import Tag
from airflow_provider_montecarlo_push.events.timestamps import to_utc
from airflow_provider_montecarlo_push.exceptions import InvalidEventError

RUN_STATUSES = frozenset(
    {
        "blocked", "cancelled", "cancelling", "deferred", "error", "fail", "failed", "in_progress", "inactive",
        "partial_success", "pass", "queued", "removed", "restarting", "scheduled", "skipped", "success", "timed_out",
        "unknown", "up_for_reschedule", "up_for_retry", "upstream_failed", "warn",
    }
)  # fmt: skip
RUN_TRIGGERS = frozenset({"API", "BACKFILL", "CYCLIC", "EVENT", "MANUAL", "RETRY", "SCHEDULE", "UPSTREAM"})
SCHEDULE_KINDS = frozenset({"cron", "event", "interval", "manual", "upstream"})
REFERRED_ASSET_TYPES = frozenset({"DASHBOARD", "DATASET", "FILE", "TABLE", "TOPIC", "VIEW"})
REFERRED_ASSET_ROLES = frozenset({"INPUT", "OUTPUT"})
_RUN_TIMES = ("start_time", "end_time", "expected_end_time", "queued_at")


class AssetRef(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Something that a job, a task or a run reads or writes.

    :param asset_type: one of ``TABLE``, ``VIEW``, ``FILE``, ``TOPIC``, ``DATASET``, ``DASHBOARD``.
    :param role: ``INPUT`` or ``OUTPUT``.
    :param mcon: Monte Carlo's name for it, or
    :param fully_qualified_name: its own.
    :raises InvalidEventError: when a value is not listed, or neither name is given.
    """

    asset_type: str
    role: str
    mcon: str | None = None
    fully_qualified_name: str | None = None

    def __post_init__(self) -> None:
        _one_of("asset_type", self.asset_type, REFERRED_ASSET_TYPES)
        _one_of("role", self.role, REFERRED_ASSET_ROLES)
        if not (self.mcon or self.fully_qualified_name):
            raise InvalidEventError("A reference to an asset needs mcon or fully_qualified_name.")


class Schedule(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """When a job or group runs.

    :param kind: ``cron``, ``interval``, ``event``, ``upstream`` or ``manual``.
    :param timezone: IANA name.
    :param next_run_at: an aware ``datetime`` or an ISO 8601 string with an offset.
    :param event_trigger: what it waits for, in the words of the source.
    :param upstream_job_source_ids: jobs that it follows.
    :param raw: what else the source says.
    :raises InvalidEventError: when ``kind`` is none of these.
    """

    kind: str
    cron_expression: str | None = None
    interval_seconds: int | None = None
    timezone: str | None = None
    next_run_at: datetime | None = None
    paused: bool | None = None
    event_trigger: dict[str, Any] | None = None
    upstream_job_source_ids: list[str] = field(default_factory=list)
    raw: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        _one_of("schedule kind", self.kind, SCHEDULE_KINDS)
        if self.next_run_at is not None:
            self.next_run_at = to_utc(self.next_run_at, field="next_run_at")


class Owner(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Who answers for a job."""

    primary_email: str | None = None
    primary_name: str | None = None
    primary_external_id: str | None = None
    run_as_email: str | None = None
    notification_emails: list[str] = field(default_factory=list)
    team: str | None = None
    raw: dict[str, Any] | None = None


class EtlError(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Why a run failed.

    :param upstream_failed_task_source_ids: for ``upstream_failed``: the tasks that failed.
    """

    message: str
    code: str | None = None
    retryable: bool | None = None
    failure_type: str | None = None
    upstream_failed_task_source_ids: list[str] = field(default_factory=list)
    structured_fields: dict[str, Any] | None = None


class EtlGroup(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The folder, project or pipeline group that a job is in.

    :raises InvalidEventError: when ``source_id`` is empty.
    """

    source_id: str
    name: str | None = None
    group_type: str | None = None
    schedule: Schedule | None = None
    attributes: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        _present("group", source_id=self.source_id)


class EtlTask(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A task of a job.

    :param task_type: what does the work, such as an operator's class.
    :param inputs: what it is declared to read; ``outputs`` what to write.
    :param upstream_task_source_ids: tasks of the same job that it waits for.
    :param triggered_job_source_ids: jobs that it sets off.
    :raises InvalidEventError: when an id or the name is empty.
    """

    task_source_id: str
    name: str
    task_type: str | None = None
    description: str | None = None
    inputs: list[AssetRef] = field(default_factory=list)
    outputs: list[AssetRef] = field(default_factory=list)
    upstream_task_source_ids: list[str] = field(default_factory=list)
    triggered_job_source_ids: list[str] = field(default_factory=list)
    attributes: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        _present("task", task_source_id=self.task_source_id, name=self.name)


class EtlAsset(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A job with its tasks; goes out as ``{"etl_asset": …}``.

    :param job_source_id: what the source calls it, for good.
    :param name: what people call it.
    :param properties: tags.
    :param inputs: what it is declared to read; ``outputs`` what to write.
    :param triggered_job_source_ids: jobs that it sets off as a whole.
    :raises InvalidEventError: when an id or the name is empty.
    """

    job_source_id: str
    name: str
    group: EtlGroup | None = None
    description: str | None = None
    folder: str | None = None
    is_paused: bool | None = None
    job_url: str | None = None
    schedule: Schedule | None = None
    owner: Owner | None = None
    properties: list[Tag] = field(default_factory=list)
    attributes: dict[str, Any] | None = None
    inputs: list[AssetRef] = field(default_factory=list)
    outputs: list[AssetRef] = field(default_factory=list)
    tasks: list[EtlTask] = field(default_factory=list)
    triggered_job_source_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        _present("job", job_source_id=self.job_source_id, name=self.name)


class EtlRunEvent(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of a run at some moment; the later ``event_time`` of a run says more.

    Times are aware ``datetime`` objects or ISO 8601 strings with an offset.

    :param run_source_id: of the run, or of the task's run where ``task_source_id`` is given.
    :param status: one of :data:`RUN_STATUSES`.
    :param event_time: when the run got into this status.
    :param trigger: one of :data:`RUN_TRIGGERS`.
    :param parent_attempt_run_source_id: the attempt that this one repeats.
    :param attempt_number: from 1.
    :param task_runs: runs of its tasks.
    :param inputs: what this run read; ``outputs`` what it wrote.
    :raises InvalidEventError: when a value is not listed, an id is empty or a time has no zone.
    """

    job_source_id: str
    run_source_id: str
    status: str
    event_time: datetime
    job_run_id: str | None = None
    group: EtlGroup | None = None
    task_source_id: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    expected_end_time: datetime | None = None
    queued_at: datetime | None = None
    trigger: str | None = None
    triggered_by_run_source_id: str | None = None
    parent_attempt_run_source_id: str | None = None
    attempt_number: int | None = None
    backfill_id: str | None = None
    error: EtlError | None = None
    run_url: str | None = None
    task_runs: list[EtlRunEvent] = field(default_factory=list)
    inputs: list[AssetRef] = field(default_factory=list)
    outputs: list[AssetRef] = field(default_factory=list)
    properties: list[Tag] = field(default_factory=list)
    attributes: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        _present("run", job_source_id=self.job_source_id, run_source_id=self.run_source_id)
        _one_of("status", self.status, RUN_STATUSES)
        if self.trigger is not None:
            _one_of("trigger", self.trigger, RUN_TRIGGERS)
        if self.attempt_number is not None and self.attempt_number < 1:
            raise InvalidEventError(
                f"Run {self.run_source_id!r} has attempt_number {self.attempt_number}; they count from 1."
            )
        self.event_time = to_utc(self.event_time, field="event_time")
        for name in _RUN_TIMES:
            moment = getattr(self, name)
            if moment is not None:
                setattr(self, name, to_utc(moment, field=name))


def _one_of(what: str, value: str, known: frozenset[str]) -> None:
    if value not in known:
        raise InvalidEventError(f"{what} is {value!r}; Monte Carlo accepts {', '.join(sorted(known))}.")


def _present(what: str, **values: str) -> None:
    for name, value in values.items():
        if not value:
            raise InvalidEventError(f"A {what} needs a {name}.")
