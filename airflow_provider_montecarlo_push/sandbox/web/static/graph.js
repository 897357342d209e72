// The lineage graph as SVG: boxes for tables, lines for edges, and, around the table in focus, rows for its columns.

import { h, s } from "./dom.js";
import { link, things } from "./format.js";
import { curve, layout } from "./layout.js";

const ZOOMS = [0.4, 0.5, 0.6, 0.75, 0.85, 1, 1.25, 1.6];
const LEAST_FIT = 0.75;
const WIDTH = 200;
const HEAD = 46;
const ROW = 20;
const MOST_ROWS = 40;
const PAD = 24;
const SANS = getComputedStyle(document.documentElement).fontFamily;
const MONO = getComputedStyle(document.documentElement).getPropertyValue("--mono");

/**
 * Draw a graph; returns { element, zoom, smaller, larger }: the zoom that was used and those next to it, if any.
 * `data` is the answer of /lineage; `focus` the MCON in the middle, if any; `column` a column that was chosen, as
 * { mcon, name }; `zoom` a factor, or null to fit into `room` pixels; `hops` is kept in the links.
 */
export function drawGraph({ data, focus, column, zoom, room, hops }) {
  const rows = columnRows(data.columns, column);
  const nodes = data.nodes.map((node) => ({ ...node, id: node.mcon, width: WIDTH, height: HEAD + ROW * (rows.get(node.mcon)?.length ?? 0) }));
  const { places, ways, width, height } = layout(nodes, data.edges);
  const lines = data.edges.filter((edge) => ways.has(edge)).map((edge) => drawEdge(edge, ways.get(edge), focus, data.columns.length > 0));
  const loops = data.edges.filter((edge) => edge.source === edge.destination && places.has(edge.source)).map((edge) => drawLoop(places.get(edge.source)));
  const pairs = chosenPairs(data.columns, column).map((pair) => drawPair(pair, rows, places));
  const boxes = nodes.map((node) => drawNode(node, places.get(node.id), rows.get(node.id) ?? [], { focus, column, hops }));
  const [across, down] = [width + 2 * PAD, height + 2 * PAD];
  zoom ??= ZOOMS.findLast((one) => one === LEAST_FIT || (one <= 1 && across * one <= room)) ?? LEAST_FIT;
  const element = h(
    "div",
    { class: "graph", tabindex: "0", role: "region", "aria-label": "Lineage graph", "data-scroll": "graph" },
    s(
      "svg",
      { width: across * zoom, height: down * zoom, viewBox: `${-PAD} ${-PAD} ${across} ${down}`, role: "group", "aria-label": `${nodes.length} ${things(nodes)}, ${data.edges.length} edges` },
      s("defs", null, arrow()),
      lines,
      loops,
      boxes,
      pairs,
    ),
  );
  const step = ZOOMS.indexOf(zoom);
  return { element, zoom, smaller: ZOOMS[step - 1], larger: ZOOMS[step + 1] };
}

const ruler = document.createElement("canvas").getContext("2d");

/** Cut a text so that it is no wider than `room` pixels in a font. */
function fit(text, room, font) {
  ruler.font = font;
  if (ruler.measureText(text).width <= room) return text;
  const characters = [...text];
  let [least, most] = [0, characters.length];
  while (least < most) {
    const half = Math.ceil((least + most) / 2);
    if (ruler.measureText(`${characters.slice(0, half).join("")}…`).width <= room) least = half;
    else most = half - 1;
  }
  return `${characters.slice(0, least).join("")}…`;
}

