"""What the tests of operators share."""

from __future__ import annotations

import logging

import pytest


class TaskLog:
    """What the tasks of a run logged, through the standard library and through Airflow's own logger."""

    def __init__(self, records: pytest.LogCaptureFixture, output: pytest.CaptureFixture[str]) -> None:
        self._records = records
        self._output = output

    @property
    def text(self) -> str:
        return self._records.text + "".join(self._output.readouterr())


@pytest.fixture
def task_log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> TaskLog:
    caplog.set_level(logging.INFO)
    return TaskLog(caplog, capsys)
