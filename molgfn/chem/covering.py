"""Whether a vocabulary builds a molecule, with how few fragments, and if not, what is missing."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rdkit import Chem

from molgfn.chem.blocks import Cut
from molgfn.chem.decompose import MAX_BLOCKS
from molgfn.chem.fragment_index import CutMolecule, FragmentIndex
from molgfn.chem.fragmentation import RULES, pieces, site_type
from molgfn.chem.tree import Tree
from molgfn.chem.tree_form import Form, tree_of
from molgfn.chem.vocabulary import Vocabulary

MAX_ATOMS = 500  # of a molecule that is tried

# What a cover lacks: bonds that may never be cut, atoms in holes, bonds that the vocabulary does
# not allow, and fragments; compared in this order. So (0, 0, 0, n) is the best cover of a molecule
# that can be built, with the fewest fragments.
Cost = tuple[int, int, int, int]
Bond = tuple[str, str]  # site types


@dataclass(frozen=True)
class Cover:
    """The best way to cover a molecule with fragments.

    Attributes:
        tree: the smallest tree that builds the molecule; None if there is none, or out of time.
        missing: SMILES of the parts that no fragment covers, with a hydrogen at each open end. If
            nothing else is wanting and there are no rules, a vocabulary with these as well, and
            with sites at their open ends, builds the molecule.
        no_site: parts that are fragments, but without a site where one is needed.
        no_rule: site types that would have to bond, and may not.
        undecided: why the search was given up; None if it was not.
    """

    tree: Tree | None = None
    missing: tuple[str, ...] = ()
    no_site: tuple[str, ...] = ()
    no_rule: tuple[Bond, ...] = ()
    undecided: str | None = None

    @property
    def is_built(self) -> bool:
        """Whether the vocabulary builds the molecule."""
        return self.tree is not None


class Covering:
    """Covers molecules with the fragments of a vocabulary.

    The molecule is cut as `molgfn.chem.decompose` cuts it. Dynamic programming over its blocks
    finds the cover of least cost among all, so what has a tree gets its smallest one, and what gets
    none has none.

    Args:
        vocabulary: the fragments.
        seconds: of processor time that one molecule may take; so a busy machine decides no less.
    """

    def __init__(self, vocabulary: Vocabulary, *, seconds: float = 0.1) -> None:
        self.vocabulary = vocabulary
        self.seconds = seconds
        self._index = FragmentIndex(vocabulary)
        self._smiles = {
            Chem.MolToSmiles(Chem.MolFromSmiles(fragment.smiles))
            for fragment in vocabulary.fragments
        }
        self._is_typed = vocabulary.rules is not None and vocabulary.rules <= RULES

    def cover(self, molecule: Chem.Mol) -> Cover:
        """The cover of least cost of a molecule of one component; stereo marks are ignored."""
        if molecule.GetNumAtoms() > MAX_ATOMS:
            return Cover(undecided=f"more than {MAX_ATOMS} atoms")
        search = _Search(self._index, molecule, time.thread_time() + self.seconds, self._is_typed)
        if len(search.blocks.atoms) > MAX_BLOCKS:
            return Cover(undecided=f"more than {MAX_BLOCKS} parts")
        try:
            best = search.best()
        except _OutOfTimeError:
            return Cover(undecided=f"not decided within {self.seconds:g} s")
        if best.form is not None and best.cost[:3] == (0, 0, 0):
            return Cover(tree_of(best.form))
        found = [smiles for hole in best.holes for smiles in search.pieces_of(hole)]
        return Cover(
            missing=tuple(sorted(one for one in found if one not in self._smiles)),
            no_site=tuple(sorted(one for one in found if one in self._smiles)),
            no_rule=tuple(sorted(best.no_rule)),
        )


class _OutOfTimeError(Exception):
    """The molecule takes longer than was allowed."""


@dataclass(frozen=True)
class _Part:
    """The best cover of some block and all below it.

    Attributes:
        form: the rooted tree, where there is one without holes.
        type: site type of the fragment towards the block above; None of a hole.
        holes: connected sets of uncovered blocks; of a hole, its own first.
        no_rule: pairs of site types that are bonded although the vocabulary does not allow it.
    """

    cost: Cost
    form: Form | None
    type: str | None
    holes: tuple[tuple[int, ...], ...] = ()
    no_rule: tuple[Bond, ...] = ()


@dataclass
class _Search(CutMolecule):
    """The search in one molecule, rooted at the block of its first atom."""

    deadline: float
    is_typed: bool
    _parts: dict[int, list[_Part]] = field(default_factory=dict)  # below a fragment
    _merged: dict[int, _Part] = field(default_factory=dict)  # below a hole, as part of it

    def best(self) -> _Part:
        for atom, block in reversed(self.blocks.below):  # children first: no deep recursion
            self._parts[block] = self._cover(block, atom)
            self._merged[block] = self._hole(block, -1)
        return min(self._cover(0, -1), key=lambda part: part.cost)

    def _spend(self) -> None:
        if time.thread_time() > self.deadline:
            raise _OutOfTimeError

    def _cover(self, block: int, entry: int) -> list[_Part]:
        """The best cover for each type of the site towards `entry`, and the best hole."""
        vocabulary = self.index.vocabulary
        found: dict[str | None, _Part] = {None: self._hole(block, entry)}
        for members, cuts in self.blocks.connected(block, entry, self.index.max_atoms, self._spend):
            if not self.index.fits(sum(self.blocks.composition[one] for one in members)):
                continue
            atoms = [atom for one in members for atom in self.blocks.atoms[one]]
            ends = tuple(near for near, _, _ in cuts) + ((entry,) if entry >= 0 else ())
            for number, slots in self.index.match(self.molecule, atoms, ends, self.labels):
                self._spend()
                types = vocabulary.fragments[number].site_types
                chosen = [
                    self._child(types[slot], near, far, child)
                    for slot, (near, far, child) in zip(slots, cuts, strict=False)
                ]
                own = slots[-1] if entry >= 0 else -1
                part = _joined(number, own, types[own] if entry >= 0 else "", slots, chosen)
                if part.type not in found or part.cost < found[part.type].cost:
                    found[part.type] = part
        return list(found.values())

    def _child(self, type_: str, near: int, far: int, child: int) -> _Part:
        """The best part below a site of this type, with what the bond to it costs."""
        return min(
            (self._bonded(type_, far, near, part) for part in self._parts[child]),
            key=lambda part: part.cost,
        )

    def _bonded(self, type_: str, far: int, near: int, part: _Part) -> _Part:
        """A part below atom `far`, with what its bond to atom `near` of that type costs."""
        other = self._type(far, near) if part.type is None else part.type
        pair = (min(type_, other), max(type_, other))
        uncuttable = self.is_typed and pair not in RULES
        if part.type is None:
            return replace(part, cost=_sum(part.cost, (int(uncuttable), 0, 0, 0)))
        if self.index.vocabulary.may_bond(type_, other):
            return part
        cost = _sum(part.cost, (int(uncuttable), 0, 1, 0))
        return replace(part, cost=cost, form=None, no_rule=(*part.no_rule, pair))

    def _type(self, atom: int, beyond: int) -> str:
        return site_type(self.molecule.GetAtomWithIdx(atom), beyond) or "no type"

    def _hole(self, block: int, entry: int) -> _Part:
        """The best cover of what is below a block that stays uncovered.

        Every atom of the hole is cut once at most, so that the hole could be a fragment.
        """
        part = _Part((0, len(self.blocks.atoms[block]), 0, 0), None, None, ((block,),))
        by_atom: dict[int, list[Cut]] = defaultdict(list)
        for cut in self.blocks.children[block]:
            by_atom[cut[0]].append(cut)
        for atom, cuts in by_atom.items():
            choices = [self._beside_hole(part, cuts, None)]
            if atom != entry:
                choices += [self._beside_hole(part, cuts, cut) for cut in cuts]
            part = min(choices, key=lambda choice: choice.cost)
        return part

    def _beside_hole(self, part: _Part, cuts: Sequence[Cut], covered: Cut | None) -> _Part:
        """A hole that grows below all bonds of one of its atoms, but for the covered one."""
        for cut in cuts:
            near, far, child = cut
            below = self._merged[child]
            if cut == covered:
                end = self._type(near, far)
                parts = [
                    self._beside(end, one) for one in self._parts[child] if one.type is not None
                ]
                below = min(parts, key=lambda one: one.cost, default=below)
            own, *others = below.holes if below.type is None else ((), *below.holes)
            part = _Part(
                _sum(part.cost, below.cost),
                None,
                None,
                ((*part.holes[0], *own), *part.holes[1:], *others),
                (*part.no_rule, *below.no_rule),
            )
        return part

    def _beside(self, end: str, part: _Part) -> _Part:
        """A part that is bonded to an end of a hole, which has that type where types are known."""
        assert part.type is not None
        pair = (min(end, part.type), max(end, part.type))
        uncuttable = self.is_typed and pair not in RULES
        return replace(part, cost=_sum(part.cost, (int(uncuttable), 0, 0, 0)))

    def pieces_of(self, hole: Sequence[int]) -> list[str]:
        """The parts of a hole as SMILES; where site types are known, cut by their rules."""
        atoms = [atom for block in hole for atom in self.blocks.atoms[block]]
        inside = set(atoms)
        work = Chem.RWMol(self.molecule)
        for bond in list(work.GetBonds()):
            ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            if len(inside.intersection(ends)) != 1:
                continue
            work.RemoveBond(*ends)
            atom = work.GetAtomWithIdx(next(end for end in ends if end in inside))
            if atom.GetNoImplicit() or (atom.GetIsAromatic() and atom.GetSymbol() != "C"):
                atom.SetNumExplicitHs(atom.GetNumExplicitHs() + 1)
        for atom in sorted(set(range(work.GetNumAtoms())) - inside, reverse=True):
            work.RemoveAtom(atom)
        try:
            Chem.SanitizeMol(work)
            whole = Chem.MolToSmiles(work)
            return [piece.smiles for piece in pieces(work)] if self.is_typed else [whole]
        except ValueError:  # an atom would be cut twice: it cannot be cut, or not read alone
            return [Chem.MolFragmentToSmiles(self.molecule, atoms)]


def _joined(
    number: int, own: int, type_: str, slots: Sequence[int], chosen: Sequence[_Part]
) -> _Part:
    """A fragment with the parts below it."""
    cost = (0, 0, 0, 1)
    forms: list[tuple[int, Form]] = []
    for slot, part in zip(slots, chosen, strict=False):
        cost = _sum(cost, part.cost)
        if part.form is not None:
            forms.append((slot, part.form))
    form = (number, own, tuple(sorted(forms))) if len(forms) == len(chosen) else None
    return _Part(
        cost,
        form,
        type_,
        tuple(hole for part in chosen for hole in part.holes),
        tuple(pair for part in chosen for pair in part.no_rule),
    )


def _sum(first: Cost, second: Cost) -> Cost:
    return (
        first[0] + second[0],
        first[1] + second[1],
        first[2] + second[2],
        first[3] + second[3],
    )
