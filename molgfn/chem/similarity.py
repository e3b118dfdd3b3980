"""How alike molecules are: Tanimoto similarity of Morgan fingerprints."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from rdkit.DataStructs import BulkTanimotoSimilarity, ExplicitBitVect

RADIUS = 2
NUM_BITS = 2048


def fingerprints(mols: Sequence[Chem.Mol]) -> list[ExplicitBitVect]:
    """Morgan fingerprints of radius 2 and 2,048 bits."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=NUM_BITS)
    return [generator.GetFingerprint(mol) for mol in mols]


def internal_diversity(mols: Sequence[Chem.Mol]) -> float:
    """1 - mean Tanimoto similarity over all pairs of different positions; NaN below two molecules.

    The work grows with the square of the number: half a second for 2,000 molecules.
    """
    if len(mols) < 2:
        return float("nan")
    prints = fingerprints(mols)
    total = sum(
        float(np.sum(BulkTanimotoSimilarity(prints[i], prints[:i]))) for i in range(1, len(prints))
    )
    return 1.0 - total / (len(prints) * (len(prints) - 1) / 2)
