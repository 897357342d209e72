import { get } from "../api.js";
import { grid, h, replace } from "../dom.js";
import { ETL_FLOWS, FLOWS, bytes, count, link, when } from "../format.js";
import { PUSH_COLUMNS, flowBadge, nothingYet, pushRow, warehouseNames } from "./pieces.js";

export const title = "Overview";
export const tab = "overview";

export function open(place) {
  const content = h("div", { "data-content": "" });
  place.append(h("h1", null, title), content);
  let shown = null;
  return {
    async show(_parameters, current) {
      const [state, { pushes }, { requests }] = await Promise.all([
        get("state"),
        get("pushes", { limit: 10 }),
        get("requests", { refused: "true", limit: 10 }),
      ]);
      delete state.settings.now;
      const answer = JSON.stringify([state, pushes, requests]);
      if (!current() || answer === shown) return;
      shown = answer;
      replace(content, cards(state), recent(state, pushes), refused(requests), warehouses(state), containers(state), controls(state));
    },
  };
}

function card(page, kind, name, figure, more) {
  return h(
    "a",
    { class: `card ${kind}`, href: page, "data-key": `card-${name}` },
    h("div", { class: "name" }, name),
    h("div", { class: "figure" }, figure),
    h("div", { class: "more" }, more),
  );
}

function cards(state) {
  const flows = Object.entries(state.flows).map(([flow, seen]) =>
    card(
      link("pushes", { flow }),
      flow,
      `${FLOWS[flow]} pushes`,
      count(seen.pushes),
      seen.pushes ? `${count(seen.events)} events, ${bytes(seen.raw_bytes)}, last at ${when(seen.last_received).slice(11)}` : "nothing yet",
    ),
  );
  const { queries, lineage, runs } = state;
  return h(
    "div",
    { class: "cards" },
    flows,
    card(link("tables"), "", "Tables", count(state.tables), state.deleted ? `visible in the catalog, ${count(state.deleted)} deleted` : "visible in the catalog"),
    card(link("lineage"), "", "Lineage edges", count(lineage.edges), `${count(lineage.nodes)} nodes, ${count(lineage.column_pairs)} column pairs`),
    card(link("queries"), "", "Queries", count(queries.all), `${count(queries.failed)} failed`),
    card(link("jobs"), "", "ETL jobs", count(state.jobs), `${count(runs.all)} runs, ${count(runs.failed)} failed`),
    state.waiting > 0 && card(link("pushes"), "", "Waiting", count(state.waiting), "accepted, not visible yet"),
  );
}

function recent(state, pushes) {
  if (pushes.length === 0) return [h("h2", null, "Last pushes"), nothingYet(state)];
  const names = warehouseNames(state);
  return [h("h2", null, "Last pushes"), grid("Last pushes", PUSH_COLUMNS, pushes.map((push) => pushRow(push, names)))];
}

function refused(requests) {
  if (requests.length === 0) return null;
  const columns = [["At (UTC)", "when"], ["Flow", ""], ["Status", ""], ["Message", "wide"], ["Key", ""], ["Trace id", ""]];
  const rows = requests.toReversed().map((item) => [
    when(item.at),
    flowBadge(item.flow),
    h("span", { class: "badge bad" }, item.status ?? "no answer"),
    [item.message ?? "", item.fault && h("span", { class: "faint" }, ` injected: ${item.fault}`)],
    item.key_id ?? "—",
    h("span", { class: "mono" }, item.trace_id ?? "—"),
  ]);
  return [h("h2", null, "Last refused requests"), grid("Last refused requests", columns, rows)];
}

function warehouses(state) {
  const flows = Object.keys(state.flows).filter((flow) => !ETL_FLOWS.includes(flow));
  const columns = [["Warehouse", ""], ["UUID", ""], ["Type", ""], ...flows.map((flow) => [`${FLOWS[flow]} received (UTC)`, "when"])];
  const rows = state.warehouses.map((warehouse) => [
    warehouse.name,
    h("span", { class: "mono nowrap" }, warehouse.uuid),
    warehouse.connection_type,
    ...flows.map((flow) => when(warehouse.received[flow]?.last_received)),
  ]);
  return [h("h2", null, "Warehouses"), grid("Warehouses", columns, rows)];
}

function containers(state) {
  if (state.etl_containers.length === 0) return null;
  const columns = [["ETL container", ""], ["UUID", ""], ["Type", ""], ...ETL_FLOWS.map((flow) => [`${FLOWS[flow]} received (UTC)`, "when"])];
  const rows = state.etl_containers.map((container) => [
    container.name,
    h("span", { class: "mono nowrap" }, container.uuid),
    container.type,
    ...ETL_FLOWS.map((flow) => when(container.received[flow]?.last_received)),
  ]);
  return [h("h2", null, "ETL containers"), grid("ETL containers", columns, rows)];
}

function controls(state) {
  const keys = state.keys.map((key) => [
    h("span", { class: "mono" }, key.id),
    { api: "API", ingestion: "Ingestion" }[key.kind] ?? key.kind,
    key.warehouses ? key.warehouses.map((uuid) => warehouseNames(state).get(uuid) ?? uuid).join(", ") : "all warehouses",
    key.in_force ? h("span", { class: "badge good" }, "in force") : h("span", { class: "badge bad" }, key.revoked_at ? "revoked" : "expired"),
  ]);
  const faults = state.faults.map((rule) => [
    rule.action,
    rule.flow ? FLOWS[rule.flow] : "any",
    rule.pattern ?? rule.field ?? (rule.action === "status" ? String(rule.status) : "—"),
    count(rule.applied),
    rule.count === null ? "no limit" : count(rule.count),
  ]);
  const slow = Object.entries(state.settings.visible_after).filter(([, seconds]) => seconds > 0);
  return [
    h("h2", null, "Keys"),
    grid("Keys", [["Id", ""], ["Kind", ""], ["For", ""], ["State", ""]], keys),
    slow.length > 0 && h("p", { class: "note" }, `Visible after: ${slow.map(([flow, seconds]) => `${FLOWS[flow]} ${seconds} s`).join(", ")}.`),
    state.settings.clock_offset > 0 && h("p", { class: "note" }, `The sandbox's clock is ${count(Math.round(state.settings.clock_offset))} s ahead.`),
    faults.length > 0 && [
      h("h2", null, "Faults"),
      grid("Faults", [["Action", ""], ["Flow", ""], ["Detail", ""], ["Applied", "number"], ["Of", "number"]], faults),
    ],
  ];
}
