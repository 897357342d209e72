"""Who makes a batch, who works on it, and when somebody else may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_montecarlo_push.exceptions import SpoolError
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.spool.batches import BatchLog, ChosenManifest, ClaimLostError

_LONG = timedelta(minutes=15)


def log_of(root: Folder, owner: str = "me", takeover: timedelta = _LONG) -> BatchLog:
    return BatchLog(root.child("spool"), owner, takeover)


def only(*files: str) -> object:
    return lambda taken: [file for file in files if file not in taken]


def test_a_file_is_in_one_open_batch(root: Folder) -> None:
    first = log_of(root).make(only("00/a", "00/b"))
    assert first is not None
    assert first.record.files == ["00/a", "00/b"]
    second = log_of(root, "you").make(only("00/a", "00/c"))
    assert second is not None
    assert (second.number, second.record.files) == (2, ["00/c"])
    assert log_of(root).make(only("00/a")) is None
    assert log_of(root).open() == [1, 2]


def test_many_at_once_make_different_batches(root: Folder) -> None:
    files = [f"00/{number}" for number in range(12)]

    def make(owner: int) -> list[str]:
        made = log_of(root, str(owner)).make(lambda taken: [file for file in files if file not in taken][:2])
        return made.record.files if made else []

    with ThreadPoolExecutor(6) as pool:
        made = [file for batch in pool.map(make, range(6)) for file in batch]
    assert sorted(made) == sorted(files)


@pytest.mark.parametrize(
    ("owner", "takeover", "released", "generation"),
    [
        ("me", _LONG, False, 2),  # a retry
        ("you", _LONG, False, None),
        ("you", _LONG, True, 2),
        ("you", timedelta(0), False, 2),  # not heard of for too long
    ],
)
def test_who_may_go_on(root: Folder, owner: str, takeover: timedelta, released: bool, generation: int | None) -> None:
    batch = log_of(root).make(only("00/a"))
    assert batch is not None
    if released:
        batch.release()
    taken = log_of(root, owner, takeover).claim(batch.number)
    assert (taken.generation if taken else None) == generation
    if taken is not None:
        with pytest.raises(ClaimLostError):
            batch.renew()
        taken.renew()


def test_one_of_many_takes_over(root: Folder) -> None:
    batch = log_of(root).make(only("00/a"))
    assert batch is not None
    batch.release()
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: log_of(root, f"worker-{number}").claim(batch.number), range(8)))
    assert sum(one is not None for one in taken) == 1


def test_the_first_manifest_counts(root: Folder) -> None:
    batch = log_of(root).make(only("00/a"))
    assert batch is not None
    assert batch.chosen() is None
    assert batch.choose(ChosenManifest("file:///first", 1)).uri == "file:///first"
    assert batch.choose(ChosenManifest("file:///second", 2)).uri == "file:///first"
    batch.forget_manifest()
    assert batch.choose(ChosenManifest("file:///third", 3)).uri == "file:///third"


def test_numbers_are_not_used_again_for_a_day(root: Folder) -> None:
    log = log_of(root)
    now = datetime.now(UTC)
    for number in (1, 2):
        batch = log.make(only(f"00/{number}"))
        assert batch is not None
        assert batch.number == number
        batch.finish(now)
        assert log.claim(number) is None
        log.sweep(now)
    folder = root.child("spool", "batches")
    assert [name.partition("-")[0] for name in folder.names()] == ["00000001.done", "00000002.done"]
    log.sweep(now + timedelta(days=2))
    assert [name.partition("-")[0] for name in folder.names()] == ["00000002.done"], "the last number is kept"
    third = log.make(only("00/3"))
    assert third is not None
    assert third.number == 3


def test_what_others_write_at_this_moment_is_left_alone(root: Folder) -> None:
    log = log_of(root)
    batch = log.make(only("00/a"))
    assert batch is not None
    batch.finish(datetime.now(UTC))
    folder = root.child("spool", "batches")
    folder.write("00000001.batch.json.0a1b2c3d.tmp", b"")
    folder.write("notes.txt", b"")
    log.sweep(datetime.now(UTC))
    assert {"00000001.batch.json.0a1b2c3d.tmp", "notes.txt"} <= set(folder.names())


def test_a_damaged_record_is_named(root: Folder) -> None:
    root.child("spool", "batches").write("00000001.batch.json", b"{")
    with pytest.raises(SpoolError, match=r"00000001\.batch\.json"):
        log_of(root).taken()
