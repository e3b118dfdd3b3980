"""Whether each molecule of a vocabulary has one tree only: decided for all molecules, not sampled.

Two trees of a molecule differ at a bond that one of them cuts and that lies inside a fragment of
the other. So an inner bond of a fragment is ambiguous if what is on either side of it can also be
completed from a cut there; without ambiguous bonds no molecule has two trees, m = 1. Two states of
one bond, cut or an inner bond of some fragment, can be completed alike if the blocks below are the
same and so are the bonds that leave them, each in two states that can be completed alike: a least
fixed point.

A bond may be called ambiguous that is not, never the other way round: where site types matter,
since two cuts can be completed alike whatever their types, here; and where both trees of a molecule
are mirror images.

Source: the ambiguity of finite tree automata; H. Seidl 1989, On the finite degree of ambiguity of
finite tree automata. For strings, Sardinas and Patterson 1953.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from typing import NamedTuple

from rdkit import Chem

from molgfn.chem.assemble import fragment_mol
from molgfn.chem.blocks import Blocks, composition
from molgfn.chem.vocabulary import Fragment, Vocabulary


class Inner(NamedTuple):
    """A bond between two blocks of a fragment, from atom `near` down to atom `far`."""

    fragment: int
    near: int
    far: int


State = (
    str | Inner
)  # of a bond in a tree: a cut, by the type of the site below it, or an inner bond
Pair = tuple[State, Inner]
Shape = tuple[int, int]  # of a block that is entered at an atom
End = tuple[str, Shape]  # of a site: its type, and its block


@dataclass(frozen=True)
class _Body:
    """A fragment's molecule.

    Attributes:
        block: atom -> the atoms of its block.
        beyond: atom -> its neighbours in other blocks.
        shape: atom -> equal for blocks that may be the same when they are entered there.
    """

    mol: Chem.Mol
    labels: list[int]
    block: dict[int, tuple[int, ...]]
    beyond: dict[int, list[int]]
    shape: dict[int, Shape]


def has_one_tree(vocabulary: Vocabulary) -> bool:
    """Whether it is proved that no molecule of a vocabulary has two trees.

    False for some vocabularies of which no molecule has two, as the module says.
    """
    return OneTree(vocabulary).take(vocabulary.fragments)


def with_one_tree(vocabulary: Vocabulary, size: int) -> tuple[Fragment, ...]:
    """At most `size` fragments, each taken in its order unless some molecule had two trees then."""
    made, waiting = OneTree(vocabulary), vocabulary.fragments
    while waiting and (room := size - len(made.kept)):
        made.add(waiting[:room])
        waiting = waiting[room:]
    return tuple(made.kept)


class OneTree:
    """A vocabulary that takes fragments as long as each of its molecules has one tree.

    Args:
        vocabulary: gives the rules.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        types = {one for fragment in vocabulary.fragments for one in fragment.site_types}
        self._partners = {
            one: [other for other in sorted(types) if vocabulary.may_bond(one, other)]
            for one in types
        }
        self.kept: list[Fragment] = []
        self._tried: list[Fragment] = []
        self._ends: dict[End, list[tuple[int, int]]] = defaultdict(list)  # fragment and site
        self._bonds: dict[Shape, list[Inner]] = defaultdict(list)
        self._alike: set[Pair] = set()
        self._asked: set[Pair] = set()
        self._waiting: dict[Pair, set[Pair]] = defaultdict(set)  # for a pair to be alike

    def add(self, fragments: Sequence[Fragment]) -> None:
        """Take each fragment, in their order, unless some molecule had two trees then."""
        if self.take(fragments) or len(fragments) <= 1:
            return
        half = len(fragments) // 2  # two trees stay two, whatever is added: so nothing is missed
        self.add(fragments[:half])
        self.add(fragments[half:])

    def take(self, fragments: Sequence[Fragment]) -> bool:
        """Take all fragments or none of them."""
        if not all(map(_is_closed, fragments)):
            return False
        before = set(self._alike), set(self._asked)
        ends: dict[End, list[tuple[int, int]]] = defaultdict(list)
        bonds: dict[Shape, list[Inner]] = defaultdict(list)
        for number, fragment in enumerate(fragments, start=len(self._tried)):
            body = _body(fragment.smiles)
            for site, type_ in zip(fragment.sites, fragment.site_types, strict=True):
                ends[type_, body.shape[site]].append((number, site))
            for near, neighbours in body.beyond.items():
                for far in neighbours:
                    bonds[body.shape[far]].append(Inner(number, near, far))
        self._tried += fragments
        for end, places in ends.items():
            self._ends[end] += places
        new = [bond for several in bonds.values() for bond in several]
        todo: set[Pair] = {(type_, bond) for bond in new for type_ in self._partners}
        todo |= {(type_, bond) for type_, shape in ends for bond in self._bonds[shape]}
        self._settle(todo)
        if any(self._is_ambiguous(pair[1]) for pair in self._alike - before[0]):
            self._alike, self._asked = before
            for end, places in ends.items():
                del self._ends[end][-len(places) :]
            return False
        for shape, several in bonds.items():
            self._bonds[shape] += several
        self.kept += fragments
        return True

    def _is_ambiguous(self, bond: Inner) -> bool:
        back = Inner(bond.fragment, bond.far, bond.near)
        return any(
            (below, bond) in self._alike and (above, back) in self._alike
            for below, partners in self._partners.items()
            for above in partners
        )

    def _settle(self, todo: set[Pair]) -> None:
        self._asked |= todo
        while todo:
            pair = todo.pop()
            if pair in self._alike:
                continue
            asked: set[Pair] = set()
            if self._ends_alike(pair, asked):
                self._alike.add(pair)
                todo |= self._waiting[pair] & self._asked
                continue
            for one in asked:
                self._waiting[one].add(pair)
            todo |= asked - self._asked
            self._asked |= asked

    def _ends_alike(self, pair: Pair, asked: set[Pair]) -> bool:
        """Whether the blocks below a bond are the same, and all bonds below can end alike.

        Args:
            asked: gets the pairs that would have to be alike, and are not known to be.
        """
        first, second = pair
        fragment, far, near = second.fragment, second.far, second.near
        body = _body(self._tried[fragment].smiles)
        entries = (
            [(first.fragment, first.far, first.near)]
            if isinstance(first, Inner)
            else [(number, site, -1) for number, site in self._ends[first, body.shape[far]]]
        )
        for other, entry, above in entries:
            smiles = self._tried[other].smiles, self._tried[fragment].smiles
            for image in _images(smiles[0], entry, smiles[1], far):
                if all(
                    self._bonds_alike(
                        self._leaving(other, atom, above if atom == entry else None),
                        self._leaving(fragment, image[atom], near if atom == entry else None),
                        asked,
                    )
                    for atom in image
                ):
                    return True
        return False

    def _leaving(
        self, number: int, atom: int, above: int | None
    ) -> tuple[list[State], list[State]]:
        """Inner bonds that leave an atom downwards, and the cut there, if it can be cut.

        Args:
            above: the atom it was entered from; -1: through a cut; None: it was not.
        """
        fragment = self._tried[number]
        inner: list[State] = [
            Inner(number, atom, far) for far in _body(fragment.smiles).beyond[atom] if far != above
        ]
        cut: list[State] = []
        if above != -1 and atom in fragment.sites:
            cut = [fragment.site_types[fragment.sites.index(atom)]]
        return inner, cut

    def _bonds_alike(
        self,
        first: tuple[list[State], list[State]],
        second: tuple[list[State], list[State]],
        asked: set[Pair],
    ) -> bool:
        """Whether as many bonds leave an atom in both trees, all in states that can end alike."""
        ways = [
            (first[0] + first[1][:one], second[0] + second[1][:other])
            for one, other in product((0, 1), (0, 1))
            if one <= len(first[1]) and other <= len(second[1])
        ]
        return any(
            all(self._known(a, b, asked) for a, b in zip(left, order, strict=True))
            for left, right in ways
            if len(left) == len(right)
            for order in permutations(right)
        )

    def _known(self, first: State, second: State, asked: set[Pair]) -> bool:
        if first == second or (isinstance(first, str) and isinstance(second, str)):
            return True
        pairs: list[Pair]
        if isinstance(first, Inner) and isinstance(second, Inner):
            pairs = [(min(first, second), max(first, second))]
        elif isinstance(second, Inner):
            assert isinstance(first, str)
            pairs = [(below, second) for below in self._partners[first]]
        else:
            assert isinstance(first, Inner)
            pairs = [(below, first) for below in self._partners[second]]
        if any(pair in self._alike for pair in pairs):
            return True
        asked.update(pairs)
        return False


