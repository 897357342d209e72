"""Where manifests are found."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from upath import UPath

from airflow_provider_montecarlo_push.events import (
    Flow,
)
from airflow_provider_montecarlo_push.hooks.locations import folder_at
from airflow_provider_montecarlo_push.manifests.reader import ManifestReader
from airflow_provider_montecarlo_push.operators import kept_manifests
from tests.operators.detectors.past import DAY, Past, asset, edge, outcome

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


def test_on_an_object_store(past_on_s3: Past) -> None:
    newest = past_on_s3.days(3)
    past_on_s3.push([edge("ORDERS")], 9 * DAY, flow=Flow.LINEAGE)
    found = outcome(f'manifest_root="{past_on_s3.uri}", max_tables=0')
    assert (found["manifests"], found["left_out"]) == (4, {})
    assert found["furthest"][0]["freshness"]["samples"] == 3
    assert found["column_lineage"]["expiring"] == 1
    assert found["report"].startswith(newest.folder.uri)
    home, _, name = found["report"].rpartition("/")
    assert b"ORDERS" in folder_at(home).read(name)


def test_what_was_not_written_lately_is_not_opened(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    past.days(2)
    old = past.push([asset("OLD")], 50 * DAY)
    then = (datetime.now(UTC) - 50 * DAY).timestamp()
    for path in UPath(old.folder.uri).rglob("*"):
        os.utime(path.path, (then, then))
    old.folder.write("part-00000.jsonl.gz", b"the age of a part does not matter")
    opened = []
    monkeypatch.setattr(
        kept_manifests, "ManifestReader", lambda folder: opened.append(folder.uri) or ManifestReader(folder)
    )
    assert outcome("max_tables=0")["manifests"] == len(opened) == 2


@pytest.mark.parametrize(
    ("entry", "moment"),
    [
        ({"mtime": 86_400.0}, datetime(1970, 1, 2, tzinfo=UTC)),
        ({"LastModified": datetime(2024, 1, 1, tzinfo=UTC)}, datetime(2024, 1, 1, tzinfo=UTC)),
        ({"last_modified": datetime(2024, 1, 1)}, datetime(2024, 1, 1, tzinfo=UTC)),
        ({"updated": "2024-01-01T00:00:00.000Z"}, datetime(2024, 1, 1, tzinfo=UTC)),
        ({"updated": "yesterday"}, None),
        ({"size": 1}, None),
        ({"mtime": [1]}, None),
    ],
)
def test_stores_tell_the_age_of_a_file_in_their_own_ways(entry: dict[str, Any], moment: datetime | None) -> None:
    assert kept_manifests._modified(entry) == moment
