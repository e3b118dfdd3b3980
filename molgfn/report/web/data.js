// What the page shows: columns, drawings, graphs, the map; and how values read.
function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text), found = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) found[k] = raw.charCodeAt(k);
  return found;
}
async function unpack(text) {
  const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}
const started = performance.now();
const $ = id => document.getElementById(id);
const data = await unpack($("data").textContent);
const column = Object.fromEntries(data.columns.map(c => [c.name, c]));
const FIRST = ["reward", "log_p", "qed", "sa", "mw", "logp", "nearest_similarity", "tpsa"];
const numeric = data.columns.filter(c => c.kind === "number");
for (const c of numeric) c.whole = c.values.every(v => v === null || Number.isInteger(v));
const ranked = [...FIRST.map(name => column[name]).filter(c => c && c.kind === "number"), ...numeric]
  .filter((c, place, list) => list.indexOf(c) === place);
const all = Array.from({length: data.drawings.length}, (_, i) => i);
const idOf = i => column.id.values[i], smilesOf = i => column.smiles.values[i];
const group = column.cluster || column.scaffold;

const label = name => name.replaceAll("_", " ");
const count = n => n.toLocaleString("en");
const plural = (n, one) => `${count(n)} ${one}${n === 1 ? "" : "s"}`;
// Four digits, whole numbers without a point; three on cards.
function show(value, digits = 4, whole = Number.isInteger(value)) {
  if (value === null || value === "") return "–";
  if (typeof value === "string" || whole) return String(value);
  const size = Math.abs(value);
  if (size >= 10 ** (digits - 1)) return String(Math.round(value));
  return size >= 1e-3 ? value.toPrecision(digits) : String(+value.toPrecision(digits));
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
function facts(names, i, digits, named = label) {
  return make("dl", {}, ...names.map(name => make("div", {title: label(name)},
    make("dt", {textContent: named(name)}),
    make("dd", {textContent: show(column[name].values[i], digits, column[name].whole)}))));
}
