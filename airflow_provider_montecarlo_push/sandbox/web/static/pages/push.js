import { get } from "../api.js";
import { facts, h, pager, replace } from "../dom.js";
import { bytes, count, eventTitle, link, short, when } from "../format.js";
import { flowBadge, warehouseNames } from "./pieces.js";

export const title = "Push";
export const tab = "pushes";

const SIZE = 50;

export function open(place, go) {
  const content = h("div", { "data-content": "" });
  place.append(content);
  let shown = null;
  return {
    async show(parameters, current) {
      const path = `pushes/${encodeURIComponent(parameters.id ?? "")}`;
      const offset = Number(parameters.offset ?? 0);
      const [push, page, state] = await Promise.all([get(path), get(`${path}/events`, { offset, limit: SIZE }), get("state")]);
      const answer = JSON.stringify([push, offset]);
      if (!current() || answer === shown) return;
      shown = answer;
      const details = page.events.map((event, index) => details_of(push, event, offset + index));
      replace(
        content,
        h("p", { class: "crumb" }, h("a", { href: link("pushes") }, "Pushes")),
        h("h1", null, "Push ", h("span", { class: "mono" }, push.invocation_id)),
        h("div", { class: "panel" }, described(push, warehouseNames(state))),
        h("h2", null, `${count(push.events)} ${push.events === 1 ? "event" : "events"}, as sent`),
        pager(page.total, offset, SIZE, (next) => go({ id: parameters.id, offset: next })),
        h("div", { class: "scroll" }, details),
      );
    },
  };
}

function details_of(push, event, number) {
  return h(
    "details",
    { "data-key": `event-${number}` },
    h("summary", { "data-key": `summary-${number}` }, h("span", { class: "faint" }, `${number} `), short(eventTitle(push.flow, event), 240)),
    h("pre", null, JSON.stringify(event, null, 2)),
  );
}

function described(push, names) {
  return facts([
    ["Flow", [flowBadge(push.flow), ` ${push.event_type}`]],
    ["Received", `${when(push.received_at)} UTC`],
    ["Visible", push.visible ? "yes" : `at ${when(push.visible_at)} UTC`],
    ["Warehouse", push.resources.map((uuid) => `${names.get(uuid) ?? "unknown"} (${uuid})`).join(", ")],
    ["Type", push.resource_type],
    ["Size", `${bytes(push.raw_bytes)}, ${bytes(push.compressed_bytes)} compressed${push.content_encoding ? `, sent as ${push.content_encoding}` : ""}`],
    ["Key", push.key_id],
    ["Trace id", push.trace_id],
    ["Session id", push.session_id],
  ]);
}
