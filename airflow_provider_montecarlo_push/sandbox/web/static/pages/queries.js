import { get } from "../api.js";
import { choices, empty, grid, h, pager, replace } from "../dom.js";
import { count, duration, link, when } from "../format.js";
import { fillIn, nothingYet, searchField, warehouseNames } from "./pieces.js";

export const title = "Query logs";
export const tab = "queries";

const SIZE = 100;
const OPTIONS = [["", "All"], ["true", "Failed"], ["false", "Succeeded"]];
const COLUMNS = [["Ended (UTC)", "when"], ["Result", ""], ["Duration", "number"], ["Rows", "number"], ["User", ""], ["Query", "wide"], ["Warehouse", "spare"]];

export function open(place, go) {
  let parameters = {};
  const search = searchField("Search", "SQL, user, query id or error", (value) => go({ ...parameters, search: value, offset: null }));
  const filter = h("div");
  const content = h("div", { "data-content": "" });
  place.append(h("h1", null, title), h("div", { class: "tools" }, search.label, filter), content);
  let shown = null;
  return {
    async show(asked, current) {
      parameters = asked;
      fillIn(search.input, asked.search ?? "");
      const offset = Number(asked.offset ?? 0);
      const [page, state] = await Promise.all([get("queries", { search: asked.search, failed: asked.failed, offset, limit: SIZE }), get("state")]);
      const answer = JSON.stringify([page, asked]);
      if (!current() || answer === shown) return;
      shown = answer;
      replace(filter, choices("Result", OPTIONS, asked.failed ?? "", (failed) => go({ ...parameters, failed, offset: null })));
      if (page.total === 0) {
        replace(content, asked.search || asked.failed ? empty("No query matches", "Search looks in SQL, users, query ids and errors.") : nothingYet(state));
        return;
      }
      const names = warehouseNames(state);
      replace(
        content,
        grid("Query logs", COLUMNS, page.queries.map((query) => row(query, names))),
        pager(page.total, offset, SIZE, (next) => go({ ...parameters, offset: next })),
      );
    },
  };
}

export function failed(query) {
  return Boolean(query.error_code || query.error_text);
}

export function result(query) {
  return failed(query) ? h("span", { class: "badge bad" }, "✕ failed") : h("span", { class: "badge good" }, "✓ ok");
}

function row(query, names) {
  return [
    when(query.end_time),
    result(query),
    duration(query.duration_ms),
    count(query.returned_rows),
    query.user ?? "—",
    [
      h("a", { class: "mono", href: link("query", { id: query.id }), "data-key": `query-${query.id}` }, query.query_text, query.text_length > 300 && "…"),
      failed(query) && h("div", { class: "note" }, [query.error_code, query.error_text].filter(Boolean).join(": ").slice(0, 200)),
    ],
    names.get(query.resource_uuid) ?? query.resource_uuid,
  ];
}
