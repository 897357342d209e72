import { get } from "../api.js";
import { grid, h, pager, replace } from "../dom.js";
import { count, link, when } from "../format.js";
import { statusBadge } from "./job.js";

export const title = "ETL run";
export const tab = "jobs";

const SIZE = 200;
const COLUMNS = [["Started (UTC)", "when"], ["Task", ""], ["Attempt", "number"], ["Status", ""], ["Duration", "number"], ["Error", "wide"]];

export function open(place, go) {
  const content = h("div", { "data-content": "" });
  place.append(content);
  let shown = null;
  return {
    async show(parameters, current) {
      const { container, job } = parameters;
      const offset = Number(parameters.offset ?? 0);
      const page = await get("etl/runs", { container, job, parent: parameters.run, offset, limit: SIZE });
      const answer = JSON.stringify([page, parameters]);
      if (!current() || answer === shown) return;
      shown = answer;
      replace(
        content,
        h("p", { class: "crumb" }, h("a", { href: link("jobs") }, "ETL jobs"), " / ", h("a", { href: link("job", { container, id: job }) }, job)),
        h("h1", null, "Run ", h("span", { class: "mono" }, parameters.run)),
        h("h2", null, `${count(page.total)} attempts at tasks`),
        grid("Attempts", COLUMNS, page.runs.map(row)),
        pager(page.total, offset, SIZE, (next) => go({ ...parameters, offset: next })),
      );
    },
  };
}

function row(attempt) {
  return [
    when(attempt.start_time),
    [h("span", { class: "mono" }, attempt.task_source_id), attempt.attributes?.map_index !== undefined && ` [${attempt.attributes.map_index}]`],
    count(attempt.attempt_number),
    statusBadge(attempt.status),
    attempt.duration_ms === null ? "—" : `${count(Math.round(attempt.duration_ms / 100) / 10)} s`,
    attempt.error?.message ?? "—",
  ];
}
