import { get } from "../api.js";
import { empty, grid, h, pager, replace } from "../dom.js";
import { count, link, when } from "../format.js";
import { statusBadge } from "./job.js";
import { fillIn, nothingYet, searchField, warehouseNames } from "./pieces.js";

export const title = "ETL jobs";
export const tab = "jobs";

const SIZE = 100;
const COLUMNS = [["Job", "wide"], ["Tasks", "number"], ["Schedule", ""], ["Owner", ""], ["Runs", "number"], ["Last run (UTC)", "when"], ["Status", ""], ["Container", "spare"]];

export function open(place, go) {
  let parameters = {};
  const search = searchField("Search", "Job, task, owner or tag", (value) => go({ ...parameters, search: value, offset: null }));
  const content = h("div", { "data-content": "" });
  place.append(h("h1", null, title), h("div", { class: "tools" }, search.label), content);
  let shown = null;
  return {
    async show(asked, current) {
      parameters = asked;
      fillIn(search.input, asked.search ?? "");
      const offset = Number(asked.offset ?? 0);
      const [page, state, runs] = await Promise.all([get("etl/jobs", { search: asked.search, offset, limit: SIZE }), get("state"), get("etl/runs", { limit: 20 })]);
      const answer = JSON.stringify([page, runs, asked]);
      if (!current() || answer === shown) return;
      shown = answer;
      if (page.total === 0 && runs.total === 0) {
        replace(content, asked.search ? empty("No job matches", "Search looks in everything that was sent of a job.") : nothingYet(state));
        return;
      }
      const names = warehouseNames(state);
      replace(
        content,
        grid("ETL jobs", COLUMNS, page.jobs.map((job) => row(job, names))),
        pager(page.total, offset, SIZE, (next) => go({ ...parameters, offset: next })),
        !asked.search && [h("h2", null, "Last runs"), grid("Last runs", RUN_COLUMNS, runs.runs.map(runRow))],
      );
    },
  };
}

export const RUN_COLUMNS = [["Started (UTC)", "when"], ["Status", ""], ["Duration", "number"], ["Set off by", ""], ["Run", "wide"], ["Times told", "number"]];

export function runRow(run) {
  const parameters = { container: run.container_uuid, job: run.job_source_id, run: run.run_source_id };
  return [
    when(run.start_time ?? run.queued_at),
    statusBadge(run.status),
    run.duration_ms === null ? "—" : `${count(Math.round(run.duration_ms / 100) / 10)} s`,
    run.trigger ?? "—",
    [
      h("a", { class: "mono", href: link("run", parameters), "data-key": `run-${run.container_uuid}-${run.run_source_id}` }, run.run_source_id),
      run.error && h("div", { class: "note" }, run.error.message),
    ],
    count(run.events),
  ];
}

function row(job, names) {
  const schedule = job.schedule;
  return [
    [
      h("a", { href: link("job", { container: job.container_uuid, id: job.job_source_id }), "data-key": job.mcon }, job.name),
      job.description && h("div", { class: "note" }, job.description.slice(0, 200)),
    ],
    count(job.tasks?.length ?? 0),
    [schedule ? (schedule.cron_expression ?? schedule.kind) : "—", job.is_paused && h("span", { class: "badge" }, "paused")],
    job.owner?.primary_name ?? "—",
    count(job.runs),
    when(job.last_run?.start_time),
    job.last_run ? statusBadge(job.last_run.status) : "—",
    names.get(job.container_uuid) ?? job.container_uuid,
  ];
}
