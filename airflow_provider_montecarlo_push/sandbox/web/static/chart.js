// A small line chart of one measurement over time.

import { h, s } from "./dom.js";
import { when } from "./format.js";

const WIDTH = 420;
const HEIGHT = 130;
const EDGE = { left: 6, right: 6, top: 10, bottom: 20 };

/** Points are { measured_at, value }, oldest first; `write` turns a value into text. */
export function chart(name, points, write) {
  const times = points.map((point) => Date.parse(point.measured_at));
  const values = points.map((point) => Number(point.value));
  const [first, last] = [times[0], times.at(-1)];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (time) => EDGE.left + (last === first ? 0.5 : (time - first) / (last - first)) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value) => EDGE.top + (high === low ? 0.5 : (high - value) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const line = points.map((_, index) => `${x(times[index]).toFixed(1)},${y(values[index]).toFixed(1)}`);
  const floor = HEIGHT - EDGE.bottom;
  const summary = `${name}: ${points.length} points from ${when(points[0].measured_at)} to ${when(points.at(-1).measured_at)}, between ${write(low)} and ${write(high)}, last ${write(values.at(-1))}`;
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", null, h("span", null, name), h("b", null, write(values.at(-1)))),
    s(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary },
      s("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: floor, y2: floor }),
      s("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: EDGE.top, y2: EDGE.top }),
      line.length > 1 && s("polygon", { class: "area", points: [`${x(first)},${floor}`, ...line, `${x(last)},${floor}`].join(" ") }),
      line.length > 1 && s("polyline", { class: "trace", points: line.join(" ") }),
      points.length <= 60 && points.map((point, index) =>
        s("circle", { cx: x(times[index]), cy: y(values[index]), r: 3 }, s("title", null, `${when(point.measured_at)} UTC: ${write(values[index])}`)),
      ),
      s("text", { x: EDGE.left, y: HEIGHT - 6 }, when(points[0].measured_at).slice(0, 16)),
      points.length > 1 && s("text", { x: WIDTH - EDGE.right, y: HEIGHT - 6, "text-anchor": "end" }, when(points.at(-1).measured_at).slice(0, 16)),
    ),
    h("p", { class: "note" }, high === low ? `${points.length === 1 ? "1 point" : `${points.length} points, always the same`}` : `${points.length} points, ${write(low)} to ${write(high)}`),
  );
}
