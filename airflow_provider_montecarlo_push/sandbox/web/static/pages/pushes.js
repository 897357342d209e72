import { get } from "../api.js";
import { choices, empty, grid, h, replace } from "../dom.js";
import { FLOWS } from "../format.js";
import { PUSH_COLUMNS, nothingYet, pushRow, warehouseNames } from "./pieces.js";

export const title = "Pushes";
export const tab = "pushes";

const SIZE = 100;
const OPTIONS = [["", "All"], ["metadata", FLOWS.metadata], ["lineage", FLOWS.lineage], ["query_logs", FLOWS.query_logs], ["etl_metadata", FLOWS.etl_metadata], ["etl_runs", FLOWS.etl_runs]];

export function open(place, go) {
  const content = h("div", { "data-content": "" });
  const tools = h("div", { class: "tools" });
  place.append(h("h1", null, title), tools, content);
  let shown = null;
  return {
    async show(parameters, current) {
      const flow = parameters.flow ?? "";
      const [state, { pushes }] = await Promise.all([get("state"), get("pushes", { flow, before: parameters.before, limit: SIZE })]);
      const names = warehouseNames(state);
      const answer = JSON.stringify([pushes, flow, parameters.before, [...names]]);
      if (!current() || answer === shown) return;
      shown = answer;
      replace(tools, choices("Flow", OPTIONS, flow, (value) => go({ flow: value })));
      if (pushes.length === 0) {
        replace(content, flow || parameters.before ? empty("No pushes here", "No push of this flow was accepted yet.") : nothingYet(state));
        return;
      }
      const older = pushes.length === SIZE && h("button", { type: "button", class: "quiet", onclick: () => go({ flow, before: pushes.at(-1).id }) }, "Older");
      const newest = parameters.before && h("button", { type: "button", class: "quiet", onclick: () => go({ flow }) }, "Newest");
      replace(
        content,
        grid("Pushes", PUSH_COLUMNS, pushes.map((push) => pushRow(push, names))),
        h("div", { class: "pager" }, newest, older),
      );
    },
  };
}
