"""What no cut of an acyclic single bond divides further."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from rdkit import Chem

# A bond that leaves a set of blocks downwards: its near atom, its far atom, the block there.
Cut = tuple[int, int, int]


class Blocks:
    """The tree of blocks of a molecule, rooted at the block of its first atom.

    Attributes:
        atoms: block -> its atoms.
        composition: block -> a number that adds up over the atoms of a fragment.
        children: block -> bonds (own atom, child's atom, child).
        below: (child's atom, child) of every bond between blocks, parents before children.
    """

    def __init__(self, molecule: Chem.Mol) -> None:
        cuttable = [
            bond.GetIdx()
            for bond in molecule.GetBonds()
            if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing()
        ]
        parts: list[tuple[int, ...]] = [tuple(range(molecule.GetNumAtoms()))]
        if cuttable:
            pieces = Chem.FragmentOnBonds(molecule, cuttable, addDummies=False)
            parts = list(Chem.GetMolFrags(pieces))
        block_of = {atom: number for number, part in enumerate(parts) for atom in part}
        self.atoms = parts
        self.composition = [
            sum(composition(molecule.GetAtomWithIdx(atom)) for atom in part) for part in parts
        ]
        neighbours: dict[int, list[Cut]] = defaultdict(list)
        for bond in map(molecule.GetBondWithIdx, cuttable):
            begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            neighbours[block_of[begin]].append((begin, end, block_of[end]))
            neighbours[block_of[end]].append((end, begin, block_of[begin]))
        self.children: list[list[Cut]] = [[] for _ in parts]
        self.below: list[tuple[int, int]] = []
        stack = [(0, -1)]
        while stack:
            block, parent = stack.pop()
            self.children[block] = [bond for bond in neighbours[block] if bond[2] != parent]
            self.below += [(far, child) for _, far, child in self.children[block]]
            stack += [(child, block) for _, _, child in self.children[block]]

    def connected(
        self, block: int, entry: int, max_atoms: int, spend: Callable[[], None]
    ) -> Iterator[tuple[tuple[int, ...], tuple[Cut, ...]]]:
        """Connected sets of blocks with `block` on top, of at most `max_atoms` atoms.

        Args:
            entry: the atom of `block` that is cut from the block above, -1 if there is none.
            spend: called at every step; it may end the search by raising.
        Yields:
            The blocks, and the bonds that leave them downwards; no atom is cut twice.
        """
        room = max_atoms - len(self.atoms[block])
        if room >= 0:
            used = {entry} - {-1}
            yield from self._grow((block,), (), used, list(self.children[block]), room, spend)

    def _grow(
        self,
        members: tuple[int, ...],
        cuts: tuple[Cut, ...],
        used: set[int],
        undecided: list[Cut],
        room: int,
        spend: Callable[[], None],
    ) -> Iterator[tuple[tuple[int, ...], tuple[Cut, ...]]]:
        spend()
        if not undecided:
            yield members, cuts
            return
        (near, far, child), rest = undecided[0], undecided[1:]
        if near not in used:
            cut = (*cuts, (near, far, child))
            yield from self._grow(members, cut, used | {near}, rest, room, spend)
        left = room - len(self.atoms[child])
        if left >= 0:
            below = rest + self.children[child]
            yield from self._grow((*members, child), cuts, used, below, left, spend)


def composition(atom: Chem.Atom) -> int:
    """A number whose sum over some atoms tells what they are, whether or not they were cut."""
    return hash(
        (
            atom.GetAtomicNum(),
            atom.GetFormalCharge(),
            atom.GetIsAromatic(),
            atom.GetTotalDegree(),  # a cut replaces a bond by a hydrogen
            atom.IsInRing(),
        )
    )
