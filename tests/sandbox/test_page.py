"""The web page in headless Chromium, as a person uses it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_montecarlo_push.sandbox import Sandbox

selenium = pytest.importorskip("selenium", reason="the page is tested with selenium, which is not installed")

from selenium import webdriver  # noqa: E402
from selenium.common.exceptions import StaleElementReferenceException  # noqa: E402
from selenium.webdriver.chrome.options import Options  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.remote.webelement import WebElement  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

_DRIVER, _BROWSER = shutil.which("chromedriver"), shutil.which("chromium")
_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.integration,
    pytest.mark.skipif(
        not (_DRIVER and _BROWSER), reason="no headless Chromium: install the packages chromium and chromium-driver"
    ),
]

NASTY = ['<script>document.title = "owned"</script>', '"><img src=x onerror="document.title=1">', "x" * 300, "線上 😀"]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = _BROWSER or ""
    for argument in (*_ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(_DRIVER))
    yield browser
    browser.quit()


class Page:
    """The page of a sandbox. Every look waits until what is looked for is there."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self._url = url

    def go(self, page: str = "overview", **parameters: str) -> None:
        query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
        self.browser.get("about:blank")
        self.browser.get(f"{self._url}/#/{page}?{query}")

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        waiting = WebDriverWait(
            self.browser, 15, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        return waiting.until(lambda _: condition(), what)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        found: WebElement = self.wait(lambda: next(iter(self.all(selector)), None), selector)
        return found

    def click(self, selector: str) -> None:
        """Click what is there; once more where a refresh replaced it in between."""
        self.wait(lambda: [item.click() or True for item in self.all(selector)[:1]], selector)

    def script(self, text: str, *arguments: Any) -> Any:
        return self.browser.execute_script(text, *arguments)

    @property
    def text(self) -> str:
        return str(self.script("return document.getElementById('view').innerText"))

    def says(self, text: str) -> None:
        self.wait(lambda: text in self.text, f"{text!r} on the page")

    def press(self, label: str) -> None:
        path = f"//button[normalize-space()='{label}']"
        self.wait(lambda: [item.click() or True for item in self.browser.find_elements(By.XPATH, path)[:1]], label)

    def rows(self, label: str) -> list[list[str]]:
        return list(
            self.script(
                "return [...document.querySelectorAll(`[aria-label='${arguments[0]}'] tbody tr`)]"
                ".map((row) => [...row.cells].map((cell) => cell.innerText))",
                label,
            )
        )


@pytest.fixture
def page(chromium: webdriver.Chrome, sandbox: Sandbox) -> Iterator[Page]:
    chromium.get_log("browser")
    yield Page(chromium, sandbox.url)
    chromium.get("about:blank")
    problems = [item["message"] for item in chromium.get_log("browser") if item["level"] == "SEVERE"]
    assert [message for message in problems if " 404 " not in message] == []


def test_an_empty_sandbox_says_so_and_how_to_push(page: Page, sandbox: Sandbox) -> None:
    for name in ("overview", "pushes", "tables", "lineage", "queries", "jobs"):
        page.go(name)
        page.says("Nothing has arrived yet")
        page.says(f"{sandbox.url}/ingest/v1/metadata")
        page.says(sandbox.warehouse_uuid)


def test_the_overview_refreshes_itself(page: Page, push: Any, events: Any) -> None:
    page.go()
    page.says("Nothing has arrived yet")
    invocation_id = push("metadata", events.table())
    page.says(invocation_id)
    assert page.rows("Last pushes")[0][4] == "1"


def test_refused_requests_and_delays_are_shown(page: Page, sandbox: Sandbox, post: Any, push: Any, events: Any) -> None:
    post("metadata", {})
    sandbox.set_delay(900, "lineage")
    push("lineage", events.edge("b", "a"))
    sandbox.inject("status", flow="metadata", status=503)
    page.go()
    page.says("Schema validation failed")
    page.says("accepted, not visible yet")
    assert page.rows("Faults")[0][:3] == ["status", "Metadata", "503"]


def test_pushes_are_filtered_by_flow_and_lead_to_their_events(page: Page, push: Any, events: Any) -> None:
    first = push("metadata", *(events.table(f"t{index}") for index in range(60)))
    second = push("query_logs", events.query("select 'odd' -- <b>"))
    page.go("pushes")
    page.says(first)
    page.press("Query logs")
    page.wait(lambda: len(page.rows("Pushes")) == 1, "one push")
    assert second in page.text
    page.press("Metadata")
    page.wait(lambda: first in page.text and second not in page.text, "the other push")
    page.click(f"[data-key='{first}']")
    page.says("60 events, as sent")
    assert len(page.all("details")) == 50
    page.press("Next")
    page.wait(lambda: len(page.all("details")) == 10, "the last ten events")
    page.click("summary")
    page.says('"name": "t50"')


def test_a_push_that_is_not_there(page: Page) -> None:
    page.go("push", id="nothing")
    page.says("There is no push 'nothing'.")


def test_tables_are_searched_and_shown_in_full(page: Page, sandbox: Sandbox, push: Any, events: Any) -> None:
    push(
        "metadata",
        events.table("customers"),
        events.table(
            "orders",
            type="VIEW",
            metadata={"description": "What was sold", "view_query": "select *\nfrom raw"},
            fields=[{"name": "id", "type": "NUMBER(38,0)", "description": "The key"}],
            tags=[{"key": "team", "value": "sales"}],
        ),
    )
    for rows in (1000, 1500):
        volume = {"row_count": rows, "byte_count": rows * 1000}
        push("metadata", events.table("orders", volume=volume, freshness={"last_update_time": "2024-03-01T14:30:00Z"}))
        sandbox.advance(3600)
    push("lineage", events.edge("orders", "raw"))
    page.go("tables")
    page.says("shop.public.customers")
    page.one("input[type=search]").send_keys("SOLD")
    page.wait(lambda: [row[0] for row in page.rows("Tables")] == ["shop.public.orders\nWhat was sold"], "one table")
    assert page.rows("Tables")[0][3:6] == ["1,500", "1.5 MB", "2024-03-01 14:30:00"]
    assert "search=SOLD" in page.browser.current_url
    page.click("td a")
    page.says("Volume and freshness")
    for text in ("team: sales", "select *\nfrom raw", "The key", "NUMBER(38,0)", "shop.public.raw", "2 points"):
        assert text in page.text
    labels = [chart.get_attribute("aria-label") for chart in page.all(".chart svg")]
    assert [label.split(":")[0] for label in labels] == ["Rows", "Bytes", "Age of the data when pushed"]
    assert "between 1,000 and 1,500, last 1,500" in labels[0]
    assert len(page.all(".chart polyline")) == 3


def test_tables_of_one_warehouse(page: Page, sandbox: Sandbox, push: Any, events: Any) -> None:
    push("metadata", events.table("here"))
    push("metadata", events.table("there"), resource_uuid=sandbox.lake_uuid)
    page.go("tables", warehouse=sandbox.lake_uuid)
    page.says("shop.public.there")
    assert [row[0] for row in page.rows("Tables")] == ["shop.public.there"]


def test_what_is_typed_and_focused_survives_a_refresh(page: Page, push: Any, events: Any) -> None:
    push("metadata", events.table("orders"))
    page.go("tables")
    page.says("shop.public.orders")
    page.one("input[type=search]").send_keys("ord")
    page.wait(lambda: "search=ord" in page.browser.current_url, "the search in the address")
    push("metadata", events.table("ordinary"))
    page.says("shop.public.ordinary")
    assert page.script("return document.activeElement.value") == "ord"
    page.script("document.querySelector('td a').focus()")
    push("metadata", events.table("ordered"))
    page.says("shop.public.ordered")
    assert "shop.public.order" in page.script("return document.activeElement.title")


def test_the_page_can_be_paused(page: Page, push: Any, events: Any) -> None:
    page.go()
    page.says("Nothing has arrived yet")
    page.press("Pause")
    page.wait(lambda: page.one("#status").text == "Paused", "Paused")
    page.script(
        "window.asked = 0; const ask = fetch; window.fetch = (...all) => { window.asked += 1; return ask(...all); }"
    )
    push("metadata", events.table())
    page.script("return new Promise((done) => setTimeout(done, 3500))")
    assert page.script("return window.asked") == 0
    page.press("Resume")
    page.wait(lambda: "Nothing has arrived yet" not in page.text, "the push")


class TestLineage:
    @pytest.fixture
    def graph(self, push: Any, events: Any) -> None:
        push("lineage", events.edge("b", "a"), events.edge("c", "b"), events.edge("d", "c"), events.edge("d", "a"))
        push("lineage", events.edge("c", "b", columns={"total": [("b", "amount"), ("b", "tax")], "id": [("b", "id")]}))

    def _places(self, page: Page) -> dict[str, tuple[float, float]]:
        found = page.script(
            "return [...document.querySelectorAll('.graph g')].map((group) => {"
            "const box = group.getBoundingClientRect();"
            "return [group.querySelector('.label').textContent, [box.x, box.y]]; })"
        )
        return {name: tuple(place) for name, place in found}

    def test_it_is_drawn_from_left_to_right(self, page: Page, graph: None) -> None:
        page.go("lineage")
        page.says("4 of 4 tables, 4 of 4 edges")
        places = self._places(page)
        assert places["a"][0] < places["b"][0] < places["c"][0] < places["d"][0]
        assert len(page.all(".graph .edge")) == 4

    def test_a_click_focuses_and_hops_widen(self, page: Page, graph: None) -> None:
        page.go("lineage")
        page.click("a[aria-label='shop.public.d, table']")
        page.says("4 tables within 2 hops")
        page.press("1 hop")
        page.says("3 tables within 1 hop")
        assert set(self._places(page)) == {"a", "c", "d"}
        assert page.one(".graph .focus .label").text == "d"

    def test_it_works_with_the_keyboard(self, page: Page, graph: None) -> None:
        page.go("lineage")
        node = page.one("a[aria-label='shop.public.b, table']")
        page.script("arguments[0].focus()", node)
        page.browser.switch_to.active_element.send_keys(Keys.ENTER)
        page.wait(lambda: page.one("h2").text.startswith("shop.public.b"), "the focus")

    def test_columns_are_drawn_and_chosen(self, page: Page, sandbox: Sandbox, graph: None) -> None:
        page.go("lineage", mcon=sandbox.mcon("shop", "public", "c"))
        page.says("Column lineage (3)")
        assert len(page.all(".graph .pair")) == 3
        assert ["shop.public.b", "amount", "shop.public.c", "total"] in [row[:4] for row in page.rows("Column lineage")]
        page.click("a[aria-label='column total of shop.public.c']")
        page.says("Column lineage of total (2)")
        assert len(page.all(".graph .pair")) == 2
        page.click("a[aria-label='column total of shop.public.c']")
        page.says("Column lineage (3)")

    def test_a_table_is_found(self, page: Page, graph: None) -> None:
        page.go("lineage")
        page.one("input[type=search]").send_keys("PUBLIC.C")
        page.says("1 found")
        page.click("ul a")
        page.says("tables within 2 hops")

    def test_a_table_without_lineage(self, page: Page, sandbox: Sandbox, push: Any, events: Any, graph: None) -> None:
        push("metadata", events.table("alone"))
        page.go("lineage", mcon=sandbox.mcon("shop", "public", "alone"))
        page.says("This table is not in the lineage graph")

    def test_nodes_that_users_created(self, page: Page, sandbox: Sandbox, graph: None) -> None:
        node = """mutation($r:UUID){createOrUpdateLineageNode(objectType:"report",objectId:"r-1",resourceId:$r,
          name:"Sales report",properties:[{propertyName:"owner",propertyValue:"ann"}]){node{mcon}}}"""
        edge = """mutation($s:NodeInput!,$d:NodeInput!){createOrUpdateLineageEdge(source:$s,destination:$d){
          edge{expireAt}}}"""
        mcon = sandbox.graphql(node, {"r": sandbox.lake_uuid})["createOrUpdateLineageNode"]["node"]["mcon"]
        source = {"objectType": "table", "objectId": "shop:public.d", "resourceId": sandbox.warehouse_uuid}
        report = {"objectType": "report", "objectId": "r-1", "resourceId": sandbox.lake_uuid}
        sandbox.graphql(edge, {"s": source, "d": report})
        page.go("lineage")
        page.says("5 of 5 nodes, 5 of 5 edges")
        places = self._places(page)
        assert places["d"][0] < places["Sales report"][0]
        assert (len(page.all(".graph a.custom")), len(page.all(".graph .edge.custom"))) == (1, 1)
        page.click("a[aria-label='Sales report, report']")
        for text in ("Data lake (sandbox)", "r-1", mcon, "ann", "nodes within 2 hops"):
            page.says(text)
        page.go("table", mcon=sandbox.mcon("shop", "public", "d"))
        page.says("There is no table")
        sandbox.advance(8 * 24 * 3600)
        page.go("lineage", mcon=mcon)
        page.says("it has expired")

    def test_circles_loops_and_zoom(self, page: Page, push: Any, events: Any) -> None:
        push("lineage", events.edge("a", "b"), events.edge("b", "a"), events.edge("c", "c"))
        page.go("lineage")
        page.says("3 of 3 tables, 3 of 3 edges")
        assert len(page.all(".graph .edge")) == 3
        width = "return document.querySelector('.graph svg').width.baseVal.value"
        before = page.script(width)
        page.click("button[aria-label='Zoom in']")
        page.wait(lambda: page.script(width) > before, "a larger graph")

    def test_a_large_graph_is_cut_and_says_so(self, page: Page, push: Any, events: Any) -> None:
        push("lineage", *(events.edge(f"t{index + 1:03}", f"t{index:03}") for index in range(150)))
        page.go("lineage")
        page.says("60 of 151 tables")
        page.says("too large to show whole")


def test_query_logs_are_searched_and_failures_marked(page: Page, push: Any, events: Any) -> None:
    push(
        "query_logs",
        events.query("select 1", user="ann"),
        events.query("selec 2", user="bob", error_code="1003", error_text="syntax error", query_id="q-2"),
        events.query("insert into t select * from s", user="etl", returned_rows=1234, extra={"role": "LOADER"}),
    )
    page.go("queries")
    page.says("insert into t")
    assert [row[1] for row in page.rows("Query logs")].count("✕ failed") == 1
    page.press("Failed")
    page.wait(lambda: len(page.rows("Query logs")) == 1, "the failed query")
    assert "1003: syntax error" in page.text
    page.press("All")
    page.one("input[type=search]").send_keys("etl")
    page.wait(lambda: [row[4] for row in page.rows("Query logs")] == ["etl"], "the query of etl")
    assert page.rows("Query logs")[0][2:4] == ["5.0 s", "1,234"]
    page.click("td a")
    page.says("insert_into")
    for text in ("LOADER", "Writes", "Rows returned"):
        assert text in page.text


def test_nasty_names_are_text_everywhere(page: Page, sandbox: Sandbox, push: Any, events: Any) -> None:
    for name in NASTY:
        table = events.table(name, metadata={"description": name}, fields=[{"name": name, "type": name}])
        invocation_id = push("metadata", table)
        columns = {name: [("source", name)]}
        push("lineage", events.edge(name, "source", columns=columns), events.edge("end", name))
        push("query_logs", events.query(name, user=name, query_id=name, error_text=name))
    wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
    pages: list[tuple[str, dict[str, str]]] = [
        (item, {}) for item in ("overview", "pushes", "tables", "lineage", "queries")
    ]
    pages.append(("push", {"id": invocation_id}))
    pages += [("query", {"id": str(query["id"])}) for query in sandbox.queries()]
    for name in NASTY:
        mcon = sandbox.mcon("shop", "public", name)
        pages += [("table", {"mcon": mcon}), ("lineage", {"mcon": mcon}), ("tables", {"search": name})]
    for item, parameters in pages:
        page.go(item, **parameters)
        page.wait(lambda: page.all("h1, h2") and page.all("table, .graph, .panel, .empty"), f"{item} {parameters}")
        assert "owned" not in page.browser.title
        assert page.all("main script, main img") == []
        assert page.script(wide) is False, f"{item} {parameters} is wider than the window"
    page.go("table", mcon=sandbox.mcon("shop", "public", NASTY[0]))
    page.wait(lambda: page.one("h1").text.startswith(NASTY[0]), "the name as it is")


def test_nothing_comes_from_elsewhere(page: Page, sandbox: Sandbox, push: Any, events: Any) -> None:
    push("lineage", events.edge("b", "a"))
    page.go("lineage")
    page.says("2 of 2 tables")
    names = page.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert names
    assert all(name.startswith(f"{sandbox.url}/") for name in names)
    static = Path(__file__).parents[2] / "airflow_provider_montecarlo_push/sandbox/web"
    for file in (item for item in static.rglob("*") if item.is_file()):
        links = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in links, file
        assert "https://" not in links, file


@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_readable(page: Page, sandbox: Sandbox, push: Any, events: Any, width: int, scheme: str) -> None:
    push("metadata", events.table())
    push("lineage", events.edge("b", "a"))
    push("query_logs", events.query())
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        for item in ("overview", "pushes", "tables", "lineage", "queries"):
            page.go(item)
            page.one("table, .graph")
            assert page.script("return document.documentElement.scrollWidth <= innerWidth"), item
            assert page.script(_LEAST_CONTRAST) >= 4.5, item
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_everything_has_a_label(page: Page, push: Any, events: Any) -> None:
    push("metadata", events.table())
    push("lineage", events.edge("b", "a"))
    for item in ("overview", "pushes", "tables", "lineage", "queries"):
        page.go(item)
        page.one("table, .graph, .empty")
        bare = page.script(
            "return [...document.querySelectorAll('input, select, button, a')].filter((item) => "
            "!(item.labels?.length || item.textContent.trim() || item.getAttribute('aria-label')))"
            ".map((item) => item.outerHTML)"
        )
        assert bare == []
        assert page.script("return document.querySelectorAll('h1').length") == 1


# The least contrast of any visible text with the colour behind it, by the formula of WCAG 2.
_LEAST_CONTRAST = """
const parse = (text) => {
  const found = text.match(/[\\d.]+/g).map(Number);
  return found.length > 3 ? found : [...found, 1];
};
const light = (colour) => {
  const [x, y, z] = colour.map((value) => {
    value /= 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const behind = (element) => {
  for (let item = element; item; item = item.parentElement) {
    const colour = getComputedStyle(item).backgroundColor;
    if (colour.startsWith('rgb') && parse(colour)[3] === 1) return parse(colour);
  }
  return [255, 255, 255, 1];
};
let least = 99;
for (const element of document.querySelectorAll('h1, h2, p, td, th, a, button, label, .name, .figure, .more')) {
  if (element.closest('svg') || element.disabled || !element.innerText?.trim()) continue;
  const [one, two] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
  least = Math.min(least, (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05));
}
return least;
"""


def test_deleted_tables_and_detectors(page: Page, sandbox: Sandbox, push: Any, events: Any) -> None:
    push("metadata", events.table("kept", volume={"row_count": 1}), events.table("dropped"))
    mutation = "mutation($m:[String!]!){deletePushIngestedTables(mcons:$m){success}}"
    sandbox.graphql(mutation, {"m": [sandbox.mcon("shop", "public", "dropped")]})
    page.go("tables")
    page.wait(lambda: [row[0] for row in page.rows("Tables")] == ["shop.public.kept"], "the table that is left")
    page.go("tables", deleted="true")
    page.wait(lambda: [row[0] for row in page.rows("Tables")] == ["shop.public.dropped"], "the deleted table")
    page.click("tbody a")
    page.says("deleted 20")
    page.go("table", mcon=sandbox.mcon("shop", "public", "kept"))
    page.says("1 of 10 samples.")
    assert [row[:2] for row in page.rows("Detectors")] == [["Freshness", "inactive"], ["Volume", "training"]]
    page.go("overview")
    page.says("visible in the catalog, 1 deleted")


def test_jobs_lead_to_their_tasks_and_runs(page: Page, sandbox: Sandbox, post: Any) -> None:
    resource = {"uuid": sandbox.etl_uuid, "resource_type": "airflow"}
    job = {
        "job_source_id": "shop",
        "name": f"Shop {NASTY[0]}",
        "schedule": {"kind": "cron", "cron_expression": "0 3 * * *"},
        "owner": {"primary_name": "data"},
        "tasks": [
            {"task_source_id": "shop/a", "name": "a", "task_type": "BashOperator"},
            {"task_source_id": "shop/b", "name": "b", "upstream_task_source_ids": ["shop/a"]},
        ],
    }
    started = {"job_source_id": "shop", "event_time": "2024-03-01T12:00:00Z", "start_time": "2024-03-01T12:00:00Z"}
    failed = {"status": "failed", "end_time": "2024-03-01T12:00:05Z"}
    attempt = started | failed | {"run_source_id": "shop/1/a/1", "task_source_id": "shop/a", "attempt_number": 1}
    attempt["error"] = {"message": NASTY[1]}
    run = started | failed | {"run_source_id": "shop/1", "trigger": "SCHEDULE", "task_runs": [attempt]}
    jobs = {"event_type": "ETL_METADATA", "resource": resource, "events": [{"etl_asset": job}]}
    runs = {"event_type": "ETLRUN", "resource": resource, "events": [run]}
    assert [post("etl_metadata", jobs).status_code, post("etl_runs", runs).status_code] == [202, 202]
    page.go("jobs")
    page.wait(lambda: page.rows("ETL jobs"), "a job")
    (row,) = page.rows("ETL jobs")
    assert row[0] == job["name"]
    assert row[1:7] == ["2", "0 3 * * *", "data", "1", "2024-03-01 12:00:00", "failed"]
    page.click("[aria-label='ETL jobs'] td a")
    page.wait(lambda: page.rows("Tasks"), "its tasks")
    assert [task[:3] for task in page.rows("Tasks")] == [["a", "BashOperator", "—"], ["b", "—", "shop/a"]]
    page.click("[aria-label='Runs'] td a")
    page.wait(lambda: page.rows("Attempts"), "attempts")
    assert page.rows("Attempts") == [["2024-03-01 12:00:00", "shop/a", "1", "failed", "5 s", NASTY[1]]]
    page.go()
    page.wait(lambda: page.rows("ETL containers"), "the container")
    assert page.rows("ETL containers")[0][:3] == ["Airflow (sandbox)", sandbox.etl_uuid, "AIRFLOW"]
    page.go("pushes", flow="etl_runs")
    page.wait(lambda: len(page.rows("Pushes")) == 1, "one push")
    page.click("[aria-label='Pushes'] td a")
    page.says("shop/1 failed, 1 task runs")
