import { get } from "../api.js";
import { facts, h, replace } from "../dom.js";
import { count, duration, link, when } from "../format.js";
import { warehouseNames } from "./pieces.js";
import { failed, result } from "./queries.js";

export const title = "Query";
export const tab = "queries";

export function open(place) {
  const content = h("div", { "data-content": "" });
  place.append(content);
  let shown = null;
  return {
    async show(parameters, current) {
      const [query, state] = await Promise.all([get(`queries/${encodeURIComponent(parameters.id ?? "")}`), get("state")]);
      const answer = JSON.stringify(query);
      if (!current() || answer === shown) return;
      shown = answer;
      const tables = (names) => (names.length > 0 ? names.join(", ") : null);
      replace(
        content,
        h("p", { class: "crumb" }, h("a", { href: link("queries") }, "Query logs")),
        h("h1", null, "Query ", h("span", { class: "mono" }, query.query_id ?? `#${query.id}`), " ", result(query)),
        failed(query) && h("p", { class: "failure" }, [query.error_code, query.error_text].filter(Boolean).join(": ")),
        h(
          "div",
          { class: "panel" },
          facts([
            ["User", query.user],
            ["Started", `${when(query.start_time)} UTC`],
            ["Ended", `${when(query.end_time)} UTC, after ${duration(query.duration_ms)}`],
            ["Rows returned", query.returned_rows === null ? null : count(query.returned_rows)],
            ["Category", query.category],
            ["Reads", tables(query.reads)],
            ["Writes", tables(query.writes)],
            ["Warehouse", warehouseNames(state).get(query.resource_uuid) ?? query.resource_uuid],
            ["Log type", query.log_type],
            ["Push", h("a", { class: "mono", href: link("push", { id: query.invocation_id }), "data-key": "push" }, query.invocation_id)],
          ]),
        ),
        h("h2", null, "SQL"),
        h("pre", { tabindex: "0" }, query.query_text),
        query.extra && [h("h2", null, "Extra"), h("pre", { tabindex: "0" }, JSON.stringify(query.extra, null, 2))],
      );
    },
  };
}
