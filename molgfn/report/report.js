"use strict";
(async () => {
const $ = id => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};
const started = performance.now();
function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text), found = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) found[k] = raw.charCodeAt(k);
  return found;
}
const packed = bytes($("data").textContent);
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
const data = JSON.parse(await new Response(stream).text());
const column = Object.fromEntries(data.columns.map(c => [c.name, c]));
const numeric = data.columns.filter(c => c.kind === "number");
const size = data.drawings.length;
const all = Array.from({length: size}, (_, i) => i);
const selected = new Set();
const ranges = {};
const haystack = all.map(i => data.columns.filter(c => c.kind === "text").map(c => c.values[i])
  .join("\n").toLowerCase());
const group = column.cluster || column.scaffold;
let shown = all, inGroup = null, down = true, view = "molecules";
const show = v => v === null ? "–" : typeof v === "string" ? v
  : Number.isInteger(v) ? String(v) : String(+v.toPrecision(4));

// drawings: black becomes the ink of the scheme
function drawing(i) {
  const [width, height, paths] = data.drawings[i], ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("class", "mol");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", column.smiles.values[i]);
  const grow = Math.min(1.4, 210 / width, 150 / height);
  if (grow === 1.4) svg.setAttribute("viewBox", `${(width - 150) / 2} ${(height - 107) / 2} 150 107`);
  for (const [kind, d] of paths) {
    const path = document.createElementNS(ns, "path"), black = kind.slice(1) === "#000000";
    path.setAttribute("d", d);
    path.setAttribute(kind[0] === "f" ? "stroke" : "fill", "none");
    if (black) path.setAttribute("class", "ink-" + kind[0]);
    else path.setAttribute(kind[0] === "f" ? "fill" : "stroke", kind.slice(1));
    svg.append(path);
  }
  return svg;
}

// the grid holds only the cards that are in sight
const grid = $("grid"), HEIGHT = 262, GAP = 14, cards = new Map();
const FIRST = ["reward", "log_p", "qed", "sa", "mw", "logp", "nearest_similarity", "cluster"];
const favourites = [...FIRST.filter(n => column[n] && column[n].kind === "number"),
  ...numeric.map(c => c.name)].filter((n, i, a) => a.indexOf(n) === i).slice(0, 6);
function card(i) {
  const box = make("input", {type: "checkbox", checked: selected.has(i)});
  box.setAttribute("aria-label", "Select " + column.id.values[i]);
  box.onclick = event => { event.stopPropagation(); select(i, box.checked); };
  const facts = make("dl");
  const sorted = column[$("sort").value];
  const names = !sorted || sorted.kind !== "number" || favourites.includes(sorted.name) ? favourites
    : [sorted.name, ...favourites.slice(0, 5)];
  for (const name of names) facts.append(make("dt", {textContent: name, title: name}),
    make("dd", {textContent: show(column[name].values[i])}));
  const made = make("article", {className: "card", tabIndex: 0}, drawing(i), box,
    make("div", {className: "id", textContent: column.id.values[i]}), facts);
  made.classList.toggle("on", selected.has(i));
  made.dataset.index = i;
  made.onclick = () => detail(i);
  made.onkeydown = event => {
    if (event.target !== made) return;
    if (event.key === "Enter") detail(i);
    if (event.key === " ") { event.preventDefault(); select(i, !selected.has(i)); }
  };
  return made;
}
function render(everything = false) {
  if (view !== "molecules") return;
  const columns = Math.max(1, Math.floor((grid.clientWidth + GAP) / (215 + GAP)));
  const width = (grid.clientWidth - GAP * (columns - 1)) / columns, step = HEIGHT + GAP;
  grid.style.height = Math.ceil(shown.length / columns) * step + "px";
  const top = -grid.getBoundingClientRect().top;
  const from = Math.max(0, Math.floor(top / step) - 1) * columns;
  const to = (Math.ceil((top + innerHeight) / step) + 1) * columns;
  const visible = everything ? shown.slice(0, 300) : shown.slice(from, to);
  const keep = new Set(visible);
  for (const [i, element] of cards) if (!keep.has(i)) { element.remove(); cards.delete(i); }
  visible.forEach((i, n) => {
    const place = (everything ? 0 : from) + n;
    if (!cards.has(i)) cards.set(i, card(i));
    const element = cards.get(i), style = element.style;
    style.left = place % columns * (width + GAP) + "px";
    style.top = Math.floor(place / columns) * step + "px";
    style.width = width + "px"; style.height = HEIGHT + "px";
    if (grid.children[n] !== element) grid.insertBefore(element, grid.children[n] || null);
  });
}
function select(i, on) {
  on ? selected.add(i) : selected.delete(i);
  if (cards.has(i)) { cards.get(i).classList.toggle("on", on);
    cards.get(i).querySelector("input").checked = on; }
  count();
}
function count() {
  $("count").textContent = `${shown.length.toLocaleString("en")} of ${size.toLocaleString("en")} molecules`
    + (selected.size ? ` · ${selected.size.toLocaleString("en")} selected` : "")
    + (inGroup === null ? "" : ` · in one ${group.name}`)
    + (data.unread.length ? ` · ${data.unread.length} rows could not be read` : "");
}
function update() {
  const words = $("search").value.trim().toLowerCase(), by = column[$("sort").value];
  const limits = Object.entries(ranges).map(([n, r]) => [column[n].values, ...r]);
  shown = all.filter(i => (!words || haystack[i].includes(words))
    && (inGroup === null || group.values[i] === inGroup)
    && limits.every(([v, low, high]) => v[i] !== null && v[i] >= low && v[i] <= high));
  const sign = down ? -1 : 1, values = by.values;
  const collator = new Intl.Collator("en", {numeric: true});
  if (by.kind === "number") shown.sort((a, b) => values[a] === null ? (values[b] === null ? 0 : 1)
    : values[b] === null ? -1 : sign * (values[a] - values[b]));
  else shown.sort((a, b) => sign * collator.compare(values[a], values[b]));
  for (const element of cards.values()) element.remove();
  cards.clear();
  count(); render(); drawMap();
}

