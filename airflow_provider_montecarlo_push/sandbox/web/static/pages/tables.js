import { get } from "../api.js";
import { empty, grid, h, pager, replace } from "../dom.js";
import { bytes, count, link, short, when } from "../format.js";
import { fillIn, nothingYet, searchField, warehouseNames } from "./pieces.js";

export const title = "Tables";
export const tab = "tables";

const SIZE = 100;
const COLUMNS = [["Table", "wide"], ["Type", ""], ["Warehouse", ""], ["Rows", "number"], ["Bytes", "number"], ["Last update (UTC)", "when"], ["Last push (UTC)", "when spare"]];

export function open(place, go) {
  let parameters = {};
  const search = searchField("Search", "Name, description or tag", (value) => go({ ...parameters, search: value, offset: null }));
  const warehouse = h("select", { onchange: () => go({ ...parameters, warehouse: warehouse.value, offset: null }) });
  const deleted = h("select", { onchange: () => go({ ...parameters, deleted: deleted.value, offset: null }) }, h("option", { value: "" }, "In the catalog"), h("option", { value: "true" }, "Deleted"));
  const content = h("div", { "data-content": "" });
  place.append(h("h1", null, title), h("div", { class: "tools" }, search.label, h("label", null, "Warehouse", warehouse), h("label", null, "Show", deleted)), content);
  let shown = null;
  let listed = null;
  return {
    async show(asked, current) {
      parameters = asked;
      fillIn(search.input, asked.search ?? "");
      const offset = Number(asked.offset ?? 0);
      const [state, page] = await Promise.all([
        get("state"),
        get("tables", { search: asked.search, warehouse: asked.warehouse, deleted: asked.deleted, offset, limit: SIZE }),
      ]);
      if (!current()) return;
      const names = warehouseNames(state);
      const options = JSON.stringify([...names]);
      if (options !== listed) {
        listed = options;
        warehouse.replaceChildren(h("option", { value: "" }, "All"), ...[...names].map(([uuid, name]) => h("option", { value: uuid }, name)));
      }
      warehouse.value = asked.warehouse ?? "";
      deleted.value = asked.deleted ?? "";
      const answer = JSON.stringify([page, asked, options]);
      if (answer === shown) return;
      shown = answer;
      if (page.total === 0) {
        replace(content, asked.search || asked.warehouse || asked.deleted ? empty("No table matches", "Search looks in names, descriptions and tags.") : nothingYet(state));
        return;
      }
      replace(
        content,
        grid("Tables", COLUMNS, page.tables.map((table) => row(table, names))),
        pager(page.total, offset, SIZE, (next) => go({ ...parameters, offset: next })),
      );
    },
  };
}

function row(table, names) {
  const name = `${table.database}.${table.schema}.${table.name}`;
  return [
    [
      h("a", { href: link("table", { mcon: table.mcon }), title: name, "data-key": table.mcon }, short(name, 160)),
      table.description && h("div", { class: "note" }, short(table.description, 140)),
    ],
    table.asset_type,
    names.get(table.resource_uuid) ?? table.resource_uuid,
    count(table.row_count),
    bytes(table.byte_count),
    when(table.last_update_time),
    when(table.observed_at),
  ];
}
