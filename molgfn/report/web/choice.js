// Which molecules are shown, in which order, and which are selected.
const library = molecules(data.graphs);
const selected = new Set(), ranges = new Map(), selectedOnly = $("selected-only");
const haystack = all.map(i => data.columns.filter(c => c.kind === "text").map(c => c.values[i])
  .join("\n").toLowerCase());
const collator = new Intl.Collator("en", {numeric: true});
let shown = all, inGroup = null, down = true, structure = null;

const marks = i => structure && structure.hits[i] ? highlighted(structure.steps, library, i) : null;

function searchStructure() {
  const text = $("structure").value.trim(), note = $("structure-note");
  let problem = "";
  structure = null;
  try {
    if (text) structure = substructures(text, data.graphs, library);
  } catch (error) {
    if (!(error instanceof SmartsError)) throw error;
    problem = error.message;
  }
  const hits = structure ? structure.hits.reduce((a, b) => a + b, 0) : 0;
  $("structure").setAttribute("aria-invalid", problem !== "");
  note.classList.toggle("problem", problem !== "");
  note.textContent = problem ? `Not searched: ${problem}`
    : !structure ? "" : hits ? `in ${plural(hits, "molecule")}`
    : "in no molecule. Aromatic atoms are small letters (c1ccccc1), others capitals.";
  update();
}

function choose() {
  const words = $("search").value.trim().toLowerCase();
  const limits = [...ranges].map(([name, range]) => [column[name].values, ...range]);
  return all.filter(i => (!structure || structure.hits[i]) && (!words || haystack[i].includes(words))
    && (inGroup === null || group.values[i] === inGroup)
    && (!selectedOnly.checked || selected.has(i))
    && limits.every(([v, low, high]) => v[i] !== null && v[i] >= low && v[i] <= high));
}
function sort(chosen) {
  const {kind, values} = column[$("sort").value], sign = down ? -1 : 1;
  const empty = kind === "number" ? null : "";
  const compare = kind === "number" ? (a, b) => a - b : collator.compare;
  return chosen.sort((a, b) => values[a] === empty ? (values[b] === empty ? 0 : 1)
    : values[b] === empty ? -1 : sign * compare(values[a], values[b]));
}
function update() {
  shown = sort(choose());
  tell();
  drawHistograms();
  refresh();
}
function tell() {
  $("count").textContent = `${count(shown.length)} of ${plural(all.length, "molecule")}`
    + (selected.size ? ` · ${count(selected.size)} selected` : "")
    + (data.unread.length ? ` · ${plural(data.unread.length, "row")} could not be read` : "");
  $("csv").textContent = `CSV (${count(exported().length)})`;
  $("smiles").textContent = `SMILES (${count(exported().length)})`;
  $("group").hidden = inGroup === null;
  if (inGroup !== null) $("group").textContent = `${groupName(inGroup)} ✕`;
  $("nothing").hidden = shown.length > 0;
}
const groupName = key => key === null || key === "" ? `no ${group.name}`
  : group.kind === "number" ? `${group.name} ${show(key)}` : show(key);
function select(i, on) {
  on ? selected.add(i) : selected.delete(i);
  if (cards.has(i)) markCard(cards.get(i), on);
  tell();
}
function reset() {
  ranges.clear();
  inGroup = null;
  selectedOnly.checked = false;
  for (const input of document.querySelectorAll("aside input")) input.value = "";
  searchStructure();
}

// The selection, or without one what is shown, in the order of the page.
const exported = () => selected.size ? sort([...selected]) : shown;
function field(value) {
  if (value === null) return "";
  let text = String(value);
  // a spreadsheet would run it as a formula
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text) && isNaN(Number(text))) text = "'" + text;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
function save(name, lines, type) {
  const url = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], {type}));
  make("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
const saveCsv = () => save("selection.csv", [data.columns.map(c => field(c.name)).join(","),
  ...exported().map(i => data.columns.map(c => field(c.values[i])).join(","))], "text/csv");
const saveSmiles = () => save("selection.smi",
  exported().map(i => `${smilesOf(i)} ${idOf(i).replace(/\s+/g, "_")}`), "text/plain");
