// Drawings: black becomes the ink of the colour scheme, what a structure matches lies on a tint.
function drawing(found, name, marked = null, width = 210, height = 150) {
  if (!found) return make("p", {className: "mol large", textContent: "too large to be drawn"});
  const [wide, high, paths, points] = found;
  const grow = Math.min(1.4, width / wide, height / high);
  const [w, h] = grow === 1.4 ? [width / grow, height / grow] : [wide, high];
  const picture = svg("svg", {viewBox: `${(wide - w) / 2} ${(high - h) / 2} ${w} ${h}`, class: "mol",
    role: "img", "aria-label": name});
  if (marked) picture.append(tint(marked, points));
  for (const [kind, d] of paths) {
    const filled = kind[0] === "f", colour = kind.slice(1);
    const path = svg("path", {d, [filled ? "stroke" : "fill"]: "none"});
    if (colour === "#000000") path.setAttribute("class", filled ? "ink-f" : "ink-s");
    else path.setAttribute(filled ? "fill" : "stroke", colour);
    picture.append(path);
  }
  return picture;
}
function tint({atoms, bonds}, points) {
  const at = atom => `${points[2 * atom]} ${points[2 * atom + 1]}`;
  const d = [...[...atoms].map(atom => `M${at(atom)}h.01`), ...bonds.map(([a, b]) => `M${at(a)}L${at(b)}`)];
  return svg("path", {d: d.join(""), class: "hit"});
}
const molecule = (i, ...size) => drawing(data.drawings[i], smilesOf(i), marks(i), ...size);
