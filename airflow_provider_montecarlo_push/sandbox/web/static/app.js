// Which page is shown, and the refreshing of it.
//
// A page is a module with `title`, `tab` and `open(place, go)`, which returns `{ show(parameters) }`: it asks the API for
// what the parameters say and shows it in `place`. `go(parameters)` changes the parameters and with them the address.

import { h, replace } from "./dom.js";
import { link } from "./format.js";
import * as overview from "./pages/overview.js";
import * as pushes from "./pages/pushes.js";
import * as push from "./pages/push.js";
import * as tables from "./pages/tables.js";
import * as table from "./pages/table.js";
import * as lineage from "./pages/lineage.js";
import * as queries from "./pages/queries.js";
import * as query from "./pages/query.js";
import * as jobs from "./pages/jobs.js";
import * as job from "./pages/job.js";
import * as run from "./pages/run.js";

const PAGES = { overview, pushes, push, tables, table, lineage, queries, query, jobs, job, run };
const TABS = ["overview", "pushes", "tables", "lineage", "queries", "jobs"];
const EVERY = 3000;

const view = document.getElementById("view");
const status = document.getElementById("status");
const pause = document.getElementById("pause");

let current = { name: null, page: null, parameters: {} };
let paused = false;
let asked = 0;

function address() {
  const [name, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { name: name in PAGES ? name : "overview", parameters: Object.fromEntries(new URLSearchParams(query)) };
}

function say(text, kind) {
  if (status.textContent !== text) status.textContent = text;
  status.className = `status ${kind}`;
}

/** Build a page anew. */
function open(name) {
  const go = (changed) => {
    history.replaceState(null, "", link(name, changed));
    void route();
  };
  view.replaceChildren();
  return PAGES[name].open(view, go);
}

/** Show what the address says. */
async function route() {
  const { name, parameters } = address();
  if (current.name !== name) {
    const module = PAGES[name];
    current = { name, page: open(name), parameters };
    document.title = `${module.title} · Sandbox`;
    for (const tab of document.querySelectorAll("#tabs a")) {
      if (tab.dataset.page === module.tab) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    window.scrollTo(0, 0);
  }
  current.parameters = parameters;
  await refresh();
}

/** Ask the sandbox again. An answer that comes after a newer question is dropped by the page. */
async function refresh() {
  const mine = ++asked;
  try {
    await current.page.show(current.parameters, () => mine === asked);
    if (mine === asked) say(paused ? "Paused" : "Live", paused ? "paused" : "");
  } catch (error) {
    if (mine !== asked) return;
    if (error.status) {
      // What is wrong may be mended by the next push: the page starts anew then.
      current.page = open(current.name);
      replace(view.querySelector("[data-content]"), h("p", { class: "failure" }, error.message));
    } else say("The sandbox does not answer", "broken");
  }
}

document.getElementById("tabs").append(
  ...TABS.map((name) => h("a", { href: link(name), "data-page": name }, PAGES[name].title)),
);
pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Resume" : "Pause";
  void refresh();
});
window.addEventListener("hashchange", () => void route());
setInterval(() => {
  if (!paused && !document.hidden) void refresh();
}, EVERY);
void route();
