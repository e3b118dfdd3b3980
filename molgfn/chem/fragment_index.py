"""Which fragment a set of atoms is, once its cut bonds carry hydrogens."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from rdkit import Chem

from molgfn.chem.blocks import Blocks, composition
from molgfn.chem.groups import site_group
from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary


class FragmentIndex:
    """Looks fragments up by their molecule.

    Args:
        vocabulary: the fragments.
        numbers: those that are looked up; None: those that may be added to others.
    """

    def __init__(self, vocabulary: Vocabulary, numbers: Iterable[int] | None = None) -> None:
        self.vocabulary = vocabulary
        self.max_atoms = 0
        self._numbers: dict[str, list[int]] = defaultdict(list)  # several where they are cores
        self._orders: dict[int, list[int]] = {}
        self._compositions: set[int] = set()
        self._maps: dict[int, list[dict[int, int]]] = {}
        for number in vocabulary.addable if numbers is None else numbers:
            molecule = Chem.MolFromSmiles(vocabulary.fragments[number].smiles)
            everything = list(range(molecule.GetNumAtoms()))
            key, order = _core_key(molecule, everything, (), atom_labels(molecule))
            self._numbers[key].append(number)
            self._orders[number] = order
            self._compositions.add(sum(map(composition, molecule.GetAtoms())))
            self.max_atoms = max(self.max_atoms, len(everything))

    def fits(self, composition: int) -> bool:
        """Whether some fragment has these atoms."""
        return composition in self._compositions

    def match(
        self, molecule: Chem.Mol, atoms: list[int], cut: tuple[int, ...], labels: list[str]
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        """The fragment that a set of atoms is, with the slots of its cut atoms.

        Yields:
            (fragment, slot of each cut atom), once for every choice that `G_f` does not relate.
        """
        key, order = _core_key(molecule, atoms, cut, labels)
        for number in self._numbers.get(key, ()):
            image = dict(zip(order, self._orders[number], strict=True))
            seen: set[tuple[int, ...]] = set()
            for slots_of in self._site_maps(number):
                slots = tuple(slots_of.get(image[atom], -1) for atom in cut)
                if -1 in slots:
                    continue
                group = site_group(self.vocabulary.fragments[number])
                slots = min(tuple(g[slot] for slot in slots) for g in group)
                if slots not in seen:
                    seen.add(slots)
                    yield number, slots

    def _site_maps(self, number: int) -> list[dict[int, int]]:
        """For each automorphism of the bare fragment: which atoms it sends to which slots.

        The sites need not be closed under automorphisms, so these are more than `G_f`.
        """
        if number not in self._maps:
            fragment = self.vocabulary.fragments[number]
            molecule = Chem.MolFromSmiles(fragment.smiles)
            ranks = list(Chem.CanonicalRankAtoms(molecule, breakTies=False))
            orbits = {ranks[site] for site in fragment.sites}
            atoms = tuple(atom for atom, rank in enumerate(ranks) if rank in orbits)
            slot_of = {site: slot for slot, site in enumerate(fragment.sites)}
            bare = Fragment(fragment.name, fragment.smiles, atoms, (UNTYPED,) * len(atoms))
            self._maps[number] = [
                {
                    atoms[place]: slot_of[atoms[image]]
                    for place, image in enumerate(g)
                    if atoms[image] in slot_of
                }
                for g in site_group(bare)
            ]
        return self._maps[number]


@dataclass
class CutMolecule:
    """A molecule that is searched for fragments, cut into blocks when they are asked for.

    Attributes:
        index: what it is searched for.
        source: as it was given; hydrogens and stereo marks play no part.
    """

    index: FragmentIndex
    source: Chem.Mol

    @cached_property
    def molecule(self) -> Chem.Mol:
        bare = Chem.RemoveHs(self.source)
        Chem.RemoveStereochemistry(bare)
        return bare

    @cached_property
    def labels(self) -> list[str]:
        return atom_labels(self.molecule)

    @cached_property
    def blocks(self) -> Blocks:
        return Blocks(self.molecule)


def atom_labels(molecule: Chem.Mol) -> list[str]:
    """For each atom, what two atoms must share to be the same, hydrogens apart."""
    return [
        f"{atom.GetSymbol()}{'*' if atom.GetIsAromatic() else ''}"
        f",{atom.GetFormalCharge()},{atom.GetIsotope()},{atom.GetNumRadicalElectrons()},"
        for atom in molecule.GetAtoms()
    ]


def _core_key(
    molecule: Chem.Mol, atoms: list[int], cut: tuple[int, ...], labels: list[str]
) -> tuple[str, list[int]]:
    """A canonical string of some atoms with a hydrogen for each cut, and their order in it."""
    symbols = list(labels)
    for atom in atoms:
        hydrogens = molecule.GetAtomWithIdx(atom).GetTotalNumHs() + cut.count(atom)
        symbols[atom] = f"[{labels[atom]}{hydrogens}]"
    key = Chem.MolFragmentToSmiles(molecule, atomsToUse=atoms, atomSymbols=symbols)
    order = list(molecule.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
    return key, order
