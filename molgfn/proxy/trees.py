"""Decision trees of scikit-learn as arrays that torch walks through, many at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_NO_CHILD = -1


class Trees(nn.Module):
    """T binary trees: at each node, x[feature] <= threshold goes left.

    The nodes of all trees lie one after the other; a leaf is its own child, so that all walks take
    `depth` steps.

    Args:
        feature: [M] int64 of each node, 0 at leaves.
        threshold: [M] float32; exact, because features are whole numbers below 2^23.
        child: [M, 2] int64 left and right.
        value: [M] float64 of each node.
        root: [T] int64.
        depth: of the deepest tree.
    """

    feature: Tensor
    threshold: Tensor
    child: Tensor
    value: Tensor
    root: Tensor

    def __init__(
        self,
        feature: Tensor,
        threshold: Tensor,
        child: Tensor,
        value: Tensor,
        root: Tensor,
        depth: int,
    ) -> None:
        super().__init__()
        self.depth = depth
        for name, tensor in (
            ("feature", feature),
            ("threshold", threshold),
            ("child", child),
            ("value", value),
            ("root", root),
        ):
            self.register_buffer(name, tensor)

    @classmethod
    def of(cls, trees: Sequence[Any]) -> "Trees":
        """From the `tree_` of fitted scikit-learn trees of one output."""
        sizes = np.array([tree.node_count for tree in trees])
        root = sizes.cumsum() - sizes
        children = []
        for tree, first in zip(trees, root, strict=True):
            pairs = np.stack([tree.children_left, tree.children_right], axis=1)
            own = np.arange(tree.node_count)[:, None]
            children.append(first + np.where(pairs == _NO_CHILD, own, pairs))

        def joined(arrays: Sequence[Any]) -> Tensor:
            return torch.from_numpy(np.concatenate(arrays))

        return cls(
            feature=joined([tree.feature for tree in trees]).long().clamp(min=0),
            threshold=joined([tree.threshold for tree in trees]).float(),
            child=joined(children).long(),
            value=joined([tree.value[:, 0, 0] for tree in trees]).double(),
            root=torch.from_numpy(root).long(),
            depth=max(int(tree.max_depth) for tree in trees),
        )

    def leaves(self, x: Tensor) -> Tensor:
        """[B, T] node where each of B feature vectors [B, D] ends in each tree."""
        node = self.root.expand(len(x), -1)
        for _ in range(self.depth):
            right = x.gather(1, self.feature[node]) > self.threshold[node]
            node = self.child[node, right.long()]
        return node

    def forward(self, x: Tensor) -> Tensor:
        """[B, T] float64 what each tree says of B feature vectors [B, D]."""
        return self.value[self.leaves(x)]
