// The controls, and the four views.
const VIEWS = {molecules: "Molecules", map: "Map", ...(group ? {clusters: "Clusters"} : {}),
  run: "Funnel and run"};
let view = "molecules";

function refresh() {
  if (view === "molecules") { clearGrid(); renderGrid(); }
  if (view === "map") drawMap();
  if (view === "clusters") drawClusters();
  if (view === "run") drawRun();
}
function openView(name) {
  view = name;
  for (const key of Object.keys(VIEWS)) {
    $("view-" + key).hidden = key !== name;
    $("tab-" + key).setAttribute("aria-selected", key === name);
    $("tab-" + key).tabIndex = key === name ? 0 : -1;
  }
  document.body.dataset.view = name;
  refresh();
}
for (const [key, name] of Object.entries(VIEWS)) {
  const tab = make("button", {id: "tab-" + key, textContent: name, role: "tab",
    "aria-controls": "view-" + key, onclick: () => openView(key)});
  tab.onkeydown = event => {
    const by = {ArrowRight: 1, ArrowLeft: -1}[event.key], names = Object.keys(VIEWS);
    if (!by) return;
    const next = names[(names.indexOf(key) + by + names.length) % names.length];
    openView(next);
    $("tab-" + next).focus();
  };
  $("view-" + key).setAttribute("aria-labelledby", tab.id);
  $("tabs").append(tab);
}

for (const c of data.columns) $("sort").append(make("option", {value: c.name, textContent: label(c.name)}));
for (const c of ranked) {
  addFilter(c);
  $("colour").append(make("option", {value: c.name, textContent: label(c.name)}));
}
$("sort").value = (column.reward || ranked[0] || data.columns[0]).name;
$("sort").onchange = update;
function setOrder(downwards) {
  down = downwards;
  $("direction").textContent = down ? "↓" : "↑";
  update();
}
$("direction").onclick = () => setOrder(!down);
$("colour").onchange = drawMap;
$("search").oninput = update;
$("structure").oninput = searchStructure;
$("help").onclick = () => $("syntax").showModal();
$("syntax-close").onclick = () => $("syntax").close();
$("reset").onclick = reset;
$("group").onclick = () => { inGroup = null; update(); };
$("select-shown").onclick = () => { shown.forEach(i => selected.add(i)); update(); };
$("deselect").onclick = () => { selected.clear(); update(); };
selectedOnly.onchange = update;
$("csv").onclick = saveCsv;
$("smiles").onclick = saveSmiles;
$("toggle-filters").onclick = event => {
  event.target.setAttribute("aria-expanded", $("filters").classList.toggle("open"));
  refresh();
};
addEventListener("scroll", () => { if (view === "molecules") renderGrid(); }, {passive: true});
addEventListener("resize", () => { view === "molecules" ? renderGrid() : view === "map" && drawMap(); });
addEventListener("beforeprint", () => { if (view === "molecules") renderGrid(true); });
addEventListener("afterprint", refresh);
openView("molecules");
setOrder(column[$("sort").value].kind === "number");
document.body.dataset.ready = Math.round(performance.now() - started);
