"""A map of molecules: two coordinates, near for molecules of like fingerprints."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from molgfn.chem.similarity import NUM_BITS, fingerprints

MOST_BY_TSNE = 5_000  # whose work grows faster than the number
_LEAST = 20
_COMPONENTS = 30


class Map(NamedTuple):
    """Points [N, 2] in [0, 1], and how they were made."""

    points: NDArray[np.float64]
    method: str


def chemical_space(mols: Sequence[Chem.Mol]) -> Map:
    """t-SNE of the first principal components of Morgan fingerprints, bounded in its work.

    Few molecules, and more than `MOST_BY_TSNE`, are shown by two principal components instead.
    """
    if len(mols) < 3:
        return Map(np.full((len(mols), 2), 0.5), "too few molecules")
    bits = np.zeros((len(mols), NUM_BITS), dtype=np.float32)
    for row, print_ in zip(bits, fingerprints(mols), strict=True):
        row[list(print_.GetOnBits())] = 1
    by_tsne = _LEAST <= len(mols) <= MOST_BY_TSNE
    components = min(_COMPONENTS if by_tsne else 2, len(mols))
    points = PCA(components, svd_solver="randomized", random_state=0).fit_transform(bits)
    if by_tsne:
        perplexity = min(30.0, len(mols) / 4)
        tsne = TSNE(2, perplexity=perplexity, init="pca", max_iter=500, random_state=0)
        points = tsne.fit_transform(points)
    low, span = points.min(0), np.ptp(points, 0)
    method = "t-SNE" if by_tsne else "PCA"
    return Map((points - low) / np.where(span > 0, span, 1), f"{method} of Morgan fingerprints")
