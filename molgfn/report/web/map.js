// The map: a point a molecule, its colour a number, low to high.
const canvas = $("map"), tip = $("tip");
const RAMP = [[63, 81, 181], [31, 158, 154], [124, 179, 66], [240, 150, 20]];

function colour(t) {
  const place = t * (RAMP.length - 1), k = Math.min(RAMP.length - 2, Math.floor(place));
  const mixed = RAMP[k].map((v, n) => Math.round(v + (place - k) * (RAMP[k + 1][n] - v)));
  return `rgb(${mixed.join(" ")})`;
}
const pointOf = i => [14 + data.map.points[i][0] * (canvas.clientWidth - 28),
  14 + data.map.points[i][1] * (canvas.clientHeight - 28)];
function drawMap() {
  const scale = devicePixelRatio, pen = canvas.getContext("2d"), c = column[$("colour").value];
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  pen.scale(scale, scale);
  const radius = all.length > 2000 ? 3 : all.length > 300 ? 4 : 6;
  const dot = (i, fill, size) => {
    pen.fillStyle = fill;
    pen.beginPath();
    pen.arc(...pointOf(i), size, 0, 7);
    pen.fill();
  };
  const inside = new Set(shown);
  for (const i of all) if (!inside.has(i)) dot(i, "#8885", 2);
  const order = c ? all.map(i => c.values[i]).filter(v => v !== null).sort((a, b) => a - b) : [];
  const low = order[Math.floor(order.length * .02)], high = order[Math.floor(order.length * .98)];
  $("low").textContent = show(low ?? null, 3);
  $("high").textContent = show(high ?? null, 3);
  $("ramp").hidden = !(high > low);
  pen.strokeStyle = getComputedStyle(canvas).color;
  pen.lineWidth = 2;
  for (const i of [...shown].reverse()) {
    const v = c ? c.values[i] : null;
    const t = high > low ? Math.max(0, Math.min(1, (v - low) / (high - low))) : .4;
    dot(i, v === null ? "#888" : colour(t), radius);
    if (selected.has(i)) pen.stroke();
  }
}
function nearestPoint(event) {
  const box = canvas.getBoundingClientRect();
  let best = null, least = 144;
  for (const i of shown) {
    const [x, y] = pointOf(i), d = (x + box.left - event.clientX) ** 2 + (y + box.top - event.clientY) ** 2;
    if (d < least) { least = d; best = i; }
  }
  return best;
}
canvas.onmousemove = event => {
  const i = nearestPoint(event), c = column[$("colour").value];
  tip.hidden = i === null;
  canvas.style.cursor = i === null ? "" : "pointer";
  if (i === null) return;
  tip.replaceChildren(molecule(i), make("div", {className: "id", textContent: idOf(i)}),
    ...(c ? [facts([c.name], i)] : []));
  tip.style.left = Math.min(event.clientX + 14, innerWidth - 250) + "px";
  tip.style.top = Math.min(event.clientY + 14, innerHeight - 240) + "px";
};
canvas.onmouseleave = () => { tip.hidden = true; };
canvas.onclick = event => { const i = nearestPoint(event); if (i !== null) openDetail(i); };
$("method").textContent = data.map.method + ": near points are alike. Pale ones are filtered out.";
$("ramp-bar").style.background = `linear-gradient(90deg, ${[0, 1, 2, 3].map(k => colour(k / 3)).join(", ")})`;
