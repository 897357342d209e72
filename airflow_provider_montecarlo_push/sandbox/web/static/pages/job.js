import { get } from "../api.js";
import { facts, grid, h, pager, replace } from "../dom.js";
import { count, link, when } from "../format.js";
import { RUN_COLUMNS, runRow } from "./jobs.js";
import { warehouseNames } from "./pieces.js";

export const title = "ETL job";
export const tab = "jobs";

const SIZE = 50;
const TASKS = [["Task", ""], ["Type", ""], ["After", ""], ["Reads", "wide"], ["Writes", "wide"], ["Sets off", ""]];
const BAD = new Set(["failed", "error", "timed_out", "fail", "upstream_failed"]);

export function statusBadge(status) {
  const kind = status === "success" || status === "pass" ? "good" : BAD.has(status) ? "bad" : "";
  return h("span", { class: `badge ${kind}` }, status);
}

export function open(place, go) {
  const content = h("div", { "data-content": "" });
  place.append(content);
  let shown = null;
  return {
    async show(parameters, current) {
      const { container, id } = parameters;
      const offset = Number(parameters.offset ?? 0);
      const [{ jobs }, runs, state] = await Promise.all([
        get("etl/jobs", { container, search: id, limit: 1000 }),
        get("etl/runs", { container, job: id, offset, limit: SIZE }),
        get("state"),
      ]);
      const job = jobs.find((item) => item.job_source_id === id) ?? { job_source_id: id, name: id, container_uuid: container };
      const answer = JSON.stringify([job, runs, offset]);
      if (!current() || answer === shown) return;
      shown = answer;
      replace(
        content,
        h("p", { class: "crumb" }, h("a", { href: link("jobs") }, "ETL jobs")),
        h("h1", null, job.name),
        h("div", { class: "panel" }, described(job, warehouseNames(state))),
        job.tasks && [h("h2", null, `${count(job.tasks.length)} tasks`), grid("Tasks", TASKS, job.tasks.map(taskRow))],
        h("h2", null, `${count(runs.total)} runs`),
        grid("Runs", RUN_COLUMNS, runs.runs.map(runRow)),
        pager(runs.total, offset, SIZE, (next) => go({ ...parameters, offset: next })),
      );
    },
  };
}

const named = (assets) => (assets ?? []).map((asset) => asset.fully_qualified_name ?? asset.mcon).join(", ") || "—";

function taskRow(task) {
  return [
    h("span", { class: "mono" }, task.name),
    task.task_type ?? "—",
    (task.upstream_task_source_ids ?? []).join(", ") || "—",
    named(task.inputs),
    named(task.outputs),
    (task.triggered_job_source_ids ?? []).join(", ") || "—",
  ];
}

function described(job, names) {
  const { schedule, owner } = job;
  return facts([
    ["Id", h("span", { class: "mono" }, job.job_source_id)],
    ["Description", job.description],
    ["Schedule", schedule && [schedule.cron_expression ?? schedule.kind, schedule.timezone && ` ${schedule.timezone}`]],
    ["Follows", schedule?.upstream_job_source_ids?.join(", ")],
    ["Paused", job.is_paused === undefined ? null : job.is_paused ? "yes" : "no"],
    ["Owner", owner?.primary_name],
    ["Tags", (job.properties ?? []).map((tag) => (tag.value ? `${tag.key}: ${tag.value}` : tag.key)).join(", ")],
    ["Folder", job.folder],
    ["Page", job.job_url],
    ["Container", names.get(job.container_uuid) ?? job.container_uuid],
    ["Last told", job.observed_at && `${when(job.observed_at)} UTC`],
    ["Push", job.invocation_id && h("a", { class: "mono", href: link("push", { id: job.invocation_id }), "data-key": "push" }, job.invocation_id)],
  ]);
}
