"""The receipt page inside Airflow's own API server app: who may see it, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from upath import UPath

from airflow_provider_montecarlo_push.links.receipt import page_url
from airflow_provider_montecarlo_push.manifests.receipts import Acknowledgement, Destination, Receipt, Rejection
from airflow_provider_montecarlo_push.manifests.storage import Folder
from tests.conftest import table, write_manifest

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("airflow_database")]
DAG_ID = "my_dag"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Airflow's API server, signed in as a viewer."""
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({"vera": "secret"}))
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "vera:viewer")
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
    monkeypatch.setenv(
        "AIRFLOW__CORE__AUTH_MANAGER",
        "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    )
    monkeypatch.setenv("AIRFLOW__MONTECARLO_PUSH__MANIFEST_ROOT", (tmp_path / "root").as_uri())
    from airflow.api_fastapi.app import create_app, purge_cached_app
    from fastapi.testclient import TestClient

    purge_cached_app()
    with TestClient(create_app()) as client:
        answer = client.post("/auth/token", json={"username": "vera", "password": "secret"})
        token = answer.json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
    purge_cached_app()


@pytest.fixture
def receipt(tmp_path: Path) -> Receipt:
    folder = Folder(UPath((tmp_path / "root").as_uri())).child(DAG_ID, "run", "collect")
    reader = write_manifest(folder, [table(0), table(1)])
    receipt = Receipt(
        folder,
        reader.uri,
        reader.manifest,
        Destination("http://gateway", "a1b2c3d4-e5f6-7890-abcd-ef1234567890", resource_type="snowflake"),
    )
    receipt.acknowledge(Acknowledgement("part-00000.jsonl.gz", 0, 0, 123, "invocation-1", "trace-1", datetime.now(UTC)))
    receipt.reject(Rejection("part-00000.jsonl.gz", 1, "<b>bad</b>", msgspec.Raw(b"{}")))
    receipt.close("failed", "<script>alert(1)</script>")
    return receipt


def path_of(dag_id: str, uri: str) -> str:
    url = urlsplit(page_url(dag_id, uri))
    return f"{url.path}?{url.query}"


def test_it_shows_what_became_of_each_batch(client: Any, receipt: Receipt) -> None:
    answer = client.get(path_of(DAG_ID, receipt.uri))
    assert answer.status_code == 200
    assert "invocation-1" in answer.text
    assert "trace-1" in answer.text
    assert "1 of 2" in answer.text
    assert "<script>" not in answer.text, "what a server said is text, not markup"


def test_refused_events_can_be_fetched(client: Any, receipt: Receipt) -> None:
    path, _, query = path_of(DAG_ID, receipt.uri).partition("?")
    answer = client.get(f"{path}/rejected?{query}")
    assert answer.content == receipt.folder.read("rejected.jsonl.gz")
    assert f'href="{DAG_ID}/rejected?uri=' in client.get(path_of(DAG_ID, receipt.uri)).text


def test_nobody_sees_it_without_signing_in(client: Any, receipt: Receipt) -> None:
    del client.headers["Authorization"]
    client.cookies.clear()
    path, _, query = path_of(DAG_ID, receipt.uri).partition("?")
    assert client.get(f"{path}?{query}").status_code == 401
    assert client.get(f"{path}/rejected?{query}").status_code == 401


@pytest.mark.parametrize(
    ("dag_id", "change"),
    [
        ("other_dag", ("", "")),  # access to one DAG is none to another's receipts
        (DAG_ID, ("receipt.json", "batches-00000.jsonl")),
        (DAG_ID, ("/collect/", "/../collect/")),
        (DAG_ID, ("file:///", "file:///etc/")),
    ],
)
def test_it_reads_nothing_but_receipts_of_the_dag(
    client: Any, receipt: Receipt, dag_id: str, change: tuple[str, str]
) -> None:
    assert client.get(path_of(dag_id, receipt.uri.replace(*change, 1))).status_code == 404


def test_a_receipt_that_is_gone_says_so(client: Any, receipt: Receipt) -> None:
    receipt.folder.delete("receipt.json")
    answer = client.get(path_of(DAG_ID, receipt.uri))
    assert answer.status_code == 404
    assert "share storage" in answer.text