@cache
def _is_closed(fragment: Fragment) -> bool:
    """Whether symmetries of the fragment send sites to sites of the same type."""
    mol = fragment_mol(fragment.smiles)
    ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    type_of = dict(zip(fragment.sites, fragment.site_types, strict=True))
    kinds: dict[int, str | None] = {}
    return all(
        kinds.setdefault(rank, type_of.get(atom)) == type_of.get(atom)
        for atom, rank in enumerate(ranks)
    )


@cache
def _body(smiles: str) -> _Body:
    mol = fragment_mol(smiles)
    labels = [composition(atom) for atom in mol.GetAtoms()]
    blocks = Blocks(mol)
    block = {atom: tuple(atoms) for atoms in blocks.atoms for atom in atoms}
    beyond: dict[int, list[int]] = {atom: [] for atom in block}
    for bonds in blocks.children:
        for near, far, _ in bonds:
            beyond[near].append(far)
            beyond[far].append(near)
    shape = {
        atom: (labels[atom], sum(labels[other] for other in atoms)) for atom, atoms in block.items()
    }
    return _Body(mol, labels, block, beyond, shape)


@cache
def _images(first: str, entry: int, second: str, image: int) -> tuple[dict[int, int], ...]:
    """The ways to lay the block at an atom of a fragment on that at an atom of another."""
    one, other = _body(first), _body(second)
    if one.shape[entry] != other.shape[image]:
        return ()
    atoms = one.block[entry]
    order, seen = [entry], {entry}
    for atom in order:
        for neighbour in one.mol.GetAtomWithIdx(atom).GetNeighbors():
            if (index := neighbour.GetIdx()) in atoms and index not in seen:
                seen.add(index)
                order.append(index)

    def bonds(mol: Chem.Mol, atom: int, others: list[int]) -> list[Chem.BondType | None]:
        found = (mol.GetBondBetweenAtoms(atom, index) for index in others)
        return [None if bond is None else bond.GetBondType() for bond in found]

    def grown(images: list[int]) -> Iterator[dict[int, int]]:
        if len(images) == len(order):
            yield dict(zip(order, images, strict=True))
            return
        atom = order[len(images)]
        wanted = bonds(one.mol, atom, order[: len(images)])
        for candidate in set(other.block[image]) - set(images):
            if other.labels[candidate] == one.labels[atom] and wanted == bonds(
                other.mol, candidate, images
            ):
                yield from grown([*images, candidate])

    return tuple(grown([image]))
