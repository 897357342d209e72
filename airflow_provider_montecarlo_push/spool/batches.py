"""Which files make a batch, and who pushes it: agreed upon by files that only one can create.

``batches/`` holds small files, named by the number of their batch:

- ``00000007.batch.json``: the files that it is made of. Whoever creates it has decided. Numbers go up by one; a file
  that is in an open batch is in no other.
- ``00000007.claim-000001.json``: who works on it. The highest generation counts; its owner keeps it fresh.
- ``00000007.manifest.json``: which manifest it has become. From then on it is pushed through that one only.
- ``00000007.done-20240301T120000Z``: it is over. Kept for a day, so that its number is not used again meanwhile.
"""

from __future__ import annotations

import re
import socket
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from airflow_provider_montecarlo_push.exceptions import SpoolError
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.spool.layout import BATCHES

_NAME = re.compile(r"(?P<number>\d{8})\.(?P<kind>batch|claim|manifest|done)(?:-(?P<detail>[0-9TZ]+))?(?:\.json)?")
_TIME = "%Y%m%dT%H%M%SZ"
_KEPT = timedelta(days=1)
_ATTEMPTS = 20
T = TypeVar("T")


class BatchRecord(Struct):
    """The files of a batch, as ``shard/name``."""

    files: list[str]
    made_at: datetime


class ClaimRecord(Struct):
    """Who works on a batch.

    :param at: when its owner last said so.
    :param released: whether it stopped, so that anybody may go on.
    """

    owner: str
    host: str
    at: datetime
    released: bool = False


class ChosenManifest(Struct):
    """The manifest that a batch has become."""

    uri: str
    events: int


class ClaimLostError(Exception):
    """Somebody else works on the batch now."""


class _State(Struct):
    """What there is of one batch."""

    kinds: set[str]
    generation: int = 0
    done: str | None = None


class Batch:
    """A batch that is claimed.

    :ivar generation: of the claim, 1 for the first one.
    """

    def __init__(self, folder: Folder, number: int, generation: int, owner: str, record: BatchRecord) -> None:
        self.number = number
        self.generation = generation
        self.record = record
        self._folder = folder
        self._owner = owner

    def __str__(self) -> str:
        return f"batch {self.number}"

    def renew(self) -> None:
        """Say that it is still being worked on.

        :raises ClaimLostError: when somebody else has taken it over.
        """
        state = _states(self._folder).get(self.number)
        if state is None or state.generation != self.generation or state.done is not None:
            raise ClaimLostError(f"{self} was taken over after this task had not been heard of for long.")
        self._write_claim(released=False)

    def release(self) -> None:
        """Leave it to the next one who wants to go on."""
        self._write_claim(released=True)

    def chosen(self) -> ChosenManifest | None:
        """Return the manifest that it has become, if it has."""
        return _decoded(self._folder, self._name("manifest.json"), ChosenManifest)

    def choose(self, manifest: ChosenManifest) -> ChosenManifest:
        """Let it become ``manifest``; return the one that it has become, which is another's if that was first."""
        if self._folder.create(self._name("manifest.json"), msgspec.json.encode(manifest)):
            return manifest
        return self.chosen() or manifest

    def forget_manifest(self) -> None:
        """Let it become another manifest; only when nothing of the old one was acknowledged."""
        self._folder.delete(self._name("manifest.json"))

    def finish(self, now: datetime) -> None:
        """Note that it is over; its files must be gone by then."""
        self._folder.write(self._name(f"done-{now.astimezone(UTC):{_TIME}}"), b"")

    def _write_claim(self, *, released: bool) -> None:
        self._folder.write(_claim_name(self.number, self.generation), _claim(self._owner, released=released))

    def _name(self, rest: str) -> str:
        return f"{self.number:08d}.{rest}"


