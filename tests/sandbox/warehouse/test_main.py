from __future__ import annotations

import sys

import pytest

from airflow_provider_montecarlo_push.sandbox.warehouse.__main__ import main


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "airflow_provider_montecarlo_push.sandbox.warehouse.server", None)

    assert main(["--port", "0"]) == 2
    assert "pip install 'airflow-provider-montecarlo-push[embedded]'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--edition", "platinum"], ["--port", "many"]])
def test_wrong_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)

    assert f"argument {arguments[0]}: invalid" in capsys.readouterr().err
