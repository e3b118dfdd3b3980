// All columns of one molecule, beside the reference that is nearest to it.
const dialog = $("detail");
let open = null;

function openDetail(i) {
  open = i;
  const box = make("input", {type: "checkbox", checked: selected.has(i)});
  box.onchange = () => select(i, box.checked);
  const turn = (by, text) => make("button", {textContent: text, disabled: !neighbour(by).length,
    onclick: () => turnDetail(by)});
  const close = make("button", {textContent: "Close", className: "close", onclick: () => dialog.close()});
  const pictures = make("div", {className: "pictures"},
    make("figure", {}, molecule(i, 420, 260)), ...nearestReference(i));
  const focused = dialog.contains(document.activeElement) ? document.activeElement.textContent : "Close";
  dialog.replaceChildren(make("div", {className: "bar"}, turn(-1, "‹ Previous"), turn(1, "Next ›"),
    make("label", {}, box, " Selected"), close),
    make("h2", {id: "detail-name", textContent: idOf(i)}), pictures,
    facts(data.columns.map(c => c.name).filter(name => name !== "id"), i));
  if (!dialog.open) dialog.showModal();
  [...dialog.querySelectorAll("button")].find(b => b.textContent === focused && !b.disabled)?.focus();
}
function nearestReference(i) {
  const smiles = column.nearest_reference && column.nearest_reference.values[i];
  if (!smiles || !(smiles in data.references)) return [];
  const likeness = column.nearest_similarity ? `, similarity ${show(column.nearest_similarity.values[i], 2)}` : "";
  return [make("figure", {}, drawing(data.references[smiles], smiles, null, 420, 260),
    make("figcaption", {textContent: "nearest reference" + likeness}))];
}
const neighbour = by => {
  const place = shown.indexOf(open) + by;
  return shown.slice(Math.max(0, place), place + 1);
};
function turnDetail(by) {
  const [next] = neighbour(by);
  if (next !== undefined) openDetail(next);
}
dialog.onkeydown = event => {
  if (event.key === "ArrowLeft") turnDetail(-1);
  if (event.key === "ArrowRight") turnDetail(1);
};
dialog.onclick = event => { if (event.target === dialog) dialog.close(); };
dialog.onclose = () => { if (cards.has(open)) cards.get(open).focus({preventScroll: true}); };
