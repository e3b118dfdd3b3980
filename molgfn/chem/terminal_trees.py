"""All ways in which an environment can end at one molecule."""

from rdkit import Chem

from molgfn.chem.decompose import Decomposer
from molgfn.chem.tree import Tree
from molgfn.chem.vocabulary import Vocabulary


class NoTreeError(ValueError):
    """A molecule that an environment never ends at."""


class TerminalTrees:
    """The trees of a molecule that may be stopped at, given how large trees may be.

    Args:
        vocabulary: the fragments.
        min_fragments: smaller trees may be stopped at only if none of their sites is open.
        max_fragments: larger trees are never built.
    """

    def __init__(self, vocabulary: Vocabulary, min_fragments: int, max_fragments: int) -> None:
        self.vocabulary = vocabulary
        self.min_fragments, self.max_fragments = min_fragments, max_fragments
        self._decomposer = Decomposer(vocabulary)
        types = {kind for fragment in vocabulary.fragments for kind in fragment.site_types}
        bondable = {a for a in types if any(vocabulary.may_bond(a, b) for b in types)}
        self._num_bondable = [
            sum(kind in bondable for kind in fragment.site_types)
            for fragment in vocabulary.fragments
        ]

    def of(self, molecule: Chem.Mol) -> list[Tree]:
        """The m >= 1 distinct trees that are this molecule, in a fixed order.

        Raises:
            NoTreeError: there is none; the message says why.
            DecompositionLimitError: there are too many to find them all.
        """
        trees = self._decomposer.trees(molecule)
        if not trees:
            raise NoTreeError(f"no fragments of vocabulary {self.vocabulary.name!r} build it")
        ends = [tree for tree in trees if self._may_stop(tree)]
        if not ends:
            sizes = sorted({len(tree) for tree in trees})
            raise NoTreeError(
                f"it takes {' or '.join(map(str, sizes))} fragments; accepted are "
                f"{self.min_fragments} to {self.max_fragments}"
            )
        return ends

    def _may_stop(self, tree: Tree) -> bool:
        if len(tree) >= self.min_fragments:
            return len(tree) <= self.max_fragments
        return sum(self._num_bondable[f] for f in tree.fragments) == 2 * len(tree.bonds)
