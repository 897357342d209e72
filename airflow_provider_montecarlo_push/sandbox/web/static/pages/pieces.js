// Pieces that several pages share.

import { empty, h } from "../dom.js";
import { FLOWS, bytes, count, link, short, when } from "../format.js";

/** The columns of a list of pushes, for `grid`. */
export const PUSH_COLUMNS = [
  ["Received (UTC)", "when"],
  ["Flow", ""],
  ["Invocation id", ""],
  ["Warehouse", ""],
  ["Events", "number"],
  ["Sent", "number"],
  ["Compressed", "number spare"],
  ["Visible", ""],
];

export function pushRow(push, names) {
  return [
    when(push.received_at),
    [flowBadge(push.flow), push.event_type === "COLUMN_LINEAGE" && h("span", { class: "faint" }, " columns")],
    h("a", { class: "mono nowrap", href: link("push", { id: push.invocation_id }), "data-key": push.invocation_id }, push.invocation_id),
    push.resources.map((uuid) => names.get(uuid) ?? uuid).join(", "),
    count(push.events),
    bytes(push.raw_bytes),
    bytes(push.compressed_bytes),
    push.visible ? "yes" : h("span", { class: "badge" }, `at ${when(push.visible_at).slice(11)}`),
  ];
}

export function flowBadge(flow) {
  return h("span", { class: `badge ${flow}` }, FLOWS[flow] ?? "—");
}

/** UUID to name of every warehouse and ETL container. */
export function warehouseNames(state) {
  return new Map([...state.warehouses, ...state.etl_containers].map((item) => [item.uuid, item.name]));
}

/** A search field that asks for what was typed once the typing pauses. */
export function searchField(label, placeholder, changed) {
  let timer = 0;
  const input = h("input", {
    type: "search",
    placeholder,
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => changed(input.value), 200);
    },
  });
  return { label: h("label", { class: "grow" }, label, input), input };
}

/** Show the value of the address in a field, unless somebody is typing in it. */
export function fillIn(input, value) {
  if (document.activeElement !== input && input.value !== value) input.value = value;
}

export function tableLink(node) {
  const page = node.custom ? "lineage" : "table";
  return h("a", { href: link(page, { mcon: node.mcon }), title: node.name, "data-key": node.mcon }, short(node.name, 120));
}

/** How to push something, where nothing arrived yet. */
export function nothingYet(state) {
  const key = state.keys.find((item) => item.kind === "ingestion" && item.in_force)?.id ?? "<key id>";
  const warehouse = state.warehouses[0].uuid;
  return empty(
    "Nothing has arrived yet",
    "Point a montecarlo-ingest connection at this address, or try it by hand:",
    h("pre", null, `curl -X POST ${location.origin}/ingest/v1/metadata \\
  -H 'Content-Type: application/json' -H 'x-mcd-id: ${key}' -H 'x-mcd-token: <key secret>' \\
  -d '{"event_type": "METADATA", "resource": {"uuid": "${warehouse}", "resource_type": "snowflake"},
       "events": [{"relational_asset": {"type": "TABLE", "metadata":
         {"database": "analytics", "schema": "public", "name": "orders"}}}]}'`),
  );
}
