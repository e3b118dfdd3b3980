"""What no cut of an acyclic single bond divides further."""

from collections import defaultdict

from rdkit import Chem


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
        neighbours: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for bond in map(molecule.GetBondWithIdx, cuttable):
            begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            neighbours[block_of[begin]].append((begin, end, block_of[end]))
            neighbours[block_of[end]].append((end, begin, block_of[begin]))
        self.children: list[list[tuple[int, int, int]]] = [[] for _ in parts]
        self.below: list[tuple[int, int]] = []
        stack = [(0, -1)]
        while stack:
            block, parent = stack.pop()
            self.children[block] = [bond for bond in neighbours[block] if bond[2] != parent]
            self.below += [(far, child) for _, far, child in self.children[block]]
            stack += [(child, block) for _, _, child in self.children[block]]


def composition(atom: Chem.Atom) -> int:
    """A number whose sum over some atoms is the same for the same atoms, hydrogens apart."""
    return hash((atom.GetAtomicNum(), atom.GetFormalCharge(), atom.GetIsAromatic()))
