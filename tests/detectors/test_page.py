"""The page: what is in it, and how headless Chromium shows it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_montecarlo_push.detectors import charts
from airflow_provider_montecarlo_push.detectors.counters import TableCounters, TimeFrame
from airflow_provider_montecarlo_push.detectors.history import History, LeftOut
from airflow_provider_montecarlo_push.detectors.page import page
from airflow_provider_montecarlo_push.detectors.report import Report, summarise
from airflow_provider_montecarlo_push.events.names import TableName
from airflow_provider_montecarlo_push.graphql.detectors import DetectorStatus

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
NASTY = [
    '<script>document.title = "owned"</script>',
    '"><img src=x onerror="document.title=1">',
    "x" * 300,
    "線上 😀",
    "\u202ereversed",
    "{{ 7 * 7 }}",
]
DAY = timedelta(days=1)


def report_of(names: list[str], *, days: int = 5, columns: int = 0) -> Report:
    history = History(TimeFrame(NOW), lambda name: True, LeftOut())
    for number, name in enumerate(names):
        counters = history.tables[TableName("DB", "<S>", name)] = TableCounters()
        for day in range(days + number % 3):
            at = (NOW - (days + 2 - day) * DAY).timestamp()
            counters.add_freshness(history.frame, at, float(day))
            counters.add_volume(history.frame, at, rows=True, sizes=False)
            history.pushes[history.frame.day(at)] += 1
        if number < columns:
            history.columns[TableName("DB", "<S>", name)] = (NOW - 8 * DAY - number * DAY).timestamp()
    report = summarise(history, "5f10a4e0-0000-4000-8000-000000000001", rows=500, columns=200)
    report.manifests, report.since = 8, NOW - 8 * DAY
    return report


def test_nothing_is_fetched_and_names_are_text() -> None:
    report = report_of(NASTY, columns=6)
    report.rows[0].status = DetectorStatus("visible", "TRAINING", "<b>because</b>")
    report.left_out = Counter(unreadable_parts=2, a_reason_of_tomorrow=1)
    text = page(report, most=200)
    assert not re.search(r"https?://|href=|url\(|@import|<script|<img|<b>because", text)
    assert "&lt;script&gt;" in text
    assert "{{ 7 * 7 }}" in text
    assert "\u202e" not in text
    assert "parts of manifests that are missing or damaged (2)" in text
    assert "a reason of tomorrow (1)" in text


def test_only_some_tables_are_listed_and_the_others_counted() -> None:
    report = report_of([f"T{number}" for number in range(700)])
    assert len(report.rows) == 500
    text = page(report, most=200)
    assert text.count('<td class="name"') == 200
    assert "… and 500 more." in text
    assert len(text) < 400_000


def test_without_any_table_or_manifest() -> None:
    history = History(TimeFrame(NOW), lambda name: True, LeftOut())
    text = page(summarise(history, "uuid", rows=10, columns=10), most=10)
    assert "No manifest is kept" in text
    assert "No table has anything left to be done" in text
    assert "No column lineage was pushed" in text


@pytest.mark.parametrize(
    ("counts", "kinds"),
    [({"ready": 1}, ["ready"]), ({"ready": 999_999, "none": 1, "slow": 0}, ["ready", "none"]), ({}, [])],
)
def test_every_part_of_a_bar_can_be_seen(counts: dict[str, int], kinds: list[str]) -> None:
    segments = charts.stacked(counts, ["ready", "slow", "none"])
    assert [segment.kind for segment in segments] == kinds
    assert all(segment.width >= 3 for segment in segments)
    if segments:
        assert segments[-1].x + segments[-1].width == pytest.approx(charts.BAR_WIDTH)


def test_days_without_a_push_are_marked_once_pushing_had_begun() -> None:
    frame = TimeFrame(NOW)
    pushes = [0] * frame.days
    pushes[10] = pushes[13] = 4
    kinds = [column.kind for column in charts.daily(pushes, frame)]
    assert [day for day, kind in enumerate(kinds) if kind == "missing"] == [11, 12, *range(14, frame.days - 1)]
    assert charts.daily(pushes, frame)[-1].label.endswith("1 Jun 2024")


@pytest.mark.parametrize(("days", "path"), [(0, ""), (0b1, "M0 0h3v9h-3z"), (0b11010, "M4 0h3v9h-3zM12 0h7v9h-7z")])
def test_strip(days: int, path: str) -> None:
    assert charts.strip(days, 9) == path


selenium = pytest.importorskip("selenium", reason="the page is tested with selenium, which is not installed")
_DRIVER, _BROWSER = shutil.which("chromedriver"), shutil.which("chromium")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = _BROWSER or ""
    for argument in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(_DRIVER))
    yield browser
    browser.quit()


@pytest.mark.browser
@pytest.mark.integration
@pytest.mark.skipif(not (_DRIVER and _BROWSER), reason="no headless Chromium")
class TestInTheBrowser:
    @pytest.mark.parametrize("width", [400, 1280])
    def test_it_fits_and_nothing_in_it_runs(self, chromium: Any, tmp_path: Path, width: int) -> None:
        path = tmp_path / "report.html"
        path.write_text(page(report_of(NASTY, columns=6), most=200))
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        chromium.get(path.as_uri())
        assert chromium.title == "Detectors · Monte Carlo"
        assert chromium.get_log("browser") == []
        sizes = chromium.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert sizes[0] <= sizes[1] == width, "only tables and charts scroll sideways"
        drawn = (
            "return [...document.querySelectorAll('svg.stack, svg.chart')].map(e => e.getBoundingClientRect().width)"
        )
        assert [box > 200 for box in chromium.execute_script(drawn)] == [True] * 5

    def test_light_and_dark_can_be_read(self, chromium: Any, tmp_path: Path) -> None:
        path = tmp_path / "report.html"
        path.write_text(page(report_of(["T"]), most=200))
        chromium.get(path.as_uri())
        shades = {}
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            script = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
            shades[scheme] = [_brightness(color) for color in chromium.execute_script(script)]
        assert shades["light"][0] + 150 < shades["light"][1]
        assert shades["dark"][0] > shades["dark"][1] + 150


def _brightness(color: str) -> float:
    return sum(int(part) for part in re.findall(r"\d+", color)[:3]) / 3
