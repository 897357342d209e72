"""The alarm as it is: pushes of the embedded Snowflake grow stale, and a real mail server gets the mail."""

from __future__ import annotations

import email
import json
import os
import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox
from airflow_provider_montecarlo_push.sandbox.warehouse import EmbeddedWarehouse
from tests.operators.airflow_runs import run_example, run_file

pytestmark = [
    pytest.mark.integration,
    pytest.mark.usefixtures("airflow_database", "monte_carlo_connections"),
    pytest.mark.xdist_group("examples"),
]
PAGE = Path(__file__).parents[2] / "docs" / "alarms.md"


class _Session(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 to take mail."""

    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                self._say("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.mails.append(email.message_from_bytes(content, policy=default))
            self._say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server on a free port of this machine that keeps what it gets."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[Message] = []

    @property
    def connection(self) -> str:
        """An Airflow connection of type ``smtp`` to it."""
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@example.com"}
        host, port = self.server_address[:2]
        return json.dumps({"conn_type": "smtp", "host": host, "port": port, "extra": extra})


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def snowflake(warehouse: EmbeddedWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in warehouse.environment("snowflake_default").items():
        monkeypatch.setenv(name, value)


def text_of(message: Message) -> str:
    return "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")


def test_nothing_has_been_pushed_for_too_long(sandbox: Sandbox, mail: MailServer, tmp_path: Path) -> None:
    never = run_example("montecarlo_stale_push_alarm")
    assert never.states() == {"last_push": "failed"}, "not retried"
    assert "metadata of snowflake_default: never delivered" in text_of(mail.mails.pop())

    pushed = run_example("montecarlo_snowflake_metadata", run_conf={"what": "everything"})
    assert pushed.states()["push"] == "success"
    assert run_example("montecarlo_stale_push_alarm").states() == {"last_push": "success"}
    assert run_example("montecarlo_snowflake_metadata").states()["push"] == "skipped"
    assert run_example("montecarlo_stale_push_alarm").states() == {"last_push": "success"}
    assert mail.mails == []

    (file,) = (tmp_path / "push-state" / "delivered").iterdir()
    then = (datetime.now(UTC) - timedelta(hours=2, minutes=5)).isoformat()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"delivered_at": then}))
    assert run_example("montecarlo_stale_push_alarm", run_conf={"max_age": 3 * 3600}).state == "success"
    assert run_example("montecarlo_stale_push_alarm").states() == {"last_push": "failed"}
    (message,) = mail.mails
    assert message["To"] == "data-platform@example.com"
    assert message["Subject"] == "Monte Carlo: last_push in montecarlo_stale_push_alarm failed"
    text = text_of(message)
    assert "1 of 1 scopes were not delivered to Monte Carlo within 2 h" in text
    assert f"last delivered 2 h 5 min ago, {then}" in text
    assert pushed.xcom("push")["receipt"] in text
    assert "collected by montecarlo_snowflake_metadata.collect" in text


def documented(sign: str) -> Path:
    """Put the one code block of the documentation that has ``sign`` in it into the DAG folder."""
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if sign in block]
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / "documented.py"
    path.write_text(block)
    return path


def test_a_push_that_fails_as_documented(sandbox: Sandbox, mail: MailServer) -> None:
    sandbox.inject("status", status=401)
    path = documented("default_args")
    try:
        assert run_file(path, "montecarlo_hourly").states()["metadata.push"] == "failed"
    finally:
        path.unlink()
    (message,) = mail.mails
    assert message["Subject"] == "Monte Carlo: metadata.push in montecarlo_hourly failed"
    assert "401 from" in text_of(message)
    assert sandbox.ingest_key.secret not in text_of(message)


def test_a_deadline_as_documented() -> None:
    from airflow.dag_processing.dagbag import DagBag

    path = documented("DeadlineAlert(")
    try:
        bag = DagBag(dag_folder=str(path))
    finally:
        path.unlink()
    assert not bag.import_errors
    (deadline,) = bag.dags["montecarlo_hourly"].deadline
    assert deadline.interval == timedelta(minutes=45)
    assert deadline.callback.path == "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
