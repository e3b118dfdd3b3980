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
        max_per_site: nor are trees with more fragments on one site of a core; None: no limit.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        min_fragments: int,
        max_fragments: int,
        max_per_site: int | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.min_fragments, self.max_fragments = min_fragments, max_fragments
        self.max_per_site = max_per_site
        self._decomposer = Decomposer(vocabulary)
        types = {kind for one in vocabulary.fragments for kind in one.site_types}
        added = {kind for f in vocabulary.addable for kind in vocabulary.fragments[f].site_types}
        bondable = {a for a in types if any(vocabulary.may_bond(a, b) for b in added)}
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
            limit = self.max_per_site
            raise NoTreeError(
                f"it takes {' or '.join(map(str, sizes))} fragments; accepted are "
                f"{self.min_fragments} to {self.max_fragments}"
                + ("" if limit is None else f", and {limit} on one site of a core")
            )
        return ends

    def _may_stop(self, tree: Tree) -> bool:
        branch, on = [0], [0]  # the child of the root that leads to a node; nodes below a child
        for v, (u, *_) in enumerate(tree.bonds, start=1):
            branch.append(branch[u] if u else v)
            on.append(0)
            on[branch[v]] += 1
        most = self.max_fragments if self.max_per_site is None else self.max_per_site
        if max(on) > most or len(tree) > self.max_fragments:
            return False
        if len(tree) >= self.min_fragments:
            return True
        taken = [0] * len(tree)
        for u, _, v, _ in tree.bonds:
            taken[u] += 1
            taken[v] += 1
        return all(
            self._num_bondable[f] == taken[v] or on[branch[v]] == most
            for v, f in enumerate(tree.fragments)
        )
