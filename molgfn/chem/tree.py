"""A molecule as a tree of fragments: which fragments, and which site is bonded to which."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tree:
    """N fragments joined by N - 1 bonds.

    Nodes are in order of addition: node 0 is the root and every other node follows its parent.

    Attributes:
        fragments: [N] index of each node's fragment in the vocabulary.
        bonds: [N - 1] bonds (u, a, v, b) with u < v: slot `a` of node u is bonded to slot `b` of
            node v. The bond of node v to its parent is `bonds[v - 1]`. A slot is a position in
            `Fragment.sites`, not an atom.
    """

    fragments: tuple[int, ...]
    bonds: tuple[tuple[int, int, int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.fragments)
