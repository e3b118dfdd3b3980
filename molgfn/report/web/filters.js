// A range a number, under its distribution: all molecules pale, those shown dark.
const BINS = 30, histograms = [];

function extremes(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) if (v !== null) { low = Math.min(low, v); high = Math.max(high, v); }
  return [low, high];
}
function bars(c, chosen, low, high) {
  const bins = Array(BINS).fill(0);
  for (const i of chosen) {
    const v = c.values[i];
    if (v !== null) bins[Math.min(BINS - 1, Math.floor(BINS * (v - low) / (high - low)))]++;
  }
  return bins;
}
const outline = (bins, most) => bins.map((n, k) => n
  ? `M${4 * k} 38v${-Math.max(1, 38 * n / most).toFixed(1)}h3.4V38z` : "").join("");

function addFilter(c) {
  const [low, high] = extremes(c.values);
  if (!(high > low)) return;
  const base = bars(c, all, low, high), most = Math.max(...base);
  const front = svg("path", {class: "front"});
  const picture = svg("svg", {viewBox: `0 0 ${4 * BINS} 38`, preserveAspectRatio: "none",
    "aria-hidden": "true"}, svg("path", {d: outline(base, most)}), front);
  histograms.push(() => front.setAttribute("d", outline(bars(c, shown, low, high), most)));
  const inputs = [["min", low], ["max", high]].map(([which, limit]) => make("input", {type: "number",
    step: "any", placeholder: show(limit), "aria-label": `${c.name} ${which}`}));
  const apply = () => {
    const [a, b] = inputs.map(input => input.value);
    if (a === "" && b === "") ranges.delete(c.name);
    else ranges.set(c.name, [a === "" ? -Infinity : +a, b === "" ? Infinity : +b]);
    update();
  };
  inputs.forEach(input => input.addEventListener("input", apply));
  $("filters").append(make("fieldset", {className: "filter"},
    make("legend", {textContent: label(c.name)}), picture, make("div", {}, ...inputs)));
}
const drawHistograms = () => histograms.forEach(draw => draw());
