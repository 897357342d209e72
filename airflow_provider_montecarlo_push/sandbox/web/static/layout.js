// A layered layout, left to right: sources in the first column, what is made of them further right.
//
// Circles are broken where a depth-first walk meets its own path. Edges that cross several columns get a way
// through each, so that they run between its boxes. The order inside a column follows the neighbours' (barycentres), and so does
// the height at which a box stands.

const GAP_X = 64;
const GAP_Y = 16;
const SWEEPS = 8;

/**
 * Give every node a place. Nodes are { id, width, height }, edges { source, destination } by id.
 * Returns { places: Map id -> {x, y}, ways: Map edge -> [{x, y}], width, height }; ways include both ends.
 */
export function layout(nodes, edges) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const known = edges.filter((edge) => byId.has(edge.source) && byId.has(edge.destination) && edge.source !== edge.destination);
  const directed = withoutCircles(nodes, known);
  const layers = layersOf(nodes, directed);
  const { columns, chains } = withWayPoints(nodes, directed, layers);
  order(columns);
  return place(columns, chains, byId);
}

/** Turn round the edges that close a circle: [{ edge, from, to }]. */
function withoutCircles(nodes, edges) {
  const out = new Map(nodes.map((node) => [node.id, []]));
  for (const edge of edges) out.get(edge.source).push(edge);
  const state = new Map();
  const turned = new Set();
  for (const { id } of nodes) {
    if (state.has(id)) continue;
    const path = [[id, 0]];
    state.set(id, "open");
    while (path.length > 0) {
      const top = path.at(-1);
      const edge = out.get(top[0])[top[1]++];
      if (!edge) {
        state.set(top[0], "done");
        path.pop();
      } else if (!state.has(edge.destination)) {
        state.set(edge.destination, "open");
        path.push([edge.destination, 0]);
      } else if (state.get(edge.destination) === "open") turned.add(edge);
    }
  }
  return edges.map((edge) => (turned.has(edge) ? { edge, from: edge.destination, to: edge.source } : { edge, from: edge.source, to: edge.destination }));
}

/** The column of each node: one further than the furthest of its sources; sources stand close to what they feed. */
function layersOf(nodes, directed) {
  const into = new Map(nodes.map((node) => [node.id, 0]));
  const out = new Map(nodes.map((node) => [node.id, []]));
  for (const { from, to } of directed) {
    into.set(to, into.get(to) + 1);
    out.get(from).push(to);
  }
  const layer = new Map(nodes.map((node) => [node.id, 0]));
  const ready = nodes.filter((node) => into.get(node.id) === 0).map((node) => node.id);
  const sorted = [];
  while (ready.length > 0) {
    const id = ready.shift();
    sorted.push(id);
    for (const next of out.get(id)) {
      layer.set(next, Math.max(layer.get(next), layer.get(id) + 1));
      into.set(next, into.get(next) - 1);
      if (into.get(next) === 0) ready.push(next);
    }
  }
  const sources = new Set(directed.map(({ to }) => to));
  for (const id of sorted.reverse()) {
    if (!sources.has(id) && out.get(id).length > 0) layer.set(id, Math.min(...out.get(id).map((next) => layer.get(next))) - 1);
  }
  return layer;
}

function withWayPoints(nodes, directed, layers) {
  const columns = [];
  const add = (item, column) => {
    (columns[column] ??= []).push(item);
    return item;
  };
  for (let column = 0; column <= Math.max(0, ...layers.values()); column += 1) columns[column] = [];
  const items = new Map(nodes.map((node) => [node.id, add({ id: node.id, width: node.width, height: node.height, before: [], after: [] }, layers.get(node.id))]));
  const chains = directed.map(({ edge, from, to }) => {
    const chain = [items.get(from)];
    for (let column = layers.get(from) + 1; column < layers.get(to); column += 1) chain.push(add({ id: null, width: 0, height: 6, before: [], after: [] }, column));
    chain.push(items.get(to));
    for (let index = 1; index < chain.length; index += 1) {
      chain[index - 1].after.push(chain[index]);
      chain[index].before.push(chain[index - 1]);
    }
    return { edge, chain, turned: edge.source !== from };
  });
  return { columns, chains };
}

function order(columns) {
  const number = () => columns.forEach((column) => column.forEach((item, index) => (item.index = index)));
  number();
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? columns : columns.toReversed()) {
      for (const item of column) {
        const beside = forward ? item.before : item.after;
        item.weight = beside.length > 0 ? mean(beside.map((other) => other.index)) : item.index;
      }
      column.sort((a, b) => a.weight - b.weight || a.index - b.index);
      column.forEach((item, index) => (item.index = index));
    }
  }
}

function place(columns, chains, byId) {
  let x = 0;
  for (const column of columns) {
    const width = Math.max(0, ...column.map((item) => item.width));
    for (const item of column) [item.x, item.width] = [x, item.id === null ? width : item.width];
    x += width + GAP_X;
    settle(column, () => 0);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? columns : columns.toReversed()) {
      settle(column, (item) => {
        const beside = forward ? item.before : item.after;
        return beside.length > 0 ? mean(beside.map(middle)) - item.height / 2 : item.y;
      });
    }
  }
  const all = columns.flat();
  const top = Math.min(0, ...all.map((item) => item.y));
  for (const item of all) item.y -= top;
  const ways = new Map(chains.map(({ edge, chain, turned }) => [edge, way(chain, turned)]));
  const places = new Map(all.filter((item) => byId.has(item.id)).map((item) => [item.id, { x: item.x, y: item.y }]));
  return { places, ways, width: Math.max(0, x - GAP_X), height: Math.max(0, ...all.map((item) => item.y + item.height)) };
}

/** Move the boxes of a column as near to where they want to be as their order and the gaps allow. */
function settle(column, wanted) {
  const heights = column.map((item) => item.height + GAP_Y);
  const wishes = column.map((item) => wanted(item) ?? 0);
  // Boxes that would overlap move as one block, to the mean of what its members want.
  const blocks = [];
  column.forEach((_, index) => {
    let block = { start: index, end: index, height: heights[index], sum: wishes[index], count: 1 };
    while (blocks.length > 0) {
      const last = blocks.at(-1);
      if (last.sum / last.count + last.height <= block.sum / block.count) break;
      blocks.pop();
      block = { start: last.start, end: block.end, height: last.height + block.height, sum: last.sum + block.sum - block.count * last.height, count: last.count + block.count };
    }
    blocks.push(block);
  });
  for (const block of blocks) {
    let y = block.sum / block.count;
    for (let index = block.start; index <= block.end; index += 1) {
      column[index].y = y;
      y += heights[index];
    }
  }
}

function way(chain, turned) {
  const points = chain.flatMap((item, index) => {
    if (item.id === null) return [{ x: item.x, y: middle(item) }, { x: item.x + item.width, y: middle(item) }];
    return [{ x: index === 0 ? item.x + item.width : item.x, y: middle(item) }];
  });
  return turned ? points.reverse() : points;
}

function middle(item) {
  return item.y + item.height / 2;
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** A smooth line through points. */
export function curve(points) {
  let path = `M${points[0].x.toFixed(1)},${points[0].y.toFixed(1)}`;
  for (let index = 1; index < points.length; index += 1) {
    const [from, to] = [points[index - 1], points[index]];
    const bend = (to.x - from.x) / 2;
    path += `C${(from.x + bend).toFixed(1)},${from.y.toFixed(1)} ${(to.x - bend).toFixed(1)},${to.y.toFixed(1)} ${to.x.toFixed(1)},${to.y.toFixed(1)}`;
  }
  return path;
}
