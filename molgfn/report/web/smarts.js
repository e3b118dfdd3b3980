// SMARTS, as much of it as docs/candidates.md lists: a text becomes tests of atoms and bonds.
// An atom is asked by its type, an array of the numbers that ATOM names; a bond by its kind, twice
// its order (4: aromatic) and one more in a ring.
const ATOM = {number: 0, aromatic: 1, charge: 2, H: 3, D: 4, X: 5, R: 6, r: 7, x: 8};
const ORDERS = {"-": 1, "=": 2, "#": 3, ":": 4};
const ORGANIC = ["Cl", "Br", "B", "C", "N", "O", "P", "S", "F", "I"];
const AROMATIC = ["se", "as", "te", "si", "b", "c", "n", "o", "p", "s"];
const STEREO = "stereo marks are not compared: leave @, / and \\ out";

class SmartsError extends Error {}

// {atoms: [test of a type], bonds: [{begin, end, test of a kind}]}; each atom but the first is
// bonded to one before it. Throws a SmartsError that says what is not understood, and where.
function parseSmarts(text, elements) {
  let at = 0;
  const fail = why => {
    throw new SmartsError(`${why} (at character ${Math.min(at, text.length) + 1} of ${text})`);
  };
  const take = pattern => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found && found[0];
  };
  const is = (name, value) => type => type[ATOM[name]] === value;
  // `c` is aromatic, `C` is not, and of elements such as `Se` both are meant, as in RDKit
  const element = found => {
    const capital = found[0].toUpperCase() + found.slice(1);
    const number = elements.indexOf(capital) + 1, aromatic = +(found !== capital);
    const both = found === capital && !ORGANIC.includes(found);
    return type => type[ATOM.number] === number && (both || type[ATOM.aromatic] === aromatic);
  };
  const symbol = known => {
    const found = known.find(one => text.startsWith(one, at));
    if (found) at += found.length;
    return found;
  };

  // `!` binds first, then `&` or nothing, then `,`, last `;`
  function expression(primitive, goesOn) {
    const negated = () => {
      if (!take(/!/y)) return primitive();
      const test = negated();
      return one => !test(one);
    };
    const all = () => {
      const tests = [negated()];
      while (take(/&/y) || goesOn()) tests.push(negated());
      return tests.length === 1 ? tests[0] : one => tests.every(test => test(one));
    };
    const any = () => {
      const tests = [all()];
      while (take(/,/y)) tests.push(all());
      return tests.length === 1 ? tests[0] : one => tests.some(test => test(one));
    };
    const tests = [any()];
    while (take(/;/y)) tests.push(any());
    return tests.length === 1 ? tests[0] : one => tests.every(test => test(one));
  }

  function anyAtom() {
    const found = take(/[*aA]/y);
    return found && {"*": () => true, a: is("aromatic", 1), A: is("aromatic", 0)}[found];
  }
  function organic() {
    const found = symbol(ORGANIC) || symbol(AROMATIC.slice(4));
    if (found) return element(found);
    return anyAtom() || fail(`${text[at]} is no atom that stands without brackets`);
  }
  const pairs = elements.filter(one => one.length === 2);
  const single = elements.filter(one => one.length === 1 && one !== "H");
  function property() {
    let found = symbol(pairs) || symbol(AROMATIC) || symbol(single);
    if (found) return element(found);
    if ((found = take(/#(0|[1-9]\d*)/y))) return is("number", +found.slice(1));
    if ((found = take(/\+\+|--|[+-](0|[1-9]\d*)?/y))) {
      if (/[+-]/.test(text[at] || "")) fail("a charge is + or -, ++ or --, or with a number as +2");
      const size = found === "++" || found === "--" ? 2 : found.length > 1 ? +found.slice(1) : 1;
      return is("charge", found[0] === "+" ? size : size && -size);
    }
    if ((found = take(/[HDX](0|[1-9]\d*)?/y))) return is(found[0], found.length > 1 ? +found.slice(1) : 1);
    if ((found = take(/[Rrx](0|[1-9]\d*)?/y))) {
      if (found.length > 1) return is(found[0], +found.slice(1));
      return type => type[ATOM.R] > 0;
    }
    if (text[at] === "{") fail("ranges in braces are not understood");
    if (text[at] === "@") fail(STEREO);
    if (text[at] === "$") fail("patterns within patterns, $(...), are not understood");
    if (/\d/.test(text[at] || "")) fail("isotopes are not compared");
    if (text[at] === ":") fail("numbers of atoms, as in [C:1], are not understood: leave them out");
    return anyAtom() || fail(text[at] ? `${text[at]} is not understood in brackets`
      : "[ is opened and not closed");
  }
  function atom() {
    if (!take(/\[/y)) return organic();
    if (/^\[H[\]+-]/.test(text.slice(at - 1))) {
      fail("hydrogens are counted, they are no atoms of their own: write [NH], [CH3] or [*H]");
    }
    const test = expression(property, () => at < text.length && !"],;".includes(text[at]));
    return take(/\]/y) ? test : fail("[ is opened and not closed");
  }

  function bondProperty() {
    const found = take(/[-=#:~@]/y);
    if (found === "~") return () => true;
    if (found === "@") return kind => kind % 2 === 1;
    if (found) return kind => kind >> 1 === ORDERS[found];
    return fail(/[/\\]/.test(text[at] || "") ? STEREO : "a bond is one of - = # : ~ @");
  }
  const isBond = () => /[-=#:~@!/\\]/.test(text[at] || "");
  const singleOrAromatic = kind => kind >> 1 === 1 || kind >> 1 === 4;

  const atoms = [], bonds = [], branches = [], open = new Map();
  let last = null, test = null, begun = false;  // begun: a branch, with no atom yet
  const join = (begin, end, found) => {
    if (begin === end || bonds.some(b => b.begin === begin && b.end === end)) {
      fail("a ring is closed between atoms that are bonded already");
    }
    bonds.push({begin, end, test: found || singleOrAromatic});
  };
  function closeRing() {
    const label = take(/%\d\d|\d/y) || fail("% is followed by two digits");
    const number = +label.replace("%", "");
    if (!open.has(number)) open.set(number, {atom: last, test});
    else {
      const other = open.get(number);
      if (test && other.test) fail(`ring ${number} names a bond at both of its ends: give it once`);
      open.delete(number);
      join(other.atom, last, test || other.test);
    }
    test = null;
  }
  if (/\s/.test(text)) fail("a structure has no spaces");
  while (at < text.length) {
    const character = text[at];
    if (character === ".") fail("pieces with a dot between are not understood: give one piece");
    if (last === null && (character === "(" || /[\d%]/.test(character) || isBond())) {
      fail(`${character} has no atom before it`);
    }
    if (test && "()".includes(character)) fail("a bond leads to no atom");
    if (character === "(") {
      if (begun) fail("a branch begins with no atom");
      branches.push(last);
      begun = true;
      at++;
    } else if (character === ")") {
      if (begun) fail("a branch begins with no atom");
      if (!branches.length) fail(") closes what was not opened");
      last = branches.pop();
      at++;
    } else if (/[\d%]/.test(character)) {
      if (begun) fail("a branch begins with no atom");
      closeRing();
    } else if (isBond()) {
      test = expression(bondProperty, isBond);
    } else {
      const found = atom();
      atoms.push(found);
      if (last !== null) join(last, atoms.length - 1, test);
      last = atoms.length - 1;
      test = null;
      begun = false;
    }
  }
  if (test) fail("a bond leads to no atom");
  if (branches.length) fail("( is opened and not closed");
  if (open.size) fail(`ring ${[...open.keys()].join(", ")} is opened and not closed`);
  return {atoms, bonds};
}
