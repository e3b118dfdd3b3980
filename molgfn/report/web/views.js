// Clusters, and where the molecules come from.
const MOST_CLUSTERS = 120;

function drawClusters() {
  const members = new Map();
  for (const i of shown) {
    const key = group.values[i];
    members.has(key) ? members.get(key).push(i) : members.set(key, [i]);
  }
  const by = column.reward || ranked[0], sorted = [...members].sort((a, b) => b[1].length - a[1].length);
  const list = sorted.slice(0, MOST_CLUSTERS).map(([key, ones]) => {
    const best = by ? ones.reduce((a, b) => by.values[b] > by.values[a] ? b : a) : ones[0];
    return make("button", {onclick: () => { inGroup = key; openView("molecules"); update(); }},
      molecule(best, 240, 170), make("div", {className: "id", textContent: groupName(key)}),
      make("div", {className: "note", textContent: plural(ones.length, "molecule")
        + (by ? `, best ${label(by.name)} ${show(by.values[best], 3)}` : "")}));
  });
  const most = members.size > MOST_CLUSTERS ? `, the largest ${MOST_CLUSTERS} of them here` : "";
  $("view-clusters").replaceChildren(make("p", {className: "note", textContent:
    `${plural(members.size, "group")} by ${group.name} of what is shown${most}. Each with its best `
    + "molecule; a click shows its members alone."}), make("div", {className: "clusters"}, ...list));
}
function drawRun() {
  const panel = (title, ...rest) => make("div", {className: "panel"}, make("h2", {textContent: title}), ...rest);
  const most = data.funnel.length ? data.funnel[0].left + data.funnel[0].removed || 1 : 1;
  const parts = data.funnel.map(step => {
    const bar = make("i");
    bar.style.width = `${100 * step.left / most}%`;
    return make("div", {className: "step"}, make("span", {textContent: step.step}),
      make("div", {}, bar), make("span", {textContent: count(step.left)}),
      make("span", {className: "note", textContent: step.removed ? `${count(step.removed)} removed` : ""}));
  });
  const identity = make("dl", {}, ...Object.entries(data.identity).map(([key, value]) =>
    make("div", {}, make("dt", {textContent: label(key)}), make("dd", {textContent: value}))));
  const unread = data.unread.slice(0, 100).map(text => make("div", {textContent: text}));
  const rest = data.unread.length - unread.length;
  $("view-run").replaceChildren(...(parts.length ? [panel("Funnel", ...parts)] : []),
    panel("Run", identity), ...(unread.length ? [panel("Rows that could not be read", ...unread,
      ...(rest ? [make("div", {textContent: `and ${count(rest)} more`})] : []))] : []));
}
