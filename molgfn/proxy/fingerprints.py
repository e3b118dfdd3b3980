"""Morgan fingerprints of molecules as multisets of atom surroundings: what the models read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from torch import Tensor

from molgfn.chem.atom_features import NO_MOLECULE

RADIUS = 2
MAX_COUNT = 256
"""A surrounding that a molecule has more often counts as if it had it so often."""

_GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS)


@dataclass(frozen=True)
class Fingerprints:
    """B molecules as M pairs of an atom's surroundings and how often the molecule has them.

    Attributes:
        surroundings: [M] int64 identifiers below 2^32, of radius 0 to 2; ascending in a molecule.
        count: [M] int64, from 1 to `MAX_COUNT`.
        molecule: [M] int64, ascending: whose they are.
        num_molecules: B, those that could not be read included.
    """

    surroundings: Tensor
    count: Tensor
    molecule: Tensor
    num_molecules: int

    def to(self, device: torch.device | str) -> "Fingerprints":
        """The same fingerprints on another device."""
        return Fingerprints(
            surroundings=self.surroundings.to(device),
            count=self.count.to(device),
            molecule=self.molecule.to(device),
            num_molecules=self.num_molecules,
        )

    def folded(self, size: int) -> Tensor:
        """[B, size] float32 counts, of surroundings whose identifiers agree modulo `size`."""
        counts = torch.zeros(self.num_molecules, size, device=self.count.device)
        places = (self.molecule, self.surroundings % size)
        return counts.index_put_(places, self.count.float(), accumulate=True)

    def elements(self, counted: bool) -> tuple[Tensor, Tensor]:
        """The elements of B sets whose overlaps are the overlaps of the fingerprints.

        Surroundings that occur c times give the elements (surroundings, 0) to (surroundings,
        c - 1), so that two sets share min(c, c') of them.

        Args:
            counted: False gives one element for each surrounding, however often it occurs.
        Returns:
            [K] int64 names of elements, and [K] the molecule of each.
        """
        if not counted:
            return self.surroundings * MAX_COUNT, self.molecule
        start = self.count.cumsum(0) - self.count
        level = torch.arange(int(self.count.sum()), device=self.count.device)
        level = level - start.repeat_interleave(self.count)
        names = self.surroundings.repeat_interleave(self.count) * MAX_COUNT + level
        return names, self.molecule.repeat_interleave(self.count)


def fingerprints(mols: Sequence[Chem.Mol | None]) -> tuple[Fingerprints, dict[int, str]]:
    """Read B molecules; one that cannot be read has no surroundings.

    Returns:
        the fingerprints on the CPU, and position -> why that molecule could not be read.
    """
    failures: dict[int, str] = {}
    found: list[NDArray[np.int64]] = [np.empty((2, 0), dtype=np.int64)]
    sizes = np.zeros(len(mols), dtype=np.int64)
    for position, mol in enumerate(mols):
        try:
            own = _surroundings(mol)
        except ValueError as error:
            failures[position] = str(error)
            continue
        found.append(own)
        sizes[position] = own.shape[1]
    surroundings, count = torch.from_numpy(np.concatenate(found, axis=1))
    molecule = torch.from_numpy(np.repeat(np.arange(len(mols)), sizes))
    return Fingerprints(surroundings, count.clamp(max=MAX_COUNT), molecule, len(mols)), failures


def _surroundings(mol: Chem.Mol | None) -> NDArray[np.int64]:
    """[2, m] identifiers, ascending, and counts of one molecule.

    Raises:
        ValueError: why it cannot be read.
    """
    if mol is None:
        raise ValueError(NO_MOLECULE)
    if mol.GetNumAtoms() == 0:
        raise ValueError("the molecule has no atoms")
    try:
        counts = _GENERATOR.GetSparseCountFingerprint(mol).GetNonzeroElements()
    except RuntimeError as error:
        raise ValueError("the molecule is not sanitized") from error
    own = np.array([list(counts), list(counts.values())], dtype=np.int64)
    return own[:, own[0].argsort()]
