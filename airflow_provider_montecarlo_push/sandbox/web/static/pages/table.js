import { get } from "../api.js";
import { chart } from "../chart.js";
import { facts, grid, h, replace } from "../dom.js";
import { bytes, count, duration, link, when } from "../format.js";
import { tableLink, warehouseNames } from "./pieces.js";

export const title = "Table";
export const tab = "tables";

export function open(place) {
  const content = h("div", { "data-content": "" });
  place.append(content);
  let shown = null;
  return {
    async show(parameters, current) {
      const [table, state] = await Promise.all([get("table", { mcon: parameters.mcon }), get("state")]);
      const answer = JSON.stringify(table);
      if (!current() || answer === shown) return;
      shown = answer;
      replace(content, head(table, warehouseNames(state)), charts(table), detectors(table), neighbours(table), sql(table), columns(table));
    },
  };
}

function head(table, names) {
  const tags = table.tags.map((tag) => h("span", { class: "chip" }, tag.value ? `${tag.key}: ${tag.value}` : tag.key));
  return [
    h("p", { class: "crumb" }, h("a", { href: link("tables") }, "Tables"), ` / ${table.database} / ${table.schema}`),
    h("h1", null, table.name, " ", h("span", { class: "badge" }, table.asset_type), table.deleted_at && [" ", h("span", { class: "badge bad" }, `deleted ${when(table.deleted_at)} UTC`)]),
    h(
      "div",
      { class: "panel" },
      facts([
        ["Description", table.description],
        ["Tags", tags.length > 0 && h("span", { class: "chips" }, tags)],
        ["Warehouse", names.get(table.resource_uuid) ?? table.resource_uuid],
        ["Full table id", h("span", { class: "mono" }, table.full_table_id)],
        ["MCON", h("span", { class: "mono" }, table.mcon)],
        ["Created", table.created_on && `${when(table.created_on)} UTC`],
        ["First seen", `${when(table.discovered_at)} UTC`],
        ["Last push", table.invocation_id && [`${when(table.observed_at)} UTC, `, h("a", { class: "mono", href: link("push", { id: table.invocation_id }), "data-key": "push" }, table.invocation_id)]],
      ].filter(([, value]) => value)),
    ),
  ];
}

function charts(table) {
  const { row_count: rows, byte_count: size, last_update_time: updates } = table.history;
  if (rows.length + size.length + updates.length === 0) return [h("h2", null, "Volume and freshness"), h("p", { class: "note" }, "No push carried volume or freshness.")];
  const ages = updates.map((point) => ({ ...point, value: Math.max(0, Date.parse(point.measured_at) - Date.parse(point.value)) }));
  return [
    h("h2", null, "Volume and freshness"),
    h(
      "div",
      { class: "columns" },
      rows.length > 0 && h("div", { class: "panel" }, chart("Rows", rows, count)),
      size.length > 0 && h("div", { class: "panel" }, chart("Bytes", size, bytes)),
      ages.length > 0 && h("div", { class: "panel" }, chart("Age of the data when pushed", ages, duration), h("p", { class: "note" }, `Last update ${when(table.last_update_time)} UTC`)),
    ),
  ];
}

function detectors(table) {
  const row = (name, detector) => [
    name,
    h("span", { class: `badge ${detector.status === "ACTIVE" ? "good" : ""}` }, detector.status.toLowerCase()),
    count(detector.samples),
    detector.reason ?? "",
  ];
  return [
    h("h2", null, "Detectors"),
    grid("Detectors", [["Detector", ""], ["Status", ""], ["Samples", "number"], ["Reason", "wide"]], [row("Freshness", table.detectors.freshness), row("Volume", table.detectors.volume)]),
  ];
}

function neighbours(table) {
  const side = (name, nodes) =>
    h("div", { class: "panel" }, h("b", null, name), nodes.length === 0 ? h("p", { class: "note" }, "none") : h("ul", null, nodes.map((node) => h("li", null, tableLink(node)))));
  return [
    h("h2", null, "Lineage ", h("a", { class: "note", href: link("lineage", { mcon: table.mcon }), "data-key": "graph" }, "show the graph")),
    h("div", { class: "columns" }, side("Upstream", table.upstream), side("Downstream", table.downstream)),
  ];
}

function sql(table) {
  return table.view_query ? [h("h2", null, "SQL"), h("pre", { tabindex: "0" }, table.view_query)] : null;
}

function columns(table) {
  if (table.versions.length === 0) return [h("h2", null, "Columns"), h("p", { class: "note" }, "No push carried columns.")];
  const [latest, ...earlier] = table.versions;
  const rows = latest.fields.map((field, index) => [String(index + 1), h("span", { class: "mono" }, field.name), h("span", { class: "mono" }, field.type), field.description ?? ""]);
  return [
    h("h2", null, `Columns (${count(latest.fields.length)})`),
    grid("Columns", [["", "number"], ["Name", ""], ["Type", ""], ["Description", "wide"]], rows),
    h("p", { class: "note" }, `Version ${latest.number}, since ${when(latest.at)} UTC.`, earlier.length > 0 ? ` Earlier: ${earlier.map((version) => `${version.fields.length} columns from ${when(version.at)}`).join("; ")}.` : ""),
  ];
}
