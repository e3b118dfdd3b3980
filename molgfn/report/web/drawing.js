// Drawings: black becomes the ink of the colour scheme, what a structure matches lies on a tint.
const LARGEST = .7;  // pixels of a unit of the drawing
function drawing(found, name, marked = null, width = 210, height = 150) {
  if (!found) return make("p", {className: "mol large", textContent: "too large to be drawn"});
  const [wide, high, parts, points] = found, small = LARGEST < Math.min(width / wide, height / high);
  const [w, h] = small ? [width / LARGEST, height / LARGEST] : [wide, high];
  const picture = svg("svg", {viewBox: `${(wide - w) / 2} ${(high - h) / 2} ${w} ${h}`, class: "mol",
    role: "img", "aria-label": name});
  if (marked) picture.append(tint(marked, points));
  for (const [kind, data] of parts) {
    const colour = kind.slice(1), line = kind[0] === "s", black = colour === "#000000";
    const look = black ? {class: line ? "ink-s" : "ink-f"} : {[line ? "stroke" : "fill"]: colour};
    if ("tu".includes(kind[0])) picture.append(...letters(data, kind[0] === "u", look));
    else picture.append(svg("path", {...look, d: data, [line ? "fill" : "stroke"]: "none"}));
  }
  return picture;
}
function letters(data, small, look) {
  const words = data.split(" "), found = [];
  for (let k = 0; k < words.length; k += 3) {
    found.push(svg("text", {...look, x: words[k], y: words[k + 1], "font-size": small ? 15 : 23},
      words[k + 2]));
  }
  return found;
}
function tint({atoms, bonds}, points) {
  const at = atom => `${points[2 * atom]} ${points[2 * atom + 1]}`;
  const d = [...[...atoms].map(atom => `M${at(atom)}h.01`), ...bonds.map(([a, b]) => `M${at(a)}L${at(b)}`)];
  return svg("path", {d: d.join(""), class: "hit"});
}
const molecule = (i, ...size) => drawing(data.drawings[i], smilesOf(i), marks(i), ...size);
