import { get } from "../api.js";
import { choices, empty, facts, grid, h, replace } from "../dom.js";
import { count, link, short, things, when } from "../format.js";
import { drawGraph } from "../graph.js";
import { fillIn, nothingYet, searchField } from "./pieces.js";

export const title = "Lineage";
export const tab = "lineage";

const WHOLE = 60;
const LISTED = 30;

export function open(place, go) {
  let parameters = {};
  let zoom = null;
  const search = searchField("Find a table or another node", "Name", (value) => go({ ...parameters, search: value }));
  const tools = h("div");
  const found = h("div");
  const content = h("div", { "data-content": "" });
  place.append(h("h1", null, title), h("div", { class: "tools" }, search.label, tools), found, content);
  let shown = null;
  return {
    async show(asked, current) {
      parameters = asked;
      fillIn(search.input, asked.search ?? "");
      const hops = Number(asked.hops ?? 2);
      const [state, data, matches, table] = await Promise.all([
        get("state"),
        get("lineage", asked.mcon ? { mcon: asked.mcon, hops } : { limit: WHOLE }),
        asked.search ? get("lineage/nodes", { search: asked.search, limit: LISTED }) : null,
        asked.mcon ? get("table", { mcon: asked.mcon }).catch((error) => (error.status === 404 ? null : Promise.reject(error))) : null,
      ]);
      const answer = JSON.stringify([data, matches, asked, zoom, table?.invocation_id]);
      if (!current() || answer === shown) return;
      shown = answer;
      replace(found, matches && results(matches, hops));
      if (data.counts.nodes === 0) {
        replace(tools);
        replace(content, nothingYet(state));
        return;
      }
      const column = asked.of && asked.column ? { mcon: asked.of, name: asked.column } : null;
      const graph = data.nodes.length > 0 ? drawGraph({ data, focus: asked.mcon, column, zoom, room: place.clientWidth - 60, hops }) : null;
      const change = (next) => {
        zoom = next;
        go(parameters);
      };
      replace(tools, controls(asked, hops, graph, change, go));
      replace(content, asked.mcon ? focused(data, asked, hops, graph, column, table) : whole(data, graph));
      const region = content.querySelector(".graph");
      if (region && content.dataset.centred !== (asked.mcon ?? "")) {
        content.dataset.centred = asked.mcon ?? "";
        centre(region);
      }
    },
  };
}

function controls(asked, hops, graph, change, go) {
  return h(
    "div",
    { class: "tools" },
    asked.mcon && choices("Hops", [1, 2, 3, 5].map((number) => [number, number === 1 ? "1 hop" : String(number)]), hops, (value) => go({ ...asked, hops: value })),
    h(
      "div",
      { class: "choices", role: "group", "aria-label": "Zoom" },
      h("button", { type: "button", "aria-label": "Zoom out", "data-key": "out", disabled: !graph?.smaller, onclick: () => change(graph.smaller) }, "−"),
      h("button", { type: "button", "aria-label": "Zoom in", "data-key": "in", disabled: !graph?.larger, onclick: () => change(graph.larger) }, "+"),
    ),
    asked.mcon && h("a", { class: "note", href: link("lineage") }, "Whole graph"),
  );
}

function results(matches, hops) {
  if (matches.nodes.length === 0) return empty("Nothing in the lineage graph matches");
  return h(
    "div",
    { class: "panel" },
    h("b", null, `${count(matches.total)} found`),
    h("ul", null, matches.nodes.map((node) => h("li", null, h("a", { href: link("lineage", { mcon: node.mcon, hops }), title: node.name, "data-key": `found-${node.mcon}` }, short(node.name, 140))))),
    matches.total > matches.nodes.length && h("p", { class: "note" }, `The first ${matches.nodes.length} are listed.`),
  );
}

function whole(data, graph) {
  return [
    graph.element,
    h("p", { class: "note" }, `${count(data.nodes.length)} of ${count(data.counts.nodes)} ${things(data.nodes)}, ${count(data.edges.length)} of ${count(data.counts.edges)} edges. `,
      data.truncated ? "The graph is too large to show whole: find a table, or choose one to see what is around it." : "Choose a table to see what is around it, and its columns."),
  ];
}

function focused(data, asked, hops, graph, column, table) {
  if (data.nodes.length === 0) return empty(table === null ? "This is not in the lineage graph" : "This table is not in the lineage graph", table ? h("a", { href: link("table", { mcon: asked.mcon }) }, "See the table") : "No lineage names it, or it has expired.");
  const focus = data.nodes[0];
  return [
    h("h2", null, focus.name, " ", table && h("a", { class: "note", href: link("table", { mcon: focus.mcon }), "data-key": "details" }, "see the table")),
    focus.custom && about(focus),
    graph.element,
    h("p", { class: "note" }, `${count(data.nodes.length)} ${things(data.nodes)} within ${hops} ${hops === 1 ? "hop" : "hops"}. `,
      data.truncated && "There are more than can be shown. ",
      data.columns.length > 0 ? "Choose a column to see only its own lines; once more to see all." : `No column lineage is known for this ${things([focus]) === "tables" ? "table" : "node"}.`),
    data.columns.length > 0 && pairs(data, column),
  ];
}

/** What is known of a node that a user created. */
function about(node) {
  return h(
    "div",
    { class: "panel" },
    facts([
      ["Type", node.type],
      ["Resource", node.resource ?? node.resource_uuid],
      ["Object id", h("span", { class: "mono" }, node.object_id)],
      ["MCON", h("span", { class: "mono" }, node.mcon)],
      ["Expires", node.expire_at.startsWith("9999") ? "never" : `${when(node.expire_at)} UTC`],
      ...node.properties.map((property) => [property.name, property.value]),
    ]),
  );
}

function pairs(data, column) {
  const names = new Map(data.nodes.map((node) => [node.mcon, node.name]));
  const name = (mcon) => names.get(mcon) ?? mcon.split("++").at(-1);
  const rows = data.columns
    .filter((pair) => !column || (pair.source === column.mcon && pair.source_column === column.name) || (pair.destination === column.mcon && pair.destination_column === column.name))
    .map((pair) => [name(pair.source), h("span", { class: "mono" }, pair.source_column), name(pair.destination), h("span", { class: "mono" }, pair.destination_column), when(pair.expire_at)]);
  return [
    h("h2", null, column ? `Column lineage of ${column.name} (${count(rows.length)})` : `Column lineage (${count(rows.length)})`),
    grid("Column lineage", [["Source", "wide"], ["Column", ""], ["Destination", "wide"], ["Column", ""], ["Expires (UTC)", "when"]], rows.slice(0, 500)),
    rows.length > 500 && h("p", { class: "note" }, "The first 500 are listed."),
  ];
}

/** Scroll so that the table in focus is in the middle. */
function centre(region) {
  const box = region.querySelector(".focus")?.getBoundingClientRect();
  if (!box) return;
  const frame = region.getBoundingClientRect();
  region.scrollLeft += box.left + box.width / 2 - (frame.left + frame.width / 2);
  region.scrollTop += box.top + box.height / 2 - (frame.top + frame.height / 2);
}
