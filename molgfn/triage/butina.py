"""Butina's clusters of molecules, in memory that follows the neighbours and not all pairs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rdkit.DataStructs import BulkTanimotoSimilarity, ExplicitBitVect


def butina(prints: Sequence[ExplicitBitVect], similarity: float) -> list[list[int]]:
    """Clusters around the molecules with the most neighbours.

    The molecule with the most neighbours is a centre and takes all of them that no centre has taken
    before; then the next one that is free. Of molecules with equally many the first comes first.

    Args:
        prints: N fingerprints.
        similarity: Tanimoto similarity from which on two molecules are neighbours.
    Returns:
        Positions in each cluster, its centre first; each position is in one of them.
    Source: Butina 1999, J. Chem. Inf. Comput. Sci. 39, 747; RDKit's `ClusterData` gives the same
        clusters, but holds all N (N - 1) / 2 distances as Python numbers: 1.6 GB for 10,000.
    """
    near = neighbours(prints, similarity)
    order = sorted(range(len(prints)), key=lambda i: -len(near[i]))  # stable: ties stay in order
    free = np.ones(len(prints), dtype=bool)
    clusters = []
    for centre in order:
        if not free[centre]:
            continue
        free[centre] = False
        members = near[centre][free[near[centre]]]
        free[members] = False
        clusters.append([centre, *members.tolist()])
    return clusters


def neighbours(prints: Sequence[ExplicitBitVect], similarity: float) -> list[NDArray[np.int32]]:
    """Positions of the neighbours of each molecule, ascending; one row of pairs at a time."""
    before = [
        np.flatnonzero(np.asarray(BulkTanimotoSimilarity(one, prints[:i])) >= similarity)
        for i, one in enumerate(prints)
    ]
    sizes = [len(some) for some in before]
    low = np.concatenate([np.zeros(0, np.int32), *before]).astype(np.int32)  # [pairs]
    high = np.repeat(np.arange(len(prints), dtype=np.int32), sizes)  # [pairs]
    by_low = np.argsort(low, kind="stable")
    ends = np.searchsorted(low[by_low], np.arange(len(prints) + 1))
    after = high[by_low]
    return [
        np.concatenate([some.astype(np.int32), after[ends[i] : ends[i + 1]]])
        for i, some in enumerate(before)
    ]
