"""From a molecule back to the trees of fragments that build it.

The molecule is cut at acyclic single bonds between heavy atoms. What no cut divides further is a
block; a fragment covers a connected set of blocks. Dynamic programming over the tree of blocks
finds every way to cover all of them with fragments whose cut atoms are sites that may bond.

Where the vocabulary has cores, the search starts from every place where one of them lies in the
molecule, and the other fragments cover what is left.

Stereo marks of the molecule are ignored, since fragments have none. A molecule with isotopes,
radicals, or several components has no tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from rdkit import Chem

from molgfn.chem.assemble import fragment_mol
from molgfn.chem.blocks import Cut
from molgfn.chem.fragment_index import CutMolecule, FragmentIndex
from molgfn.chem.tree import Tree
from molgfn.chem.tree_form import Form, canonical_form, node_form, tree_of
from molgfn.chem.vocabulary import Vocabulary

MAX_BLOCKS = 200
MAX_PLACES = 1000  # where cores may lie


class DecompositionLimitError(ValueError):
    """A molecule has more trees, or needs more work, than was allowed."""


class Decomposer:
    """Finds the trees of a vocabulary that build a molecule.

    Args:
        vocabulary: the fragments.
        budget: how many sets of blocks and combinations of subtrees one molecule may take.
    """

    def __init__(self, vocabulary: Vocabulary, *, budget: int = 200_000) -> None:
        self.vocabulary = vocabulary
        self.budget = budget
        self._index = FragmentIndex(vocabulary)
        self._cores = FragmentIndex(vocabulary, vocabulary.cores)

    def trees(self, molecule: Chem.Mol, *, limit: int = 10_000) -> list[Tree]:
        """Every distinct tree that builds the molecule, in a fixed order.

        Trees are distinct if no symmetry of nodes and fragments turns one into the other.

        Args:
            limit: how many trees there may be, also below any one bond.
        Raises:
            DecompositionLimitError: `limit` or the budget does not suffice.
        """
        found: set[Form] = set()
        for search in self._searches(molecule, limit):
            for form in search.root_forms():
                found.add(canonical_form(self.vocabulary, tree_of(form)))
                search.check_limit(len(found))
        return [tree_of(form) for form in sorted(found)]

    def count(self, molecule: Chem.Mol, *, limit: int = 10_000) -> int:
        """m: the number of distinct trees that build the molecule.

        Raises:
            DecompositionLimitError: `limit` or the budget does not suffice.
        """
        return len(self.trees(molecule, limit=limit))

    def tree(self, molecule: Chem.Mol) -> Tree | None:
        """One tree that builds the molecule, or None if the vocabulary has none.

        Raises:
            DecompositionLimitError: the budget does not suffice.
        """
        searches = self._searches(molecule, None)
        return next((tree_of(form) for one in searches for form in one.root_forms()), None)

    def _searches(self, molecule: Chem.Mol, limit: int | None) -> Iterator["_Search"]:
        """One search, or one for each place of a core."""
        if not self.vocabulary.cores:
            yield _Search(self._index, molecule, self.budget, limit)
            return
        bare = Chem.RemoveHs(molecule)
        places = {
            frozenset(place)
            for number in self.vocabulary.cores
            for place in bare.GetSubstructMatches(
                fragment_mol(self.vocabulary.fragments[number].smiles), maxMatches=MAX_PLACES
            )
        }
        if len(places) >= MAX_PLACES:
            raise DecompositionLimitError(
                f"{Chem.MolToSmiles(molecule)!r} has cores at {MAX_PLACES} places or more"
            )
        for place in sorted(map(sorted, places)):
            others = [atom for atom in range(bare.GetNumAtoms()) if atom not in place]
            turned = Chem.RenumberAtoms(bare, [*place, *others])
            yield _Search(self._index, turned, self.budget, limit, self._cores, len(place))


@dataclass
class _Search(CutMolecule):
    """The search for the trees of one molecule, rooted at the block of its first atom.

    Attributes:
        cores: what the root must be; None: any fragment of `index`.
        num_core_atoms: which of the first atoms are the core's.
    """

    budget: int
    limit: int | None  # None: one subtree for each type of its entry site suffices
    cores: FragmentIndex | None = None
    num_core_atoms: int = 0
    _work: int = 0
    _forms: dict[int, list[Form]] = field(default_factory=dict)

    def root_forms(self) -> Iterator[Form]:
        if len(Chem.GetMolFrags(self.molecule)) != 1:
            return iter(())
        if len(self.blocks.atoms) > MAX_BLOCKS:
            raise DecompositionLimitError(
                f"a molecule of {len(self.blocks.atoms)} blocks; at most {MAX_BLOCKS} are tried"
            )
        top = [b for b, atoms in enumerate(self.blocks.atoms) if min(atoms) < self.num_core_atoms]
        for atom, block in reversed(self.blocks.below):  # children first: no deep recursion
            if block not in top:
                self._below(block, atom)
        if self.cores is None:
            return self._cover(0, -1)
        return self._cover_core(self.cores, top)

    def _spend(self) -> None:
        self._work += 1
        if self._work > self.budget:
            raise DecompositionLimitError(
                f"{Chem.MolToSmiles(self.source)!r} needs more than {self.budget} steps; allow a "
                "larger budget"
            )

    def check_limit(self, found: int) -> None:
        if self.limit is not None and found > self.limit:
            raise DecompositionLimitError(
                f"{Chem.MolToSmiles(self.source)!r} has more than {self.limit} trees; "
                "allow a larger limit"
            )

    def _below(self, block: int, entry: int) -> list[Form]:
        """Distinct rooted trees of the blocks below a cut bond, whose near end is atom `entry`."""
        if block not in self._forms:
            vocabulary = self.index.vocabulary
            found: dict[object, Form] = {}
            for form in self._cover(block, entry):
                site_type = vocabulary.fragments[form[0]].site_types[form[1]]
                found.setdefault(site_type if self.limit is None else form, form)
                self.check_limit(len(found))
            self._forms[block] = list(found.values())
        return self._forms[block]

    def _cover(self, block: int, entry: int) -> Iterator[Form]:
        """Rooted trees whose root fragment is the one that covers `block`."""
        for members, cuts in self.blocks.connected(block, entry, self.index.max_atoms, self._spend):
            if not self.index.fits(sum(self.blocks.composition[one] for one in members)):
                continue
            yield from self._forms_of(self.index, members, cuts, entry)

    def _cover_core(self, cores: FragmentIndex, members: list[int]) -> Iterator[Form]:
        """Trees whose root is a core that covers some blocks, the first of them on top."""
        cuts = tuple(cut for one in members for cut in self.blocks.children[one])
        cuts = tuple(cut for cut in cuts if cut[2] not in members)
        if len({near for near, _, _ in cuts}) == len(cuts):
            yield from self._forms_of(cores, tuple(members), cuts, -1)

    def _forms_of(
        self, index: FragmentIndex, members: tuple[int, ...], cuts: tuple[Cut, ...], entry: int
    ) -> Iterator[Form]:
        """Rooted trees whose root covers some blocks and is bonded at some cuts."""
        vocabulary = index.vocabulary
        atoms = [atom for one in members for atom in self.blocks.atoms[one]]
        ends = tuple(near for near, _, _ in cuts) + ((entry,) if entry >= 0 else ())
        for number, slots in index.match(self.molecule, atoms, ends, self.labels):
            types = vocabulary.fragments[number].site_types
            branches = [
                [
                    (slot, form)
                    for form in self._below(child, far)
                    if vocabulary.may_bond(
                        types[slot], vocabulary.fragments[form[0]].site_types[form[1]]
                    )
                ]
                for slot, (_, far, child) in zip(slots, cuts, strict=False)
            ]
            for children in product(*branches):
                self._spend()
                yield node_form(vocabulary, number, slots[-1] if entry >= 0 else -1, list(children))
