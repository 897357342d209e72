"""The transport, made and used by the client."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.client import OpenLineageClient
from openlineage.client.serde import Serde
from openlineage.client.transport.noop import NoopTransport

from airflow_provider_montecarlo_push.exceptions import ConfigurationError
from airflow_provider_montecarlo_push.manifests.storage import Folder
from airflow_provider_montecarlo_push.openlineage import keeping
from airflow_provider_montecarlo_push.openlineage.transport import MonteCarloConfig, MonteCarloTransport
from airflow_provider_montecarlo_push.spool import writing
from tests.openlineage.events import column_lineage, event, shown, spooled, table_out

TYPE = "airflow_provider_montecarlo_push.openlineage.transport.MonteCarloTransport"


def client(root: Path | str, **options: Any) -> OpenLineageClient:
    return OpenLineageClient(config={"transport": {"type": TYPE, "manifest_root": str(root), **options}})


class TestEmit:
    def test_into_the_spool(self, tmp_path: Path) -> None:
        emitter = client(tmp_path)
        facet = column_lineage(("X", "DB.S.A", "Y"))
        for one in (event("START"), event(outputs=(table_out("DB.S.T", columnLineage=facet),))):
            emitter.emit(one)

        assert emitter.close()
        (observation,) = spooled(tmp_path)
        assert [shown(edge) for edge in observation.edges] == [("DB.S.T", ["DB.S.A"], {"X": ["DB.S.A.Y"]})]

    def test_by_variables_of_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With the variable of another transport beside it, which the client puts into the same configuration."""
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", TYPE)
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__MANIFEST_ROOT", tmp_path.as_uri())
        monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TIMEOUT", "7.5")
        monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
        emitter = OpenLineageClient()
        emitter.emit(event())

        assert isinstance(emitter.transport, MonteCarloTransport)
        assert emitter.transport.config.timeout == 7.5
        assert len(spooled(tmp_path)) == 1

    @pytest.mark.parametrize("form", ["list", "dict"])
    def test_together_with_another(self, tmp_path: Path, form: str) -> None:
        file = {"type": "file", "log_file_path": str(tmp_path / "events.jsonl"), "append": True}
        ours = {"type": TYPE, "manifest_root": str(tmp_path)}
        both: Any = [file, ours] if form == "list" else {"file": file, "montecarlo": ours}
        emitter = OpenLineageClient(config={"transport": {"type": "composite", "transports": both}})
        emitter.emit(event())

        assert emitter.close()
        assert len(spooled(tmp_path)) == 1
        assert len((tmp_path / "events.jsonl").read_text().splitlines()) == 1

    def test_options_of_columns(self, tmp_path: Path) -> None:
        facet = column_lineage(("X", "DB.S.A", "Y", "INDIRECT/FILTER"), ("Z", "DB.S.A", "Z"))
        emitter = client(tmp_path, indirect_columns=True, max_columns=1)
        emitter.emit(event(outputs=(table_out("DB.S.T", columnLineage=facet),)))

        (observation,) = spooled(tmp_path)
        assert shown(observation.edges[0])[2] == {"X": ["DB.S.A.Y"]}
        assert observation.left_out == {"columns_over_limit": 1}

    def test_ten_megabytes(self, tmp_path: Path) -> None:
        pairs = ((f"A_RATHER_LONG_COLUMN_{number}", "DB.S.A", f"SOURCE_{number}") for number in range(70_000))
        large = event(outputs=(table_out("DB.S.T", columnLineage=column_lineage(*pairs)),))
        assert len(Serde.to_json(large)) > 10_000_000
        client(tmp_path).emit(large)

        (observation,) = spooled(tmp_path)
        assert len(observation.edges[0].columns) == 3_000
        assert observation.left_out == {"columns_over_limit": 67_000}

    def test_names_that_are_long(self, tmp_path: Path) -> None:
        """The spool would drop every pair of an observation that is too large."""
        table = "DB." + "S" * 200 + ".A"
        pairs = (("C" * 100 + str(number), table, "C" * 100) for number in range(3_000))
        client(tmp_path).emit(event(outputs=(table_out("DB.S.T", columnLineage=column_lineage(*pairs)),)))

        (observation,) = spooled(tmp_path)
        assert len(observation.edges[0].columns) > 500
        assert list(observation.left_out) == ["columns_over_limit"]

    def test_many_threads(self, tmp_path: Path) -> None:
        emitter = client(tmp_path, timeout=60)
        threads = [threading.Thread(target=emitter.emit, args=(event(run=number),)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(spooled(tmp_path)) == 20

    def test_in_a_fork(self, tmp_path: Path) -> None:
        """As Airflow's provider emits, with a lock that another thread of the parent holds."""
        emitter = client(tmp_path)
        emitter.emit(event(run=1))
        with emitter.transport._keeper._lock:
            child = os.fork()
            if child == 0:
                emitter.emit(event(run=2))
                os._exit(0)
            os.waitpid(child, 0)

        assert len(spooled(tmp_path)) == 2


class TestFailures:
    """Nothing is raised; it is logged once for each kind, and counted."""

    def test_an_event_that_cannot_be_read(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        transport = client(tmp_path).transport
        for _ in range(3):
            transport.emit({"what": "else"})

        assert [record.levelname for record in caplog.records if "ValueError" in record.message] == ["WARNING"]
        assert not transport.close()
        assert "3 OpenLineage events" in caplog.text

    def test_a_root_that_is_none(self, caplog: pytest.LogCaptureFixture) -> None:
        client("nosuchstore://bucket").emit(event())

        assert "ConfigurationError: No file system for 'nosuchstore://bucket'" in caplog.text

    def test_a_store_that_fails_for_a_while(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """What is lost is counted in the next observation that is written."""
        blocked = tmp_path / "spool"
        blocked.write_text("a file where a folder must be")
        emitter = client(tmp_path)
        for number in range(3):
            emitter.emit(event(run=number))
        warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
        blocked.unlink()
        emitter.emit(event(run=5))

        assert len(warnings) == 1
        assert [one.left_out for one in spooled(tmp_path)] == [{"observations_not_written": 3}]
        assert not emitter.close()

    def test_a_full_spool(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(writing, "MAX_FILES_PER_SHARD", 0)
        client(tmp_path).emit(event())

        assert spooled(tmp_path) == []
        assert "the spool is full" in caplog.text

    def test_a_store_that_hangs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is waited for once; what is written late after all is not counted as lost."""
        released = threading.Event()

        def add(root: Folder, observation: Any) -> bool:
            released.wait(30)
            return writing.add(root, observation)

        monkeypatch.setattr(keeping, "add", add)
        emitter = client(tmp_path, timeout=0.05)
        keeper = emitter.transport._keeper
        for number in range(4):
            emitter.emit(event(run=number))

        assert keeper.failures == {"timeout": 1, "paused": 3}
        released.set()
        while keeper.failures["timeout"]:
            time.sleep(0.01)
        keeper._paused_until = 0.0
        keeper._timeout = 30.0
        emitter.emit(event(run=8))

        assert [one.left_out for one in spooled(tmp_path)] == [{}, {"observations_not_written": 3}]
        assert "did not answer within 0.05 seconds" in caplog.text

    def test_interrupts_go_through(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        transport = client(tmp_path).transport

        def interrupted(_: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(transport._reader, "observe", interrupted)
        with pytest.raises(KeyboardInterrupt):
            transport.emit(event())


class TestConfig:
    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("timeout", 0),
            ("timeout", "5"),
            ("timeout", True),
            ("max_columns", -1),
            ("max_columns", 1.5),
            ("indirect_columns", "yes"),
            ("manifest_root", 5),
            ("storage_options", "key"),
        ],
    )
    def test_what_cannot_be(self, option: str, value: Any) -> None:
        with pytest.raises(ConfigurationError, match=f"{option} of the Monte Carlo transport"):
            MonteCarloConfig.from_dict({option: value})

    def test_secrets_are_not_shown(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            MonteCarloConfig.from_dict({"storage_options": "secret=abc"})

        assert "abc" not in str(caught.value)

    def test_an_unknown_option_is_named(self, caplog: pytest.LogCaptureFixture) -> None:
        config = MonteCarloConfig.from_dict({"type": TYPE, "manifest_rot": "/x", "timeout": None})

        assert config == MonteCarloConfig()
        assert "has no manifest_rot" in caplog.text

    def test_the_client_may_be_disabled(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")

        assert isinstance(client(tmp_path).transport, NoopTransport)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "OPENLINEAGE"))}
    return subprocess.run(
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, check=False, timeout=120
    )


class TestOutsideOfAirflow:
    """As in a Spark job or dbt-ol."""

    EMIT = (
        "import sys\n"
        "from openlineage.client.client import OpenLineageClient\n"
        "from openlineage.client.event_v2 import *\n"
        "client = OpenLineageClient()\n"
        "client.emit(RunEvent(eventType=RunState.COMPLETE, eventTime='2024-03-01T12:00:00Z',"
        " run=Run('5e3c5c0a-0000-4000-8000-000000000000'), job=Job('spark', 'app'),"
        " inputs=[InputDataset('s3://lake', 'raw')], outputs=[OutputDataset('hive://host:9083', 'db.t')]))\n"
        "print('airflow' in sys.modules, 'sqlglot' in sys.modules)\n"
    )

    def test_a_folder(self, tmp_path: Path) -> None:
        done = run_python(self.EMIT, OPENLINEAGE__TRANSPORT=json.dumps({"type": TYPE, "manifest_root": str(tmp_path)}))

        assert done.stdout == "False False\n", done.stderr
        (observation,) = spooled(tmp_path)
        assert (observation.run.dag_id, observation.run.task_id) == ("spark", "app")

    def test_what_a_task_of_airflow_started(self, tmp_path: Path) -> None:
        names = {"AIRFLOW_CTX_DAG_ID": "shop", "AIRFLOW_CTX_TASK_ID": "dbt", "AIRFLOW_CTX_DAG_RUN_ID": "manual__1"}
        run_python(
            self.EMIT, OPENLINEAGE__TRANSPORT=json.dumps({"type": TYPE, "manifest_root": str(tmp_path)}), **names
        )

        (observation,) = spooled(tmp_path)
        assert (observation.run.dag_id, observation.run.run_id) == ("shop", "manual__1")

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({}, "Outside of Airflow the transport must be told where the spool is"),
            ({"manifest_root": "relative/folder"}, "neither a URI nor an absolute path"),
        ],
    )
    def test_without_a_root(self, options: dict[str, str], problem: str) -> None:
        done = run_python(self.EMIT, OPENLINEAGE__TRANSPORT=json.dumps({"type": TYPE, **options}))

        assert done.returncode == 0
        assert problem in done.stderr


def test_our_package_does_without_the_client() -> None:
    done = run_python(
        "import sys; sys.modules['openlineage'] = None\n"
        "import airflow_provider_montecarlo_push.get_provider_info as info; info.get_provider_info()\n"
        "import airflow_provider_montecarlo_push.openlineage.observations as one\n"
        "import airflow_provider_montecarlo_push.openlineage.keeping, airflow_provider_montecarlo_push.spool.writing\n"
        "print(one.EventReader().observe({'job': {}, 'eventTime': '2024-03-01T12:00:00Z'}))\n"
    )

    assert done.stdout == "None\n", done.stderr
