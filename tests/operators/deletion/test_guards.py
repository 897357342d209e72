"""What keeps a deletion from being done: guards and bad input."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from upath import UPath

from airflow_provider_montecarlo_push.events import Flow
from airflow_provider_montecarlo_push.manifests.model import encode_manifest
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.sandbox import Sandbox
from tests.conftest import write_manifest
from tests.operators.conftest import TaskLog
from tests.operators.deletion.cleanup import SCOPE, TEN, Week, asset, push, run
from tests.operators.outcomes import failed_at_once

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database", "monte_carlo_connections")]


@pytest.mark.parametrize(
    ("older", "newer", "options", "said"),
    [
        ({}, {"complete": False, "notes": ["RAW was denied."]}, "", "is not complete: RAW was denied."),
        ({"complete": False}, {}, "", "is not complete"),
        ({}, {"scope": SCOPE | {"include": ["DB.S"]}}, "", "not of the same scope: include"),
        ({"scope": SCOPE | {"exclude": ["TMP"]}}, {}, "", "not of the same scope: exclude"),
        ({}, {"collector": "hive"}, "", "collector is 'test' and 'hive'"),
        ({}, {"source_conn_id": "other"}, "", "source_conn_id is 'shop' and 'other'"),
        ({}, {"resource_type": "redshift"}, "", "resource_type is 'snowflake' and 'redshift'"),
        ({"pushed_to": "other"}, {}, "", "was pushed to other, not to"),
        ({}, {"pushed_to": "other"}, "", "was pushed to other, not to"),
        ({"pushed_to": "one"}, {"pushed_to": "other"}, "resource_uuid=None", "pushed to different warehouses"),
        ({}, {}, "resource_uuid=None", "Give resource_uuid"),
        ({}, {}, "resource_uuid='mine'", "is not a UUID"),
        ({}, {"names": TEN[2:]}, "", "2 of 10 tables (20.0%) would go, more than max_fraction=0.1 allows"),
        ({}, {"names": TEN[1:]}, "max_fraction=0.09", "1 of 10 tables (10.0%) would go"),
        ({}, {"names": TEN[3:]}, "max_fraction=1, max_tables=2", "3 tables would go, more than max_tables=2 allows"),
        ({}, {"names": TEN[1:]}, "max_fraction='0'", "more than max_fraction=0 allows"),
        ({}, {"flow": Flow.LINEAGE}, "", "holds lineage events"),
    ],
)
def test_guards_refuse_before_monte_carlo_is_asked(
    sandbox: Sandbox, week: Week, task_log: TaskLog, older: Any, newer: Any, options: str, said: str
) -> None:
    push(*TEN)
    one, other = week(0, **({"names": TEN} | older)), week(1, **({"names": TEN[1:]} | newer))
    options = f'previous="{one.uri}", manifest="{other.uri}", dry_run=False, retries=3, {options}'
    assert failed_at_once(run(sandbox, options.rstrip(", ")), "delete")
    assert said in task_log.text
    assert sandbox.requests("graphql") == []


def test_a_database_without_any_table_left_is_pointed_out(
    sandbox: Sandbox, week: Week, task_log: TaskLog, tmp_path: Path
) -> None:
    older = week(0, TEN)
    events = [asset("T", database="NEW")]
    newer = write_manifest(Folder(UPath((tmp_path / "new").as_uri())), events, source_conn_id="shop", scope=SCOPE)
    later = msgspec.structs.replace(newer.manifest, collected_at=datetime.now(UTC) + timedelta(days=1))
    newer.folder.write("manifest.json", encode_manifest(later))
    run(sandbox, f'previous="{older.uri}", manifest="{newer.uri}"')
    assert "No table is left of DB: were grants withdrawn?" in task_log.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "Give one of mcons, tables and manifest, not none of them"),
        ('mcons="a", tables="b"', "not mcons and tables"),
        ('tables="{{ none }}"', "not none of them"),
        ('tables="only_two.parts"', "write 'database.schema.table'"),
        ('tables="A.B.C", resource_uuid=None', "tables needs resource_uuid"),
        ("tables=\"['A.B.C']\"", "render_template_as_native_obj"),
        ("tables=\"{'a': 1}\"", "render_template_as_native_obj"),
        ("tables=[None]", "write 'database.schema.table'"),
        ('tables=["A.B. "]', "write 'database.schema.table'"),
        ("tables=5", "tables is 5; give a list"),
        ("mcons=[{'mcon': 'a'}]", "no text"),
        ("mcons=' '", "not none of them"),
        ("mcons=['A.B.C']", "mcons holds 'A.B.C', which is no MCON"),
        ("mcons=['MCON++acc++another++table++A:B.C']", "a table of another warehouse than resource_uuid"),
        ('tables="A.B.C", dry_run="perhaps"', "dry_run is 'perhaps'"),
        ('tables="A.B.C", max_tables="many"', "max_tables is 'many'"),
        ('tables="A.B.C", max_tables=-1', "give a number from 0"),
        ('tables="A.B.C", max_fraction=10', "give a number from 0 to 1"),
        ('manifest="/nowhere/at/all"', "No manifest at"),
        ('tables="A.B.C", resource_uuid="mine"', "is not a UUID"),
    ],
)
def test_bad_input_fails_at_once_with_a_clear_error(
    sandbox: Sandbox, task_log: TaskLog, options: str, said: str
) -> None:
    assert failed_at_once(run(sandbox, f"{options}, retries=3".lstrip(", ")), "delete")
    assert said in task_log.text
    assert sandbox.requests() == []
