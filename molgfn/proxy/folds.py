"""Parts of the molecules that are learned from: to choose a model by, and to stop training by."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from molgfn.proxy.splits import whole_groups


def divide(
    rows: NDArray[np.bool_], groups: Sequence[str], share: float, seed: int
) -> NDArray[np.bool_]:
    """[N] True for about a share of the rows: whole groups, or molecules if groups are too few."""
    left = np.flatnonzero(rows)
    for names in ([groups[i] for i in left.tolist()], list(map(str, left.tolist()))):
        taken = whole_groups(names, share, seed)
        if taken.any() and not taken.all():
            break
    chosen = np.zeros_like(rows)
    chosen[left[taken]] = True
    return chosen


def folds(groups: list[str], number: int, seed: int) -> NDArray[np.int64]:
    """[N] parts of about equal size: whole groups, or molecules if the groups are too few or large.

    Args:
        groups: [N] such as scaffolds.
        number: of parts.
    """
    generator = np.random.default_rng(seed)
    names, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < number or sizes.max() > len(groups) / 2:
        return np.asarray(generator.permutation(len(groups)) % number)
    part = np.empty(len(names), np.int64)
    filled = np.zeros(number, np.int64)
    order = generator.permutation(len(names))
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        part[group] = filled.argmin()
        filled[part[group]] += sizes[group]
    return np.asarray(part[index])
