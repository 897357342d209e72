from __future__ import annotations

import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from airflow_provider_montecarlo_push.collectors.bigquery import client
from airflow_provider_montecarlo_push.collectors.bigquery.client import HookClient
from airflow_provider_montecarlo_push.collectors.bigquery.errors import translate
from airflow_provider_montecarlo_push.collectors.filters import TableFilter
from airflow_provider_montecarlo_push.exceptions import (
    AccessDeniedError,
    ConfigurationError,
    MonteCarloPushError,
    SourceError,
    SourceUnavailableError,
)
from tests.collectors.bigquery.conftest import make
from tests.collectors.bigquery.wire import Answer, Refusal, Wire


def because(kind: type[api.GoogleAPICallError], reason: str) -> Exception:
    return kind("message", errors=[{"reason": reason, "message": "message"}])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (because(api.Forbidden, "accessDenied"), AccessDeniedError),
        (because(api.Forbidden, "rateLimitExceeded"), SourceUnavailableError),
        (because(api.Forbidden, "quotaExceeded"), SourceUnavailableError),
        (because(api.Forbidden, "responseTooLarge"), SourceError),
        (because(api.BadRequest, "resourcesExceeded"), SourceError),
        (because(api.BadRequest, "invalidQuery"), SourceError),
        (because(api.BadRequest, "jobBackendError"), SourceUnavailableError),
        (because(api.NotFound, "notFound"), SourceError),
        (api.TooManyRequests("message"), SourceUnavailableError),
        (api.ServiceUnavailable("message"), SourceUnavailableError),
        (api.InternalServerError("message"), SourceUnavailableError),
        (api.MethodNotImplemented("message"), SourceError),
        (api.Unauthorized("message"), ConfigurationError),
        (api.RetryError("message", ValueError()), SourceUnavailableError),
        (auth.RefreshError("invalid_grant"), ConfigurationError),
        (auth.RefreshError("later", retryable=True), SourceUnavailableError),
        (auth.TransportError("message"), SourceUnavailableError),
        (auth.DefaultCredentialsError("message"), ConfigurationError),
        (ConnectionResetError("message"), SourceUnavailableError),
        (TimeoutError("message"), SourceUnavailableError),
        (ValueError("message"), SourceError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_translate(error: Exception, expected: type[MonteCarloPushError]) -> None:
    found = translate(error, "Reading JOBS", "c")
    assert type(found) is expected
    assert str(found).startswith("Reading JOBS over connection 'c' failed: ")


@pytest.mark.integration
class TestOnTheWire:
    @pytest.mark.parametrize(
        ("refusal", "expected", "message"),
        [
            (Refusal(503, "backendError", "Try again"), SourceUnavailableError, "Try again"),
            (Refusal(400, "invalidQuery", "Syntax"), SourceError, "Syntax"),
            (Refusal(404, "notFound", "Not found: Project x"), SourceError, "Check projects and regions"),
            (Refusal(400, "resourcesExceeded", "Too much", in_job=True), SourceError, "Narrow what is collected"),
            (Refusal(403, "accessDenied", "No", in_job=True), AccessDeniedError, "roles/bigquery.metadataViewer"),
            (Refusal(403, "accessDenied", "bigquery.jobs.create"), AccessDeniedError, "roles/bigquery.jobUser"),
        ],
    )
    def test_refused(self, wire: Wire, refusal: Refusal, expected: type[Exception], message: str) -> None:
        wire.answer("TABLES", refusal)
        with pytest.raises(expected, match=message):
            list(make().metadata(TableFilter()))

    def test_it_is_asked_again(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client, "_RETRY_SECONDS", 10)
        wire.answer("MAX(t.table_type)", Refusal(503, "backendError", "Try again", times=1))
        columns = ["table_schema STRING", "asset STRING", "kind STRING", "shards INTEGER", "created TIMESTAMP"]
        wire.answer("MAX(t.table_type)", Answer(columns, [("d", "t", "BASE TABLE", 1, None)]))
        assert [asset.metadata.name for asset in make().metadata(TableFilter())] == ["t"]

    def test_datasets_denied(self, wire: Wire) -> None:
        wire.locations = Refusal(403, "accessDenied", "No")
        with pytest.raises(AccessDeniedError, match=r"roles/bigquery\.metadataViewer"):
            list(make().metadata(TableFilter()))

    def test_nobody_answers(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
        with pytest.raises(SourceUnavailableError, match="Connection refused"):
            list(make(regions="us").metadata(TableFilter()))

    def test_no_project(self, wire: Wire) -> None:
        class NoProject(HookClient):
            def __init__(self) -> None:
                self.project = self.location = self.member = None

            def close(self) -> None:
                pass

        with pytest.raises(ConfigurationError, match="Set its field 'Project Id'"):
            list(make(regions="us", connect=NoProject).metadata(TableFilter()))
