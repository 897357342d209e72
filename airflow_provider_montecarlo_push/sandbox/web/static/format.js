// How figures, times and names are written.

export const FLOWS = {
  metadata: "Metadata",
  lineage: "Lineage",
  query_logs: "Query logs",
  etl_metadata: "ETL metadata",
  etl_runs: "ETL runs",
  graphql: "GraphQL",
};
export const ETL_FLOWS = ["etl_metadata", "etl_runs"];

/** 2024-03-01 14:30:05, in UTC. */
export function when(text) {
  return text ? text.slice(0, 19).replace("T", " ") : "—";
}

export function count(number) {
  return number === null || number === undefined ? "—" : Number(number).toLocaleString("en");
}

export function bytes(number) {
  if (number === null || number === undefined) return "—";
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  let unit = 0;
  let value = number;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export function duration(milliseconds) {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `${minutes.toFixed(0)} min`;
  return `${(minutes / 60).toFixed(1)} h`;
}

/** At most `length` characters, whole ones, with an ellipsis. */
export function short(text, length) {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

/** A link within the page, with its parameters. */
export function link(page, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return `#/${page}${query ? `?${query}` : ""}`;
}

/** What an event is about, in one line. */
export function eventTitle(flow, event) {
  const name = (asset) => [asset.database, asset.schema, asset.name].join(".");
  if (flow === "metadata") return `${event.relational_asset.type} ${name(event.relational_asset.metadata)}`;
  if (flow === "lineage") return `${event.sources.map(name).join(", ")} → ${name(event.destination)}`;
  if (flow === "etl_metadata") return `${event.etl_asset.job_source_id}, ${event.etl_asset.tasks?.length ?? 0} tasks`;
  if (flow === "etl_runs") return `${event.run_source_id} ${event.status}, ${event.task_runs?.length ?? 0} task runs`;
  return event.query_text;
}

const TABLES = new Set(["table", "view", "external", "wildcard", "wildcard_table"]);

/** What nodes of the graph are called together: not all of them are tables. */
export function things(nodes) {
  return nodes.every((node) => TABLES.has(node.type)) ? "tables" : "nodes";
}