class BatchLog:
    """The batches of one spool.

    :param spool: its folder.
    :param owner: who works here: the same for each attempt of one task instance, and for nobody else.
    :param takeover: how long an owner may not be heard of before somebody else goes on.
    """

    def __init__(self, spool: Folder, owner: str, takeover: timedelta) -> None:
        self._folder = spool.child(BATCHES)
        self._owner = owner
        self._takeover = takeover

    def open(self) -> list[int]:
        """Return the numbers of the batches that are not over, the oldest first."""
        return sorted(number for number, state in _states(self._folder).items() if _is_open(state))

    def taken(self) -> frozenset[str]:
        """Return the files that are in open batches."""
        records = (self._record(number) for number in self.open())
        return frozenset(path for record in records if record is not None for path in record.files)

    def make(self, choose_files: Callable[[frozenset[str]], list[str]]) -> Batch | None:
        """Make a batch of files that are in no other one, and claim it.

        :param choose_files: is given the files that are taken.
        :return: ``None`` when there are no files.
        """
        for _ in range(_ATTEMPTS):
            # In this order: a batch that is made meanwhile makes the number taken.
            number = max(_states(self._folder), default=0) + 1
            files = choose_files(self.taken())
            if not files:
                return None
            record = BatchRecord(files, datetime.now(UTC))
            if self._folder.create(f"{number:08d}.batch.json", msgspec.json.encode(record)):
                batch = self.claim(number)
                if batch is not None:
                    return batch
        raise SpoolError(
            f"Others made batches in {self._folder.uri} {_ATTEMPTS} times while this task tried to. "
            "Let fewer tasks push one spool at the same time."
        )

    def claim(self, number: int) -> Batch | None:
        """Claim a batch; ``None`` when somebody else works on it, or it is over."""
        state = _states(self._folder).get(number)
        if state is None or not _is_open(state):
            return None
        if state.generation and not self._is_free(number, state.generation):
            return None
        generation = state.generation + 1
        if not self._folder.create(_claim_name(number, generation), _claim(self._owner)):
            return None
        record = self._record(number)
        if record is None:
            return None
        return Batch(self._folder, number, generation, self._owner, record)

    def sweep(self, now: datetime) -> None:
        """Delete what is left of batches that are over; the note that they are is kept for a day."""
        names = self._folder.names()
        states = _states_of(names)
        newest = max(states, default=0)
        old = []
        for name in names:
            match = _NAME.fullmatch(name)
            if match is None:  # half-written by somebody at this moment
                continue
            number = int(match["number"])
            done = states[number].done
            if done is None:
                continue
            if match["kind"] != "done" or (number < newest and _time_of(done) < now - _KEPT):
                old.append(name)
        self._folder.delete_all(old)

    def _is_free(self, number: int, generation: int) -> bool:
        claim = _decoded(self._folder, _claim_name(number, generation), ClaimRecord)
        if claim is None:  # deleted meanwhile, or never written whole
            return True
        return claim.owner == self._owner or claim.released or claim.at < datetime.now(UTC) - self._takeover

    def _record(self, number: int) -> BatchRecord | None:
        return _decoded(self._folder, f"{number:08d}.batch.json", BatchRecord)


def _states(folder: Folder) -> dict[int, _State]:
    return _states_of(folder.names())


def _states_of(names: list[str]) -> dict[int, _State]:
    states: defaultdict[int, _State] = defaultdict(lambda: _State(set()))
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        state = states[int(match["number"])]
        state.kinds.add(match["kind"])
        if match["kind"] == "claim":
            state.generation = max(state.generation, int(match["detail"] or 0))
        elif match["kind"] == "done":
            state.done = match["detail"]
    return dict(states)


def _is_open(state: _State) -> bool:
    return state.done is None and "batch" in state.kinds


def _time_of(detail: str) -> datetime:
    return datetime.strptime(detail, _TIME).replace(tzinfo=UTC)


def _claim_name(number: int, generation: int) -> str:
    return f"{number:08d}.claim-{generation:06d}.json"


def _claim(owner: str, *, released: bool = False) -> bytes:
    return msgspec.json.encode(ClaimRecord(owner, socket.gethostname(), datetime.now(UTC), released))


def _decoded(folder: Folder, name: str, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(folder.read(name), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise SpoolError(f"{folder.uri_of(name)} cannot be read: {error}. Delete it; the next run goes on.") from error
