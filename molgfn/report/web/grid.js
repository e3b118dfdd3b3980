// The grid holds only the cards that are in sight; on paper, the first 300.
const FACTS = Math.min(6, ranked.length), HEIGHT = 236 + 18 * Math.ceil(FACTS / 2);
const LEAST_WIDTH = 270, GAP = 14, ON_PAPER = 300;
const grid = $("grid"), cards = new Map();

function markCard(element, on) {
  element.classList.toggle("on", on);
  element.querySelector("input").checked = on;
}
const brief = name => label(name).replace("nearest ", "");
function card(i) {
  const box = make("input", {type: "checkbox", "aria-label": "Select " + idOf(i)});
  box.onclick = event => { event.stopPropagation(); select(i, box.checked); };
  const best = ranked.slice(0, FACTS).map(c => c.name), sorted = column[$("sort").value];
  const names = sorted.kind !== "number" || best.includes(sorted.name) ? best
    : [sorted.name, ...best.slice(0, FACTS - 1)];
  const element = make("article", {className: "card", tabIndex: 0, "aria-label": idOf(i)},
    molecule(i, 240, 170), box, make("div", {className: "id", textContent: idOf(i)}), facts(names, i, 3, brief));
  markCard(element, selected.has(i));
  element.onclick = () => openDetail(i);
  element.onkeydown = event => { if (event.target === element) press(event, i); };
  return element;
}
function columns() {
  return Math.max(1, Math.floor((grid.clientWidth + GAP) / (LEAST_WIDTH + GAP)));
}
function press(event, i) {
  const move = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns()}[event.key];
  if (event.key === "Enter") openDetail(i);
  else if (event.key === " ") select(i, !selected.has(i));
  else if (move) focusCard(shown[shown.indexOf(i) + move]);
  else return;
  event.preventDefault();
}
function focusCard(i) {
  if (i === undefined) return;
  const top = Math.floor(shown.indexOf(i) / columns()) * (HEIGHT + GAP);
  const page = grid.getBoundingClientRect().top, bar = $("tools").offsetHeight + GAP;
  if (page + top < bar) scrollBy(0, page + top - bar);
  if (page + top + HEIGHT > innerHeight) scrollBy(0, page + top + HEIGHT - innerHeight + GAP);
  renderGrid();
  cards.get(i).focus({preventScroll: true});
}
function renderGrid(onPaper = false) {
  const across = columns(), step = HEIGHT + GAP;
  const width = (grid.clientWidth - GAP * (across - 1)) / across;
  grid.style.height = Math.ceil(shown.length / across) * step + "px";
  const top = -grid.getBoundingClientRect().top;
  const from = onPaper ? 0 : Math.max(0, Math.floor(top / step) - 1) * across;
  const to = onPaper ? ON_PAPER : Math.max(1, Math.ceil((top + innerHeight) / step) + 1) * across;
  const visible = (onPaper ? exported() : shown).slice(from, to), keep = new Set(visible);
  for (const [i, element] of cards) if (!keep.has(i)) { element.remove(); cards.delete(i); }
  visible.forEach((i, n) => {
    if (!cards.has(i)) cards.set(i, card(i));
    const element = cards.get(i);
    Object.assign(element.style, {left: (from + n) % across * (width + GAP) + "px", width: width + "px",
      top: Math.floor((from + n) / across) * step + "px", height: HEIGHT + "px"});
    if (grid.children[n] !== element) grid.insertBefore(element, grid.children[n] || null);
  });
}
function clearGrid() {
  for (const element of cards.values()) element.remove();
  cards.clear();
}