// sorting, searching, selecting, exporting
for (const c of data.columns) $("sort").append(make("option", {value: c.name, textContent: c.name}));
$("sort").value = column.reward ? "reward" : (numeric[0] || data.columns[0]).name;
$("sort").onchange = update;
$("direction").onclick = () => { down = !down; $("direction").textContent = down ? "↓" : "↑"; update(); };
$("search").oninput = update;
$("select-shown").onclick = () => { shown.forEach(i => selected.add(i)); update(); };
$("clear").onclick = () => { selected.clear(); inGroup = null; update(); };
$("toggle-filters").onclick = event => event.target.setAttribute("aria-expanded",
  $("filters").classList.toggle("open"));
const chosen = () => selected.size ? all.filter(i => selected.has(i)) : shown;
const field = v => v === null ? "" : /[",\r\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : String(v);
function save(name, lines, type) {
  const url = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], {type}));
  make("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
$("csv").onclick = () => save("selection.csv", [data.columns.map(c => field(c.name)).join(","),
  ...chosen().map(i => data.columns.map(c => field(c.values[i])).join(","))], "text/csv");
$("smiles").onclick = () => save("selection.smi", chosen().map(i => column.smiles.values[i] + " "
  + column.id.values[i].replace(/\s+/g, "_")), "text/plain");

// a filter a number, over its distribution
for (const c of numeric) {
  const values = c.values.filter(v => v !== null);
  let low = Infinity, high = -Infinity;
  for (const v of values) { low = Math.min(low, v); high = Math.max(high, v); }
  const bins = Array(30).fill(0);
  for (const v of values) bins[high > low ? Math.min(29, Math.floor(30 * (v - low) / (high - low))) : 0]++;
  const most = Math.max(...bins), ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 120 38");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  bins.forEach((n, k) => { const bar = document.createElementNS(ns, "rect"), h = 38 * n / most;
    for (const [key, v] of Object.entries({x: 4 * k, y: 38 - h, width: 3.4, height: h})) bar.setAttribute(key, v);
    svg.append(bar); });
  const inputs = ["min", "max"].map((which, k) => {
    const input = make("input", {type: "number", step: "any", placeholder: show(k ? high : low)});
    input.setAttribute("aria-label", `${c.name} ${which}`);
    return input;
  });
  const apply = () => {
    const [a, b] = inputs.map(input => input.value);
    if (a === "" && b === "") delete ranges[c.name];
    else ranges[c.name] = [a === "" ? -Infinity : +a, b === "" ? Infinity : +b];
    update();
  };
  inputs.forEach(input => { input.oninput = apply; });
  $("filters").append(make("fieldset", {className: "filter"},
    make("legend", {textContent: c.name}), svg, make("div", {}, ...inputs)));
  $("colour").append(make("option", {value: c.name, textContent: c.name}));
}

function detail(i) {
  const close = make("button", {className: "close", textContent: "Close"}), facts = make("dl");
  close.onclick = () => $("detail").close();
  for (const c of data.columns) facts.append(make("dt", {textContent: c.name}),
    make("dd", {textContent: show(c.values[i])}));
  $("detail").replaceChildren(close, make("h2", {textContent: column.id.values[i]}), drawing(i), facts);
  $("detail").showModal();
}

// the map
const canvas = $("map");
$("method").textContent = data.map.method + "; near points are alike. Grey ones are filtered out.";
if (numeric.length) $("colour").value = column.reward ? "reward" : numeric[0].name;
const place = i => [12 + data.map.points[i][0] * (canvas.clientWidth - 24),
  12 + data.map.points[i][1] * (canvas.clientHeight - 24)];
