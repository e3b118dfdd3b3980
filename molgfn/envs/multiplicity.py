"""How many trees are the same molecule, remembered."""

import math
from collections import OrderedDict
from collections.abc import Iterable

from molgfn.chem.assemble import assemble
from molgfn.chem.decompose import DecompositionLimitError
from molgfn.chem.terminal_trees import TerminalTrees
from molgfn.chem.tree import Tree


class Multiplicity:
    """m(molecule) of trees: how many trees of the environment end at the same molecule.

    Args:
        trees: all trees of a molecule.
        memory: how many trees are remembered; the one asked for longest ago is forgotten first.
    """

    def __init__(self, trees: TerminalTrees, memory: int = 100_000) -> None:
        self._trees = trees
        self._memory = memory
        self._known: OrderedDict[int, float] = OrderedDict()

    def __call__(self, keys: Iterable[int], trees: Iterable[Tree]) -> list[float]:
        """m of each tree, NaN where there are too many to count; equal trees have equal keys.

        Raises:
            NoTreeError: a tree may not be stopped at.
        """
        return [self._count(key, tree) for key, tree in zip(keys, trees, strict=True)]

    def _count(self, key: int, tree: Tree) -> float:
        if key not in self._known:
            try:
                m = float(len(self._trees.of(assemble(self._trees.vocabulary, tree))))
            except DecompositionLimitError:
                m = math.nan
            self._known[key] = m
            if len(self._known) > self._memory:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return self._known[key]
