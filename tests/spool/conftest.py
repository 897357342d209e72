"""What the tests of the spool share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.push.gateway import Gateway
from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.spool.pushing import SpoolPush
from tests.spool.spools import spool_push

MakePush = Callable[..., SpoolPush]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def root(tmp_path: Path) -> Folder:
    """A manifest root."""
    return Folder(UPath((tmp_path / "root").as_uri()))


@pytest.fixture
def push(root: Folder, sandbox: Sandbox) -> Iterator[MakePush]:
    """Make a push of the spool under ``root`` to the sandbox."""
    key = sandbox.ingest_key
    with Gateway(key.id, key.secret, endpoint=sandbox.url) as gateway:

        def make(owner: str = "me", **options: Any) -> SpoolPush:
            return spool_push(root, gateway, sandbox.warehouse_uuid, owner, **options)

        yield make


@pytest.fixture
def start(root: Folder, sandbox: Sandbox) -> Iterator[Start]:
    """Start a process that pushes the spool under ``root``; kill what still runs at the end."""
    started: list[subprocess.Popen[str]] = []

    def run(owner: str, **options: Any) -> subprocess.Popen[str]:
        key = sandbox.ingest_key
        arguments = [root.uri, sandbox.url, sandbox.warehouse_uuid, key.id, key.secret, owner, json.dumps(options)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.spool.spools", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