function arrow() {
  return s("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, s("path", { d: "M0,0L8,4L0,8z", fill: "context-stroke" }));
}

/** Pairs that belong to the chosen column, or all of them. */
function chosenPairs(pairs, column) {
  if (!column) return pairs;
  return pairs.filter(
    (pair) =>
      (pair.source === column.mcon && pair.source_column === column.name) || (pair.destination === column.mcon && pair.destination_column === column.name),
  );
}

/** The columns to list in each box: those that take part in column lineage. */
function columnRows(pairs, column) {
  const rows = new Map();
  const add = (mcon, name) => {
    const listed = rows.get(mcon) ?? [];
    rows.set(mcon, listed);
    if (!listed.includes(name)) listed.push(name);
  };
  // The chosen column's own pairs first, so that they are never among those that do not fit.
  for (const pair of [...chosenPairs(pairs, column), ...pairs]) {
    add(pair.source, pair.source_column);
    add(pair.destination, pair.destination_column);
  }
  for (const [mcon, names] of rows) if (names.length > MOST_ROWS) rows.set(mcon, [...names.slice(0, MOST_ROWS - 1), null]);
  return rows;
}

function drawEdge(edge, points, focus, columns) {
  const near = edge.source === focus || edge.destination === focus;
  return s("path", { class: `edge${near && !columns ? " near" : ""}${columns ? " dim" : ""}${edge.custom ? " custom" : ""}`, d: curve(points), "marker-end": "url(#tip)" });
}

function drawLoop({ x, y }) {
  const right = x + WIDTH;
  return s("path", { class: "edge", d: `M${right},${y + 14}C${right + 36},${y - 10} ${right + 36},${y + 56} ${right},${y + 32}`, "marker-end": "url(#tip)" });
}

function drawPair(pair, rows, places) {
  const [from, to] = [places.get(pair.source), places.get(pair.destination)];
  if (!from || !to) return null;
  const height = (mcon, name) => {
    const index = rows.get(mcon).indexOf(name);
    return HEAD + ROW * ((index < 0 ? rows.get(mcon).length - 1 : index) + 0.5);
  };
  const start = { x: from.x + WIDTH, y: from.y + height(pair.source, pair.source_column) };
  const end = { x: to.x, y: to.y + height(pair.destination, pair.destination_column) };
  return s("path", { class: "pair", d: curve([start, end]) }, s("title", null, `${pair.source_column} → ${pair.destination_column}`));
}

function drawNode(node, { x, y }, columns, { focus, column, hops }) {
  const chosen = (name) => column && column.mcon === node.mcon && column.name === name;
  const box = s(
    "a",
    { href: link("lineage", { mcon: node.mcon, hops }), class: [node.mcon === focus && "focus", node.custom && "custom"].filter(Boolean).join(" ") || null, "aria-label": `${node.name}, ${node.type}`, "data-key": `node-${node.mcon}` },
    s("title", null, `${node.name} (${node.type})`),
    s("rect", { class: "box", width: WIDTH, height: node.height, rx: 8 }),
    s("path", { class: "head", d: headPath(columns.length > 0) }),
    s("text", { class: "label", x: 12, y: 20 }, fit(node.label, WIDTH - (node.type === "table" ? 24 : 64), `600 13px ${SANS}`)),
    s("text", { class: "container", x: 12, y: 36 }, fit(node.container, WIDTH - 24, `11px ${SANS}`)),
    node.type !== "table" && s("text", { class: "kind", x: WIDTH - 10, y: 20 }, node.type),
  );
  const list = columns.map((name, index) => {
    const top = HEAD + ROW * index;
    if (name === null) return s("text", { class: "more", x: 12, y: top + 14 }, "more columns");
    return s(
      "a",
      {
        href: link("lineage", chosen(name) ? { mcon: focus, hops } : { mcon: focus, hops, of: node.mcon, column: name }),
        class: chosen(name) ? "chosen" : null,
        "aria-label": `column ${name} of ${node.name}`,
        "data-key": `column-${node.mcon}-${name}`,
      },
      s("title", null, name),
      s("rect", { class: "row", x: 2, y: top, width: WIDTH - 4, height: ROW }),
      s("text", { class: "column", x: 12, y: top + 14 }, fit(name, WIDTH - 24, `11.5px ${MONO}`)),
    );
  });
  return s("g", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, box, list);
}

/** The coloured head of a box; its lower corners are round where no columns follow. */
function headPath(more) {
  const [left, right, bottom] = [1, WIDTH - 1, HEAD - 1];
  const foot = more ? `V${bottom}H${left}` : `V${bottom - 7}Q${right},${bottom} ${right - 7},${bottom}H${left + 7}Q${left},${bottom} ${left},${bottom - 7}`;
  return `M${left},8Q${left},1 8,1H${right - 7}Q${right},1 ${right},8${foot}Z`;
}