function drawMap() {
  if (view !== "map") return;
  const scale = devicePixelRatio, pen = canvas.getContext("2d"), c = column[$("colour").value];
  canvas.width = canvas.clientWidth * scale; canvas.height = canvas.clientHeight * scale;
  pen.scale(scale, scale);
  const dot = (i, colour, radius) => { pen.fillStyle = colour; pen.beginPath();
    pen.arc(...place(i), radius, 0, 7); pen.fill(); };
  const inside = new Set(shown);
  all.forEach(i => { if (!inside.has(i)) dot(i, "#8884", 2); });
  const order = c ? shown.map(i => c.values[i]).filter(v => v !== null).sort((a, b) => a - b) : [];
  const low = order[Math.floor(order.length * .02)], high = order[Math.floor(order.length * .98)];
  shown.forEach(i => {
    const v = c ? c.values[i] : null;
    const t = v === null || !(high > low) ? 0 : Math.max(0, Math.min(1, (v - low) / (high - low)));
    dot(i, `hsl(${225 - 185 * t} 60% 52% / .8)`, 3);
  });
}
const nearest = event => {
  const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
  let best = null, least = 100;
  for (const i of shown) { const [px, py] = place(i), d = (px - x) ** 2 + (py - y) ** 2;
    if (d < least) { least = d; best = i; } }
  return best;
};
canvas.onmousemove = event => {
  const i = nearest(event), tip = $("tip");
  tip.hidden = i === null;
  if (i === null) return;
  tip.replaceChildren(drawing(i), make("div", {className: "id", textContent: column.id.values[i]}));
  tip.style.left = Math.min(event.clientX + 14, innerWidth - 240) + "px";
  tip.style.top = Math.min(event.clientY + 14, innerHeight - 220) + "px";
};
canvas.onmouseleave = () => { $("tip").hidden = true; };
canvas.onclick = event => { const i = nearest(event); if (i !== null) detail(i); };
$("colour").onchange = drawMap;

function clusters() {
  const members = new Map();
  all.forEach(i => { const key = group.values[i]; members.has(key) ? members.get(key).push(i) : members.set(key, [i]); });
  const list = make("div", {className: "clusters"}), by = column.reward || numeric[0];
  const sorted = [...members].sort((a, b) => b[1].length - a[1].length);
  for (const [key, ones] of sorted.slice(0, 120)) {
    const best = by ? ones.reduce((a, b) => by.values[b] > by.values[a] ? b : a) : ones[0];
    const button = make("button", {}, drawing(best),
      make("div", {className: "id", textContent: key === "" ? "(none)" : show(key)}),
      make("div", {className: "note", textContent: `${ones.length} molecules`}));
    button.onclick = () => { inGroup = key; open("molecules"); update(); };
    list.append(button);
  }
  $("view-clusters").replaceChildren(make("p", {className: "note",
    textContent: `${members.size} groups by ${group.name}, the largest ${Math.min(120, members.size)}. `
      + "Each shows its best molecule; a click filters the grid, Clear ends that."}), list);
}
function run() {
  const panel = (title, ...rest) => make("div", {className: "panel"}, make("h2", {textContent: title}), ...rest);
  const facts = make("dl"), parts = [];
  for (const [key, value] of Object.entries(data.identity)) facts.append(
    make("dt", {textContent: key}), make("dd", {textContent: value}));
  if (data.funnel.length) {
    const most = data.funnel[0].left + data.funnel[0].removed;
    parts.push(panel("Funnel", ...data.funnel.map(s => make("div", {className: "step"},
      make("span", {textContent: s.step}),
      Object.assign(make("i"), {style: `width: ${100 * s.left / (most || 1)}%`}),
      make("span", {className: "note", style: "margin:0", textContent: `${s.left} left, −${s.removed}`})))));
  }
  parts.push(panel("Run", facts));
  if (data.unread.length) parts.push(panel("Rows that could not be read",
    ...data.unread.slice(0, 100).map(text => make("div", {textContent: text}))));
  $("view-run").replaceChildren(...parts);
}
const views = {molecules: "Molecules", map: "Map", ...(group ? {clusters: "Clusters"} : {}), run: "Funnel and run"};
function open(name) {
  view = name;
  for (const key of Object.keys(views)) {
    $("view-" + key).hidden = key !== name;
    $("tab-" + key).setAttribute("aria-selected", key === name);
  }
  if (name === "clusters" && !$("view-clusters").children.length) clusters();
  if (name === "run") run();
  render(); drawMap();
}
for (const [key, name] of Object.entries(views)) {
  const tab = make("button", {id: "tab-" + key, textContent: name, onclick: () => open(key)});
  tab.setAttribute("role", "tab");
  $("tabs").append(tab);
}
addEventListener("scroll", () => render(), {passive: true});
addEventListener("resize", () => { render(); drawMap(); });
addEventListener("beforeprint", () => render(true));
addEventListener("afterprint", () => render());
open("molecules");
update();
document.body.dataset.ready = Math.round(performance.now() - started);
})();
