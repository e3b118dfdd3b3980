// Where a parsed structure lies in molecules: backtracking along its bonds, its rarest atom first.
const MOST_STEPS = 1e7;

// Molecules: what `molgfn.report.graphs.pack` makes, with neighbours[atom] = [atom, kind, ...].
function molecules(graphs) {
  const neighbours = graphs.bonds.map((flat, i) => {
    const lists = graphs.atoms[i].map(() => []);
    for (let k = 0; k < flat.length; k += 3) {
      lists[flat[k]].push(flat[k + 1], flat[k + 2]);
      lists[flat[k + 1]].push(flat[k], flat[k + 2]);
    }
    return lists;
  });
  const counts = new Float64Array(graphs.types.length);
  for (const types of graphs.atoms) for (const type of types) counts[type]++;
  return {types: graphs.types, atoms: graphs.atoms, neighbours, counts, steps: 0};
}

// Steps, one an atom: {allowed[type], from: an earlier step, bond[kind], others: [{step, bond}]}.
function plan(query, library) {
  const allowed = query.atoms.map(test => Uint8Array.from(library.types, type => test(type)));
  const frequency = allowed.map(ok => ok.reduce((sum, yes, t) => sum + yes * library.counts[t], 0));
  const bonds = query.bonds.map(bond => {
    const cyclic = inCycle(query, bond);
    const kinds = Uint8Array.from({length: 10}, (_, k) => bond.test(k) && (!cyclic || k % 2 === 1));
    return {...bond, kinds};
  });
  const place = new Map([[frequency.indexOf(Math.min(...frequency)), 0]]);
  const steps = [{allowed: allowed[[...place.keys()][0]], from: -1, bond: null, others: []}];
  while (steps.length < query.atoms.length) {
    let next = null;
    for (const bond of bonds) {
      if (place.has(bond.begin) === place.has(bond.end)) continue;
      const to = place.has(bond.begin) ? bond.end : bond.begin;
      if (next === null || frequency[to] < frequency[next]) next = to;
    }
    const ties = bonds.filter(b => b.begin === next && place.has(b.end)
      || b.end === next && place.has(b.begin)).map(b =>
      ({step: place.get(b.begin === next ? b.end : b.begin), bond: b.kinds}));
    place.set(next, steps.length);
    steps.push({allowed: allowed[next], from: ties[0].step, bond: ties[0].bond,
      others: ties.slice(1)});
  }
  return steps;
}

// A cycle of the structure can only lie on a cycle of the molecule.
function inCycle(query, bond) {
  const reached = new Set([bond.begin]);
  for (let size = 0; size < reached.size;) {
    size = reached.size;
    for (const other of query.bonds) {
      if (other === bond) continue;
      if (reached.has(other.begin)) reached.add(other.end);
      if (reached.has(other.end)) reached.add(other.begin);
    }
  }
  return reached.has(bond.end);
}

// Calls found(atoms, one a step) for each way in which the structure lies in molecule i, until it
// returns true; says whether it did. Throws a SmartsError when all searches took too many steps.
function search(steps, library, i, found) {
  const types = library.atoms[i], neighbours = library.neighbours[i];
  const used = new Uint8Array(types.length), atoms = new Int32Array(steps.length);
  const bonded = (a, b, kinds) => {
    const list = neighbours[a];
    for (let k = 0; k < list.length; k += 2) if (list[k] === b) return kinds[list[k + 1]];
    return 0;
  };
  const tryAtom = (step, atom) => {
    const wanted = steps[step];
    if (used[atom] || !wanted.allowed[types[atom]]) return false;
    for (const other of wanted.others) if (!bonded(atoms[other.step], atom, other.bond)) return false;
    if (++library.steps > MOST_STEPS) {
      throw new SmartsError("this lies in the molecules in too many ways: make it more specific");
    }
    atoms[step] = atom;
    if (step + 1 === steps.length) return found(atoms);
    used[atom] = 1;
    const next = steps[step + 1], list = neighbours[atoms[next.from]];
    let done = false;
    for (let k = 0; k < list.length && !done; k += 2) {
      done = next.bond[list[k + 1]] && tryAtom(step + 1, list[k]);
    }
    used[atom] = 0;
    return done;
  };
  for (let atom = 0; atom < types.length; atom++) if (tryAtom(0, atom)) return true;
  return false;
}

// The molecules in which a text's structure lies: one byte a molecule, and its steps.
function substructures(text, graphs, library) {
  const steps = plan(parseSmarts(text, graphs.elements), library);
  library.steps = 0;
  const hits = Uint8Array.from(library.atoms, (_, i) => search(steps, library, i, () => true));
  return {hits, steps};
}

// Atoms of molecule i in which a structure lies, and its bonds there; of 50 ways at most.
function highlighted(steps, library, i) {
  const atoms = new Set(), bonds = new Map();
  let ways = 0;
  library.steps = 0;
  search(steps, library, i, found => {
    found.forEach(atom => atoms.add(atom));
    steps.forEach((step, k) => {
      for (const from of step.from < 0 ? [] : [step.from, ...step.others.map(o => o.step)]) {
        const pair = [found[from], found[k]].sort((a, b) => a - b);
        bonds.set(pair.join(), pair);
      }
    });
    return ++ways === 50;
  });
  return {atoms, bonds: [...bonds.values()]};
}
