// Elements from data. Text only ever becomes text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.setAttribute("class", value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Make an HTML element: h("a", { href: "#/x" }, "text", otherElement). */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/**
 * Show new content in a place that is refreshed, without losing what the reader was doing: the focus returns to the
 * element with the same data-key, open details stay open, scrolled parts keep their position.
 */
export function replace(place, ...children) {
  const active = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const open = new Set([...place.querySelectorAll("details[open][data-key]")].map((item) => item.dataset.key));
  const scrolled = new Map([...place.querySelectorAll("[data-scroll]")].map((item) => [item.dataset.scroll, [item.scrollLeft, item.scrollTop]]));
  place.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  for (const item of place.querySelectorAll("details[data-key]")) if (open.has(item.dataset.key)) item.open = true;
  for (const item of place.querySelectorAll("[data-scroll]")) {
    const position = scrolled.get(item.dataset.scroll);
    if (position) [item.scrollLeft, item.scrollTop] = position;
  }
  if (active) place.querySelector(`[data-key="${CSS.escape(active)}"]`)?.focus({ preventScroll: true });
}

/** A table in a frame that scrolls sideways. Columns are [title, class]; rows are arrays of cells. */
export function grid(label, columns, rows) {
  const head = columns.map(([title, kind]) => h("th", { scope: "col", class: kind }, title));
  const body = rows.map((cells) => h("tr", null, cells.map((cell, index) => h("td", { class: columns[index][1] }, cell))));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label, "data-scroll": label },
    h("table", null, h("thead", null, h("tr", null, head)), h("tbody", null, body)),
  );
}

/** What is shown where there is nothing to show. */
export function empty(title, ...more) {
  return h("div", { class: "empty" }, h("strong", null, title), more);
}

/** A list of facts: [name, value] pairs; those without a value are left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { class: "facts" }, known.map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));
}

/** A labelled choice of one among several buttons. */
export function choices(label, options, chosen, choose) {
  const buttons = options.map(([value, title]) =>
    h("button", { type: "button", "aria-pressed": String(value === chosen), "data-key": `choice-${label}-${value}`, onclick: () => choose(value) }, title),
  );
  return h("div", { class: "choices", role: "group", "aria-label": label }, buttons);
}

/** Previous and next page. */
export function pager(total, offset, size, go) {
  if (total <= size && offset === 0) return null;
  return h(
    "div",
    { class: "pager" },
    h("button", { type: "button", class: "quiet", "data-key": "previous", disabled: offset === 0, onclick: () => go(Math.max(0, offset - size)) }, "Previous"),
    h("span", null, `${Math.min(offset + 1, total)}–${Math.min(offset + size, total)} of ${total.toLocaleString("en")}`),
    h("button", { type: "button", class: "quiet", "data-key": "next", disabled: offset + size >= total, onclick: () => go(offset + size) }, "Next"),
  );
}
